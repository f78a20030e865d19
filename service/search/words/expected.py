"""The words that the answer to a query is expected to have, where the catalogue has words for its products."""

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
    """Of the bundle's words ``[A]``: what having and lacking a word counts for a product."""
    words: list[str]
    """The words that are more probable than not, the most probable first."""


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
        shown: The reference's words, as the query graph received them ``[1, A]``.
        generation: The generation that is searched.
        stated: Words that the shopper states. They replace what the model expects of the same words.
        wishes: What the text asks for. It replaces what the model expects of the same families of words.
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
        # Words in which nearly all products with a preferred word agree say nothing about which of them to choose, and
        # would rank the preferred products last: someone who looks at shirts and prefers "watch" wants a watch.
        for position in stated.preferred:
            agreed = profiles.agreed(position)
            present[agreed] = absent[agreed] = 0
        avoided = list(stated.avoided)
        # The answer lacks an avoided word for certain, as it lacks the other values of a column.
        present[avoided], absent[avoided] = 0, generation.valued[avoided]
    if not (present.any() or absent.any()) and (wishes is None or not wishes.asked):
        return None
    wanted = [attributes.words[position] for position in wishes.asked] if wishes is not None else []
    order = np.argsort(-expected[0], kind="stable")
    words = [attributes.words[at] for at in order.tolist() if expected[0, at] >= TITLED_FROM and present[at] > 0]
    return Expected(Weights(present, absent), [*wanted, *(word for word in words if word not in wanted)])


def words_of_products(generation: Generation, rows: Sequence[int]) -> Vectors | None:
    """How probably products show the bundle's words, float32 ``[len(rows), A]``, as ``Bundle.expected`` takes it."""
    return None if generation.attributes is None else generation.attributes.of(rows)


def words_of_upload(seen: Vectors, cosines: Floats, rows: Rows, generation: Generation) -> Vectors:
    """How probably an upload shows the bundle's words, ``[1, A]``.

    Args:
        seen: What the vision graph sees in it ``[1, A]``.
        cosines: Of the products that look most like it ``[K]``.
        rows: These products ``[K]``.
        generation: The generation that they are of.
    """
    assert generation.attributes is not None
    return recognised(seen, cosines[None], generation.attributes.of(rows)[None], generation.told)
