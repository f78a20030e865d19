"""Rules that define pairs of reference and target."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from catalog import Product
from models.datasets.wording import (
    Edit,
    audience,
    family_of,
    human_name,
    kinds_in,
    title_colour,
    title_word,
    without_colours,
)

Values = tuple[str, ...]  # one for each changing attribute; empty if a product lacks it
Bucket = dict[Values, list[int]]  # rows of products with equal kept attributes, by changing values

WORDS_WITHOUT_MEANING = frozenset({"a", "an", "and", "by", "for", "from", "in", "of", "on", "the", "to", "with"})


@dataclass(frozen=True)
class Rule(ABC):
    """Defines which differences of products make a triplet.

    A rule returns the *places* of a product: a key of what is kept, and the values that change. Two products are a pair
    if they have places with the same key and differ in all changing values.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """Name of the edit: ``"colour"``, ``"colour+gender"``."""

    @abstractmethod
    def places(self, product: Product) -> Iterator[tuple[object, Values]]:
        """Pairs of the kept key (hashable) and the changing values, for every possible change of ``product``."""

    @abstractmethod
    def edits(self, before: Values, after: Values) -> list[Edit]:
        """The edits from a reference's values to those of its targets."""

    weight: float = 1.0


@dataclass(frozen=True)
class Attributes(Rule):
    """Products that differ in all attributes of ``changes`` and agree in all of ``keeps``.

    Products without a changing attribute are left out. The absence of a kept attribute is treated as a value.
    """

    changes: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return _edit_name(self.changes)

    def places(self, product: Product) -> Iterator[tuple[object, Values]]:
        values = tuple(value_of(product, attribute) for attribute in self.changes)
        if None not in values:
            yield tuple(_kept(product, attribute) for attribute in self.keeps), values  # type: ignore[misc]

    def edits(self, before: Values, after: Values) -> list[Edit]:
        return _edits(self.changes, before, after)


@dataclass(frozen=True)
class SameTitle(Rule):
    """Products whose titles are equal without the words of ``changes``, and which differ in these attributes.

    This is a strict rule: titles name brand, model, cut and type, so equal titles mean the same product in another
    colour. Without a colour column, the colour is taken from the title.
    """

    changes: tuple[str, ...] = ("colour",)
    keeps: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return _edit_name(self.changes)

    def places(self, product: Product) -> Iterator[tuple[object, Values]]:
        values = tuple(value_of(product, attribute) for attribute in self.changes)
        if None in values or not product.title:
            return
        title = product.title
        for attribute, value in zip(self.changes, values, strict=True):
            title = _title_without(title, attribute, value or "")
        yield (title, *(_kept(product, attribute) for attribute in self.keeps)), values  # type: ignore[misc]

    def edits(self, before: Values, after: Values) -> list[Edit]:
        return _edits(self.changes, before, after)


@dataclass(frozen=True)
class OneTitleWord(Rule):
    """Products whose titles differ in exactly one word: "replace A with B".

    The rule of TIRG for Fashion200K (Vo et al., CVPR 2019, section 5.2): lower-case titles are equal after one word is
    removed from each. Equivalent words ("men" and "men's", "tshirt" and "t-shirt") are the same.

    Attributes:
        codes: Whether words with digits ("T20") may change, although they are not visible.
        keeps: Attributes that must agree as well.
    """

    codes: bool = False
    keeps: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return "title word"

    def places(self, product: Product) -> Iterator[tuple[object, Values]]:
        words = product.title.lower().split()
        if len(words) < 2:
            return
        kept = tuple(_kept(product, attribute) for attribute in self.keeps)
        for place, word in enumerate(words):
            if self.codes or (word.strip("-'&.,").isalpha() and word not in WORDS_WITHOUT_MEANING):
                yield (" ".join(words[:place] + words[place + 1 :]), *kept), (title_word(word),)

    def edits(self, before: Values, after: Values) -> list[Edit]:
        return [Edit("title", before[0], after[0])]


@dataclass(frozen=True)
class ListItem(Rule):
    """Products whose lists in one column differ in one item: added, removed or replaced."""

    column: str = ""
    keeps: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return human_name(self.column)

    def places(self, product: Product) -> Iterator[tuple[object, Values]]:
        items = product.attributes.get(self.column)
        if not isinstance(items, list):
            return
        every = frozenset(items)
        kept = tuple(_kept(product, attribute) for attribute in self.keeps)
        yield (every, *kept), ("",)
        for item in sorted(every):
            yield (every - {item}, *kept), (item,)

    def edits(self, before: Values, after: Values) -> list[Edit]:
        return _edits((self.column,), before, after)


def buckets_of(rule: Rule, products: Sequence[Product]) -> list[Bucket]:
    """The buckets of a rule with more than one value, in the order of the products."""
    buckets: dict[object, Bucket] = {}
    for row, product in enumerate(products):
        for kept, values in rule.places(product):
            rows = buckets.setdefault(kept, {}).setdefault(values, [])
            if not rows or rows[-1] != row:  # a title may have the same word twice
                rows.append(row)
    return [bucket for bucket in buckets.values() if len(bucket) > 1]


def all_differ(one: Values, other: Values) -> bool:
    """Whether all values differ."""
    return all(mine != theirs for mine, theirs in zip(one, other, strict=True))


def value_of(product: Product, attribute: str) -> str | None:
    """A product's value as text. A flag is its name, or empty; a missing colour is taken from the title."""
    value = product.attributes.get(attribute)
    if value is None:
        return title_colour(product.title) if family_of(attribute) == "colour" else None
    if isinstance(value, bool):
        return human_name(attribute) if value else ""
    return str(value) if not isinstance(value, list) else None


def carries(product: Product, edit: Edit) -> bool:
    """Whether a product satisfies an edit: by a value, a word of the title, an item of a list or its absence."""
    if edit.attribute == "title":
        return edit.after in {title_word(word) for word in product.title.lower().split()}
    items = product.attributes.get(edit.attribute)
    if isinstance(items, list):
        return edit.before not in items and (edit.after is None or edit.after in items)
    return (value_of(product, edit.attribute) or None) == edit.after


def _kept(product: Product, attribute: str) -> object:
    value = product.attributes.get(attribute)
    if not isinstance(value, list):
        return value
    return frozenset(kinds_in(value) if family_of(attribute) == "type" else value)


def _edits(attributes: Sequence[str], before: Values, after: Values) -> list[Edit]:
    return [Edit(name, old or None, new or None) for name, old, new in zip(attributes, before, after, strict=True)]


def _edit_name(attributes: Sequence[str]) -> str:
    return "+".join(family_of(attribute) or human_name(attribute) for attribute in attributes)


def _title_without(title: str, attribute: str, value: str) -> str:
    family = family_of(attribute)
    if family == "colour":
        return without_colours(title, value)
    own = frozenset(value.lower().split())
    words = title.lower().split()
    if family == "gender":
        return " ".join(word for word in words if audience(word) is None and word not in own)
    return " ".join(word for word in words if word not in own)
