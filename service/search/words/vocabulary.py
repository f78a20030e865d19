"""The words of a generation: the values of its catalogue, and the concepts of the bundle's words."""

from __future__ import annotations

import threading
from weakref import WeakKeyDictionary

from indexer.generations.generation import Generation
from service.search.words.judging import BitsCache
from understanding import Grounding, Shop, understand
from understanding.words.concepts import Concept
from understanding.words.text import words_of


class GenerationWords:
    """The values and concepts that texts can mention in one generation.

    Args:
        generation: Its columns are read here, which takes seconds for a million products.
    """

    def __init__(self, generation: Generation) -> None:
        table = generation.products
        columns = {name: generation.column(name) for name in generation.columns}
        others = generation.other_ids
        self.shop = Shop(
            table.column("id").chunk(0), table.column("title").chunk(0), columns, others=others,
            currencies=generation.manifest.currencies,
        )  # fmt: skip
        self.grounding = Grounding(self.shop)
        self.bits = BitsCache(generation.candidates.layout)
        self._meanings = [self._meaning(word) for word in generation.manifest.attributes]
        self._positions: dict[str, list[int]] = {}
        self._of_concept: dict[Concept, int] = {}
        for position, meanings in enumerate(self._meanings):
            for concept in meanings:
                self._of_concept.setdefault(concept, position)
                self._positions.setdefault(concept.family, []).append(position)
        # Builds the spelling index, which the first misspelt text would need.
        understand("qzvx vxzq", self.shop)

    def positions(self, family: str) -> list[int]:
        """The bundle's words of a family."""
        return self._positions.get(family, [])

    def position(self, family: str, name: str) -> int | None:
        """The bundle's word for a concept."""
        return self._of_concept.get(Concept(family, name))

    def name(self, position: int, family: str) -> str:
        """The name of the concept of a family that a word of the bundle has."""
        return next(concept.name for concept in self._meanings[position] if concept.family == family)

    def _meaning(self, word: str) -> list[Concept]:
        branded = (entry for entry in self.shop.phrases.exactly(words_of(word)) if entry.family == "brand")
        own = self._kinds_in_plural(word) or self.shop.meaning(word)
        return [*own, *(Concept("brand", entry.value) for entry in branded)]

    def _kinds_in_plural(self, word: str) -> list[Concept]:
        """The kinds that an English word names in the plural. The bundle's words are in the singular, so "short" is the
        kind "Shorts", not a length."""
        phrases = self.shop.languages["en"].phrases
        entries = [entry for ending in ("s", "es") for entry in phrases.exactly(words_of(word + ending))]
        return [Concept("kind", entry.value) for entry in entries if entry.family == "kind" and entry.role == "concept"]


_WORDS: WeakKeyDictionary[Generation, GenerationWords] = WeakKeyDictionary()
_LOCK = threading.Lock()


def words_of_generation(generation: Generation) -> GenerationWords:
    """The words of a generation, computed when it is opened."""
    with _LOCK:
        words = _WORDS.get(generation)
    if words is None:
        # Outside of the lock: it takes seconds, and searches of the current generation must not wait for the next one.
        words = GenerationWords(generation)
        with _LOCK:
            words = _WORDS.setdefault(generation, words)
    return words
