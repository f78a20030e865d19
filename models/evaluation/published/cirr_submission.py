"""The two files for CIRR's evaluation server (``Test-split_server.md`` in its public repository).

Each is one JSON object with ``version``, ``metric``, and the best pictures by the number of each pair.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from catalog.errors import ModisteError
from models.bundle.encoder import Vectors
from models.datasets.annotated.cirr import RELEASE, CirrAnnotation
from models.evaluation.published.vectors import NamedVectors

TOP = 50
TOP_OF_SUBSET = 3


def write_submission(annotation: CirrAnnotation, vectors: NamedVectors, folder: Path) -> tuple[Path, Path]:
    """Write the best 50 of the gallery and the best 3 of the subset for every pair, without its reference.

    Args:
        annotation: ``read_cirr(folder, "test1")``.
        vectors: Vectors of every picture of the split, and of a query for every entry, in order.
        folder: Folder of ``cirr-<split>-recall.json`` and ``cirr-<split>-recall-subset.json``.

    Returns:
        The two paths, in that order.

    Raises:
        ModisteError: The number of queries differs, or a picture has no vector.
    """
    if len(vectors.queries) != len(annotation.entries):
        raise ModisteError(
            f"There are {len(vectors.queries):,} query vectors for the {len(annotation.entries):,} pairs of "
            f"{annotation.name}.",
            hint="Give a vector for every pair, in the order of the annotation.",
        )
    gallery = vectors.gallery_of(annotation.gallery, what=annotation.name)
    best: dict[str, list[str]] = {}
    best_of_subset: dict[str, list[str]] = {}
    for pair, entry, candidates, query in zip(
        annotation.pairs, annotation.entries, annotation.candidates, vectors.queries, strict=True
    ):
        whole = _ranked(query, annotation.gallery, gallery, TOP + 1)
        best[str(pair)] = [name for name in whole if name != entry.reference][:TOP]
        few = vectors.gallery_of(candidates, what=f"the subset of pair {pair}")
        best_of_subset[str(pair)] = _ranked(query, candidates, few, TOP_OF_SUBSET)
    folder.mkdir(parents=True, exist_ok=True)
    stem = annotation.name.replace("/", "-")
    recall, subset = folder / f"{stem}-recall.json", folder / f"{stem}-recall-subset.json"
    _write(recall, "recall", best)
    _write(subset, "recall_subset", best_of_subset)
    return recall, subset


def _ranked(query: Vectors, names: Sequence[str], gallery: Vectors, count: int) -> list[str]:
    return [names[row] for row in np.argsort(-(gallery @ query), kind="stable")[:count]]


def _write(path: Path, metric: str, best: dict[str, list[str]]) -> None:
    # The server accepts 5 MB; without spaces after commas the larger file is well below.
    content = json.dumps({"version": RELEASE, "metric": metric, **best}, separators=(",", ":"))
    path.write_text(content, encoding="utf-8")
