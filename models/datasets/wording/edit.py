"""A requested change of an attribute, and families of attributes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from models.datasets.wording.colours import canonical, is_colour
from models.datasets.wording.nouns import is_type, noun_of


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of one attribute.

    Attributes:
        attribute: Name of the attribute in the catalogue, or ``"title"`` for a word of the title.
        before: The reference's value; None if it has none (an addition) or if it is not mentioned.
        after: The requested value; None if ``before`` is removed.
    """

    attribute: str
    before: str | None
    after: str | None

    def __post_init__(self) -> None:
        if self.before == self.after:
            raise ValueError(f"An edit of {self.attribute} must change it; both values are {self.after!r}.")


FAMILIES = {
    "colour": "colour color basecolour basecolor maincolour maincolor primarycolour primarycolor colourname colorname "
    "colourfamily colorfamily colourgroup colorgroup shade",
    "second colour": "secondcolour secondcolor secondarycolour secondarycolor accentcolour accentcolor",
    "gender": "gender sex audience targetgroup agegroup",
    "type": "type articletype producttype category categories subcategory subcategories mastercategory garment "
    "garmenttype kind itemtype productcategory productcategories productgroup",
    "usage": "usage occasion use",
    "season": "season",
    "year": "year collection",
    "brand": "brand brandname label designer manufacturer",
    "material": "material fabric cloth composition",
    "pattern": "pattern print graphic",
    "sleeve": "sleeve sleeves sleevelength sleevetype",
    "length": "length dresslength hemline",
    "neckline": "neckline neck necktype",
    "fit": "fit cut",
    "heel": "heel heels heelheight",
    "style": "style",
    "title": "title word titleword",
}
FAMILY_OF = {name: family for family, names in FAMILIES.items() for name in names.split()}

MEN = frozenset({"men", "mens", "men's", "man", "male", "gents"})
WOMEN = frozenset({"women", "womens", "women's", "woman", "female", "ladies"})
BOYS = frozenset({"boys", "boy", "boy's", "boys'"})
GIRLS = frozenset({"girls", "girl", "girl's", "girls'"})
UNISEX = frozenset({"unisex"})
AUDIENCES = {"men": MEN, "women": WOMEN, "boys": BOYS, "girls": GIRLS, "unisex": UNISEX}


def audience(value: str) -> str | None:
    """``"men"``, ``"women"``, ``"boys"``, ``"girls"`` or ``"unisex"``, or None for another word."""
    plain = value.lower().strip()
    return next((name for name, words in AUDIENCES.items() if plain in words), None)


@lru_cache(maxsize=16384)
def title_word(word: str) -> str:
    """A word of a title in one spelling: men's is men, tshirts is t-shirt, gray is grey."""
    if name := audience(word):
        return name
    if is_type(word):
        return noun_of(word).singulars[0]
    return canonical(word) if is_colour(word) else word.lower()


@lru_cache(maxsize=4096)
def family_of(attribute: str) -> str | None:
    """The family of an attribute by its name (``"baseColour"`` is a colour), or None for an unknown name."""
    return FAMILY_OF.get(re.sub(r"[^a-z]", "", attribute.lower()))


def family_of_edit(edit: Edit) -> str | None:
    """The family of an edit; that of a word of the title is the family of its meaning."""
    family = family_of(edit.attribute)
    if family != "title":
        return family
    words = [word for word in (edit.before, edit.after) if word is not None]
    if all(is_colour(word) for word in words):
        return "colour"
    if all(audience(word) for word in words):
        return "gender"
    if all(is_type(word) for word in words):
        return "type"
    return "title"


def human_name(attribute: str) -> str:
    """An attribute's name in words: ``"closureType"`` becomes ``"closure type"``."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", attribute)
    return " ".join(re.sub(r"[^\w&'\-]+|_", " ", spaced).lower().split()) or "detail"
