"""Bundles with variants: made, recorded in the manifest, chosen, and refused."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from catalog.errors import ModisteError
from models.bundle import Bundle, BundleError
from models.bundle.images import Pixels
from models.bundle.manifest import MANIFEST_NAME, Trial, read_manifest
from models.export import variants
from models.export.trial import Questions, VariantRefused
from models.export.variants import Examples, add_variants, add_variants_by_config, chosen_precisions
from tests.toy_bundle import SIZE, WORDS
from tests.training.export.test_precision import least_cosine
from tests.training.untrained import untrained_config


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


def test_variants_can_be_made_again_for_a_bundle_that_has_some(
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
    with pytest.raises(ModisteError, match="already exists"):
        add_variants(toy_folder, toy_folder, ["int8"], Examples(pixels, list(WORDS)), [questions])


def test_an_unwritable_output_is_refused_before_any_product_is_read(toy_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match="already exists"):
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
    """A copy of a bundle with an edited ``bundle.json``."""
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
def test_if_cuda_does_not_start_the_cpu_uses_its_own_graphs(
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
