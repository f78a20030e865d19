"""The words that the answer to a query is expected to have, weighted for the current catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from indexer.generations.generation import Generation
from indexer.stores.store import Rows, Vectors
from models.bundle.expected_words import TITLED_FROM, Weights, recognised, weights_of
from models.bundle.style_search import Floats
from service.search.words.stated import Stated
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
) -> Expected | None:
    """The words expected of an answer in this catalogue; None if there are none.

    Args:
        expected: ``QueryOutput.expected`` of one query ``[1, A]``.
        shown: The words of the reference, as passed to the query graph ``[1, A]``.
        generation: The current generation.
        stated: Stated words. They override the model for the same words.
        wishes: The wishes of the text. They override the model for the same families of words.
    """
    attributes, profiles = generation.attributes, generation.profiles
    if attributes is None or profiles is None:
        return None
    present, absent = weights_of(expected[0], shown[0], generation.told, generation.valued)
    if wishes is not None:
        for position in wishes.kinds:
            agreed = profiles.agreed(position)
            present[agreed] = absent[agreed] = 0
        present[wishes.replaced] = absent[wishes.replaced] = 0
    if stated is not None:
        # Words on which nearly all products with a preferred word agree do not distinguish these products, and would
        # rank them last: with shirts as the reference and "watch" preferred, the answer is a watch.
        for position in stated.preferred:
            agreed = profiles.agreed(position)
            present[agreed] = absent[agreed] = 0
        avoided = list(stated.avoided)
        # The answer lacks an avoided word with certainty, like the other values of a column.
        present[avoided], absent[avoided] = 0, generation.valued[avoided]
    if not (present.any() or absent.any()) and (wishes is None or not wishes.asked):
        return None
    wanted = [attributes.words[position] for position in wishes.asked] if wishes is not None else []
    order = np.argsort(-expected[0], kind="stable")
    words = [attributes.words[at] for at in order.tolist() if expected[0, at] >= TITLED_FROM and present[at] > 0]
    return Expected(Weights(present, absent), [*wanted, *(word for word in words if word not in wanted)])


def words_of_products(generation: Generation, rows: Sequence[int]) -> Vectors | None:
    """Probabilities of the bundle's words in products, float32 ``[len(rows), A]``, as for ``Bundle.expected``."""
    return None if generation.attributes is None else generation.attributes.of(rows)


def words_of_upload(seen: Vectors, cosines: Floats, rows: Rows, generation: Generation) -> Vectors:
    """Probabilities of the bundle's words in an upload, ``[1, A]``.

    Args:
        seen: The output of the attribute head ``[1, A]``.
        cosines: Of the most similar products ``[K]``.
        rows: Rows of these products ``[K]``.
        generation: The generation of these products.
    """
    assert generation.attributes is not None
    return recognised(seen, cosines[None], generation.attributes.of(rows)[None], generation.told)
