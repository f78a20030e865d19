"""Runs that start from the backbone of another run or of a bundle, and the features that runs share."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from catalog.errors import ModisteError
from models.bundle import SHIPPED_BUNDLE, Bundle, BundleManifest
from models.export.bundle import export_bundle
from models.training.checkpoint import Checkpoint
from models.training.config import TrainConfig, read_config
from models.training.data.sources import open_sources
from models.training.initial.alignment import require_texts
from models.training.initial.composer import composer_weights
from models.training.initial.start import read_start, settle_batch_norms
from models.training.run import Run
from models.training.train import train
from tests.drawn import Draw
from tests.models.pictures import photograph, saved
from tests.training.first_run import first_run
from tests.training.untrained import WISHES

WITH_A_COMPOSER = {
    "sources": "[{name: garments, kind: garments, count: 110, seed: 2, validation_share: 0.3}]",
    "compose": "{composer: combiner, options: {projection: 16, hidden: 16}, text_rank: 4, steps: 2, batch: 16, "
    "lr: 0.001}",
}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, drawn: Draw) -> Run:
    return first_run(tmp_path_factory.mktemp("runs"), drawn, WITH_A_COMPOSER)


def second(first: Run, **changes: object) -> TrainConfig:
    return first.config().model_copy(update={"name": "second", "joint": None, "start": first.folder, **changes})


def test_backbone_tokenizer_and_words_are_taken_from_the_other_run(first: Run) -> None:
    run = train(second(first, seed=4), first.folder.parent / "second")
    mine, theirs = run.model().state_dict(), first.model().state_dict()
    same = [name for name in mine if torch.equal(mine[name], theirs[name])]
    assert {name for name in mine if name.startswith(("backbone.clip.", "attributes."))} <= set(same)
    assert any(name.startswith("composer.") for name in mine.keys() - set(same))
    assert run.tokenizer.read_bytes() == first.tokenizer.read_bytes()
    assert run.words() == first.words() != []


def test_pictures_are_encoded_once_for_all_runs_of_a_backbone(first: Run) -> None:
    kept = {path: path.stat().st_mtime_ns for path in first.cache.glob("features-*.pt")}
    assert len(kept) == 1
    train(second(first, seed=5), first.folder.parent / "third")
    assert {path: path.stat().st_mtime_ns for path in first.cache.glob("features-*.pt")} == kept


def test_another_preparation_of_pictures_is_refused(first: Run) -> None:
    backbone = first.config().backbone
    assert backbone.images is not None
    images = backbone.images.model_copy(update={"fill": 0})
    config = second(first, backbone=backbone.model_copy(update={"images": images}))
    with pytest.raises(ModisteError, match="preprocessing of pictures"):
        train(config, first.folder.parent / "fourth")


def test_a_folder_that_is_not_a_run_is_refused(first: Run, tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match="is neither a training run nor a bundle"):
        train(second(first, start=tmp_path), first.folder.parent / "fifth")


def test_the_shipped_bundle_is_a_start_in_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    start = read_start(Path("shipped"))
    assert start.folder == SHIPPED_BUNDLE
    assert start.words == BundleManifest.model_validate_json((SHIPPED_BUNDLE / "bundle.json").read_bytes()).attributes


def test_a_folder_of_that_name_comes_before_the_shipped_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shipped").mkdir()
    with pytest.raises(ModisteError, match="shipped is neither a training run nor a bundle"):
        read_start(Path("shipped"))


def test_a_run_without_a_checkpoint_is_refused(first: Run, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(first.config_file.read_text())
    (tmp_path / "tokenizer.json").write_bytes(first.tokenizer.read_bytes())
    assert Checkpoint.load(tmp_path) is None
    with pytest.raises(ModisteError, match="has no checkpoint yet"):
        train(second(first, start=tmp_path), first.folder.parent / "sixth")


@pytest.fixture(scope="module")
def bundle(first: Run) -> Path:
    pictures = [saved(photograph(40, 60, seed)) for seed in range(4)]
    folder = first.folder.parent / "bundle"
    export_bundle(
        first.model(), folder, name="first", version="1", tokenizer=first.tokenizer, pictures=pictures, texts=WISHES
    )
    return folder


@pytest.mark.parametrize("weights", ["float16", "int8"])
def test_a_bundle_is_as_good_a_start_as_its_run(first: Run, weights: str) -> None:
    started = second(first, backbone=first.config().backbone.model_copy(update={"weights": weights}))
    run = train(started, first.folder.parent / f"stored-{weights}")
    pictures = [saved(photograph(40, 60, seed)) for seed in range(4)]
    folder = run.folder / "bundle"
    export_bundle(
        run.model(), folder, name="stored", version="1", tokenizer=run.tokenizer, pictures=pictures, texts=WISHES
    )
    nothing = started.model_copy(update={"start": folder, "compose": None})
    towers = train(nothing, first.folder.parent / f"towers-{weights}")
    pixels = np.random.default_rng(1).integers(0, 256, (16, 80, 64, 3), dtype=np.uint8)
    theirs, ours = run.model(), towers.model()
    ids, _ = theirs.tokenizer.encode(WISHES[:4])
    tolerance = 1e-5 if weights == "int8" else 1e-2
    np.testing.assert_allclose(ours.vision(pixels).embedding, theirs.vision(pixels).embedding, atol=tolerance)
    np.testing.assert_allclose(ours.text(ids), theirs.text(ids), atol=tolerance)
    attributes, truth = ours.vision(pixels).attributes, theirs.vision(pixels).attributes
    assert attributes is not None
    assert truth is not None
    np.testing.assert_allclose(attributes, truth, atol=1e-2)
    assert towers.words() == run.words()
    assert json.loads(towers.tokenizer.read_text()) == json.loads(run.tokenizer.read_text())


def test_training_can_continue_from_the_towers_of_a_bundle(first: Run, bundle: Path) -> None:
    joint = first.config().joint
    config = second(first, start=bundle, compose=None, joint=joint)
    run = train(config, first.folder.parent / "on")
    losses = [json.loads(line)["loss"] for line in run.log.read_text().splitlines()]
    begun = [json.loads(line)["loss"] for line in first.log.read_text().splitlines()]
    assert losses[0] < begun[0]
    assert run.words() == first.words()


def test_pictures_may_have_another_size_where_a_stage_0_follows(first: Run, bundle: Path) -> None:
    backbone = first.config().backbone
    assert backbone.images is not None
    larger = backbone.images.model_copy(update={"height": 96, "width": 80})
    config = second(first, start=bundle, compose=None, backbone=backbone.model_copy(update={"images": larger}))
    with pytest.raises(ModisteError, match="preprocessing of pictures"):
        train(config, first.folder.parent / "larger-refused")
    run = train(config.model_copy(update={"joint": first.config().joint}), first.folder.parent / "larger")
    assert run.model().images == larger


def test_batch_norms_get_statistics_without_changing_an_answer(first: Run, bundle: Path) -> None:
    model = train(second(first, start=bundle, compose=None), first.folder.parent / "settled").model()
    pixels = np.random.default_rng(2).integers(0, 256, (32, 80, 64, 3), dtype=np.uint8)
    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    assert all(norm.running_var is not None and norm.running_var.eq(1).all() for norm in norms)
    before = model.vision(pixels).embedding
    settle_batch_norms(model, pixels)
    np.testing.assert_allclose(model.vision(pixels).embedding, before, atol=1e-4)
    for norm in norms:
        norm.train()
    trained = model.see(torch.from_numpy(pixels))[0].detach().numpy()
    assert (trained * before).sum(axis=1).min() > 0.99


def test_a_bundle_of_another_backbone_is_refused(first: Run, bundle: Path) -> None:
    backbone = first.config().backbone.model_copy(update={"name": "modiste-base"})
    with pytest.raises(ModisteError, match="has no weight backbone"):
        train(second(first, start=bundle, backbone=backbone, compose=None), first.folder.parent / "seventh")


def test_a_composer_continues_from_the_one_of_a_bundle(first: Run, bundle: Path) -> None:
    compose = first.config().compose
    assert compose is not None
    almost_still = compose.model_copy(update={"steps": 1, "lr": 1e-12})
    run = train(second(first, start=bundle, compose=almost_still), first.folder.parent / "continued")
    features = np.random.default_rng(3).normal(size=(len(WISHES), run.model().backbone.dim)).astype(np.float32)
    ids, _ = run.model().tokenizer.encode(WISHES)
    theirs = Bundle(bundle, device="cpu", precision="fp32").query(features, ids)
    np.testing.assert_allclose(run.model().query(features, ids), theirs, atol=2e-2)
    other = almost_still.model_copy(update={"composer": "tirg", "options": {}})
    fresh = train(second(first, start=bundle, compose=other), first.folder.parent / "afresh")
    assert np.abs(fresh.model().query(features, ids) - theirs).max() > 0.1


def test_a_new_vision_tower_aligns_with_the_texts_of_a_bundle(first: Run, bundle: Path) -> None:
    config, joint = first.config(), first.config().joint
    assert config.backbone.images is not None
    assert joint is not None
    images = config.backbone.images.model_copy(update={"height": 96, "width": 80})
    backbone = config.backbone.model_copy(update={"images": images})
    runs = [
        train(
            config.model_copy(update={"name": name, "backbone": backbone, "compose": None, "joint": joint.model_copy(
                update={"epochs": 6, "align": bundle, "align_weight": weight})}),
            first.folder.parent / name,
        )
        for name, weight in (("aligned", 20.0), ("unaligned", 1e-6))
    ]  # fmt: skip
    their, model = Bundle(bundle, device="cpu", precision="fp32"), runs[0].model()
    ids, _ = model.tokenizer.encode(WISHES)
    np.testing.assert_allclose(model.text(ids), their.text(ids), atol=1e-2)
    (source,) = open_sources(config, their.manifest.images, first.cache, triplets=False)
    truth = their.vision(source.pixels).embedding
    (larger,) = open_sources(config, images, first.cache, triplets=False)
    near, far = (float((run.model().vision(larger.pixels).embedding * truth).sum(axis=1).mean()) for run in runs)
    assert near > far + 0.05


def test_a_composer_is_reused_although_the_text_tower_was_trained_further(first: Run, bundle: Path) -> None:
    start, model = read_start(bundle), first.model()
    before = composer_weights(model, start, rank=4)
    torch.nn.init.normal_(model.backbone.clip.text.ln_final.weight)
    after = composer_weights(model, start, rank=4)
    assert before.keys() == after.keys() != set()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_start_with_other_texts_cannot_be_aligned(first: Run, bundle: Path) -> None:
    model, aligned = first.model(), Bundle(bundle, device="cpu", precision="fp32")
    require_texts(model, aligned)
    torch.nn.init.normal_(model.backbone.clip.text.ln_final.weight)
    with pytest.raises(ModisteError, match="text tower of `start` differs"):
        require_texts(model, aligned)


def test_the_config_for_shops_continues_from_the_shipped_bundle(first: Run) -> None:
    shop = read_config(Path("shop"))
    assert shop.compose is not None
    assert shop.expect is not None
    almost_still = {"steps": 1, "lr": 1e-12, "batch": 16}
    config = shop.model_copy(
        update={
            "sources": first.config().sources,
            "compose": shop.compose.model_copy(update=almost_still),
            "expect": shop.expect.model_copy(update=almost_still),
        }
    )
    model = train(config, first.folder.parent / "shop").model()
    pixels = np.random.default_rng(4).integers(0, 256, (len(WISHES), 144, 112, 3), dtype=np.uint8)
    seen, (ids, _) = model.vision(pixels), model.tokenizer.encode(WISHES)
    ours = model.expected(seen.features, ids, seen.attributes)
    theirs = Bundle(SHIPPED_BUNDLE, device="cpu", precision="fp32").expected(seen.features, ids, seen.attributes)
    assert (ours.query * theirs.query).sum(axis=1).min() > 0.999
    assert ours.expected is not None
    assert theirs.expected is not None
    np.testing.assert_allclose(ours.expected, theirs.expected, atol=1e-2)
