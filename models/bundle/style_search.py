"""Search with wanted and unwanted words: the three methods of Sadeh et al. (2019), on plain arrays.

A query starts from a vector ``f_I``, of a picture or composed from picture and modification. Words enter as embeddings
``f_w`` of the text tower, and as the probabilities ``p_w`` that the attribute head assigns to every product's picture.

1. *Query arithmetic* moves the query: ``q = f_I + sum f_w+ - sum f_w-``.
2. *Soft attribute filtering* multiplies every cosine by the probability that the words hold (equation 1):
   ``S = cos(q, f_Ir) * p_w(I_r)`` with ``q = f_I``.
3. *Joint* applies equation 1 to the moved query.

The paper does not state the weights of a word and of the filter, nor how negative cosines are treated; the choices are
documented below. The weights were chosen by `modiste models evaluate --protocol style-weights`, on held-out products
that the protocol `style-search` does not measure.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Style = Literal["arithmetic", "filter", "joint"]
DEFAULT_STYLE: Style = "joint"

WORD_WEIGHT = 0.5
"""Weight of a word's embedding relative to the query's, both of unit length (in the paper's equation: 1). Joint search
hardly changes up to this weight and loses above it; arithmetic alone would gain up to 1."""
FILTER_STRENGTH = 0.35
"""Exponent of ``p_w`` (in the paper's equation: 1). Among products, cosines differ by a factor of two and probabilities
by a thousand, so a small exponent keeps the picture relevant. Values from 0.25 to 0.5 are equally good."""


def moved_query(start: Floats, wanted: Floats, unwanted: Floats, weight: float = WORD_WEIGHT) -> Floats:
    """Query arithmetic: ``q = f_I + weight * (sum f_w+ - sum f_w-)``, of unit length.

    Args:
        start: Unit vector ``[D]``.
        wanted: Unit embeddings of the wanted words ``[W, D]``; W may be 0.
        unwanted: Those of the unwanted words ``[U, D]``.
        weight: Weight of each word.

    Returns:
        Unit vector ``[D]``; the start itself if the sum is zero.
    """
    query = start + weight * (wanted.sum(axis=0) - unwanted.sum(axis=0))
    length = float(np.linalg.norm(query))
    moved: Floats = (query / length if length > 1e-6 else start).astype(np.float32)
    return moved


def satisfaction(wanted: Floats, unwanted: Floats, strength: float = FILTER_STRENGTH) -> Floats:
    """``p_w ** strength``, where ``p_w`` is the probability that a picture shows every wanted word and no unwanted one,
    with words taken as independent.

    Args:
        wanted: Probabilities of the wanted words ``[W, N]``; W may be 0.
        unwanted: Those of the unwanted words ``[U, N]``.
        strength: Weight of the words relative to the cosine.

    Returns:
        ``[N]``, 0 to 1; all 1 without words.
    """
    held: Floats = (wanted.prod(axis=0) * (1 - unwanted).prod(axis=0)) ** np.float32(strength)
    return held


def filtered_scores(cosines: Floats, satisfied: Floats) -> Floats:
    """Soft attribute filtering: ``S = cos * p_w ** strength`` (equation 1).

    A negative cosine is not multiplied, because that would rank the least fitting product first among them. A score is
    therefore never above its cosine, and a positive score never above the satisfaction.

    Args:
        cosines: ``[N]``.
        satisfied: As returned by ``satisfaction``, ``[N]``.

    Returns:
        ``[N]``.
    """
    scores: Floats = np.where(cosines > 0, cosines * satisfied, cosines).astype(np.float32)
    return scores
