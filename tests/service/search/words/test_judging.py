"""Judging the products that a search looks at gives what judging all products gives."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from indexer.generations.generation import Generation
from indexer.ranking.bits import BitLayout
from indexer.ranking.candidates import NEARLY, WHOLLY
from indexer.stores.cells import Cells
from indexer.stores.store import Mask, Rows, Vectors
from models.bundle.style_search import Floats, filtered_scores
from service.search import ranking
from service.search.ranking import Lookup, rank
from service.search.words.judging import BitsCache, Judge, Part
from tests.service.search.test_ranking import make_generation, unit
from understanding.grounding.grounding import MIN_NEAR

N, DIM = 20_000, 24
LEVELS = np.array([1, 0.75, 0.6, 0, np.nan], np.float32)
LEASTS = (0.02, 0.02, 0.03, 0.2, 0.4)
HUNDRED = BitLayout(Cells(np.ones((1, 1)), np.zeros(100, np.int64)))


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    """Products around 200 centres."""
    random = np.random.default_rng(0)
    return unit(random.normal(size=(200, DIM))[np.arange(N) % 200] + 0.3 * random.normal(size=(N, DIM)) + 0.2)


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory, vectors: Vectors) -> Generation:
    return make_generation(tmp_path_factory.mktemp("generation"), vectors, np.full((N, 6), 0.5, np.float32))


def parts_of(random: np.random.Generator, vectors: Vectors) -> list[Part]:
    """Things that are asked for: from one in two products to one in five thousand satisfies each, at random or on one
    side of a direction."""
    parts = []
    for number in range(int(random.integers(1, 5))):
        shares = [0.5, 0.1, 0.01, 0.0002][int(random.integers(4))] * np.array([1, 0.2, 0.2])
        side = random.random(N) if random.random() < 0.5 else vectors @ random.normal(size=DIM)
        place = np.digitize(np.argsort(np.argsort(-side)) / N, np.cumsum([*shares, 0.3]))
        levels = LEVELS[np.where(place < 3, place, 3 + (place == 3) * (number % 2))]
        seen = random.random(N).astype(np.float32)
        parts.append(
            Part(
                ("part", number), partial(_some, levels), np.float32(random.choice(LEASTS)),
                seen=partial(_some, seen), lacking=partial(_unseen, seen) if number % 3 == 2 else None,
            )
        )  # fmt: skip
    return parts


def _some(values: Floats, rows: Rows | None) -> Floats:
    return values.copy() if rows is None else values[rows]


def _unseen(seen: Floats, rows: Rows) -> Mask:
    return seen[rows] < 0.5


def fit_of_all(parts: list[Part]) -> tuple[Floats, Mask]:
    """The definition: the fit of every product, and who satisfies all parts."""
    fit, satisfied = np.ones(N, np.float32), np.ones(N, np.bool_)
    for part in parts:
        levels = part.levels(None)
        silent = np.isnan(levels)
        known = np.where(silent, 0, levels)
        fit *= np.where(
            silent, np.maximum(part.floor, cast(Any, part.seen)(np.arange(N))), part.floor + (1 - part.floor) * known
        )
        lacking = part.lacking(np.arange(N)) if part.lacking else np.zeros(N, np.bool_)
        satisfied &= (silent & lacking) | (known >= MIN_NEAR)
    return fit, satisfied


@pytest.mark.parametrize("share", [1.0, 0.3])
def test_the_best_products_are_those_of_judging_all(
    generation: Generation, vectors: Vectors, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "CANDIDATES", 500)
    agreed, searches = 0, 60
    for seed in range(searches):
        random = np.random.default_rng(seed)
        allowed = None if share == 1 else random.random(N) < share
        parts = parts_of(random, vectors)
        fit, satisfied = fit_of_all(parts)
        mask = np.ones(N, np.bool_) if allowed is None else allowed
        best = fit[mask].max()
        tiers = (fit < WHOLLY * best).astype(int) + (fit < NEARLY * best)
        query = unit(vectors[[seed]] + 0.1 * random.normal(size=(1, DIM)))
        scores = filtered_scores(generation.vectors(np.arange(N)) @ query[0], fit)
        order = np.lexsort((np.arange(N), -scores, tiers))
        right = order[mask[order]][:10]
        wishes = cast(Any, SimpleNamespace(judge=lambda *_, parts=parts: Judge(parts, kept_of(generation))))
        (found,) = rank([Lookup(generation, query, 10, allowed, wishes=wishes)])
        assert mask[found.rows].all()
        assert found.fitting == (satisfied & mask).sum()
        same = tiers[found.rows].tolist() == tiers[right].tolist()
        agreed += same and np.allclose(found.scores, scores[right], rtol=1e-4)
    assert agreed >= 0.95 * searches


def kept_of(generation: Generation) -> BitsCache:
    return BitsCache(generation.candidates.layout)


def test_products_are_judged_as_all_are(generation: Generation, vectors: Vectors) -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        parts = parts_of(random, vectors)
        rows = random.integers(0, N, 300)
        np.testing.assert_allclose(Judge(parts, kept_of(generation)).fit(rows), fit_of_all(parts)[0][rows], rtol=1e-5)


def test_sets_come_from_what_satisfies_all_to_what_fails_least() -> None:
    hard, soft = np.zeros((2, 100), np.float32)
    hard[:50], soft[40:60] = 1, 1
    parts = [Part("hard", partial(_some, hard)), Part("soft", partial(_some, soft), np.float32(0.4))]
    allowed = HUNDRED.bits_of(np.arange(100) % 2 == 0)
    sets = [HUNDRED.rows_of(some).tolist() for some in Judge(parts, BitsCache(HUNDRED)).sets(allowed)]
    both, all_hard, all_soft = ([*range(first, last, 2)] for first, last in ((40, 50), (0, 50), (40, 60)))
    assert sets == [both, both, all_hard, all_soft]


def test_products_that_satisfy_all_parts_are_known_to_be_the_best() -> None:
    hard, soft = np.zeros((2, 100), np.float32)
    hard[:50], soft[40:60] = 1, 1
    parts = [Part("hard", partial(_some, hard)), Part("soft", partial(_some, soft), np.float32(0.4))]
    judge = Judge(parts, BitsCache(HUNDRED))
    best = judge.best(HUNDRED.bits_of(np.arange(100) % 2 == 0), 5)
    assert best is not None
    assert HUNDRED.rows_of(best).tolist() == [40, 42, 44, 46, 48]
    assert judge.best(None, 11) is None
    assert Judge([*parts, Part(None, partial(_some, hard))], BitsCache(HUNDRED)).best(None, 5) is None


def test_a_wish_that_many_products_satisfy_is_judged_for_these_alone(generation: Generation, vectors: Vectors) -> None:
    asked: list[Rows] = []
    levels = (np.arange(N) % 2).astype(np.float32)

    def of(rows: Rows | None) -> Floats:
        if rows is None:
            return levels
        asked.append(rows)
        return levels[rows]

    judge = Judge([Part("odd", of)], kept_of(generation))
    (found,) = rank([Lookup(generation, vectors[[3]], 10, wishes=cast(Any, SimpleNamespace(judge=lambda *_: judge)))])
    assert len(found.rows) == 10
    assert (np.concatenate(asked) % 2 == 1).all()


def test_a_part_that_no_product_satisfies_does_not_change_the_order() -> None:
    parts = [Part("nobody", partial(_some, np.zeros(100, np.float32)))]
    first = next(Judge(parts, BitsCache(HUNDRED)).sets(None))
    assert HUNDRED.rows_of(first).tolist() == list(range(100))


def test_a_part_is_judged_for_all_products_once() -> None:
    asked: list[Rows | None] = []

    def levels(rows: Rows | None) -> Floats:
        asked.append(rows)
        return np.ones(100 if rows is None else len(rows), np.float32)

    kept = BitsCache(HUNDRED)
    for _ in range(3):
        judge = Judge([Part("same", levels)], kept)
        assert judge.fitting(None) == 100
        assert len(list(judge.sets(None))) == 2
    assert asked == [None]


def test_a_part_that_no_other_search_has_is_never_judged_for_all() -> None:
    part = Part(None, lambda rows: np.ones(len(cast(Rows, rows)), np.float32))
    judge = Judge([part], BitsCache(HUNDRED))
    assert list(judge.sets(None)) == []
    assert judge.fitting(None) is None
    assert judge.fit(np.arange(5)).tolist() == [1] * 5


def test_a_low_probability_of_a_wish_is_no_worse_than_a_violation() -> None:
    silent, violating = np.float32(np.nan), np.float32(0)
    part = Part("seen", partial(_some, np.array([silent, violating])), seen=lambda rows: np.full(len(rows), 1e-6))
    assert part.factors(None).tolist() == [part.floor, part.floor]
