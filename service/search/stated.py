"""Words that a shopper wants to see or not, as the bundle knows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, get_args

from indexer.generation import Generation
from models.bundle import Bundle
from models.bundle.style_search import Floats, Style, satisfaction
from models.bundle.vocabulary import Vocabulary
from service.errors import InvalidRequest, NoWords, UnknownWord

Understood = dict[str, str]
"""Words as they were sent, with the bundle's word for each."""


class Preference(NamedTuple):
    """What is wanted and what is not, and how it is searched by (``models.bundle.style_search``)."""

    style: Style
    prefer: Understood
    avoid: Understood
    wanted: tuple[int, ...]
    """Places of the wanted words in the bundle's vocabulary, each once, ascending."""
    unwanted: tuple[int, ...]

    @property
    def moves(self) -> bool:
        """Whether the words move the query."""
        return self.style != "filter"

    @property
    def filters(self) -> bool:
        """Whether products are scored by how probably they show the words."""
        return self.style != "arithmetic"

    def satisfied(self, generation: Generation) -> Floats:
        """How well each product shows all that is wanted and nothing that is not: ``[N]``, 0 to 1."""
        attributes = generation.attributes
        assert attributes is not None, "checked when the words were understood"
        return satisfaction(attributes.probabilities(self.wanted), attributes.probabilities(self.unwanted))

    @property
    def key(self) -> list[object]:
        """What a found answer depends on; however the words were spelled."""
        return [self.style, self.wanted, self.unwanted]


def possible_styles(bundle: Bundle, generation: Generation) -> tuple[Style, ...]:
    """How words can be searched by; not at all without words, and only by moving the query without attributes."""
    if not bundle.vocabulary:
        return ()
    return get_args(Style) if generation.attributes is not None else ("arithmetic",)


def understood_preference(
    prefer: Sequence[str], avoid: Sequence[str], style: Style, bundle: Bundle, generation: Generation
) -> Preference | None:
    """The preference that words express; None where there are none.

    Raises:
        NoWords: The bundle has no attribute words, or the generation was built without them.
        UnknownWord: The bundle does not know one of the words.
        InvalidRequest: A word is both wanted and unwanted.
    """
    if not prefer and not avoid:
        return None
    if not bundle.vocabulary:
        raise NoWords(
            f"The bundle {bundle.name} has no attribute words, so nothing can be preferred or avoided.",
            hint="Say it in the text; or have the operator serve a bundle that was trained with `joint.attributes`.",
        )
    if style not in possible_styles(bundle, generation):
        raise NoWords(
            f"The generation {generation.id} holds no attributes of its products, so they cannot be filtered by words.",
            hint='Use the style "arithmetic"; or have the operator build the index again.',
        )
    wanted, unwanted = (_places(said, bundle.vocabulary) for said in (prefer, avoid))
    both = set(wanted.values()) & set(unwanted.values())
    if both:
        word = bundle.vocabulary.words[min(both)]
        raise InvalidRequest(f"{word!r} is both preferred and avoided.", hint="Leave it in one of prefer and avoid.")
    words = bundle.vocabulary.words
    return Preference(
        style,
        {said: words[place] for said, place in wanted.items()},
        {said: words[place] for said, place in unwanted.items()},
        tuple(sorted(set(wanted.values()))),
        tuple(sorted(set(unwanted.values()))),
    )


def _places(said: Sequence[str], vocabulary: Vocabulary) -> dict[str, int]:
    places: dict[str, int] = {}
    for word in said:
        place = vocabulary.find(word)
        if place is None:
            near = " or ".join(f'"{known}"' for known in vocabulary.nearest(word))
            raise UnknownWord(
                f"{word[:100]!r} is no word that the model can see in a picture.",
                hint=f"Did you mean {near}?" if near else "GET /catalog lists the words, or say it in the text.",
            )
        places[word] = place
    return places
