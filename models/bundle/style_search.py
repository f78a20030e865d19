"""Search with wanted and unwanted words: the three ways of Sadeh et al. (2019), on plain arrays.

A query starts from a vector ``f_I`` (a picture's, or one that was composed of picture and modification). The words come
in twice: as embeddings ``f_w`` of the text tower, and as the probabilities ``p_w`` that the attribute head gives
every product's picture.

1. *Query arithmetic*: the words move the query, ``q = f_I + sum f_w+ - sum f_w-``.
2. *Soft attribute filtering*: the query stays, and every cosine is multiplied by the probability that the words hold
   (equation 1 of the reading notes): ``S = cos(q, f_Ir) * p_w(I_r)`` with ``q = f_I``.
3. *Joint*: equation 1 with the moved query.

The notes leave open how much a word and the filter weigh, and what becomes of a negative cosine; all three are said
below. Both weights were chosen by `modiste models evaluate --protocol style-weights`, on held-out products that the
protocol `style-search` does not measure.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Style = Literal["arithmetic", "filter", "joint"]
DEFAULT_STYLE: Style = "joint"

WORD_WEIGHT = 0.5
"""What the embedding of one word weighs beside the query's, both of unit length (the paper's arithmetic: 1). Joint
search hardly tells weights up to this one apart, and loses above it; arithmetic alone would gain up to 1."""
FILTER_STRENGTH = 0.35
"""Exponent of ``p_w`` (the paper's equation: 1). Cosines among products differ by a factor of two, probabilities by a
thousand, so a small exponent leaves the picture its say. Anything from 0.25 to 0.5 does as well."""


def moved_query(start: Floats, wanted: Floats, unwanted: Floats, weight: float = WORD_WEIGHT) -> Floats:
    """Query arithmetic: ``q = f_I + weight * (sum f_w+ - sum f_w-)``, of unit length.

    Args:
        start: Unit vector ``[D]``.
        wanted: Unit embeddings of the wanted words ``[W, D]``, none to many.
        unwanted: Likewise of the unwanted ones ``[U, D]``.
        weight: Of each word.

    Returns:
        Unit vector ``[D]``; the start itself where the words take away all of it.
    """
    query = start + weight * (wanted.sum(axis=0) - unwanted.sum(axis=0))
    length = float(np.linalg.norm(query))
    moved: Floats = (query / length if length > 1e-6 else start).astype(np.float32)
    return moved


def satisfaction(wanted: Floats, unwanted: Floats, strength: float = FILTER_STRENGTH) -> Floats:
    """``p_w ** strength``: ``p_w`` is the probability that a picture shows every wanted word and no unwanted one, as
    if words were independent.

    Args:
        wanted: Probabilities of the wanted words ``[W, N]``, none to many.
        unwanted: Likewise of the unwanted ones ``[U, N]``.
        strength: How much the words count beside the cosine.

    Returns:
        ``[N]``, 0 to 1; 1 throughout without any word.
    """
    held: Floats = (wanted.prod(axis=0) * (1 - unwanted).prod(axis=0)) ** np.float32(strength)
    return held


def filtered_scores(cosines: Floats, satisfied: Floats) -> Floats:
    """Soft attribute filtering: ``S = cos * p_w ** strength`` (equation 1 of the reading notes).

    A negative cosine stays as it is: multiplied, the least fitting product would come first among the unlike ones. So
    a score is never above its cosine, nor, where that is positive, above the satisfaction.

    Args:
        cosines: ``[N]``.
        satisfied: What ``satisfaction`` gives, ``[N]``.

    Returns:
        ``[N]``.
    """
    scores: Floats = np.where(cosines > 0, cosines * satisfied, cosines).astype(np.float32)
    return scores
