"""Photographs in stage 0: the losses that bring them to products of their kind, and a run that learns from them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F
from typer.testing import CliRunner

from catalog.errors import ModisteError
from models.datasets.photographs.photograph import Photograph
from models.evaluation.held_out import labelled_photographs, photographs
from models.evaluation.held_out.sources import evaluate_run
from models.evaluation.tables import metrics_table
from models.export.model_card import model_card
from models.networks.losses import kind_retrieval, recognition
from models.training.config import TrainConfig, read_config
from models.training.data.photographs import TrainingPhotographs, _shares
from models.training.run import Run
from models.training.stage_settings import PhotographSettings
from models.training.stages.joint import Joint
from models.training.stages.kinds import KindTask
from models.training.train import train
from service.cli import app
from tests.drawn import Draw
from tests.models.datasets.photographs import label_by_eye, write_photos, write_street
from tests.models.test_cli import run as command
from tests.toy_bundle import write_toy_bundle
from tests.training.first_run import link_drawn

ALIKE = torch.tensor([[True, False, False], [False, True, False]])


def test_photographs_next_to_their_kind_cost_less() -> None:
    products = F.normalize(torch.eye(3), dim=-1)
    near, far = products[:2], products[[1, 2]]
    assert kind_retrieval(near, products, ALIKE, 10.0) < kind_retrieval(far, products, ALIKE, 10.0)


def test_a_photograph_without_partners_costs_nothing_and_leaves_finite_gradients() -> None:
    photographs = torch.randn(2, 4, requires_grad=True)
    cost = kind_retrieval(photographs, torch.randn(3, 4), torch.zeros(2, 3, dtype=torch.bool), 10.0)
    cost.backward()  # type: ignore[no-untyped-call]
    assert cost == 0
    assert photographs.grad is not None
    assert photographs.grad.isfinite().all()


def test_one_of_the_possible_kinds_is_enough_and_a_wrong_one_costs() -> None:
    kinds, known = torch.tensor([[True, True, False, False]]), torch.tensor([True, True, True, False])
    one, wrong, unknown = (torch.tensor([row]) for row in ([9.0, -9, -9, -9], [9.0, -9, 9, -9], [9.0, -9, -9, 9]))
    assert recognition(one, kinds, known) < 0.01
    assert recognition(wrong, kinds, known) > 5
    assert recognition(unknown, kinds, known) < 0.01


def test_the_gradient_of_a_certain_kind_is_finite() -> None:
    logits = torch.tensor([[80.0, -80.0]], requires_grad=True)
    recognition(logits, torch.tensor([[True, False]]), torch.tensor([True, True])).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


CONFIG = """
name: tiny
seed: 3
device: cpu
precision: fp32
backbone:
  name: {backbone}
  vocabulary: 600
  images: {{height: 48, width: 48, pad_ratio: 1.0, fill: 255, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]}}
sources:
  - {{name: garments, kind: garments, count: 240, seed: 2, validation_share: 0.4}}
photographs:
  - {{name: photos, kind: photos, path: {folder}/photos, validation_share: 0.3}}
  - {{name: street, kind: street, path: {folder}/street, validation_share: 0.3, weight: 0.5}}
joint:
  {{epochs: 1, batch: 36, lr: 0.001, plain: 0.3, attributes: {{least: 5}}, photographs: {{batch: 6, memory: 9}} {more}}}
"""


def tiny(folder: Path, backbone: str, more: str = "") -> TrainConfig:
    """A config over drawn garments and small folders of photographs."""
    write_photos(folder / "photos", [(str(at), label, str(at % 4)) for at, label in enumerate(["Dress", "Shirt"] * 8)])
    write_street(folder / "street")
    path = folder / "tiny.yaml"
    path.write_text(CONFIG.format(backbone=backbone, folder=folder, more=more))
    return read_config(path)


def trained(folder: Path, drawn: Draw, backbone: str, more: str = "") -> Run:
    """A run with the config of ``tiny``."""
    config = tiny(folder, backbone, more)
    link_drawn(folder, drawn, config)
    return train(config, folder / "run")


@pytest.fixture(scope="module")
def frozen_run(tmp_path_factory: pytest.TempPathFactory, drawn: Draw) -> Run:
    return trained(tmp_path_factory.mktemp("frozen"), drawn, "modiste-lite", ", frozen: 5, views: 2")


def test_a_run_with_frozen_blocks_learns_from_photographs(frozen_run: Run) -> None:
    losses = [json.loads(line)["loss"] for line in frozen_run.log.read_text().splitlines()]
    assert losses
    assert np.isfinite(losses).all()


def test_the_frozen_blocks_keep_their_weights_and_the_others_move(frozen_run: Run) -> None:
    trunk = frozen_run.model().backbone.clip.visual.trunk
    # Batch norm of a random trunk starts with a mean of 0 and keeps it where its statistics are frozen.
    norms = [block.bn1 for stage in trunk.blocks for block in stage]
    assert all((norm.running_mean == 0).all() for norm in norms)
    assert (trunk.blocks[0][0].bn1.weight == 1).all()
    assert not (trunk.blocks[6][0].bn1.weight == 1).all()


def test_a_killed_run_resumes_with_the_remembered_products(
    tmp_path: Path, drawn: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained(tmp_path, drawn, "modiste-small")
    config = whole.config()
    killed = tmp_path / "killed"
    killed.mkdir()
    shutil.copy(whole.tokenizer, killed)  # The library breaks ties at random when it trains a tokenizer.
    monkeypatch.setattr("models.training.loop.SAVE_EVERY_S", 0.0)
    stepped, left = Joint.stepped, [2]

    def killing(stage: Joint) -> None:
        stepped(stage)
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt

    monkeypatch.setattr(Joint, "stepped", killing)
    with pytest.raises(KeyboardInterrupt):
        train(config, killed)
    monkeypatch.setattr(Joint, "stepped", stepped)
    ours, theirs = train(config, killed).model().state_dict(), whole.model().state_dict()
    assert all(torch.equal(weight, theirs[name]) for name, weight in ours.items())


def test_masked_garments_are_used_in_their_photograph_and_alone(tmp_path: Path) -> None:
    config = tiny(tmp_path, "modiste-small")
    assert config.backbone.images is not None
    words = ["shirt", "skirt", "red"]
    known = np.array([True, True, False])
    street = TrainingPhotographs(config.photographs[1], config.backbone.images, words, known)
    assert len(street.pixels) % 4 == 0
    assert street.kinds[:, :2].any(axis=1).all()
    assert not street.kinds[:, 2].any()


def test_a_photograph_is_trained_by_its_narrower_label_if_products_have_such_kinds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny(tmp_path, "modiste-small")
    assert config.backbone.images is not None
    source = config.photographs[0]
    label_by_eye(source.path, "Shirt", tmp_path / "narrower.txt", monkeypatch, narrower="t-shirt")
    for words, kinds in ((["t-shirt", "shirt"], {(True, False)}), (["shirt", "top"], {(True, False)})):
        trained = TrainingPhotographs(source, config.backbone.images, words, np.array([True, True]))
        assert set(map(tuple, trained.kinds.tolist())) == kinds


def test_a_labelled_colour_is_trained_beside_the_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tiny(tmp_path, "modiste-small")
    assert config.backbone.images is not None
    source = config.photographs[0]
    label_by_eye(source.path, "Shirt", tmp_path / "colours.txt", monkeypatch, colour="navy,black")
    words = ["shirt", "dress", "navy blue", "black", "red"]
    photos = TrainingPhotographs(source, config.backbone.images, words, np.array([True, True, False, False, False]))
    assert photos.known_colours.tolist() == [False, False, True, True, True]
    shown = {tuple(row) for row in (photos.kinds | photos.colours).tolist()}
    assert shown == {(True, False, True, True, False), (False, True, False, False, False)}


def test_partners_of_a_photograph_have_its_colour_and_no_other_one() -> None:
    known = np.array([True, False, False, False])
    photos = SimpleNamespace(kinds=np.zeros((1, 4), bool), colours=np.zeros((1, 4), bool), known=known,
                             known_colours=np.array([False, True, True, True]))  # fmt: skip
    task = KindTask([photos], PhotographSettings(batch=2, memory=5), dim=2)  # type: ignore[list-item]
    shirt, shirt_blue = [True, False, False, False], [True, True, False, False]
    shirt_navy, shirt_red = [True, True, True, False], [True, False, False, True]
    products, logits = F.normalize(torch.tensor([[1.0, 0.0], [0.0, 1.0]])), torch.zeros(1, 4)
    first = torch.tensor([[1.0, 0.0]])

    def cost(photograph: list[bool], *stated: list[bool]) -> float:
        return float(task.loss(first, torch.tensor([photograph]), products, torch.tensor(stated), logits))

    assert cost(shirt_blue, shirt_blue, shirt_red) < cost(shirt_blue, shirt_red, shirt_blue)
    assert cost(shirt_blue, shirt_blue, shirt_navy) < cost(shirt_blue, shirt_navy, shirt_blue)
    assert cost(shirt, shirt_blue, shirt_red) == cost(shirt, shirt_red, shirt_blue)


@pytest.mark.parametrize("evenness", [0.0, 0.85])
def test_rare_narrower_labels_do_not_change_the_share_of_their_label(evenness: float) -> None:
    narrower = [("heel", ("heel",))] * 2 + [None] * 6
    shoes = [Photograph(str(at), "Shoes", ("heel",), "1", Path(), narrower=one) for at, one in enumerate(narrower)]
    hats = [Photograph("hat", "Hat", ("hat",), "1", Path())] * 8
    shares = _shares([*shoes, *hats], evenness)
    assert sum(shares[:8]) == pytest.approx(sum(shares[8:]))
    assert shares[0] > shares[2]


def test_products_of_earlier_steps_are_remembered_up_to_a_limit(tmp_path: Path) -> None:
    config = tiny(tmp_path, "modiste-small")
    assert config.backbone.images is not None
    known = np.array([True, True])
    photos = TrainingPhotographs(config.photographs[0], config.backbone.images, ["shirt", "dress"], known)
    task = KindTask([photos], PhotographSettings(batch=2, memory=5), dim=4)
    kinds = task.shown_by([(0, 0), (0, 1)])
    for _ in range(3):
        shown = torch.tensor([[True, False], [False, True], [True, False]])
        cost = task.loss(torch.randn(2, 4), kinds, torch.randn(3, 4), shown, torch.randn(2, 2))
        task.stepped()
        assert cost.isfinite()
    assert len(task.memory) == len(task.remembered) == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"joint.attributes": "null"}, "attribute head"),
        ({"photographs": "[]"}, "needs sources"),
    ],
)
def test_settings_that_cannot_be_combined_are_refused(tmp_path: Path, change: dict[str, str], message: str) -> None:
    tiny(tmp_path, "modiste-lite")
    with pytest.raises(ModisteError, match=message):
        read_config(tmp_path / "tiny.yaml", change)


@pytest.fixture(scope="module")
def shop_run(tmp_path_factory: pytest.TempPathFactory, drawn: Draw) -> Run:
    """A run over a catalogue, whose held-out products are the gallery of the photographs."""
    folder = tmp_path_factory.mktemp("shop")
    config = tiny(folder, "modiste-small")
    shop = config.sources[0].model_copy(update={"kind": "catalog", "path": drawn(240, 2)})
    return train(config.model_copy(update={"sources": (shop,), "seed": 5}), folder / "run")


@pytest.mark.parametrize("protocol", ["photos", "street"])
def test_held_out_photographs_are_measured(shop_run: Run, tmp_path: Path, protocol: str) -> None:
    figures = tmp_path / "figures.json"
    command("evaluate", str(shop_run.folder), "--protocol", protocol, "--output", str(figures))
    first, *labels = json.loads(figures.read_text())
    assert first["edit"] == "all labels"
    assert first["method"] == "image only"
    assert first["queries"] == sum(one["queries"] for one in labels if one["method"] == "image only")
    assert all(0 <= one["values"]["kind@10"] <= 100 for one in (first, *labels))


@pytest.mark.parametrize("protocol", ["photos", "street"])
def test_the_whole_search_is_measured_for_a_bundle(
    shop_run: Run, tmp_path: Path, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The toy bundle recognises no kind in a photograph, but the service reads the colour from the text."""
    for module in (photographs, labelled_photographs):
        monkeypatch.setattr(module, "PAGE", 2)  # The small shop has no ten products of a kind and a colour.
    bundle, figures = write_toy_bundle(tmp_path / "bundle"), tmp_path / "figures.json"
    arguments = [str(bundle), "--config", str(shop_run.config_file), "--protocol", protocol, "--output", str(figures)]
    CliRunner().invoke(app, ["models", "evaluate", *arguments], catch_exceptions=False)
    measured = [one for one in json.loads(figures.read_text()) if one["method"] == "search, upload"]
    alone, *labels = [one for one in measured if "in a colour" not in one["edit"]]
    assert alone["edit"] == "all labels"
    assert alone["queries"] == sum(one["queries"] for one in labels)
    coloured = next(one for one in measured if one["edit"] == "all labels, in a colour")
    assert coloured["values"]["colour@2"] == 100
    assert coloured["values"]["both@2"] == coloured["values"]["kind@2"]


def by_picture(run: Run, figures: Path) -> dict[str, Any]:
    """The figures of the protocol ``photos`` for the picture alone, by edit."""
    command("evaluate", str(run.folder), "--protocol", "photos", "--output", str(figures))
    return {one["edit"]: one for one in json.loads(figures.read_text()) if one["method"] == "image only"}


def test_narrower_labels_are_measured_separately(
    shop_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shop_run.config().photographs[0].path
    label_by_eye(folder, "Dress", tmp_path / "narrower.txt", monkeypatch, narrower="t-shirt")
    measured = by_picture(shop_run, tmp_path / "figures.json")
    assert measured["narrower labels"]["queries"] == measured["Dress"]["queries"] == measured["t-shirt"]["queries"]
    assert measured["narrower labels"]["values"] == measured["t-shirt"]["values"]


def test_the_colour_of_results_is_measured(shop_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shop_run.config().photographs[0].path
    label_by_eye(folder, "Dress", tmp_path / "colours.txt", monkeypatch, colour="red")
    measured = by_picture(shop_run, tmp_path / "figures.json")
    assert measured["colours"]["queries"] == measured["Dress"]["queries"]
    assert measured["colours"]["values"] == measured["red"]["values"]
    assert measured["red"]["values"]["both@10"] <= measured["red"]["values"]["colour@10"]


def test_the_figures_of_a_run_include_its_photographs(shop_run: Run) -> None:
    metrics = evaluate_run(shop_run, queries=20)
    measured = [metric.protocol.split(":")[0] for metric in metrics if "kind@10" in metric.values]
    assert measured == ["photos", "street"]
    card = model_card(shop_run.config(), "1", shop_run.model(), metrics, ["shop: some products"])
    assert metrics_table(metrics) in card
    assert "**photos**" in card
