"""Published protocols, each with a name that states its variant, on vectors from any source.

On FashionIQ, the choice of the gallery alone changes results by 7 to 8 points. Every figure therefore states its
variant: the gallery, whether the reference is in it, and how two captions are joined.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from catalog.errors import ModisteError
from models.bundle.encoder import Vectors
from models.bundle.manifest import Metric
from models.datasets.annotated.annotation import Annotation
from models.datasets.annotated.cirr import CirrAnnotation, read_cirr
from models.datasets.annotated.fashion200k import read_fashion200k
from models.datasets.annotated.fashioniq import CATEGORIES, Captions, Gallery, read_fashioniq
from models.datasets.annotated.findings import counted
from models.datasets.annotated.shoes import read_shoes
from models.evaluation.metrics import exact_recall_at, ranks_of_targets
from models.evaluation.published.vectors import NamedVectors

logger = logging.getLogger(__name__)

Dataset = Literal["fashioniq", "cirr", "fashion200k", "shoes"]


@dataclass(frozen=True, slots=True)
class AnnotatedProtocol:
    """One published way to measure on one annotated dataset.

    Attributes:
        name: Its name for ``--protocol``.
        dataset: Its dataset.
        reference_removed: Whether a query's reference is removed from its gallery.
        ks: The K of Recall@K.
        gallery: For FashionIQ, see ``read_fashioniq``; likewise ``captions``.
    """

    name: str
    dataset: Dataset
    reference_removed: bool
    ks: tuple[int, ...] = (1, 10, 50)
    gallery: Gallery = "original"
    captions: Captions = "joined"

    @property
    def description(self) -> str:
        """Its variant in words, which follows its name in every figure."""
        words = [f"reference {'removed' if self.reference_removed else 'kept'}"]
        if self.dataset == "fashioniq":
            whole = self.gallery == "original"
            words.insert(0, "gallery of the whole split" if whole else "gallery of references and targets")
            words.append(f"captions {self.captions.replace('-', ' ')}")
        if self.dataset == "fashion200k":
            words.append("every picture of the target's caption is right")
        return ", ".join(words)

    def read(self, folder: Path, *, categories: Sequence[str] = (), images: Path | None = None) -> list[Annotation]:
        """Read the split on which results are published (FashionIQ: val, one annotation per category).

        Findings are counted in the log.

        Args:
            folder: The dataset's folder, or the folder that contains it.
            categories: For FashionIQ only; empty for all. They are read in the order dress, shirt, toptee.
            images: Folder with the pictures; needed for models only.

        Raises:
            ModisteError: The annotation is missing or invalid, or there is no such category.
        """
        for category in categories:
            if category not in CATEGORIES:
                raise ModisteError(
                    f"FashionIQ has no category {category!r}.", hint=f"Use one of: {', '.join(CATEGORIES)}."
                )
        folder = folder / self.dataset if (folder / self.dataset).is_dir() else folder
        annotations = self._read(folder, categories, images)
        for annotation in annotations:
            for kind, count in counted(annotation.findings()).items():
                logger.info("%s: %s (%d), listed by `modiste models doctor`", annotation.name, kind, count)
        return annotations

    def _read(self, folder: Path, categories: Sequence[str], images: Path | None) -> list[Annotation]:
        if self.dataset == "fashioniq":
            return [
                read_fashioniq(folder, category, gallery=self.gallery, captions=self.captions, images=images)
                for category in CATEGORIES
                if not categories or category in categories
            ]
        if self.dataset == "cirr":
            return [read_cirr(folder, images=images)]
        if self.dataset == "fashion200k":
            return [read_fashion200k(folder, images=images)]
        return [read_shoes(folder, images=images)]


def _protocols() -> dict[str, AnnotatedProtocol]:
    fashioniq = [
        AnnotatedProtocol(
            f"fashioniq-{gallery}"
            + ("-reference-removed" if removed else "")
            + ("" if captions == "joined" else f"-captions-{captions}"),
            "fashioniq", removed, gallery=gallery, captions=captions,
        )
        for gallery, removed, captions in product(get_args(Gallery), (False, True), get_args(Captions))
    ]  # fmt: skip
    others = [
        AnnotatedProtocol("cirr", "cirr", True, ks=(1, 5, 10, 50)),
        AnnotatedProtocol("fashion200k", "fashion200k", True),
        AnnotatedProtocol("fashion200k-reference-kept", "fashion200k", False),
        AnnotatedProtocol("shoes", "shoes", True),
        AnnotatedProtocol("shoes-reference-kept", "shoes", False),
    ]
    return {protocol.name: protocol for protocol in (*fashioniq, *others)}


ANNOTATED_PROTOCOLS = _protocols()
"""By name. A name without suffix is the most common variant: FashionIQ with the reference kept (CLIP4Cir, FashionERN,
SPRC); CIRR, Fashion200K (TIRG, VAL) and Shoes (VAL) with it removed."""


def find_protocol(name: str) -> AnnotatedProtocol:
    """The protocol with a name; a ModisteError that lists all names if there is none."""
    if name not in ANNOTATED_PROTOCOLS:
        raise ModisteError(
            f"There is no protocol {name!r}.", hint=f"Use one of: {', '.join(sorted(ANNOTATED_PROTOCOLS))}."
        )
    return ANNOTATED_PROTOCOLS[name]


def evaluate_vectors(
    protocol: AnnotatedProtocol, annotations: Sequence[Annotation], vectors: NamedVectors, method: str
) -> list[Metric]:
    """Measure vectors by a protocol.

    Args:
        protocol: The protocol.
        annotations: As returned by ``protocol.read``.
        vectors: ``queries`` has a row for every query of the annotations, in order, including unusable ones.
        method: Name of the model, for the table.

    Returns:
        One ``Metric`` for each annotation and, for several (FashionIQ), one with their mean and the sums of queries and
        galleries; each query is searched in its category's gallery. Recall@K in per cent, for CIRR also
        Recall_subset@1/2/3 (``R_subset@K``), and for FashionIQ and CIRR the mean by which papers rank. Means are those
        of the exact figures; only the result is rounded. A reference outside the gallery (Shoes has some) needs no
        removal.

    Raises:
        ModisteError: The number of queries differs, a picture of a gallery has no vector, or a target is not in its
            gallery.
    """
    rows = [annotation.rows for annotation in annotations]
    if sum(rows) != len(vectors.queries):
        parts = ", ".join(f"{annotation.name} {count:,}" for annotation, count in zip(annotations, rows, strict=True))
        raise ModisteError(
            f"There are {len(vectors.queries):,} query vectors for {sum(rows):,} queries of {protocol.name}: {parts}.",
            hint="Give a vector for every query, in order of the annotation; for one FashionIQ category use "
            "--category.",
        )
    metrics: list[Metric] = []
    start = 0
    for annotation, count in zip(annotations, rows, strict=True):
        metrics.append(_measure(protocol, annotation, vectors, vectors.queries[start : start + count], method))
        start += count
    if len(metrics) > 1:
        metrics.append(_mean(metrics, protocol, annotations))
    return [_rounded(metric) for metric in metrics]


def _measure(
    protocol: AnnotatedProtocol, annotation: Annotation, vectors: NamedVectors, queries: Vectors, method: str
) -> Metric:
    dataset = annotation.dataset()
    asked = [row for row, _ in annotation.asked()]
    gallery = vectors.gallery_of(dataset.gallery, what=dataset.name)
    row_of = {id: row for row, id in enumerate(dataset.gallery)}
    removed: list[int | None] = [
        row_of.get(triplet.reference) if protocol.reference_removed else None for triplet in dataset.triplets
    ]
    targets = [[row_of[target] for target in triplet.targets] for triplet in dataset.triplets]
    values = exact_recall_at(ranks_of_targets(queries[asked], gallery, targets, removed), protocol.ks)
    if isinstance(annotation, CirrAnnotation):
        values |= _subset_recall(annotation, vectors, queries)
        values["mean of R@5 and R_subset@1"] = (values["R@5"] + values["R_subset@1"]) / 2
    elif protocol.dataset == "fashioniq":
        values["mean of R@10 and R@50"] = (values["R@10"] + values["R@50"]) / 2
    return Metric(
        protocol=f"{protocol.name}: {dataset.name}, {protocol.description}", edit=annotation.edit, method=method,
        gallery=len(dataset.gallery), queries=len(asked), values=values,
    )  # fmt: skip


def _subset_recall(annotation: CirrAnnotation, vectors: NamedVectors, queries: Vectors) -> dict[str, float]:
    """CIRR's Recall_subset@K: the target among the five other members of its subset."""
    ranks = []
    for row, triplet in annotation.asked():
        candidates = annotation.candidates[row]
        if triplet.targets[0] not in candidates:
            raise ModisteError(
                f"The target of pair {annotation.pairs[row]} is not in its own subset.",
                hint="Download the annotation again.",
            )
        five = vectors.gallery_of(candidates, what=f"the subset of pair {annotation.pairs[row]}")
        target = [[candidates.index(triplet.targets[0])]]
        ranks.append(ranks_of_targets(queries[row : row + 1], five, target, [None]))
    recall = exact_recall_at(np.concatenate(ranks), (1, 2, 3))
    return {key.replace("R@", "R_subset@"): value for key, value in recall.items()}


def _mean(metrics: Sequence[Metric], protocol: AnnotatedProtocol, annotations: Sequence[Annotation]) -> Metric:
    names = ", ".join(annotation.edit for annotation in annotations)
    return Metric(
        protocol=f"{protocol.name}: mean of {names}, each in its own gallery, {protocol.description}",
        edit="mean",
        method=metrics[0].method,
        gallery=sum(metric.gallery for metric in metrics),
        queries=sum(metric.queries for metric in metrics),
        values={key: sum(metric.values[key] for metric in metrics) / len(metrics) for key in metrics[0].values},
    )


def _rounded(metric: Metric) -> Metric:
    return metric.model_copy(update={"values": {key: round(value, 2) for key, value in metric.values.items()}})
