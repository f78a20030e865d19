"""The protocol ``style-search``: V-nDCG, T-nDCG and MM of the three ways to search with words (Sadeh et al. 2019).

An answer is good in two senses: it stays like the reference (V), and it has what was wanted and lacks what was not
(T). Each is an nDCG of its own over the first ``PAGE`` results, and MM is their geometric mean. The gains are told
where they are made (``StyleGallery``); the notes say neither how deep the paper looks nor whether MM is taken of the
means or query by query: here 20, the first page of the service, and of the means.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.bundle.images import ImagePreprocessing
from models.bundle.manifest import Metric
from models.bundle.style_search import WORD_WEIGHT, Floats, filtered_scores, moved_query, satisfaction
from models.datasets.pictures import load_pixels
from models.errors import ModisteError
from models.evaluation.protocols import EncodedGallery, Encoder
from models.evaluation.style_queries import Gains, StyleGallery, StyleQuery
from models.training.config import TrainConfig
from models.training.sources import split_source

logger = logging.getLogger(__name__)

STYLE_SEARCH = "style-search"
PAGE = 20
METHODS = ("image only", "arithmetic", "filter", "joint")


def discounted_gain(gains: Gains) -> float:
    """DCG (equation 2 of the reading notes): the gains ``[K]`` of ranked results, each over ``log2(rank + 1)``."""
    return float((gains / np.log2(np.arange(2, len(gains) + 2))).sum())


def normalised_gain(gains: Gains, first: Sequence[int] | np.ndarray) -> float:
    """nDCG: the gain of the results ``first`` over that of the best results that there are.

    Args:
        gains: Of every product that may be found, ``[N]``.
        first: Rows of the results, best first.

    Returns:
        0 to 1; 1 where no product has any gain, since no order is better than another.
    """
    ideal = discounted_gain(-np.sort(-gains)[: len(first)])
    return discounted_gain(gains[np.asarray(first)]) / ideal if ideal > 0 else 1.0


def measure_styles(
    encoder: Encoder, gallery: EncodedGallery, styles: StyleGallery, queries: Sequence[StyleQuery],
    weight: float = WORD_WEIGHT,
) -> dict[tuple[str, str], dict[str, float]]:  # fmt: skip
    """Measure the three ways, and the picture alone.

    Args:
        encoder: A model or a bundle with attribute words.
        gallery: The encoded pictures of ``styles.products``, in their order.
        queries: What is asked of it.
        weight: Of a word beside the picture (``moved_query``).

    Returns:
        By kind of edit and method: V-nDCG, T-nDCG and MM at 20, in per cent.
    """
    assert gallery.attributes is not None
    texts = sorted({word for query in queries for word in (*query.wanted, *query.unwanted)})
    vectors = encoder.text(encoder.tokenizer.encode(texts)[0])
    embedding = dict(zip(texts, vectors, strict=True))
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for query in queries:
        visual, textual = styles.visual_gain(query), styles.textual_gain(query)
        others = np.delete(np.arange(len(visual)), query.reference)
        scores = _scores(gallery, styles, query, embedding, weight)
        for method, scored in zip(METHODS, scores, strict=True):
            first = np.argsort(-scored[others], kind="stable")[:PAGE]
            gains = normalised_gain(visual[others], first), normalised_gain(textual[others], first)
            found.setdefault((query.edit, method), []).append(gains)
    return {case: _figures(gains) for case, gains in found.items()}


def evaluate_style(
    encoder: Encoder, images: ImagePreprocessing, words: Sequence[str], config: TrainConfig, cache: Path, queries: int
) -> list[Metric]:
    """Measure on the products that a config's sources hold out; the reference is taken out of each query's gallery.

    Args:
        encoder: A model or a bundle.
        images: Its preprocessing.
        words: Its attribute words.
        config: Names the sources, and with them what was held out.
        cache: Where decoded pictures are kept.
        queries: At most so many of each kind.

    Raises:
        ModisteError: The model knows no words, or no source holds out products that differ in any.
    """
    if not words:
        raise ModisteError(
            "The model has no attribute head, so words can neither be filtered by nor compared.",
            hint="Train one whose config has `joint: {attributes: {}}`.",
        )
    metrics: list[Metric] = []
    for source in config.sources:
        _, held = split_source(source, cache)
        styles = StyleGallery(held, words)
        asked = styles.queries(queries, source.seed) if held else []
        if not asked:
            logger.warning("What %s holds out gives no queries with words and is not measured.", source.name)
            continue
        gallery = EncodedGallery(encoder, load_pixels(held, images, cache))
        count = {edit: sum(query.edit == edit for query in asked) for edit in {query.edit for query in asked}}
        metrics += [
            Metric(
                protocol=f"{STYLE_SEARCH}: {source.name}, held-out title groups, whole gallery, reference removed",
                edit=edit, method=method, gallery=len(held), queries=count[edit], values=values,
            )
            for (edit, method), values in measure_styles(encoder, gallery, styles, asked).items()
        ]  # fmt: skip
    if not metrics:
        raise ModisteError(
            "No source of this config holds out products that words tell apart.",
            hint="Give a source a `validation_share` and columns such as colour.",
        )
    return metrics


def _scores(
    gallery: EncodedGallery, styles: StyleGallery, query: StyleQuery, embedding: dict[str, Floats], weight: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """The scores ``[N]`` of each of ``METHODS``."""
    assert gallery.attributes is not None
    start = gallery.embedding[query.reference]

    def known(words: Sequence[str]) -> Floats:
        return np.array([embedding[word] for word in words], dtype=np.float32).reshape(len(words), len(start))

    moved = moved_query(start, known(query.wanted), known(query.unwanted), weight)
    wanted, unwanted = ([styles.words[word] for word in words] for words in (query.wanted, query.unwanted))
    satisfied = satisfaction(gallery.attributes[:, wanted].T, gallery.attributes[:, unwanted].T)
    alike, towards = gallery.embedding @ start, gallery.embedding @ moved
    return alike, towards, filtered_scores(alike, satisfied), filtered_scores(towards, satisfied)


def _figures(gains: Sequence[tuple[float, float]]) -> dict[str, float]:
    visual, textual = (100 * float(np.mean(side)) for side in zip(*gains, strict=True))
    figures = {f"V-nDCG@{PAGE}": visual, f"T-nDCG@{PAGE}": textual, f"MM@{PAGE}": math.sqrt(visual * textual)}
    return {name: round(value, 2) for name, value in figures.items()}
