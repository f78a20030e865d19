"""Ranking by the words that the answer to a query is expected to have, on plain arrays.

Beside the query vector, a bundle may predict the probability that the answer has each of its attribute words
(``models.networks.expected_words``). Products rank higher the better the words that the catalogue states of them agree
with this prediction. The values of a column exclude each other: a product loses score both for lacking an expected
value and for having an unexpected one. Words of a title only add score, because a title need not name everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.bundle.style_search import Floats

Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

STRENGTH = np.float32(0.2)
"""Exponent of the likelihood of a product's words, which multiplies its cosine."""
ASKED = np.float32(4.0)
"""Weight of a word that the reference does not show, relative to one that it shows. If no product fits entirely, those
with the requested change come first."""
TITLED_FROM = 0.5
"""A word that occurs only in titles counts from this probability on."""
MIN_SHOWN = np.float32(3e-4)
"""Bound of probabilities, away from 0 and 1; generations store none below it (``indexer.ranking.attributes``)."""

KINDS, OTHERS = np.float32(2), np.float32(0.3)
"""Factors of the weights of kinds, and of words that are neither kinds nor colours, for a picture alone. They were
chosen with held-out photographs of the protocols ``photos`` and ``street``."""

NEIGHBOURS = 10
"""Number of most similar products from which the words of an upload are estimated."""
NEARNESS = np.float32(0.04)
"""Temperature of the softmax over their cosines."""
BLOCK = 512


class Weights(NamedTuple):
    """Weights of A words, float32 ``[..., A]`` each."""

    present: Floats
    """For a product that has the word."""
    absent: Floats
    """For a product that lacks it."""


def weights_of(expected: Floats, shown: Floats, stated: Flags, exclusive: Flags) -> Weights:
    """The weights of words for a query.

    Args:
        expected: Probability that the answer has each word ``[..., A]``.
        shown: Probability that the reference has it ``[..., A]``.
        stated: bool ``[A]``: the words that the catalogue states of any product.
        exclusive: bool ``[A]``: those of them that are values of a column and so exclude each other.
    """
    counted = stated & (exclusive | (expected >= TITLED_FROM))
    present = np.where(counted, expected * (1 + (ASKED - 1) * (1 - shown)), 0)
    absent = np.where(exclusive, 1 - expected, 0)
    return Weights(present.astype(np.float32), absent.astype(np.float32))


def agreement(shown: Floats, weights: Weights) -> Floats:
    """How well products agree with the expected words: the ``tempered`` likelihood of their words,
    ``prod_w p_w ** a_w * (1 - p_w) ** b_w`` with the weights ``a`` and ``b``. It multiplies cosines as
    ``style_search.filtered_scores`` describes.

    Args:
        shown: Probabilities of the words ``[A, N]``.
        weights: Weights for one query ``[A]``, or for Q queries ``[Q, A]``.

    Returns:
        ``[N]`` or ``[Q, N]``, 0 to 1; all 1 if no word counts.
    """
    present = weights.present @ np.log(np.maximum(shown, MIN_SHOWN))
    absent = weights.absent @ np.log(np.maximum(1 - shown, MIN_SHOWN))
    return tempered(present + absent)


def tempered(log_likelihood: Floats) -> Floats:
    """``exp(STRENGTH * log_likelihood)``: softened, so that it does not outweigh the cosine."""
    fit: Floats = np.exp(STRENGTH * log_likelihood)
    return fit


def recognised(seen: Floats, cosines: Floats, near: Floats, stated: Flags) -> Floats:
    """The words that an upload shows, estimated from its picture and from the words of similar products.

    The words of its nearest neighbours are averaged with weights from a softmax over their cosines (Khandelwal et al.,
    ICLR 2020, equation 2); the log-odds of this average and of the picture's own probabilities are then averaged. Words
    that the catalogue does not state keep the picture's probability.

    Args:
        seen: Probabilities of the words in the upload ``[A]``, or in B uploads ``[B, A]``.
        cosines: Cosines of the upload with K products ``[..., K]``; K may be 0.
        near: Probabilities of the K products' words ``[..., K, A]``.
        stated: bool ``[A]``, as in ``weights_of``.

    Returns:
        Probabilities in the shape of ``seen``.
    """
    if not cosines.shape[-1]:
        return seen
    shares = np.exp((cosines - cosines.max(axis=-1, keepdims=True)) / NEARNESS)
    shares /= shares.sum(axis=-1, keepdims=True)
    odds = (_log_odds((shares[..., None, :] @ near)[..., 0, :]) + _log_odds(seen)) / 2
    return np.where(stated, 1 / (1 + np.exp(-odds)), seen).astype(np.float32)


def visible(weights: Weights, kinds: Sequence[int] | Rows, colours: Sequence[int] | Rows) -> Weights:
    """The weights of words for a query that is a picture alone. Kind and colour count more than words that pictures
    hardly show, such as the season.

    Args:
        weights: From ``weights_of``, ``[..., A]``.
        kinds: Positions of words for kinds of products.
        colours: Positions of words for colours.
    """
    share = np.full(weights.present.shape[-1], OTHERS, np.float32)
    share[np.asarray(colours, np.int64)] = 1
    share[np.asarray(kinds, np.int64)] = KINDS
    return Weights(weights.present * share, weights.absent * share)


def recognised_among(embedding: Floats, seen: Floats, shown: Floats, stated: Flags, rows: Rows) -> Floats:
    """``recognised`` for products of a catalogue, as if each were an upload that is not in the catalogue.

    Args:
        embedding: Unit vectors of the catalogue's products ``[N, D]``.
        seen: Probabilities of the words in their pictures ``[N, A]``.
        shown: The same, corrected by the catalogue's words ``[N, A]``.
        stated: bool ``[A]``.
        rows: Q rows of products.

    Returns:
        ``[Q, A]``.
    """
    parts = [np.zeros((0, seen.shape[1]), np.float32)]
    others = min(NEIGHBOURS, len(embedding) - 1)
    for at in range(0, len(rows), BLOCK):
        some = rows[at : at + BLOCK]
        cosines = embedding[some] @ embedding.T
        np.put_along_axis(cosines, some[:, None], -np.inf, axis=1)
        near = np.argpartition(-cosines, others, axis=1)[:, :others]
        parts.append(recognised(seen[some], np.take_along_axis(cosines, near, axis=1), shown[near], stated))
    return np.concatenate(parts)


def _log_odds(probabilities: Floats) -> Floats:
    certain = np.clip(probabilities, MIN_SHOWN, 1 - MIN_SHOWN)
    odds: Floats = np.log(certain / (1 - certain))
    return odds
