"""Negatives from the mid zone: what the zone is, when it is refreshed, and that a killed run goes on with the same."""

from __future__ import annotations

import copy
import itertools
import random
import shutil
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from catalog import Product
from catalog.errors import ModisteError
from models.datasets.attributes.edit_rules import Attributes
from models.datasets.triplets.attribute_triplets import AttributeTriplets
from models.training.checkpoint import Checkpoint
from models.training.config import TrainConfig
from models.training.data.sources import TrainingSource
from models.training.stage_settings import MiningSettings
from models.training.stages.compose import Compose
from models.training.stages.negatives import KEPT, DrawnQueries, NegativeMining, mid_zone
from models.training.train import train
from tests.training.tiny import TINY

DELTA = torch.tensor([[0.05, 0.0, -0.05, -0.3, -0.35, -0.4, -0.8]])
ALL = torch.ones_like(DELTA, dtype=torch.bool)


def zone(delta: Tensor, wrong: Tensor, rule: str | tuple[float, float]) -> list[int]:
    return mid_zone(delta, wrong, rule)[0].nonzero().flatten().tolist()


def test_with_bounds_the_zone_is_between_them() -> None:
    assert zone(DELTA, ALL, (-0.35, -0.05)) == [2, 3, 4]
    assert zone(DELTA, ALL, (-2.0, 0.0)) == [1, 2, 3, 4, 5, 6]


def test_by_drops_the_zone_is_between_the_two_largest_drops_behind_the_target() -> None:
    # Falls behind the target: 0.05, 0.25, 0.05, 0.05, 0.4.
    assert zone(DELTA, ALL, "drops") == [3, 4, 5]


def test_the_fall_from_the_target_itself_does_not_count() -> None:
    assert zone(torch.tensor([[-0.5, -0.52, -0.7, -0.75, -0.95]]), ALL[:, :5], "drops") == [2, 3]


def test_between_the_drops_there_is_more_than_one_candidate() -> None:
    # Falls: 0.3, 0.2, 0.01, 0.1. The two largest have one candidate between them, the second and the third have two.
    assert zone(torch.tensor([[0.0, -0.3, -0.5, -0.51, -0.61]]), ALL[:, :5], "drops") == [2, 3]
    assert zone(torch.tensor([[0.0, -0.3, -0.5]]), ALL[:, :3], "drops") == []


def authors_zone(delta: Sequence[float]) -> set[int]:
    """The candidates of QuRe's published procedure, one query at a time; none where it finds no pair of drops."""
    after = sorted((row for row, score in enumerate(delta) if score <= 0), key=lambda row: -delta[row])
    falls = np.diff([delta[row] for row in after])
    by_size = np.argsort(falls, kind="stable").tolist()
    for one, other in itertools.pairwise(by_size):
        if abs(one - other) > 1:
            return set(after[min(one, other) + 1 : max(one, other) + 1])
    return set()


@pytest.mark.parametrize("count", [1, 2, 3, 4, 9, 200])
def test_the_zone_is_that_of_the_authors_procedure(count: int) -> None:
    delta = np.random.default_rng(count).normal(-0.3, 0.4, size=(50, count))
    found = mid_zone(torch.from_numpy(delta), torch.ones(50, count, dtype=torch.bool), "drops")
    for row, ours in zip(delta.tolist(), found, strict=True):
        assert set(ours.nonzero().flatten().tolist()) == authors_zone(row)


def test_right_products_and_the_reference_are_in_no_zone_and_make_no_drop() -> None:
    wrong = torch.tensor([[True, True, True, False, True, True, True]])
    assert zone(DELTA, wrong, (-0.35, -0.05)) == [2, 4]
    # Without the one at -0.3 the falls are 0.05, 0.3, 0.05, 0.4.
    assert zone(DELTA, wrong, "drops") == [4, 5]


def test_products_before_the_target_are_in_no_zone() -> None:
    assert zone(torch.tensor([[0.3, 0.2, 0.1]]), ALL[:, :3], (-2.0, 0.0)) == []
    assert zone(torch.tensor([[0.3, 0.2, -0.1]]), ALL[:, :3], "drops") == []


def test_each_query_has_its_own_zone() -> None:
    found = mid_zone(torch.cat([DELTA, DELTA.flip(1)]), ALL.repeat(2, 1), "drops")
    assert torch.equal(found[0], found[1].flip(0))


@pytest.mark.parametrize("bounds", [(-0.1, -0.3), (-0.3, 0.1)])
def test_bounds_that_are_no_zone_are_refused(bounds: tuple[float, float]) -> None:
    with pytest.raises(ValidationError, match="lower to the higher"):
        MiningSettings(zone=bounds)


COLOURS = ("red", "blue", "green", "black")


def source(size: int = 80, every: int = 1) -> TrainingSource:
    """Dresses and shirts in four colours, many of each; or only every second of these, the dresses."""
    products = [
        Product(str(at), "", {"type": ("dress", "shirt")[at % 2], "colour": COLOURS[at // 2 % 4]}, b"")
        for at in range(0, size * every, every)
    ]
    triplets = AttributeTriplets(products, [Attributes(1.0, ("colour",), ("type",))])
    return TrainingSource("shop", 1.0, products, np.zeros((size, 1, 1, 3), dtype=np.uint8), triplets)


SETTINGS = MiningSettings(zone=(-2.0, 0.0), every=10, warmup=5, queries=40, negatives=3)


class Model:
    """Composes by chance, and otherwise each time it is asked: a model that learns."""

    def __init__(self, shop: TrainingSource) -> None:
        self.embeddings = torch.nn.functional.normalize(
            torch.randn(len(shop.train), 8, generator=torch.Generator().manual_seed(0)), dim=1
        )
        self.asked = 0

    def __call__(self, shop: TrainingSource, references: Sequence[int], modifications: Sequence[str]) -> Tensor:
        self.asked += 1
        chance = torch.Generator().manual_seed(self.asked)
        return torch.nn.functional.normalize(torch.randn(len(references), 8, generator=chance), dim=1)


def drawn(mining: NegativeMining, shop: TrainingSource, step: int) -> DrawnQueries:
    found = mining.draw(shop, step, 16, random.Random(step))
    assert found is not None
    return found


def test_the_warmup_has_no_mined_negatives() -> None:
    mining, shop = NegativeMining(SETTINGS, seed=0), source()
    assert [mining.draw(shop, step, 4, random.Random(0)) is None for step in (0, 4, 5, 6)] == [True, True, False, False]


def test_neither_the_reference_nor_any_right_product_becomes_a_negative() -> None:
    mining, shop = NegativeMining(SETTINGS, seed=0), source()
    model = Model(shop)
    for step in range(5, 60):
        queries = drawn(mining, shop, step)
        rows = mining.negatives(queries, model, model.embeddings)
        assert rows.shape == (16, 3)
        for triplet, found in zip(queries.triplets, rows.tolist(), strict=True):
            ids = {shop.train[row].id for row in found}
            assert triplet.reference not in ids
            assert ids.isdisjoint(triplet.targets)


def test_negatives_are_taken_from_the_zone_of_the_model_as_it_is() -> None:
    mining, shop = NegativeMining(SETTINGS.model_copy(update={"zone": (-0.4, -0.1)}), seed=0), source()
    model = Model(shop)
    queries = drawn(mining, shop, 5)
    rows = mining.negatives(queries, model, model.embeddings)
    model.asked = 0
    every = model(shop, [0] * len(queries.pool.triplets), [])[queries.picked]
    target = (every * model.embeddings[queries.targets]).sum(dim=1, keepdim=True)
    delta = torch.einsum("bd,bhd->bh", every, model.embeddings[rows]) - target
    inside = (delta >= -0.4) & (delta <= -0.1)
    assert inside.float().mean() > 0.8  # The rest belong to queries with an empty zone.
    assert (inside.all(dim=1) | ~inside.any(dim=1)).all()


def test_a_query_with_an_empty_zone_takes_anything_that_is_wrong() -> None:
    mining, shop = NegativeMining(SETTINGS.model_copy(update={"zone": (-2.0, -1.99)}), seed=0), source()
    model = Model(shop)
    queries = drawn(mining, shop, 5)
    rows = mining.negatives(queries, model, model.embeddings)
    for triplet, found in zip(queries.triplets, rows.tolist(), strict=True):
        assert {shop.train[row].id for row in found}.isdisjoint({triplet.reference, *triplet.targets})


def test_the_zone_is_computed_once_per_interval() -> None:
    mining, shop = NegativeMining(SETTINGS, seed=0), source()
    model = Model(shop)
    asked = []
    for step in range(5, 36):
        mining.negatives(drawn(mining, shop, step), model, model.embeddings)
        asked.append(model.asked)
    assert asked == [1] * 10 + [2] * 10 + [3] * 10 + [4]


def test_a_refresh_scores_at_most_the_configured_number_of_queries() -> None:
    shop = source()
    pool = drawn(NegativeMining(SETTINGS, seed=0), shop, 5).pool
    assert len(pool.triplets) == 40
    assert len(drawn(NegativeMining(SETTINGS, seed=0), shop, 15).pool.triplets) == 40
    assert pool.triplets != drawn(NegativeMining(SETTINGS, seed=0), shop, 15).pool.triplets


def test_the_queries_of_a_step_follow_from_seed_and_step_alone() -> None:
    shop = source()
    one, other = NegativeMining(SETTINGS, seed=0), NegativeMining(SETTINGS, seed=0)
    for step in range(5, 20):
        drawn(one, shop, step)
    late, fresh = drawn(one, shop, 20), drawn(other, shop, 20)
    assert late.triplets == fresh.triplets
    assert torch.equal(late.columns, fresh.columns)
    assert late.columns.max() < KEPT
    assert drawn(NegativeMining(SETTINGS, seed=1), shop, 20).triplets != late.triplets


def test_a_resumed_run_has_the_negatives_of_an_uninterrupted_one() -> None:
    shop = source()
    whole, model = NegativeMining(SETTINGS, seed=0), Model(shop)
    expected, kept = {}, {}
    for step in range(5, 30):
        expected[step] = mining_rows(whole, shop, step, model)
        if step == 18:
            kept = copy.deepcopy(whole.state())
    resumed, later = NegativeMining(SETTINGS, seed=0), Model(shop)
    later.asked = (
        2  # As often as the first had been asked by step 18; a killed model remembers no more than its weights.
    )
    resumed.restore(kept)
    for step in range(19, 30):
        assert torch.equal(mining_rows(resumed, shop, step, later), expected[step]), step


def test_a_checkpoint_keeps_one_interval_only() -> None:
    mining, shop = NegativeMining(SETTINGS, seed=0), source()
    model = Model(shop)
    for step in range(5, 40):
        mining.negatives(drawn(mining, shop, step), model, model.embeddings)
    assert {name: tuple(rows.shape) for name, rows in mining.state().items()} == {"3/shop": (40, KEPT)}


def test_a_shop_without_negatives_is_refused() -> None:
    shop = source(2, every=2)  # A red dress and a blue one.
    mining, model = NegativeMining(SETTINGS, seed=0), Model(shop)
    with pytest.raises(ModisteError, match="no negatives"):
        mining.negatives(drawn(mining, shop, 5), model, model.embeddings)


SMALL = {
    "name": "mined", "seed": 3, "device": "cpu", "precision": "fp32",
    "backbone": {"name": TINY, "vocabulary": 600, "images": {"height": 32, "width": 32}},
    "sources": [{"name": "garments", "kind": "garments", "count": 200, "seed": 5, "validation_share": 0.1}],
    "compose": {
        "steps": 9, "batch": 8, "lr": 0.001, "negatives": 16, "composer": "combiner",
        "options": {"projection": 16, "hidden": 16},
        "mining": {"every": 4, "warmup": 2, "queries": 24},
    },
}  # fmt: skip


def test_a_killed_run_resumes_with_the_same_negatives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = TrainConfig.model_validate(SMALL)
    whole = train(config, tmp_path / "whole")
    loss, steps = Compose.loss, count(1)

    def killed(stage: Compose, batch: dict[str, Any]) -> Tensor:
        if next(steps) == 5:  # In the middle of an interval, whose negatives were found by other weights than these.
            raise KeyboardInterrupt
        return loss(stage, batch)

    (tmp_path / "killed").mkdir()
    shutil.copy(whole.tokenizer, tmp_path / "killed")
    monkeypatch.setattr("models.training.loop.SAVE_EVERY_S", 0.0)
    monkeypatch.setattr(Compose, "loss", killed)
    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "killed")
    kept = Checkpoint.load(tmp_path / "killed")
    assert kept is not None
    assert (kept.step, list(kept.state)) == (4, ["0/garments"])
    monkeypatch.setattr(Compose, "loss", loss)
    monkeypatch.setattr("models.training.loop.SAVE_EVERY_S", 60.0)
    resumed = train(config, tmp_path / "killed").model().state_dict()
    expected = whole.model().state_dict()
    assert all(torch.allclose(resumed[name], weight, atol=1e-5) for name, weight in expected.items())


def mining_rows(mining: NegativeMining, shop: TrainingSource, step: int, model: Model) -> Tensor:
    return mining.negatives(drawn(mining, shop, step), model, model.embeddings)
