"""Products that the catalogue says to have the words which the answer is expected to have, on plain arrays.

A bundle may tell, beside the query, how probably the answer has each of its words (``networks.expectation``). What a
catalogue says of a product is then as good as a picture: the better its words fit what is expected, the nearer it
moves to the front. Words of two sorts are told apart. The values of a column exclude each other, so a product loses
both by lacking what is expected and by having what is not; a title names what it likes, so it can only gain.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.bundle.style_search import Floats

Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

STRENGTH = np.float32(0.2)
"""Exponent of the likelihood of a product's words, beside its cosine."""
ASKED = np.float32(4.0)
"""What a word counts that comes new, beside one that stays: of two products of which neither fits whole, a shopper
rather sees the one that has what was asked for."""
TITLED_FROM = 0.5
"""A word that only titles have is expected where it is more probable than not."""
LEAST_SHOWN = np.float32(3e-4)
"""No product has or lacks a word for certain. Generations keep no smaller probability (``indexer.attributes``)."""

NEIGHBOURS = 10
"""So many products that look most like an upload say which words it shows."""
NEARNESS = np.float32(0.04)
"""Of two of these products the one with a cosine higher by this much counts e times as much."""
_AT_ONCE = 512


class Weights(NamedTuple):
    """What each of A words counts, float32 ``[..., A]`` each."""

    present: Floats
    """In a product that has it."""
    absent: Floats
    """In a product that lacks it."""


def weights_of(expected: Floats, shown: Floats, told: Flags, valued: Flags) -> Weights:
    """What the words of products count for a query.

    Args:
        expected: How probably the answer has each word ``[..., A]``.
        shown: How probably the reference has it ``[..., A]``.
        told: bool ``[A]``: the words that the catalogue says of its products at all.
        valued: bool ``[A]``: those of them that are values of a column.
    """
    counted = told & (valued | (expected >= TITLED_FROM))
    present = np.where(counted, expected * (1 + (ASKED - 1) * (1 - shown)), 0)
    absent = np.where(valued, 1 - expected, 0)
    return Weights(present.astype(np.float32), absent.astype(np.float32))


def agreement(shown: Floats, weights: Weights) -> Floats:
    """How well products fit what is expected: the ``tempered`` likelihood ``prod_w p_w ** a_w * (1 - p_w) ** b_w`` of
    their words, where the weights are ``a`` and ``b``. It multiplies cosines, as ``style_search.filtered_scores`` says.

    Args:
        shown: Probabilities of the words ``[A, N]``.
        weights: Of one query ``[A]``, or of Q ``[Q, A]``.

    Returns:
        ``[N]`` or ``[Q, N]``, 0 to 1; 1 throughout without any word.
    """
    present = weights.present @ np.log(np.maximum(shown, LEAST_SHOWN))
    absent = weights.absent @ np.log(np.maximum(1 - shown, LEAST_SHOWN))
    return tempered(present + absent)


def tempered(log_likelihood: Floats) -> Floats:
    """``exp(STRENGTH * log_likelihood)``: a likelihood that leaves a cosine beside it its say."""
    fit: Floats = np.exp(STRENGTH * log_likelihood)
    return fit


def recognised(seen: Floats, cosines: Floats, near: Floats, told: Flags) -> Floats:
    """What an upload shows, by what is seen in it and by what the catalogue says of the products that look like it.

    The words of its nearest neighbours are averaged, each weighed by how near it is (softmax, as in Khandelwal et al.,
    ICLR 2020, equation 2), and the log-odds of the average and of what is seen are averaged in turn. What the
    catalogue never says stays as it is seen.

    Args:
        seen: Probabilities of the words in the upload ``[A]``, or in B of them ``[B, A]``.
        cosines: Of the upload and K products ``[..., K]``, none to many.
        near: Probabilities of the K products' words ``[..., K, A]``.
        told: bool ``[A]``, as ``weights_of`` takes it.

    Returns:
        Probabilities in the shape of ``seen``.
    """
    if not cosines.shape[-1]:
        return seen
    shares = np.exp((cosines - cosines.max(axis=-1, keepdims=True)) / NEARNESS)
    shares /= shares.sum(axis=-1, keepdims=True)
    odds = (_log_odds((shares[..., None, :] @ near)[..., 0, :]) + _log_odds(seen)) / 2
    return np.where(told, 1 / (1 + np.exp(-odds)), seen).astype(np.float32)


def recognised_among(embedding: Floats, seen: Floats, shown: Floats, told: Flags, rows: Rows) -> Floats:
    """``recognised`` for products of a catalogue as if they were uploads of something that it does not have.

    Args:
        embedding: Unit vectors of the catalogue's products ``[N, D]``.
        seen: Probabilities of the words in their pictures ``[N, A]``.
        shown: The same, corrected by what the catalogue says ``[N, A]``.
        told: bool ``[A]``.
        rows: Q of the products.

    Returns:
        ``[Q, A]``.
    """
    parts = [np.zeros((0, seen.shape[1]), np.float32)]
    others = min(NEIGHBOURS, len(embedding) - 1)
    for at in range(0, len(rows), _AT_ONCE):
        some = rows[at : at + _AT_ONCE]
        cosines = embedding[some] @ embedding.T
        np.put_along_axis(cosines, some[:, None], -np.inf, axis=1)
        near = np.argpartition(-cosines, others, axis=1)[:, :others]
        parts.append(recognised(seen[some], np.take_along_axis(cosines, near, axis=1), shown[near], told))
    return np.concatenate(parts)


def _log_odds(probabilities: Floats) -> Floats:
    certain = np.clip(probabilities, LEAST_SHOWN, 1 - LEAST_SHOWN)
    odds: Floats = np.log(certain / (1 - certain))
    return odds
