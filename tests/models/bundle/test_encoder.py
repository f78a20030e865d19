"""A loaded bundle gives the same vectors in every batch and thread, and refuses invalid input."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from catalog.errors import ModisteError
from models.bundle import Bundle, BundleError
from models.bundle.checksums import file_digest
from models.bundle.encoder import GraphFailed
from models.bundle.manifest import read_manifest, write_manifest
from tests.toy_bundle import LENGTH, SIZE, write_toy_bundle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_toy_bundle(tmp_path / "toy")


def some_pixels(count: int) -> Any:
    return np.random.default_rng(count).integers(0, 256, (count, SIZE, SIZE, 3), dtype=np.uint8)


def some_features(count: int, dim: int = 48) -> Any:
    features = np.random.default_rng(count).normal(size=(count, dim)).astype(np.float32)
    return features / np.linalg.norm(features, axis=1, keepdims=True)


def reexport(folder: Path, graph: str, edit: Callable[[onnx.ModelProto], object]) -> None:
    """Change a graph and its checksum, but not what the manifest says of it."""
    model = onnx.load(folder / f"{graph}.onnx")
    edit(model)
    (folder / f"{graph}.onnx").write_bytes(model.SerializeToString())
    resign(folder, f"{graph}.onnx")


def resign(folder: Path, name: str) -> None:
    manifest = read_manifest(folder)
    files = {**manifest.files, name: file_digest(folder / name)}
    write_manifest(folder, manifest.model_copy(update={"files": files}))


def is_unit(vectors: Any, count: int) -> bool:
    shaped = vectors.shape == (count, 48) and vectors.dtype == np.float32
    return bool(shaped and np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5))


# What it gives


def test_pictures_words_and_both_become_unit_vectors(toy: Bundle) -> None:
    ids, _ = toy.tokenizer.encode(["red", "blue", "white"])
    seen = toy.vision(some_pixels(3))
    assert is_unit(seen.embedding, 3)
    assert is_unit(toy.text(ids), 3)
    assert is_unit(toy.query(seen.features, ids), 3)


def test_without_local_features_the_composer_takes_the_embedding(toy: Bundle) -> None:
    seen = toy.vision(some_pixels(2))
    assert seen.features is seen.embedding
    assert seen.attributes is None


def test_expected_words_need_the_words_of_the_reference(tmp_path: Path) -> None:
    bundle = Bundle(write_toy_bundle(tmp_path / "expecting", expects=True), device="cpu")
    ids, _ = bundle.tokenizer.encode(["red", "longer"])
    features, shown = some_features(2), np.tile(np.array([0, 0, 0.9, 0, 0], np.float32), (2, 1))
    output = bundle.expected(features, ids, shown)
    assert output.expected is not None
    assert output.expected.shape == (2, 5)
    assert [bundle.words[at] for at in output.expected.argmax(axis=1)] == ["red", "blue"]
    unknown = bundle.expected(features, ids, None)
    assert unknown.expected is None
    assert np.array_equal(unknown.query, output.query)
    assert np.array_equal(bundle.query(features, ids), output.query)


def test_a_bundle_that_expects_nothing_composes_all_the_same(toy: Bundle) -> None:
    ids, _ = toy.tokenizer.encode(["red"])
    output = toy.expected(some_features(1), ids, np.zeros((1, 0), np.float32))
    assert output.expected is None
    assert np.array_equal(output.query, toy.query(some_features(1), ids))


def test_a_row_does_not_depend_on_its_batch(toy: Bundle) -> None:
    pixels = some_pixels(5)
    together = toy.vision(pixels).embedding
    alone = np.concatenate([toy.vision(picture[None]).embedding for picture in pixels])
    assert np.allclose(together, alone, atol=1e-6)


def test_an_empty_batch_gives_no_rows(toy: Bundle) -> None:
    ids, _ = toy.tokenizer.encode([])
    seen = toy.vision(some_pixels(0))
    assert seen.embedding.shape == seen.features.shape == (0, 48)
    assert toy.text(ids).shape == toy.query(seen.features, ids).shape == (0, 48)
    assert toy.text(ids).dtype == np.float32


def test_arrays_that_are_views_are_read_as_they_look(toy: Bundle) -> None:
    mirrored = some_pixels(3)[:, :, ::-1]
    assert np.array_equal(toy.vision(mirrored).embedding, toy.vision(mirrored.copy()).embedding)


def test_threads_are_answered_as_one_is(toy: Bundle) -> None:
    batches = [some_pixels(count) for count in (1, 2, 3, 7, 16)]
    ids, _ = toy.tokenizer.encode(["red", "a blue one", "white"])
    expected = [toy.vision(pixels).embedding for pixels in batches]
    composed = toy.query(expected[2], ids)

    def ask(number: int) -> bool:
        at = number % len(batches)
        same = np.array_equal(toy.vision(batches[at]).embedding, expected[at])
        return same and np.array_equal(
            toy.query(expected[2], toy.tokenizer.encode(["red", "a blue one", "white"])[0]), composed
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(200)))


def test_a_bundle_has_a_name_a_width_and_a_fingerprint(toy: Bundle) -> None:
    assert (toy.name, toy.dim, len(toy.fingerprint)) == ("toy 1.0.0", 48, 16)


# What it refuses to run


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((SIZE, SIZE, 3), np.uint8), np.zeros((1, SIZE, SIZE + 1, 3), np.uint8),
        np.zeros((1, 3, SIZE, SIZE), np.uint8), np.zeros((1, SIZE, SIZE, 3), np.float32),
        np.zeros((1, SIZE, SIZE, 3), np.int64), np.zeros((0, SIZE, SIZE, 4), np.uint8), np.zeros((), np.uint8),
    ],
    ids=lambda array: f"{array.dtype} {array.shape}",
)  # fmt: skip
def test_pixels_of_another_shape_or_type_are_refused_in_plain_words(toy: Bundle, pixels: Any) -> None:
    with pytest.raises(ModisteError, match=r"vision takes pixels uint8 \['batch', 32, 32, 3\], but was given pixels"):
        toy.vision(pixels)


@pytest.mark.parametrize(
    "ids", [np.zeros((1, LENGTH), np.int32), np.zeros((1, LENGTH - 1), np.int64), np.zeros(LENGTH, np.int64)]
)
def test_ids_of_another_shape_or_type_are_refused_in_plain_words(toy: Bundle, ids: Any) -> None:
    with pytest.raises(ModisteError, match=r"text takes ids int64 \['batch', 16\], but was given ids"):
        toy.text(ids)
    with pytest.raises(ModisteError, match="query takes features"):
        toy.query(some_features(1), ids)


@pytest.mark.parametrize("features", [some_features(1, 47), some_features(1).astype(np.float16), some_features(1)[0]])
def test_features_of_another_bundle_are_refused_in_plain_words(toy: Bundle, features: Any) -> None:
    with pytest.raises(ModisteError, match="query takes features"):
        toy.query(features, toy.tokenizer.encode(["red"])[0])


@pytest.mark.parametrize("references", [0, 1, 2])
def test_a_query_needs_as_many_references_as_modifications(toy: Bundle, references: int) -> None:
    with pytest.raises(ModisteError, match="query takes features"):
        toy.query(some_features(references), toy.tokenizer.encode(["red"] * 3)[0])


def test_a_failure_inside_a_graph_is_named_and_keeps_its_cause(toy: Bundle) -> None:
    with pytest.raises(GraphFailed, match=r"The graph text of toy 1\.0\.0") as failed:
        toy.text(np.full((1, LENGTH), 10**6))
    assert "onnxruntime" in type(failed.value.__cause__).__module__


# What it refuses to load


def test_a_folder_that_is_not_a_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="is not a bundle"):
        Bundle(tmp_path, device="cpu")


def test_a_damaged_graph_is_refused_before_it_is_loaded(folder: Path) -> None:
    content = bytearray((folder / "text.onnx").read_bytes())
    content[-7] ^= 64
    (folder / "text.onnx").write_bytes(content)
    with pytest.raises(BundleError, match="differs from its checksum"):
        Bundle(folder, device="cpu")


def test_a_graph_that_is_not_onnx_is_refused_even_with_a_valid_checksum(folder: Path) -> None:
    (folder / "text.onnx").write_bytes(b"not a graph")
    resign(folder, "text.onnx")
    with pytest.raises(BundleError, match=r"text\.onnx could not be loaded"):
        Bundle(folder, device="cpu")


def test_an_invalid_tokenizer_is_refused_even_with_a_valid_checksum(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{}")
    resign(folder, "tokenizer.json")
    with pytest.raises(ModisteError, match="is not a tokenizer"):
        Bundle(folder, device="cpu")


def _retype(model: onnx.ModelProto) -> None:
    """The ids become 32 bit wide, as the manifest does not say."""
    model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.INT32


def _relength(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = LENGTH + 1


def _one_row(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1


def _rename_input(model: onnx.ModelProto) -> None:
    model.graph.input[0].name = "tokens"
    model.graph.node[0].input[1] = "tokens"


def _rename_output(model: onnx.ModelProto) -> None:
    model.graph.output[0].name = "vector"
    model.graph.node[-1].output[0] = "vector"


def _another_output(model: onnx.ModelProto) -> None:
    model.graph.output.append(onnx.helper.make_tensor_value_info("summed", onnx.TensorProto.FLOAT, ["batch", 48]))


@pytest.mark.parametrize(
    ("edit", "side"),
    [
        (_retype, "inputs"), (_relength, "inputs"), (_one_row, "inputs"), (_rename_input, "inputs"),
        (_rename_output, "outputs"), (_another_output, "outputs"),
    ],
)  # fmt: skip
def test_a_graph_that_differs_from_its_manifest_is_refused_at_load(
    folder: Path, edit: Callable[[onnx.ModelProto], object], side: str
) -> None:
    reexport(folder, "text", edit)
    with pytest.raises(BundleError, match=rf"The {side} of .*text\.onnx are not those in bundle\.json"):
        Bundle(folder, device="cpu")


def test_axes_that_a_graph_leaves_open_may_have_any_name(folder: Path) -> None:
    def rename(model: onnx.ModelProto) -> None:
        for value in (*model.graph.input, *model.graph.output):
            value.type.tensor_type.shape.dim[0].dim_param = "s0"

    reexport(folder, "text", rename)
    assert is_unit(Bundle(folder, device="cpu").text(np.full((2, LENGTH), 2)), 2)


# Where it runs


def test_cuda_is_refused_where_onnx_runtime_cannot_give_it(folder: Path) -> None:
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("This ONNX Runtime is built for CUDA; the refusal is for those that are not.")
    with pytest.raises(BundleError, match="no CUDA provider") as refused:
        Bundle(folder, device="cuda")
    assert "modiste[gpu]" in refused.value.hint


def test_an_unknown_device_is_refused_with_a_list_of_devices(folder: Path) -> None:
    with pytest.raises(BundleError, match="There is no device 'gpu'") as refused:
        Bundle(folder, device="gpu")  # type: ignore[arg-type]
    assert refused.value.hint == "Use one of auto, cpu, cuda."


def test_the_requested_cpu_is_used(toy: Bundle) -> None:
    assert list(toy.providers) == ["CPUExecutionProvider"]


def test_onnx_runtime_collects_no_telemetry(folder: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    asked = ("CI", "XDG_CACHE_HOME", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "TF_BUILD", "GITHUB_ACTIONS")
    environment = {name: value for name, value in os.environ.items() if name not in asked}
    load = "import sys; from pathlib import Path; from models.bundle import Bundle; Bundle(Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", load, str(folder)], env={**environment, "HOME": str(home)}, check=True)
    assert not list(home.rglob("*"))  # ONNX Runtime would keep a device id here, and events that were not sent yet.
