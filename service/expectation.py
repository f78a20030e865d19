"""Words that are expected of a query's answer, where the catalogue tells them of its products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from indexer.generation import Generation
from indexer.store import Rows, Vectors
from models.bundle.style_search import EXPECTED_FROM, Floats, agreement
from service.preference import Preference


class Expectation(NamedTuple):
    """What the answer should show."""

    generation: Generation
    places: Rows
    """Of the words in the bundle's vocabulary."""
    weights: Floats
    """How probably each is expected."""

    def agreement(self, rows: Rows) -> Floats:
        """How well the products in ``rows`` show it: ``[len(rows)]``, 0 to 1."""
        attributes = self.generation.attributes
        assert attributes is not None, "words are only expected where products have them"
        return agreement(attributes.probabilities(self.places, rows), self.weights)

    @property
    def words(self) -> list[str]:
        """The words, the surest first."""
        every = self.generation.manifest.attributes
        return [every[self.places[at]] for at in np.argsort(-self.weights, kind="stable")]


def expectation(
    expected: Vectors | None, generation: Generation, preference: Preference | None = None
) -> Expectation | None:
    """What is expected of an answer in this catalogue.

    Args:
        expected: ``QueryOutput.expected`` of one query ``[1, A]``; None where nothing is.
        generation: What is searched.
        preference: Words of which the shopper has said more than can be guessed.
    """
    if expected is None or generation.attributes is None:
        return None
    hoped = (expected[0] >= EXPECTED_FROM) & generation.told
    if preference is not None:
        hoped[[*preference.wanted, *preference.unwanted]] = False
    places = np.flatnonzero(hoped)
    return Expectation(generation, places, expected[0, places]) if places.size else None


def shown_by(generation: Generation, rows: Sequence[int]) -> Vectors | None:
    """How probably products show the bundle's words, float32 ``[len(rows), A]``, for ``Bundle.expected``."""
    return None if generation.attributes is None else generation.attributes.of(rows)
