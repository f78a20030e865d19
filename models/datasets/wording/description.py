"""Descriptions of products from their attributes: "a red dress", "women's navy casual shoes"."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import lru_cache

from models.datasets.wording.colours import ALIASES, canonical, is_colour, names_of
from models.datasets.wording.edit import AUDIENCES, audience, family_of, human_name
from models.datasets.wording.grammar import literal, pattern, tidy
from models.datasets.wording.nouns import is_type, noun_of
from models.datasets.wording.values import SAYINGS

ALONE = frozenset({"brand", "material", "style"})
"""Families whose values are unambiguous alone."""
UNSEEN = frozenset({"season", "year", "title"})
"""Families that are not visible in pictures."""
PATH_SEPARATOR = " > "
"""What the catalogue puts between the parts of a path."""


def describe(attributes: Mapping[str, object], rng: random.Random) -> str:
    """A noun phrase of the type, the colour and some other attributes.

    Args:
        attributes: Attributes of a product.
        rng: Random generator.

    Returns:
        A phrase; empty if the attributes have no type.
    """
    named = ((family_of(name), value) for name, value in attributes.items() if value)
    families = {family: value for family, value in named if family is not None and family not in UNSEEN}
    kind = _type_of(attributes)
    if kind is None:
        return ""
    noun = rng.choice(noun_of(kind).names[:2])
    before: list[str] = []
    after: list[str] = []
    for family in rng.sample(sorted(families), len(families)):
        saying = _saying(family, families[family])
        if saying is None or rng.random() < 0.5:
            continue
        adjective, phrase = saying
        if adjective and (not phrase or rng.random() < 0.6):
            before.append(adjective)
        elif phrase:
            after.append(phrase)
    colour = families.get("colour")
    if isinstance(colour, str) and rng.random() < 0.85:
        before.append(literal(rng.choice(names_of(colour)[:2])))
    article = "" if noun_of(kind).paired else "[a|a|the||]"
    return tidy(pattern(" ".join([article, *before, literal(noun), *after])).render(rng))


@lru_cache(maxsize=4096)  # Few, because values may be long texts.
def attribute_phrase(name: str, value: str | bool) -> str:
    """A value in one spelling, with its attribute if it is ambiguous alone.

    ``("articleType", "Tshirts")`` is "t-shirt", ``("baseColour", "Gray")`` is "grey", ``("sleeve", "long")`` is "long
    sleeve", and a flag that is set has the attribute's own name.
    """
    if isinstance(value, bool):
        return human_name(name) if value else ""
    plain = " ".join(value.lower().split())
    if not plain:
        return ""
    family = family_of(name)
    if family == "colour":
        return canonical(plain)
    if family == "second colour":
        return f"{canonical(plain)} details"
    if family == "gender":
        return audience(plain) or plain
    if family == "type":
        return noun_of(plain).singulars[0]
    says_all = family == "usage" or family in ALONE or human_name(name) in plain
    return plain if says_all else f"{plain} {human_name(name)}"


def kinds_in(categories: Sequence[str]) -> tuple[str, ...]:
    """The kinds of products among categories and their paths, in one spelling each: *Clothing > Hoodies* has "hoodie",
    *Sale* has none."""
    parts = (part.lower() for category in categories for part in category.split(PATH_SEPARATOR))
    kinds = (noun_of(part).singulars[0] for part in parts if is_type(part) or is_type((part.split() or [""])[-1]))
    return tuple(dict.fromkeys(kinds))


def spellings(word: str) -> list[str]:
    """Other spellings of a word returned by ``attribute_phrase`` or ``title_word``."""
    ways: list[str] = []
    if is_colour(word):
        ways += [*names_of(word), *(alias for alias, colour in ALIASES.items() if colour == canonical(word))]
    ways += sorted(AUDIENCES.get(word, ()))
    if is_type(word.split()[-1]) or is_type(word):
        noun = noun_of(word)
        ways += [*noun.singulars, *noun.plurals]
    elif word.endswith((" sleeve", " heel")):
        ways.append(f"{word}s")
    elif word.endswith((" pattern", " length", " fit")):
        ways.append(word.rsplit(" ", 1)[0])
    ways += [way.replace("grey", "gray").replace("colour", "color") for way in [word, *ways]]
    return [way for way in dict.fromkeys(ways) if way != word]


def _type_of(attributes: Mapping[str, object]) -> str | None:
    """The most specific type; shops list types from general to specific."""
    named = [value for name, value in attributes.items() if family_of(name) == "type" and isinstance(value, str)]
    return named[-1] if named else None


def _saying(family: str, value: object) -> tuple[str, str] | None:
    if not isinstance(value, str):
        return None
    if family in ALONE:
        return literal(value.lower()), ""
    key = (audience(value) or "") if family == "gender" else value.lower()
    saying = SAYINGS.get(family, {}).get(key)
    return None if saying is None else (saying.adjective, saying.phrase)
