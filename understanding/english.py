"""The English text for the model, without refused words, numbers, brands and mentioned products."""

from __future__ import annotations

from collections.abc import Sequence

from understanding.wishes import Understood, Wish

PAIRED = frozenset(
    {
        *("shoe", "sneaker", "loafers", "ballerinas", "heels", "pumps", "wedges", "flats", "boots", "sandals", "flops"),
        *("slippers", "socks", "stockings", "tights", "trousers", "pants", "jeans", "shorts", "leggings", "jeggings"),
        *("capris", "chinos", "gloves", "earrings", "sunglasses", "glasses", "cufflinks", "suspenders", "bottoms"),
        *("swimwear", "nightwear", "headwear", "jewellery", "footwear", "clothing", "lingerie", "salwar", "churidar"),
    }
)
"""Last words of kinds that have no article."""
_PEOPLE = {"men": "men's", "women": "women's", "boys": "boys'", "girls": "girls'", "children": "kids'", "baby": "baby"}
_BEFORE = ("colour", "pattern", "material", "season", "occasion")
"""Families of words that precede a noun."""
_OCCASIONS = frozenset({"casual", "formal", "smart casual", "party", "ethnic", "travel"})
_PLAIN_DETAILS = ("sleeveless", "cropped", "mini", "midi", "maxi", "long", "short", "waterproof")
_BY_CATALOGUE = frozenset({"cheaper", "more expensive", "newer", "older", "better rated", "worse rated"})


def english(understood: Understood) -> str:
    """A short English text of the wanted properties, in the style of the training texts: "a red striped dress".

    It has no refused words, and no words that only the catalogue can answer: brands, sizes, prices, titles.
    """
    wishes = understood.wanted
    parts = [_thing(wishes)] if _words(wishes, "kind") else _qualities(wishes)
    parts += [f"{one.direction} {one.of}".strip() for one in understood.relative if one.direction not in _BY_CATALOGUE]
    if understood.similar and not parts:
        parts.append("similar")
    if plain := " ".join(part for part in (understood.manner, understood.rest) if part):
        parts.append(plain)
    return ", ".join(parts)


def _thing(wishes: Sequence[Wish]) -> str:
    """A kind with its properties: "a men's red shirt with pockets"."""
    thing = " or ".join(dict.fromkeys(_words(wishes, "kind")))
    people = [_PEOPLE.get(word, word) for word in _words(wishes, "people")]
    colours = _colours(wishes)
    phrase = " ".join([*people, *([colours] if colours else []), *_adjectives(wishes), thing])
    article = "" if thing.split()[-1] in PAIRED else "an " if phrase[0] in "aeiou" else "a "
    return " ".join([article + phrase, *_additions(wishes)])


def _qualities(wishes: Sequence[Wish]) -> list[str]:
    """Properties without a kind: "in red", "for men"."""
    colours = _colours(wishes)
    people = [f"for {word}" for word in _words(wishes, "people")]
    return [*([f"in {colours}"] if colours else []), *_adjectives(wishes), *people, *_additions(wishes)]


def _words(wishes: Sequence[Wish], family: str) -> list[str]:
    return [wish.word for wish in wishes if wish.family == family]


def _colours(wishes: Sequence[Wish]) -> str:
    return " or ".join(dict.fromkeys(_words(wishes, "colour")))


def _adjectives(wishes: Sequence[Wish]) -> list[str]:
    """Other words than colours that precede a noun."""
    described = [wish for family in _BEFORE for wish in wishes if wish.family == family and _is_adjective(wish)]
    words = [f"{wish.look} {_adjective(wish)}".strip() for wish in described]
    return [word for word in dict.fromkeys(words) if word not in _words(wishes, "colour")]


def _additions(wishes: Sequence[Wish]) -> list[str]:
    """What follows a noun: "for the beach", "with pockets"."""
    occasions = [wish for wish in wishes if wish.family == "occasion" and not _is_adjective(wish)]
    details = [_detail(f"{wish.look} {wish.word}".strip()) for wish in wishes if wish.family == "detail"]
    return [*(f"for {_place(wish.word)}" for wish in occasions), *details]


def _is_adjective(wish: Wish) -> bool:
    return wish.family != "occasion" or wish.word in _OCCASIONS


def _adjective(wish: Wish) -> str:
    return "sporty" if wish.word == "sports" else wish.word


def _place(occasion: str) -> str:
    return f"the {occasion}" if occasion in ("gym", "office", "beach") else occasion


def _detail(word: str) -> str:
    return word if word in _PLAIN_DETAILS else f"with {word}"
