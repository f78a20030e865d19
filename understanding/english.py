"""The English text for the model, without refused words, numbers, brands and mentioned products."""

from __future__ import annotations

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
_OCCASIONS = frozenset({"casual", "formal", "smart casual", "party", "ethnic", "travel"})


def english(understood: Understood) -> str:
    """A short English text of the wanted properties, in the style of the training texts: "a red striped dress".

    It has no refused words, and no words that only the catalogue can answer: brands, sizes, prices, titles.
    """
    wishes = understood.wanted
    kinds = [wish.word for wish in wishes if wish.family == "kind"]
    before = [
        _adjective(wish) for family in _BEFORE for wish in wishes if wish.family == family and _is_adjective(wish)
    ]
    people = [_PEOPLE.get(wish.word, wish.word) for wish in wishes if wish.family == "people"]
    after = [f"for {_place(wish.word)}" for wish in wishes if wish.family in ("occasion",) and not _is_adjective(wish)]
    after += [_detail(wish.word) for wish in wishes if wish.family == "detail"]
    relative = [
        f"{one.direction} {one.of}".strip() for one in understood.relative if one.direction not in _BY_CATALOGUE
    ]
    if kinds:
        thing = " or ".join(dict.fromkeys(kinds))
        phrase = " ".join([*people, *_alternatives(wishes, before), thing])
        article = "" if thing.split()[-1] in PAIRED else "an " if phrase[0] in "aeiou" else "a "
        parts = [article + phrase + "".join(f" {one}" for one in after)]
    else:
        colours = " or ".join(dict.fromkeys(wish.word for wish in wishes if wish.family == "colour"))
        parts = [f"in {colours}"] if colours else []
        parts += dict.fromkeys(one for one in before if one not in colours.split(" or "))
        parts += [*(f"for {wish.word}" for wish in wishes if wish.family == "people"), *after]
    parts += relative
    if understood.similar and not parts:
        parts.append("similar")
    if understood.rest:
        parts.append(understood.rest)
    return ", ".join(parts)


_BY_CATALOGUE = frozenset({"cheaper", "more expensive", "newer", "older"})


def _alternatives(wishes: tuple[Wish, ...], before: list[str]) -> list[str]:
    colours = list(dict.fromkeys(wish.word for wish in wishes if wish.family == "colour"))
    rest = [one for one in dict.fromkeys(before) if one not in colours]
    return ([" or ".join(colours)] if colours else []) + rest


def _is_adjective(wish: Wish) -> bool:
    return wish.family != "occasion" or wish.word in _OCCASIONS


def _adjective(wish: Wish) -> str:
    return "sporty" if wish.word == "sports" else wish.word


def _place(occasion: str) -> str:
    return f"the {occasion}" if occasion in ("gym", "office", "beach") else occasion


def _detail(word: str) -> str:
    return (
        word
        if word in ("sleeveless", "cropped", "mini", "midi", "maxi", "long", "short", "waterproof")
        else f"with {word}"
    )
