"""The words of ``prefer`` and ``avoid``, looked up in the bundle's vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, get_args

from indexer.generations.generation import Generation
from models.bundle import Bundle
from models.bundle.style_search import Style
from models.bundle.vocabulary import Vocabulary
from service.errors import InvalidRequest, NoWords, UnknownWord


class Stated(NamedTuple):
    """Preferred and avoided words, and how they are applied (``models.bundle.style_search``)."""

    style: Style
    prefer: dict[str, str]
    """The words as sent, each with the word of the vocabulary."""
    avoid: dict[str, str]
    preferred: tuple[int, ...]
    """Positions of the preferred words in the bundle's vocabulary, each once, ascending."""
    avoided: tuple[int, ...]

    @property
    def moves(self) -> bool:
        """Whether the words move the query."""
        return self.style != "filter"

    @property
    def filters(self) -> bool:
        """Whether scores are multiplied by the probability that products satisfy the words."""
        return self.style != "arithmetic"


def possible_styles(bundle: Bundle, generation: Generation) -> tuple[Style, ...]:
    """The available styles: none without a vocabulary, only ``arithmetic`` without product attributes."""
    if not bundle.vocabulary:
        return ()
    return get_args(Style) if generation.attributes is not None else ("arithmetic",)


def stated_words(
    prefer: Sequence[str], avoid: Sequence[str], style: Style, bundle: Bundle, generation: Generation
) -> Stated | None:
    """Look up the words of a request; None if it states none.

    Raises:
        NoWords: The bundle has no attribute words, or the generation was built without them.
        UnknownWord: One of the words is not in the vocabulary.
        InvalidRequest: A word is both preferred and avoided.
    """
    if not prefer and not avoid:
        return None
    if not bundle.vocabulary:
        raise NoWords(
            f"The bundle {bundle.name} has no attribute words, so nothing can be preferred or avoided.",
            hint="Put the words into the text, or serve a bundle that was trained with `joint.attributes`.",
        )
    if style not in possible_styles(bundle, generation):
        raise NoWords(
            f"The generation {generation.id} has no attributes of its products, so they cannot be filtered by words.",
            hint='Use the style "arithmetic", or build the index again.',
        )
    preferred = _positions(prefer, bundle.vocabulary, "prefer")
    avoided = _positions(avoid, bundle.vocabulary, "avoid")
    words = bundle.vocabulary.words
    both = set(preferred.values()) & set(avoided.values())
    if both:
        raise InvalidRequest(
            f"{words[min(both)]!r} is both preferred and avoided.",
            hint="Remove it from prefer or from avoid.",
            field="avoid",
        )
    return Stated(
        style,
        {sent: words[position] for sent, position in preferred.items()},
        {sent: words[position] for sent, position in avoided.items()},
        tuple(sorted(set(preferred.values()))),
        tuple(sorted(set(avoided.values()))),
    )


def _positions(sent: Sequence[str], vocabulary: Vocabulary, field: str) -> dict[str, int]:
    positions: dict[str, int] = {}
    for word in sent:
        position = vocabulary.find(word)
        if position is None:
            similar = " or ".join(f'"{known}"' for known in vocabulary.nearest(word))
            raise UnknownWord(
                f"{word[:100]!r} is not in the vocabulary of the model.",
                hint=f"Did you mean {similar}?"
                if similar
                else "GET /catalog lists the words. Other words belong into the text.",
                field=field,
            )
        positions[word] = position
    return positions
