"""What is expected of a query's answer, where the catalogue tells words of its products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from indexer.generation import Generation
from indexer.profiles import Profiles
from indexer.store import Vectors
from models.bundle.expected_words import TITLED_FROM, Weights, recognised, tempered, weights_of
from models.bundle.style_search import Floats
from service.search.nearest import Neighbours
from service.search.stated import Preference


class Expectation(NamedTuple):
    """What the words of products count for one query."""

    profiles: Profiles
    weights: Weights
    """Of the bundle's words, ``[A]`` each."""
    words: list[str]
    """Those that the answer will rather have than not, the surest first."""

    def agreement(self) -> Floats:
        """How well each product fits, beside the best of the catalogue, which has 1: ``[N]``, 0 to 1. By itself a
        likelihood of a hundred words is small, however well they fit, and would make scores that nobody can read."""
        likelihood = self.profiles.log_likelihood(self.weights)
        return tempered(likelihood - likelihood.max())


def expectation(
    expected: Vectors, shown: Vectors, generation: Generation, preference: Preference | None = None
) -> Expectation | None:
    """What is expected of an answer in this catalogue.

    Args:
        expected: ``QueryOutput.expected`` of one query ``[1, A]``.
        shown: What it was told of the reference ``[1, A]``.
        generation: What is searched.
        preference: Words of which the shopper has said more than can be guessed.
    """
    attributes, profiles = generation.attributes, generation.profiles
    if attributes is None or profiles is None:
        return None
    present, absent = weights_of(expected[0], shown[0], generation.told, generation.valued)
    if preference is not None:
        # Of products that have a wanted word, nothing is to be guessed in which they all agree anyway: a watch is no
        # shirt. An unwanted word is lacked by the answer for certain, as other values of its column are.
        for place in preference.wanted:
            agreed = profiles.agreed(place)
            present[agreed] = absent[agreed] = 0
        unwanted = list(preference.unwanted)
        present[unwanted], absent[unwanted] = 0, generation.valued[unwanted]
    if not (present.any() or absent.any()):
        return None
    order = np.argsort(-expected[0], kind="stable")
    words = [attributes.words[at] for at in order.tolist() if expected[0, at] >= TITLED_FROM and present[at] > 0]
    return Expectation(profiles, Weights(present, absent), words)


def shown_by(generation: Generation, rows: Sequence[int]) -> Vectors | None:
    """How probably products show the bundle's words, float32 ``[len(rows), A]``, for ``Bundle.expected``."""
    return None if generation.attributes is None else generation.attributes.of(rows)


def shown_in(seen: Vectors, near: Neighbours, generation: Generation) -> Vectors:
    """How probably an upload shows them, ``[1, A]``: by what is seen in it ``[1, A]`` and the products next to it."""
    assert generation.attributes is not None
    return recognised(seen, near.scores[None], generation.attributes.of(near.rows)[None], generation.told)
