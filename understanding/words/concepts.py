"""The meanings of words, independent of language: colours, kinds, materials, and their relations."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

from catalog.errors import ModisteError
from catalog.names.meaning import standard_meaning
from understanding.words.text import without_accents, words_of

FOLDER = Path(__file__).parents[1] / "concepts"
FAMILIES = {
    "colours": "colour",
    "kinds": "kind",
    "people": "people",
    "materials": "material",
    "patterns": "pattern",
    "occasions": "occasion",
    "seasons": "season",
    "details": "detail",
}
"""Name of a word list, and the family of its concepts."""
ONE_OF = frozenset({"colour", "kind", "people", "brand", "size", "occasion", "season", "material", "condition"})
"""Families of which a product usually has one value, so that several wishes are alternatives."""

ATTACHED = frozenset({"belt", "bow", "chain", "hood", "studs"})
"""Details whose words also name things of their own: belts, bow ties, necklaces, caps, earrings."""
SMALL = frozenset({"soles", "stitching", "trim", "hardware", "lining", "cuffs"})
"""Parts whose words never describe a whole thing, unlike "zip" in "a black zip hoodie"."""
PARTS = SMALL | ATTACHED | {"collar", "buttons", "zip", "laces", "buckle", "sleeves", "pockets"}
"""Details that have a colour of their own: "with white soles"."""


class WordingError(ModisteError):
    """An invalid word list or grammar; the message has the file and the line."""


_OWNERS = frozenset({"product", "item", "variant", "variation", "target"})
_SHOPIFY = re.compile(r"^google shopping / ", re.IGNORECASE)
"""Beginning of some names of columns in Shopify's exports, such as ``Google Shopping / Gender``."""
_CODES = (
    "eur usd gbp chf sek nok dkk pln czk huf ron jpy cny krw inr aud cad brl mxn try rub zar "
    "ar cs da de el en es fi fr hu it ja ko nl pl pt ro ru sk sv tr zh us gb at ch be br mx"
)
_LOCAL = frozenset(_CODES.split())
"""Codes of currencies, languages and countries in the names of columns."""
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_FAMILIES = {
    "price": "price", "saleprice": "price", "listprice": "list price", "size": "size", "category": "kind"
}  # fmt: skip
"""Families by what the words of other names mean."""
_COMMENT = re.compile(r"(?:^|\s)#(?![0-9a-f]{6}\b)")


class Lab(NamedTuple):
    """A colour in CIELAB (D65): lightness from 0 to 100, and its place between green and red, blue and yellow."""

    lightness: float
    a: float
    b: float

    @classmethod
    def of(cls, value: str) -> Lab:
        """The colour of an sRGB value of six hexadecimal digits (IEC 61966-2-1)."""
        red, green, blue = (_linear(int(value[at : at + 2], 16) / 255) for at in (0, 2, 4))
        x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
        y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
        z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
        fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
        return cls(116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz))


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


class Concept(NamedTuple):
    """One meaning; ``name`` is its usual English name."""

    family: str
    name: str


@dataclass(frozen=True)
class Concepts:
    """All concepts and their relations."""

    names: frozenset[Concept]
    near: dict[Concept, tuple[Concept, ...]]
    """Similar concepts, the most similar first."""
    wider: dict[Concept, Concept]
    """The broader kind of a concept."""
    shades: dict[tuple[str, str], str]
    """The name of a combination of shade and colour."""
    looks: dict[str, Lab]
    """The CIELAB value of each colour."""
    columns: dict[str, str]
    """Folded name of a column, and the family of its values."""
    imitations: dict[str, str] = field(default_factory=dict)
    """The material that looks like another one."""
    wearers: dict[Concept, Concept] = field(default_factory=dict)
    """Who usually wears a kind, such as women for blouses."""
    _rivals: tuple[frozenset[Concept], ...] = ()
    _narrower: dict[Concept, tuple[Concept, ...]] = field(default_factory=dict)

    def rivals_of(self, concept: Concept) -> frozenset[Concept]:
        """Concepts that exclude a concept, such as short sleeves and long sleeves."""
        return frozenset().union(*(group for group in self._rivals if concept in group)) - {concept}

    def narrower(self, concept: Concept) -> tuple[Concept, ...]:
        """All narrower kinds of ``concept``, without itself."""
        return self._narrower.get(concept, ())

    def shades_of(self, colour: str) -> tuple[Concept, ...]:
        """The colours that people call by the name of ``colour`` as well: those that it is the last word of, such as
        navy blue for blue, and those that have no nearer colour, such as crimson for red."""
        return self._shades.get(colour, ())

    def akin(self, first: str, second: str) -> bool:
        """Whether two colours are close, or both close to a third one."""
        return second in self._akin.get(first, ())

    @cached_property
    def _shades(self) -> dict[str, tuple[Concept, ...]]:
        found: dict[str, list[Concept]] = {}
        for concept in sorted(self.names):
            if concept.family == "colour":
                *_, last = concept.name.split()
                close = self.near[concept]
                for wider in {last, *(one.name for one in close[:1])} - {concept.name}:
                    found.setdefault(wider, []).append(concept)
        return {wider: tuple(shades) for wider, shades in found.items()}

    @cached_property
    def _akin(self) -> dict[str, frozenset[str]]:
        close: dict[str, set[str]] = {}
        for concept, others in self.near.items():
            if concept.family == "colour":
                for one in others:
                    close.setdefault(concept.name, set()).add(one.name)
                    close.setdefault(one.name, set()).add(concept.name)
        return {name: frozenset(some).union(*(close[one] for one in some)) for name, some in close.items()}


def _named(name: str, names: set[Concept]) -> Concept:
    """The detail or pattern of a name; a detail that is not listed if there is none, for the caller to find."""
    detail, pattern = Concept("detail", name), Concept("pattern", name)
    return pattern if pattern in names else detail


def lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """The numbered lines of a list, without comments and empty ones."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if plain := _COMMENT.split(line)[0].strip():
            yield number, plain


@lru_cache(maxsize=1)
def concepts() -> Concepts:
    """The concepts of this package's ``concepts/`` folder.

    Raises:
        WordingError: A relation names a concept that is not listed.
    """
    names: set[Concept] = set()
    near: dict[Concept, tuple[Concept, ...]] = {}
    looks: dict[str, Lab] = {}
    wider: dict[Concept, Concept] = {}
    for file, family in FAMILIES.items():
        for _, line in lines_of(FOLDER / f"{file}.txt"):
            rest, _, close = line.partition("~")
            rest, _, value = rest.partition("#")
            name, _, parent = rest.partition("<")
            concept = Concept(family, name.strip())
            if value:
                looks[concept.name] = Lab.of(value.strip())
            names.add(concept)
            if parent.strip():
                wider[concept] = Concept(family, parent.strip())
            near[concept] = tuple(Concept(family, one.strip()) for one in close.split(",") if one.strip())
    related = {*wider.values(), *(one for close in near.values() for one in close)}
    shades = {}
    for _, line in lines_of(FOLDER / "shades.txt"):
        both, _, name = line.partition(":")
        shade, _, colour = both.partition(" ")
        shades[shade, colour.strip()] = name.strip()
    rivals = tuple(
        frozenset(_named(one.strip(), names) for one in line.split(",")) for _, line in lines_of(FOLDER / "rivals.txt")
    )
    related |= frozenset().union(*rivals)
    lines = (line.partition(":") for _, line in lines_of(FOLDER / "wearers.txt"))
    wearers = {
        Concept("kind", one.strip()): Concept("people", people)
        for people, _, kinds in lines
        for one in kinds.split(",")
    }
    related |= {*wearers, *wearers.values()}
    lines = (line.partition(":") for _, line in lines_of(FOLDER / "imitations.txt"))
    imitations = {material.strip(): imitation.strip() for material, _, imitation in lines}
    related |= {Concept("material", name) for pair in imitations.items() for name in pair}
    if unknown := related - names:
        raise WordingError(f"A relation in concepts/ uses {min(unknown)}, which is not listed.", hint="Add it there.")
    columns = tomllib.loads((FOLDER / "columns.toml").read_text(encoding="utf-8"))
    return Concepts(
        frozenset(names),
        near,
        wider,
        shades,
        looks,
        {name: family for family, listed in columns.items() for name in listed.split()},
        imitations,
        wearers,
        rivals,
        _descendants(wider),
    )


@lru_cache(maxsize=1)
def emoji() -> dict[str, Concept | None]:
    """The things and colours that emoji mean; None for those that refuse."""
    known = concepts().names
    meant: dict[str, Concept | None] = {}
    for _, line in lines_of(FOLDER / "emoji.txt"):
        name, _, listed = line.partition(":")
        found = [one for family in ("kind", "colour") if (one := Concept(family, name)) in known]
        if not found and name != "refuse":
            raise WordingError(f"emoji.txt names {name!r}, which is no kind and no colour.", hint="Correct the line.")
        meant |= dict.fromkeys((one.strip() for one in listed.split(",")), found[0] if found else None)
    return meant


@lru_cache(maxsize=1)
def conditions() -> dict[tuple[str, ...], Concept]:
    """The condition of a product by the tokens of each spelling, such as "second hand"."""
    written = {}
    for _, line in lines_of(FOLDER / "conditions.txt"):
        name, _, listed = line.partition(":")
        for spelling in listed.split(","):
            written[words_of(spelling)] = Concept("condition", name)
    return written


def condition_of(words: tuple[str, ...]) -> tuple[Concept, ...]:
    """The condition in a value such as "Used - very good", by the longest spelling; empty without one."""
    found = (words[first:last] for first in range(len(words)) for last in range(first + 1, len(words) + 1))
    known = [some for some in found if some in conditions()]
    return (conditions()[max(known, key=len)],) if known else ()


def families_of_columns(names: Iterable[str]) -> dict[str, str]:
    """What the values of each column are, such as ``price``, by its name; empty if the name does not tell. What stands
    in brackets, an owner, a language and a currency do not count: ``Price (EUR)``, ``product_price``, ``price-EUR``.
    A list price counts as the price if there is no other."""
    families = {name: _family_of_column(name) for name in names}
    hidden = {"former price": "", "list price": "" if "price" in families.values() else "price"}
    return {name: hidden.get(family, family) for name, family in families.items()}


def former_prices(names: Iterable[str]) -> frozenset[str]:
    """The columns of prices that products had or should have, such as ``Compare at price`` and ``RRP``."""
    return frozenset(name for name in names if _family_of_column(name) in ("former price", "list price"))


def _family_of_column(name: str) -> str:
    columns = concepts().columns
    name = _SHOPIFY.sub("", name)
    for words in (words_of(_IN_BRACKETS.sub("", name)), words_of(name)):
        while words:
            if family := columns.get(without_accents("".join(words))):
                return family
            if words[0] in _OWNERS or words[0] in _LOCAL:
                words = words[1:]
            elif words[-1] in _LOCAL:
                words = words[:-1]
            else:
                break
    return _FAMILIES.get(standard_meaning(name) or standard_meaning(_IN_BRACKETS.sub("", name)), "")


def _descendants(wider: dict[Concept, Concept]) -> dict[Concept, tuple[Concept, ...]]:
    found: dict[Concept, list[Concept]] = {}
    for concept in wider:
        above = wider.get(concept)
        while above is not None:
            found.setdefault(above, []).append(concept)
            above = wider.get(above)
    return {concept: tuple(below) for concept, below in found.items()}
