"""Names of product types: "Tshirts" and "Casual Shoes" of a catalogue in common words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from models.datasets.wording.grammar import word_set


@dataclass(frozen=True, slots=True)
class Noun:
    """Names of one type.

    Attributes:
        singulars: Singular names: ``("t-shirt", "tee")``.
        plurals: Plural names, in the same order.
        paired: Whether the plural is used for a single product: these jeans, these shoes.
    """

    singulars: tuple[str, ...]
    plurals: tuple[str, ...]
    paired: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Names of a single product; plural if it is paired."""
        return self.plurals if self.paired else self.singulars


# By the singular according to the rules below; the most common name first.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "tshirt": ("t-shirt", "tee", "tshirt", "t shirt"),
    "t-shirt": ("t-shirt", "tee", "tshirt", "t shirt"),
    "sweater": ("sweater", "jumper", "pullover"),
    "jumper": ("jumper", "sweater", "pullover"),
    "sweatshirt": ("sweatshirt", "sweat shirt", "sweater"),
    "trouser": ("trouser", "pant"),
    "pant": ("pant", "trouser"),
    "track pant": ("track pant", "jogger", "tracksuit bottom", "sweatpant"),
    "sports shoe": ("sports shoe", "trainer", "sneaker", "running shoe", "athletic shoe"),
    "sneaker": ("sneaker", "trainer"),
    "casual shoe": ("casual shoe", "everyday shoe", "shoe"),
    "formal shoe": ("formal shoe", "dress shoe", "smart shoe"),
    "heel": ("heel", "high heel", "heeled shoe"),
    "pump": ("pump", "court shoe"),
    "flat": ("flat", "flat shoe"),
    "flip flop": ("flip flop", "flip-flop"),
    "sunglass": ("sunglass", "shade"),
    "handbag": ("handbag", "bag", "purse", "hand bag"),
    "clutch": ("clutch", "clutch bag"),
    "tote": ("tote", "tote bag"),
    "shoulder": ("shoulder bag",),
    "backpack": ("backpack", "back pack", "bag pack"),
    "saree": ("saree", "sari"),
    "watch": ("watch", "wristwatch"),
    "cap": ("cap", "baseball cap"),
    "stole": ("stole", "shawl"),
    "necklace and chain": ("necklace", "chain"),
    "accessory gift set": ("gift set",),
    "jumpsuit": ("jumpsuit", "one-piece"),
    "waistcoat": ("waistcoat", "vest"),
    "swimwear": ("swimsuit", "swimming costume"),
    "legging": ("legging",),
}
PAIRED = word_set(
    "jean short trouser pant capri legging jegging tight stocking sock shoe sandal heel flat flop sneaker trainer boot "
    "bootie pump glove sunglass suspender jogger earring cufflink salwar churidar patiala lace wristband"
)
KNOWN = word_set(
    "shirt top kurta kurti tunic dress skirt jacket blazer bag wallet belt tie scarf stole ring bangle bracelet "
    "pendant necklace hat shrug lehenga dupatta romper tracksuit hoodie coat cardigan polo jersey"
)
UNCHANGED = frozenset({"churidar", "salwar", "patiala"})
IRREGULAR = {
    "scarves": "scarf",
    "hoodies": "hoodie",
    "beanies": "beanie",
    "clutches": "clutch",
    "booties": "bootie",
    "kurtis": "kurti",
    "ties": "tie",
    "dresses": "dress",
    "watches": "watch",
}


@lru_cache(maxsize=4096)
def noun_of(type_value: str) -> Noun:
    """The noun for a value of a type column, known or not: ``"Tshirts"``, ``"Casual Shoes"``, ``"bag"``."""
    words = re.sub(r"[^\w&'\- ]+|_", " ", type_value.lower()).split() or ["item"]
    singular = " ".join([*words[:-1], _singular(words[-1])])
    singulars = SYNONYMS.get(singular, (singular,))
    head = singular.split()[-1]
    return Noun(singulars, tuple(_plural(name) for name in singulars), paired=head in PAIRED)


def is_type(word: str) -> bool:
    """Whether a title's word names a known type of product."""
    singular = _singular(word.lower())
    return singular in SYNONYMS or singular in PAIRED or singular in KNOWN


def _singular(word: str) -> str:
    if word in IRREGULAR:
        return IRREGULAR[word]
    if len(word) < 4 or word.endswith(("ss", "us", "is")) or not word.endswith("s"):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("ches", "shes", "xes", "sses")) else word[:-1]


def _plural(name: str) -> str:
    head, _, last = name.rpartition(" ")
    space = " " if head else ""
    if last in UNCHANGED or last.endswith("wear"):
        return name
    if last == "scarf":
        return f"{head}{space}scarves"
    if last.endswith("y") and last[-2:-1] not in "aeiou":
        return f"{head}{space}{last[:-1]}ies"
    return name + ("es" if last.endswith(("ch", "sh", "x", "ss")) else "s")
