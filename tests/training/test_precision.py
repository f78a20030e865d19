"""A graph in another precision is added to a bundle only if it is faster and finds the same products."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from models.bundle import SHIPPED_BUNDLE, Bundle, BundleError
from models.bundle.encoder import Vectors, VisionOutput
from models.bundle.images import Pixels
from models.bundle.manifest import MANIFEST_NAME, GraphName, Trial, read_manifest
from models.bundle.text import TokenIds
from models.datasets.triplets.triplet import Triplet, TripletDataset
from models.errors import ModisteError
from models.export import variants
from models.export.precision import fp16_graph, int8_graph
from models.export.trial import Questions, VariantRefused, faster_graphs, try_variant
from models.export.variants import Examples, add_variants, add_variants_by_config, chosen_precisions
from tests.toy_bundle import SIZE, WORDS, write_toy_bundle
from tests.training.untrained import untrained_config

COUNT = 60
ALL_FASTER: dict[GraphName, float] = {"vision": 2.0, "query": 2.0, "text": 2.0}
TEXTS = ["red trousers", "a long blue dress for women", "with shorter sleeves", "black", "no print at all, please"]


@pytest.fixture(scope="module")
def pixels() -> Pixels:
    cells = np.random.default_rng(5).integers(0, 256, (COUNT, 4, 4, 3), dtype=np.uint8)
    return cells.repeat(SIZE // 4, axis=1).repeat(SIZE // 4, axis=2)


@pytest.fixture(scope="module")
def questions(toy: Bundle, pixels: Pixels) -> Questions:
    """For every picture and every word, the product that fp32 finds first is the right one."""
    seen = toy.vision(pixels)
    triplets = []
    for word in WORDS:
        ids, _ = toy.tokenizer.encode([word] * COUNT)
        scores = toy.query(seen.features, ids) @ seen.embedding.T
        np.fill_diagonal(scores, -1)
        best = scores.argmax(axis=1)
        triplets += [Triplet(str(row), word, (str(best[row]),), edit="colour") for row in range(COUNT)]
    gallery = tuple(map(str, range(COUNT)))
    return Questions(TripletDataset("toy", gallery, tuple(triplets), image_of=lambda id: b""), pixels)


@pytest.fixture(scope="module")
def with_int8(toy_folder: Path, pixels: Pixels, questions: Questions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy bundle with its vision graph in int8, as if that were faster for so small a graph."""
    target = tmp_path_factory.mktemp("variants") / "toy"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(variants, "faster_graphs", lambda *bundles: dict(ALL_FASTER))
        add_variants(toy_folder, target, ["int8"], Examples(pixels, list(WORDS)), [questions])
    return target


def least_cosine(left: Vectors, right: Vectors) -> float:
    return float((left * right).sum(axis=1).min())


# The graphs


@pytest.fixture(scope="module")
def shipped_text(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bundle, Callable[[TokenIds], Vectors], int]:
    """The shipped bundle, its text graph in int8, and that graph's size."""
    shipped = Bundle(SHIPPED_BUNDLE, device="cpu", threads=1, precision="fp32")
    ids, _ = shipped.tokenizer.encode(TEXTS * 8)
    made = int8_graph(SHIPPED_BUNDLE / "text.onnx", [{"ids": ids}])
    assert made is not None
    folder = tmp_path_factory.mktemp("int8")
    (folder / "text.onnx").write_bytes(made.SerializeToString())
    (folder / "weights.bin").write_bytes((SHIPPED_BUNDLE / "weights.bin").read_bytes())
    onnx.checker.check_model(str(folder / "text.onnx"))
    session = onnxruntime.InferenceSession(folder / "text.onnx", providers=["CPUExecutionProvider"])
    return shipped, lambda given: session.run(None, {"ids": given})[0], made.ByteSize()


Int8Text = tuple[Bundle, Callable[[TokenIds], Vectors], int]


def test_an_int8_graph_gives_nearly_the_same_vectors(shipped_text: Int8Text) -> None:
    shipped, text, _ = shipped_text
    ids, _ = shipped.tokenizer.encode(["green shoes", "a shirt with stripes", "gold"])
    assert not np.array_equal(text(ids), shipped.text(ids))
    assert least_cosine(text(ids), shipped.text(ids)) > 0.998


def test_an_int8_graph_stores_no_weight_anew(shipped_text: Int8Text) -> None:
    _, _, size = shipped_text
    assert size < 150_000


def test_a_row_in_int8_does_not_depend_on_its_batch(shipped_text: Int8Text) -> None:
    shipped, text, _ = shipped_text
    ids, _ = shipped.tokenizer.encode(TEXTS)
    alone = np.concatenate([text(row[None]) for row in ids])
    assert np.allclose(text(ids), alone, atol=1e-6)


def test_a_graph_without_anything_to_quantise_is_not_made(toy_folder: Path, toy: Bundle) -> None:
    ids, _ = toy.tokenizer.encode(list(WORDS))
    assert int8_graph(toy_folder / "text.onnx", [{"ids": ids}]) is None


def test_an_fp16_graph_gives_nearly_the_same_float32_unit_vectors(tmp_path: Path) -> None:
    shipped = Bundle(SHIPPED_BUNDLE, device="cpu", threads=1, precision="fp32")
    made = fp16_graph(SHIPPED_BUNDLE / "vision.onnx")
    (tmp_path / "vision.onnx").write_bytes(made.SerializeToString())
    (tmp_path / "weights.bin").write_bytes((SHIPPED_BUNDLE / "weights.bin").read_bytes())
    onnx.checker.check_model(str(tmp_path / "vision.onnx"))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC  # More can crash on a CPU.
    session = onnxruntime.InferenceSession(tmp_path / "vision.onnx", options, providers=["CPUExecutionProvider"])
    images = shipped.manifest.images
    pixels = np.random.default_rng(0).integers(0, 256, (2, images.height, images.width, 3), dtype=np.uint8)
    (half,) = session.run(["embedding"], {"pixels": pixels})
    assert half.dtype == np.float32
    assert np.allclose(np.linalg.norm(half, axis=1), 1, atol=1e-5)
    assert least_cosine(half, shipped.vision(pixels).embedding) > 0.999


# The trial


class Slow(Bundle):
    """A bundle that takes a millisecond more for everything."""

    def vision(self, pixels: Pixels) -> VisionOutput:
        _burn()
        return super().vision(pixels)

    def query(self, features: Vectors, ids: TokenIds) -> Vectors:
        _burn()
        return super().query(features, ids)

    def text(self, ids: TokenIds) -> Vectors:
        _burn()
        return super().text(ids)


def _burn() -> None:
    end = time.thread_time() + 0.001
    while time.thread_time() < end:
        pass


def test_only_graphs_that_are_faster_count_as_such(toy_folder: Path, toy: Bundle, pixels: Pixels) -> None:
    slow = Slow(toy_folder, device="cpu", threads=1)
    assert faster_graphs(toy, slow, pixels, list(WORDS)) == {}
    assert faster_graphs(slow, toy, pixels, list(WORDS)).keys() == {"vision", "query", "text"}


def test_a_variant_that_speaks_another_language_is_refused_with_the_figures(
    toy: Bundle, questions: Questions, tmp_path: Path
) -> None:
    stranger = Bundle(write_toy_bundle(tmp_path / "toy", seed=1), device="cpu", threads=1)
    with pytest.raises(VariantRefused, match=r"loses \d+\.\d\d points of Recall@10 \(.+ instead of .+ at most 0\.5"):
        try_variant(toy, stranger, [questions], {})


def test_a_variant_that_answers_alike_loses_nothing(toy: Bundle, questions: Questions) -> None:
    trial = try_variant(toy, toy, [questions], {"vision": 2.0})
    assert trial.loss == {"composer": 0, "image only": 0, "text only": 0}
    assert trial.recall["composer"] == 100
    assert (trial.device, trial.queries, trial.speedup) == ("cpu", COUNT * len(WORDS), {"vision": 2.0})


# The bundle


def test_a_bundle_runs_its_int8_graphs_on_a_cpu_by_default(with_int8: Path, toy: Bundle) -> None:
    fast, exact = (Bundle(with_int8, device="cpu", precision=chosen) for chosen in ("auto", "fp32"))
    assert {name: graph.precision for name, graph in fast.graphs.items()} == {
        "vision": "int8", "query": "fp32", "text": "fp32"
    }  # fmt: skip
    assert {graph.precision for graph in exact.graphs.values()} == {"fp32"}
    picture = np.full((1, SIZE, SIZE, 3), 77, dtype=np.uint8)
    assert np.array_equal(exact.vision(picture).embedding, toy.vision(picture).embedding)
    assert least_cosine(fast.vision(picture).embedding, toy.vision(picture).embedding) > 0.99


def test_a_generation_of_the_bundle_serves_with_its_variants_too(with_int8: Path, toy: Bundle) -> None:
    assert Bundle(with_int8, device="cpu").fingerprint == toy.fingerprint


def test_the_manifest_records_the_trial_of_a_variant(with_int8: Path) -> None:
    manifest = read_manifest(with_int8)
    trial = manifest.variants["int8"].trial
    assert isinstance(trial, Trial)
    assert max(trial.loss.values()) <= 0.5
    assert "vision.int8.onnx" in manifest.files


def test_variants_can_be_made_anew_of_a_bundle_that_has_some(
    with_int8: Path, toy_folder: Path, pixels: Pixels, questions: Questions, tmp_path: Path
) -> None:
    add_variants(with_int8, tmp_path / "again", [], Examples(pixels, list(WORDS)), [questions])
    assert read_manifest(tmp_path / "again") == read_manifest(toy_folder)
    assert {path.name for path in (tmp_path / "again").iterdir()} == {path.name for path in toy_folder.iterdir()}


@pytest.mark.parametrize("strict", [True, False])
def test_a_refused_variant_leaves_nothing_behind(
    toy_folder: Path, pixels: Pixels, questions: Questions, tmp_path: Path, strict: bool,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setattr(variants, "faster_graphs", lambda *bundles: {})
    target, examples = tmp_path / "out" / "toy", Examples(pixels, list(WORDS))
    if strict:
        with pytest.raises(VariantRefused, match="No graph is faster in int8"):
            add_variants(toy_folder, target, ["int8"], examples, [questions])
        assert list(target.parent.iterdir()) == []
    else:
        add_variants(toy_folder, target, ["int8"], examples, [questions], strict=False)
        assert "int8 is left out: No graph is faster" in caplog.text
        assert Bundle(target, device="cpu").manifest == read_manifest(toy_folder)
        assert not (target / "vision.int8.onnx").exists()


def test_a_bundle_is_not_overwritten(toy_folder: Path, pixels: Pixels, questions: Questions) -> None:
    with pytest.raises(ModisteError, match="exists already"):
        add_variants(toy_folder, toy_folder, ["int8"], Examples(pixels, list(WORDS)), [questions])


def test_what_cannot_be_written_is_refused_before_any_product_is_read(toy_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match="exists already"):
        add_variants_by_config(
            toy_folder, toy_folder, ["int8"], untrained_config("combiner"), tmp_path / "cache", strict=True
        )
    assert not (tmp_path / "cache").exists()


def test_fp16_is_refused_where_there_is_no_gpu_to_measure_it_with(
    toy_folder: Path, pixels: Pixels, questions: Questions, tmp_path: Path
) -> None:
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("This ONNX Runtime is built for CUDA.")
    with pytest.raises(ModisteError, match="fp16 has to be measured on a GPU") as refused:
        add_variants(toy_folder, tmp_path / "toy", ["fp16"], Examples(pixels, list(WORDS)), [questions])
    assert "int8" in refused.value.hint
    assert list(tmp_path.iterdir()) == []


def edited(source: Path, target: Path, edit: Callable[[Any], object]) -> Path:
    """A copy of a bundle whose ``bundle.json`` somebody has edited."""
    target.mkdir()
    for path in source.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    raw = json.loads((target / MANIFEST_NAME).read_text())
    edit(raw)
    (target / MANIFEST_NAME).write_text(json.dumps(raw))
    return target


def test_a_bundle_from_before_there_were_variants_is_read(toy_folder: Path, tmp_path: Path, toy: Bundle) -> None:
    old = edited(toy_folder, tmp_path / "old", lambda raw: raw.pop("variants"))
    assert Bundle(old, device="cpu").fingerprint == toy.fingerprint


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda raw: raw["files"].pop("vision.int8.onnx"), "vision.int8.onnx has no checksum"),
        (lambda raw: raw["variants"]["int8"]["graphs"]["vision"].update(precision="fp16"), "has the precision fp16"),
        (lambda raw: raw["variants"]["int8"]["graphs"]["vision"]["inputs"].clear(), "has other inputs or outputs"),
        (lambda raw: raw["variants"].update(fp32=raw["variants"].pop("int8")), "the variant fp32"),
        (lambda raw: raw["variants"].update(int4=raw["variants"].pop("int8")), "variants.int4"),
        (lambda raw: raw["variants"]["int8"].pop("trial"), "variants.int8.trial"),
    ],
)  # fmt: skip
def test_a_manifest_whose_variants_contradict_it_is_refused(
    with_int8: Path, tmp_path: Path, edit: Callable[[Any], object], said: str
) -> None:
    with pytest.raises(BundleError) as refused:
        read_manifest(edited(with_int8, tmp_path / "edited", edit))
    assert said in refused.value.message


# What is asked for


def test_a_precision_that_the_bundle_lacks_is_refused_with_those_that_it_has(toy_folder: Path) -> None:
    with pytest.raises(BundleError, match="has no variant in int8") as refused:
        Bundle(toy_folder, device="cpu", precision="int8")
    assert "It has fp32" in refused.value.hint


def test_fp16_is_refused_on_a_cpu(with_int8: Path, tmp_path: Path) -> None:
    def rename(raw: Any) -> None:
        raw["variants"]["int8"]["graphs"]["vision"]["precision"] = "fp16"
        raw["variants"]["fp16"] = raw["variants"].pop("int8")

    with pytest.raises(BundleError, match="fp16 needs CUDA"):
        Bundle(edited(with_int8, tmp_path / "half", rename), device="cpu", precision="fp16")


def test_the_command_line_takes_refusals_for_an_answer_only_of_auto() -> None:
    automatic, strict = chosen_precisions(["auto"])
    assert automatic[0] == "int8"
    assert not strict
    assert chosen_precisions(["fp32"]) == ([], True)
    assert chosen_precisions(["fp16", "int8"]) == (["int8", "fp16"], True)
    with pytest.raises(ModisteError, match="no precision 'int4'"):
        chosen_precisions(["int4"])


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_where_cuda_does_not_start_the_cpu_takes_over_with_its_own_graphs(
    with_int8: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("This ONNX Runtime is built for CUDA; here one is played that says so and cannot start it.")
    both = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: both)
    with caplog.at_level(logging.WARNING):
        bundle = Bundle(with_int8)
    assert caplog.messages == ["CUDA is installed but could not be started; toy 1.0.0 runs on the CPU."]
    assert bundle.providers == ["CPUExecutionProvider"]
    assert bundle.graphs["vision"].precision == "int8"
    with pytest.raises(BundleError, match="could not start CUDA"):
        Bundle(with_int8, device="cuda")


def test_bound_inputs_and_outputs_give_the_same_answers(toy_folder: Path, toy: Bundle, pixels: Pixels) -> None:
    bound = Bundle(toy_folder, device="cpu", threads=1, bind=True)
    ids, _ = toy.tokenizer.encode(["red"] * COUNT)
    mirrored = pixels[:, :, ::-1]
    assert np.array_equal(bound.vision(mirrored).embedding, toy.vision(mirrored).embedding)
    features = toy.vision(pixels).features
    assert np.array_equal(bound.query(features, ids), toy.query(features, ids))
