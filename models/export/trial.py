"""Compares a variant with fp32: speed and recall."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from catalog.errors import ModisteError
from models.bundle.encoder import Bundle, Vectors
from models.bundle.images import Pixels
from models.bundle.manifest import GraphName, Trial
from models.bundle.text import TokenIds
from models.datasets.triplets.triplet import TripletDataset
from models.evaluation.encoding import EncodedGallery, in_batches
from models.evaluation.held_out.expected_words import GalleryWords, expected_scores
from models.evaluation.metrics import Ranks, ranks_by_score, ranks_of_targets, recall_at

logger = logging.getLogger(__name__)

MAX_POINTS = 0.5
"""Maximum loss of a variant, in points of Recall@10."""
MIN_SPEEDUP = 1.05
BATCHES = (1, 8, 32)
ROUNDS = 15


class VariantRefused(ModisteError):
    """A variant is not faster, or loses recall; the message has the figures."""


class Questions(NamedTuple):
    """Queries on held-out products, and the pixels of their gallery, in its order."""

    dataset: TripletDataset
    pixels: Pixels


def faster_graphs(fp32: Bundle, variant: Bundle, pixels: Pixels, texts: Sequence[str]) -> dict[GraphName, float]:
    """Time both alternately on one thread, in batches of 1, 8 and 32.

    On the CPU, the CPU time of the thread is measured, so that other load changes little.

    Returns:
        The speedup of each graph that is at least 5% faster: the geometric mean over batch sizes of the ratios of
        median times.
    """
    clock = time.thread_time if fp32.providers == ["CPUExecutionProvider"] else time.perf_counter
    runs = {bundle: _runs(bundle, pixels, texts) for bundle in (fp32, variant)}
    speedups: dict[GraphName, float] = {}
    for graph in fp32.graphs:
        ratios = []
        for batch in BATCHES:
            spent: dict[Bundle, list[float]] = {fp32: [], variant: []}
            for _ in range(ROUNDS):
                for bundle, times in spent.items():
                    start = clock()
                    runs[bundle][graph](batch)
                    times.append(clock() - start)
            ratios.append(float(np.median(spent[fp32][1:]) / np.median(spent[variant][1:])))
        speedup = round(float(np.exp(np.mean(np.log(ratios)))), 2)
        logger.info("%s: speedup %.2f relative to fp32", graph, speedup)
        if speedup >= MIN_SPEEDUP:
            speedups[graph] = speedup
    return speedups


def _runs(bundle: Bundle, pixels: Pixels, texts: Sequence[str]) -> dict[GraphName, Callable[[int], object]]:
    many = np.resize(pixels, (max(BATCHES), *pixels.shape[1:]))
    ids, _ = bundle.tokenizer.encode([texts[at % len(texts)] for at in range(max(BATCHES))])
    features = bundle.vision(many).features
    return {
        "vision": lambda batch: bundle.vision(many[:batch]),
        "query": lambda batch: bundle.query(features[:batch], ids[:batch]),
        "text": lambda batch: bundle.text(ids[:batch]),
    }


def try_variant(
    fp32: Bundle, variant: Bundle, held_out: Sequence[Questions], speedup: Mapping[GraphName, float]
) -> Trial:
    """Measure Recall@10 end to end, from pixels and texts to ranks.

    A generation may be built on one machine and served on another, so all pairings of galleries and queries are
    measured: both by the variant; queries by the variant on a gallery in fp32 (with an uploaded reference, or a product
    with stored features), and vice versa; and a gallery of which every second product was encoded by each, as after a
    nightly build on another machine.

    Returns:
        Means over the kinds of edit of all protocols, by method; if the bundle predicts words, also with the ranking of
        the service.

    Raises:
        VariantRefused: A pairing loses more than half a point.
    """
    recalls: dict[str, dict[str, list[float]]] = {}
    queries = 0
    for dataset, pixels in held_out:
        queries += len(dataset.triplets)
        for pairing, methods in _recalls(fp32, variant, dataset, pixels).items():
            for method, found in methods.items():
                recalls.setdefault(pairing, {}).setdefault(method, []).extend(found)
    means = {pairing: {name: float(np.mean(found)) for name, found in by.items()} for pairing, by in recalls.items()}
    base = means.pop(_BASE)
    loss = {method: max(base[method] - by[method] for by in means.values() if method in by) for method in base}
    for pairing, by in means.items():
        figures = ", ".join(f"{method} {by[method]:.2f} (fp32 {base[method]:.2f})" for method in by)
        logger.info("Recall@10, %s: %s", pairing, figures)
    worst = max(loss, key=lambda method: loss[method])
    if not loss[worst] <= MAX_POINTS:
        pairing = min((name for name in means if worst in means[name]), key=lambda name: means[name][worst])
        raise VariantRefused(
            f"The variant loses {loss[worst]:.2f} points of Recall@10 ({worst}, {pairing}: {means[pairing][worst]:.2f} "
            f"instead of {base[worst]:.2f}); at most {MAX_POINTS} are allowed.",
            hint="Use fp32, or calibrate with more pictures.",
        )
    return Trial(
        device="cpu" if fp32.providers == ["CPUExecutionProvider"] else "cuda", queries=queries,
        recall={method: round(value, 2) for method, value in base.items()},
        loss={method: round(value, 2) for method, value in loss.items()}, speedup=dict(speedup),
    )  # fmt: skip


_BASE = "fp32 throughout"


def _recalls(
    fp32: Bundle, variant: Bundle, dataset: TripletDataset, pixels: Pixels
) -> dict[str, dict[str, list[float]]]:
    """Recall@10 of every kind of edit, by pairing and method."""
    base, other = EncodedGallery(fp32, pixels), EncodedGallery(variant, pixels)
    mixed = other.embedding.copy()
    mixed[::2] = base.embedding[::2]
    pairings: dict[str, tuple[Bundle, EncodedGallery, Vectors]] = {
        _BASE: (fp32, base, base.embedding),
        "the variant throughout": (variant, other, other.embedding),
        "variant's queries, gallery in fp32": (variant, other, base.embedding),
        "variant's queries, gallery and references in fp32": (variant, base, base.embedding),
        "queries in fp32, variant's gallery": (fp32, base, other.embedding),
        "variant's queries, mixed gallery": (variant, other, mixed),
    }
    words = {
        seen: GalleryWords(dataset.products, seen.embedding, seen.attributes, fp32.words)
        for seen in (base, other)
        if fp32.expects and dataset.products and seen.attributes is not None
    }
    row_of = {id: row for row, id in enumerate(dataset.gallery)}
    found: dict[str, dict[str, list[float]]] = {pairing: {} for pairing in pairings}
    for edit in dict.fromkeys(query.edit for query in dataset.triplets):
        queries = [query for query in dataset.triplets if query.edit == edit]
        references = [row_of[query.reference] for query in queries]
        targets = [[row_of[id] for id in query.targets] for query in queries]
        ids, _ = fp32.tokenizer.encode([query.modification for query in queries])
        texts = {bundle: in_batches(bundle.text, ids) for bundle in (fp32, variant)}
        for pairing, (encoder, seen, gallery) in pairings.items():
            # The ranking of the service, with gallery and references of one encoding.
            ranked = words.get(seen) if gallery is seen.embedding else None
            for method, ranks in _ranks(encoder, seen, gallery, ids, texts[encoder], references, targets, ranked):
                found[pairing].setdefault(method, []).append(recall_at(ranks)["R@10"])
    return found


def _ranks(
    encoder: Bundle, seen: EncodedGallery, gallery: Vectors, ids: TokenIds, texts: Vectors, references: list[int],
    targets: list[list[int]], words: GalleryWords | None,
) -> Iterator[tuple[str, Ranks]]:  # fmt: skip
    """The ranks of the targets by each method; with ``words``, also by the ranking of the service."""
    asked = {
        "composer": in_batches(encoder.query, seen.features[references], ids),
        "image only": seen.embedding[references],
        "text only": texts,
    }
    for method, vectors in asked.items():
        yield method, ranks_of_targets(vectors, gallery, targets, references)
    if words is not None:
        for method, scores in expected_scores(encoder, seen.features, words, references, ids):
            yield method, ranks_by_score(scores, targets, references)
