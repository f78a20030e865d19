"""The protocol ``style-search``: V-nDCG, T-nDCG and MM of the three methods of search with words (Sadeh et al. 2019).

An answer should resemble the reference (V), have the wanted words and lack the unwanted ones (T). Each is an nDCG over
the first ``PAGE`` results, with the gains of ``StyleGallery``; MM is their geometric mean. The paper does not state the
depth, or whether MM is computed per query: here the depth is 20, the first page of the service, and MM is computed from
the means.

One half of the held-out products is measured; the weights of the methods were chosen on the other half
(``style_weights``).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from catalog.errors import ModisteError
from models.bundle.images import ImagePreprocessing
from models.bundle.manifest import Metric
from models.bundle.style_search import (
    FILTER_STRENGTH,
    WORD_WEIGHT,
    Floats,
    filtered_scores,
    moved_query,
    satisfaction,
)
from models.datasets.pictures import load_pictures
from models.evaluation.encoding import EncodedGallery, Encoder
from models.evaluation.held_out.style_queries import Gains, Half, StyleGallery, StyleQuery, half_of
from models.progress import track
from models.training.config import TrainConfig
from models.training.data.sources import split_source

logger = logging.getLogger(__name__)

STYLE_SEARCH = "style-search"
PAGE = 20


class Weights(NamedTuple):
    """Weights of words in a search."""

    word: float
    """Weight of a word's embedding (``moved_query``)."""
    strength: float
    """Strength of the filter (``satisfaction``)."""


WAYS = {
    "image only": Weights(0, 0),
    "arithmetic": Weights(WORD_WEIGHT, 0),
    "filter": Weights(0, FILTER_STRENGTH),
    "joint": Weights(WORD_WEIGHT, FILTER_STRENGTH),
}
"""The three methods with the weights of the service, and the picture alone."""


class StyleQuestions(NamedTuple):
    """Queries on one half of a source's held-out products, and the encoded gallery."""

    source: str
    gallery: EncodedGallery
    styles: StyleGallery
    queries: list[StyleQuery]


def discounted_gain(gains: Gains) -> float:
    """DCG (equation 2): the sum of the gains ``[K]`` of ranked results, each divided by ``log2(rank + 1)``."""
    return float((gains / np.log2(np.arange(2, len(gains) + 2))).sum())


def normalised_gain(gains: Gains, first: Sequence[int] | np.ndarray) -> float:
    """nDCG: the DCG of results divided by that of the best possible results.

    Args:
        gains: Gains of all products, ``[N]``.
        first: Rows of the results, best first.

    Returns:
        0 to 1; 1 if all gains are 0.
    """
    ideal = discounted_gain(-np.sort(-gains)[: len(first)])
    return discounted_gain(gains[np.asarray(first)]) / ideal if ideal > 0 else 1.0


def measure_styles(
    encoder: Encoder, gallery: EncodedGallery, styles: StyleGallery, queries: Sequence[StyleQuery],
    ways: Mapping[str, Weights] = WAYS,
) -> dict[tuple[str, str], dict[str, float]]:  # fmt: skip
    """Measure methods of search with words.

    Args:
        encoder: A model or a bundle with attribute words.
        gallery: The encoded pictures of ``styles.products``, in their order.
        queries: The queries.
        ways: Weights of the methods by name.

    Returns:
        By kind of edit and method: V-nDCG, T-nDCG and MM at 20, in per cent.
    """
    texts = sorted({word for query in queries for word in (*query.wanted, *query.unwanted)})
    vectors = encoder.text(encoder.tokenizer.encode(texts)[0])
    embedding = dict(zip(texts, vectors, strict=True))
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for query in track(queries, total=len(queries), what="search with words", unit="search"):
        visual, textual = styles.visual_gain(query), styles.textual_gain(query)
        others = np.delete(np.arange(len(visual)), query.reference)
        for way, weights in ways.items():
            scores = _scores(gallery, styles, query, embedding, weights)
            first = np.argsort(-scores[others], kind="stable")[:PAGE]
            gains = normalised_gain(visual[others], first), normalised_gain(textual[others], first)
            found.setdefault((query.edit, way), []).append(gains)
    return {case: _figures(gains) for case, gains in found.items()}


def style_questions(
    encoder: Encoder, images: ImagePreprocessing, words: Sequence[str], config: TrainConfig, cache: Path, queries: int,
    half: Half,
) -> Iterator[StyleQuestions]:  # fmt: skip
    """Yield the queries on one half of each source's held-out products.

    Args:
        encoder: A model or a bundle.
        images: Its preprocessing.
        words: Its attribute words.
        config: Determines the sources and the held-out products.
        cache: Cache of decoded pictures.
        queries: Maximum number of queries of each kind.
        half: The half; the gallery is this half as well.

    Raises:
        ModisteError: The model has no attribute words, or no source has held-out products that differ in any.
    """
    if not words:
        raise ModisteError(
            "The model has no attribute head, so it cannot search with words.",
            hint="Train a model with `joint: {attributes: {}}`.",
        )
    asked = False
    for source in config.sources:
        held, pixels, _ = load_pictures(split_source(source, cache)[1], images, cache)
        rows = half_of(held, half)
        styles = StyleGallery([held[row] for row in rows], words)
        drawn = styles.queries(queries, source.seed) if rows else []
        if not drawn:
            logger.warning("the held-out products of %s give no queries with words and are not measured", source.name)
            continue
        asked = True
        gallery = EncodedGallery(encoder, pixels[rows])
        yield StyleQuestions(source.name, gallery, styles, drawn)
    if not asked:
        raise ModisteError(
            "No source of this config has held-out products that differ in attribute words.",
            hint="Give a source a `validation_share` and columns such as colour.",
        )


def evaluate_style(
    encoder: Encoder, images: ImagePreprocessing, words: Sequence[str], config: TrainConfig, cache: Path, queries: int
) -> list[Metric]:
    """Measure on the measured half of the held-out products; the reference is removed from each query's gallery.

    Arguments and errors are those of ``style_questions``.
    """
    return [
        metric
        for source, gallery, styles, asked in style_questions(
            encoder, images, words, config, cache, queries, "measured"
        )
        for metric in style_metrics(encoder, gallery, styles, asked, f"{source}, held-out title groups")
    ]


def style_metrics(
    encoder: Encoder, gallery: EncodedGallery, styles: StyleGallery, queries: Sequence[StyleQuery], held_out: str
) -> list[Metric]:
    """Results of ``measure_styles`` with the weights of the service, as figures of the measured half of
    ``held_out``."""
    found = measure_styles(encoder, gallery, styles, queries) if queries else {}
    return [
        Metric(
            protocol=f"{STYLE_SEARCH}: {held_out}, measured half, reference removed",
            edit=edit, method=method, gallery=len(styles.products),
            queries=sum(query.edit == edit for query in queries), values=values,
        )
        for (edit, method), values in found.items()
    ]  # fmt: skip


def _scores(
    gallery: EncodedGallery, styles: StyleGallery, query: StyleQuery, embedding: Mapping[str, Floats], weights: Weights
) -> Floats:
    """Scores of all products, ``[N]``."""
    assert gallery.attributes is not None
    start = gallery.embedding[query.reference]

    def known(words: Sequence[str]) -> Floats:
        return np.array([embedding[word] for word in words], dtype=np.float32).reshape(len(words), len(start))

    moved = moved_query(start, known(query.wanted), known(query.unwanted), weights.word)
    wanted, unwanted = ([styles.words[word] for word in words] for words in (query.wanted, query.unwanted))
    shown, hidden = gallery.attributes[:, wanted].T, gallery.attributes[:, unwanted].T
    return filtered_scores(gallery.embedding @ moved, satisfaction(shown, hidden, weights.strength))


def _figures(gains: Sequence[tuple[float, float]]) -> dict[str, float]:
    visual, textual = (100 * float(np.mean(side)) for side in zip(*gains, strict=True))
    figures = {f"V-nDCG@{PAGE}": visual, f"T-nDCG@{PAGE}": textual, f"MM@{PAGE}": math.sqrt(visual * textual)}
    return {name: round(value, 2) for name, value in figures.items()}
