"""Ranks of targets, and recall."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from catalog.errors import ModisteError
from models.bundle.encoder import Vectors

Ranks = npt.NDArray[np.int64]


def ranks_of_targets(
    queries: Vectors, gallery: Vectors, targets: Sequence[Sequence[int]], removed: Sequence[int | None]
) -> Ranks:
    """The rank of each query's first right answer; 1 is the best.

    A wrong product with exactly the target's score (a shared photograph, for example) counts as ranked before it.

    Args:
        queries: float32 ``[Q, D]``.
        gallery: float32 ``[N, D]``.
        targets: Rows of the right answers, at least one for each query.
        removed: Row removed from each query's gallery (its reference), or None.

    Returns:
        int64 ``[Q]``.

    Raises:
        ModisteError: A query has no target, or its target is the removed row.
    """
    ranks = np.empty(len(queries), dtype=np.int64)
    for start in range(0, len(queries), 256):
        part = slice(start, start + 256)
        ranks[part] = ranks_by_score(queries[part] @ gallery.T, targets[part], removed[part])
    return ranks


def ranks_by_score(scores: Vectors, targets: Sequence[Sequence[int]], removed: Sequence[int | None]) -> Ranks:
    """As ``ranks_of_targets``, from scores, float32 ``[Q, N]``."""
    ranks = np.empty(len(scores), dtype=np.int64)
    for at, row in enumerate(scores.copy()):
        right = np.fromiter(targets[at], dtype=np.int64)
        if len(right) == 0 or removed[at] in targets[at]:
            raise ModisteError(
                f"Query {at} has no target in its gallery.",
                hint="Check the dataset with `modiste models doctor`.",
            )
        best = row[right].max()
        row[right] = -np.inf
        if removed[at] is not None:
            row[removed[at]] = -np.inf
        ranks[at] = 1 + np.count_nonzero(row >= best)
    return ranks


def top_rows(queries: Vectors, gallery: Vectors, removed: Sequence[int | None], k: int) -> Ranks:
    """The first rows of the gallery for each query, best first.

    Args:
        queries: float32 ``[Q, D]``.
        gallery: float32 ``[N, D]``.
        removed: Row removed from each query's gallery, or None.
        k: Number of rows; fewer if the gallery is smaller.

    Returns:
        int64 ``[Q, K]``, K at most ``k`` and at most N - 1.
    """
    parts = [
        top_by_score(queries[start : start + 256] @ gallery.T, removed[start : start + 256], k)
        for start in range(0, len(queries), 256)
    ]
    return np.concatenate(parts) if parts else np.empty((0, min(k, len(gallery) - 1)), dtype=np.int64)


def top_by_score(scores: Vectors, removed: Sequence[int | None], k: int) -> Ranks:
    """As ``top_rows``, from scores, float32 ``[Q, N]``."""
    k = min(k, scores.shape[1] - 1)
    top = np.empty((len(scores), k), dtype=np.int64)
    for at, row in enumerate(scores.copy()):
        if removed[at] is not None:
            row[removed[at]] = -np.inf
        first = np.argpartition(-row, k)[:k]
        top[at] = first[np.argsort(-row[first], kind="stable")]
    return top


def recall_at(ranks: Ranks, ks: Sequence[int] = (1, 10, 50)) -> dict[str, float]:
    """Recall@K in per cent, to two digits: the share of queries with a right answer among the first K."""
    return {name: round(recall, 2) for name, recall in exact_recall_at(ranks, ks).items()}


def exact_recall_at(ranks: Ranks, ks: Sequence[int]) -> dict[str, float]:
    """As ``recall_at``, not rounded, for means of several figures."""
    return {f"R@{k}": 100 * float(np.mean(ranks <= k)) for k in ks}
