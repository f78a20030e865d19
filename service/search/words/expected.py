"""The words that the answer to a query is expected to have, weighted for the current catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from indexer.generations.generation import Generation
from indexer.stores.store import Rows, Vectors
from models.bundle import VisionOutput
from models.bundle.expected_words import TITLED_FROM, Weights, recognised, visible, weights_of
from models.bundle.style_search import Floats
from service.search.words.stated import Stated
from service.search.words.vocabulary import words_of_generation
from service.search.words.wishes import Wishes


class Expected(NamedTuple):
    """The words expected of the answer to one query."""

    weights: Weights
    """For each of the bundle's words ``[A]``: the weights of having and of lacking it."""
    words: list[str]
    """The words with a probability above one half, the most probable first."""


def expected_words(
    expected: Vectors,
    shown: Vectors,
    generation: Generation,
    stated: Stated | None = None,
    wishes: Wishes | None = None,
    *,
    alone: bool = False,
) -> Expected | None:
    """The words expected of an answer in this catalogue; None if there are none.

    Args:
        expected: ``QueryOutput.expected`` of one query ``[1, A]``.
        shown: The words of the reference, as passed to the query graph ``[1, A]``.
        generation: The current generation.
        stated: Stated words. They override the model for the same words.
        wishes: The wishes of the text. They override the model for the same families of words.
        alone: Whether the query is a picture without a text.
    """
    attributes, profiles = generation.attributes, generation.profiles
    if attributes is None or profiles is None:
        return None
    weights = weights_of(expected[0], shown[0], generation.stated, generation.exclusive)
    if alone:
        words = words_of_generation(generation)
        weights = visible(weights, words.positions("kind"), words.positions("colour"))
    present, absent = weights
    # Words on which nearly all products with a wanted word agree do not distinguish these products, and would rank them
    # last: with shirts as the reference and "watch" preferred, the answer is a watch.
    for position in (*(wishes.kinds if wishes else ()), *(stated.preferred if stated else ())):
        agreed = profiles.agreed(position)
        present[agreed] = absent[agreed] = 0
    if wishes is not None:
        present[wishes.replaced] = absent[wishes.replaced] = 0
    if stated is not None:
        avoided = list(stated.avoided)
        # The answer lacks an avoided word with certainty, like the other values of a column.
        present[avoided], absent[avoided] = 0, generation.exclusive[avoided]
    if not (present.any() or absent.any()) and (wishes is None or not wishes.asked):
        return None
    wanted = [attributes.words[position] for position in wishes.asked] if wishes is not None else []
    order = np.argsort(-expected[0], kind="stable")
    probable = [attributes.words[at] for at in order.tolist() if expected[0, at] >= TITLED_FROM and present[at] > 0]
    return Expected(Weights(present, absent), [*wanted, *(word for word in probable if word not in wanted)])


def words_of_products(generation: Generation, rows: Sequence[int]) -> Vectors | None:
    """Probabilities of the bundle's words in products, float32 ``[len(rows), A]``, as for ``Bundle.expected``."""
    return None if generation.attributes is None else generation.attributes.of(rows)


def words_of_upload(seen: VisionOutput, cosines: Floats, rows: Rows, generation: Generation) -> Vectors | None:
    """Probabilities of the bundle's words in an upload, ``[1, A]``; None if the bundle has no attribute head.

    Args:
        seen: The output of the vision graph for it.
        cosines: Of the most similar products ``[K]``.
        rows: Rows of these products ``[K]``.
        generation: The generation of these products.
    """
    if seen.attributes is None:
        return None
    assert generation.attributes is not None
    return recognised(seen.attributes, cosines[None], generation.attributes.of(rows)[None], generation.stated)
