"""The protocol ``style-weights``: the choice of the weights of words, on the half that ``style-search`` does not
measure.

The service has one weight of a word and one strength of the filter (``models.bundle.style_search``) for all methods.
Pairs of both are measured. They are ordered by the joint search, the default of the service; pairs that are equally
good for it (``MARGIN``) are ordered by the mean over all methods.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np

from models.bundle.images import ImagePreprocessing
from models.bundle.manifest import Metric
from models.evaluation.encoding import Encoder
from models.evaluation.held_out.style_search import PAGE, StyleQuestions, Weights, measure_styles, style_questions
from models.training.config import TrainConfig

STYLE_WEIGHTS = "style-weights"
WORDS = (0.25, 0.35, 0.5, 0.7, 1.0)
STRENGTHS = (0.18, 0.25, 0.35, 0.5, 0.7, 1.0)
"""Each value is about 1.4 times the previous one; the paper's is 1."""
PAIRS = tuple(Weights(*pair) for pair in product(WORDS, STRENGTHS))
MARGIN = 0.25
"""Points of the joint search's MM within which pairs count as equally good: about as much as the difference of two
pairs changes with a different sample of queries."""

JOINT, MEAN = f"joint MM@{PAGE}", f"mean MM@{PAGE}"


def evaluate_style_weights(
    encoder: Encoder, images: ImagePreprocessing, words: Sequence[str], config: TrainConfig, cache: Path, queries: int
) -> list[Metric]:
    """Measure every pair on the half for choosing; the best comes first (``in_order_of_choice``).

    Args:
        encoder, images, words, config, cache, queries: As ``style_search.style_questions`` takes them.

    Returns:
        One ``Metric`` for each pair: MM at 20 of each method as the mean over the kinds of query, and the mean of the
        three methods, in per cent. With several sources, the means over them come first.

    Raises:
        ModisteError: As for ``style_questions``.
    """
    tried = [
        _tried(encoder, questions)
        for questions in style_questions(encoder, images, words, config, cache, queries, "chosen on")
    ]
    if len(tried) > 1:
        tried.insert(0, [_together(of_pair) for of_pair in zip(*tried, strict=True)])
    return [metric for metrics in tried for metric in in_order_of_choice(metrics)]


def in_order_of_choice(metrics: Sequence[Metric]) -> list[Metric]:
    """The pairs within ``MARGIN`` of the best joint search before all others; each group by its mean."""
    enough = max(metric.values[JOINT] for metric in metrics) - MARGIN
    return sorted(metrics, key=lambda metric: (metric.values[JOINT] < enough, -metric.values[MEAN]))


def _tried(encoder: Encoder, questions: StyleQuestions) -> list[Metric]:
    """The pairs, in the order of ``PAIRS``, on one source."""
    source, gallery, styles, queries = questions
    alone = [*(Weights(word, 0) for word in WORDS), *(Weights(0, strength) for strength in STRENGTHS)]
    ways = {_name(weights): weights for weights in (*alone, *PAIRS)}
    found = measure_styles(encoder, gallery, styles, queries, ways)

    def mean(weights: Weights) -> float:
        return float(np.mean([values[f"MM@{PAGE}"] for (_, way), values in found.items() if way == _name(weights)]))

    return [
        Metric(
            protocol=f"{STYLE_WEIGHTS}: {source}, held-out title groups, half to choose on, reference removed",
            edit="all kinds", method=_name(pair), gallery=len(styles.products), queries=len(queries),
            values=_values(mean(Weights(pair.word, 0)), mean(Weights(0, pair.strength)), mean(pair)),
        )
        for pair in PAIRS
    ]  # fmt: skip


def _together(metrics: Sequence[Metric]) -> Metric:
    """The mean of one pair over the sources."""
    arithmetic, filtered, joint, _ = np.mean([list(metric.values.values()) for metric in metrics], axis=0)
    return Metric(
        protocol=f"{STYLE_WEIGHTS}: all sources alike", edit="all kinds", method=metrics[0].method,
        gallery=sum(metric.gallery for metric in metrics), queries=sum(metric.queries for metric in metrics),
        values=_values(arithmetic, filtered, joint),
    )  # fmt: skip


def _values(arithmetic: float, filtered: float, joint: float) -> dict[str, float]:
    ways = {f"arithmetic MM@{PAGE}": arithmetic, f"filter MM@{PAGE}": filtered, JOINT: joint}
    return {way: round(float(value), 2) for way, value in {**ways, MEAN: sum(ways.values()) / len(ways)}.items()}


def _name(weights: Weights) -> str:
    return f"word {weights.word:g}, filter {weights.strength:g}"
