"""Good and bad examples of queries, with their first results."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.bundle.encoder import Vectors
from models.datasets.triplets.triplet import Triplet, TripletDataset
from models.evaluation.contact_sheet import SHOWN, Line, contact_sheet
from models.evaluation.metrics import Ranks, top_rows
from models.evaluation.satisfaction import PAGE, Satisfaction


@dataclass(frozen=True)
class Example:
    """A query and the rows of its first ``PAGE`` results, best first."""

    query: Triplet
    rows: Ranks
    score: float
    """The product of asked@10, kept@10 and fit@10, 0 to 1."""


def judged_examples(dataset: TripletDataset, queries: Vectors, gallery: Vectors) -> list[Example]:
    """Every query of a dataset with its results and score; references are removed from the gallery.

    Args:
        dataset: With products and judged attributes.
        queries: Its composed queries ``[Q, D]``.
        gallery: Its embeddings ``[N, D]``.
    """
    row_of = {id: row for row, id in enumerate(dataset.gallery)}
    found = top_rows(queries, gallery, [row_of[query.reference] for query in dataset.triplets], PAGE)
    judge = Satisfaction(dataset)
    return [
        Example(query, rows, _score(judge, query, rows)) for query, rows in zip(dataset.triplets, found, strict=True)
    ]


def good_and_bad(examples: Sequence[Example], count: int, seed: int = 0) -> tuple[list[Example], list[Example]]:
    """Draw ``count`` examples from the best tenth by score, and as many from the worst."""
    order = sorted(range(len(examples)), key=lambda at: (-examples[at].score, at))
    tenth = max(min(count, len(order)), len(order) // 10)
    chance = random.Random(seed)
    return tuple(  # type: ignore[return-value]
        [examples[at] for at in sorted(chance.sample(part, min(count, len(part))))]
        for part in (order[:tenth], order[-tenth:])
    )


def examples_sheet(dataset: TripletDataset, examples: Sequence[Example]) -> bytes:
    """A contact sheet. Results with all requested values that keep everything else have a green frame."""
    judge = Satisfaction(dataset)
    return contact_sheet(
        dataset,
        [
            Line(
                one.query.reference, one.query.modification, [dataset.gallery[row] for row in one.rows],
                [_score(judge, one.query, np.array([row])) == 1 for row in one.rows[:SHOWN]],
            )
            for one in examples
        ],
    )  # fmt: skip


def _score(judge: Satisfaction, query: Triplet, rows: Ranks) -> float:
    shares = judge.measure([query], rows[None])
    return float(np.prod([share / 100 for share in shares.values()]))
