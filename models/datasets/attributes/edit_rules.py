"""Rules: which two products are a reference and a target."""

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
    title_colour,
    title_word,
    without_colours,
)

Values = tuple[str, ...]  # one for each changing attribute; empty for what a product has not
Bucket = dict[Values, list[int]]  # rows of the products that agree in what is kept, by what changes

WORDS_WITHOUT_MEANING = frozenset({"a", "an", "and", "by", "for", "from", "in", "of", "on", "the", "to", "with"})


@dataclass(frozen=True)
class Rule(ABC):
    """Which differences make a triplet.

    A rule gives each product its *places*: what it must keep, and what may change. Two products with a place that keeps
    the same and differs in all that changes are a pair.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """Name of the edit: ``"colour"``, ``"colour+gender"``."""

    @abstractmethod
    def places(self, product: Product) -> Iterator[tuple[object, Values]]:
        """What ``product`` keeps (hashable) and its values, for every way in which it could be changed."""

    @abstractmethod
    def edits(self, before: Values, after: Values) -> list[Edit]:
        """The edits from the values of a reference to those of its targets."""

    weight: float = 1.0


@dataclass(frozen=True)
class Attributes(Rule):
    """Products that differ in every attribute of ``changes`` and agree in every one of ``keeps``.

    A product that lacks a changing attribute is left out; lacking a kept one is a value like any other.
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
    """Products of the same title once the words of ``changes`` are out of it, which differ in those attributes.

    The strict rule: titles name brand, model, cut and type, so what agrees in the title is the same product in another
    colour. Without a column of colours, the colour is read from the title.
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

    The rule of Fashion200K as used by TIRG (Vo et al., CVPR 2019, section 5.2): titles are equal in lower case once a
    word is taken out of each. Words that mean the same ("men" and "men's", "tshirt" and "t-shirt") are one.

    Attributes:
        codes: Whether a word with a digit in it ("T20") may be what changes; nobody sees it in a picture.
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
    """Products whose lists in one column differ in one item: one added, one removed, or one for another."""

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
    """The buckets of a rule in which there is anything to change, in the order of the products."""
    buckets: dict[object, Bucket] = {}
    for row, product in enumerate(products):
        for kept, values in rule.places(product):
            rows = buckets.setdefault(kept, {}).setdefault(values, [])
            if not rows or rows[-1] != row:  # a title may have the same word twice
                rows.append(row)
    return [bucket for bucket in buckets.values() if len(bucket) > 1]


def all_differ(one: Values, other: Values) -> bool:
    """Whether every value changes; one that stays would not be said."""
    return all(mine != theirs for mine, theirs in zip(one, other, strict=True))


def value_of(product: Product, attribute: str) -> str | None:
    """A product's value as text: a flag is its own name or empty; a missing colour is read from the title."""
    value = product.attributes.get(attribute)
    if value is None:
        return title_colour(product.title) if family_of(attribute) == "colour" else None
    if isinstance(value, bool):
        return human_name(attribute) if value else ""
    return str(value) if not isinstance(value, list) else None


def carries(product: Product, edit: Edit) -> bool:
    """Whether a product has what an edit asks for: a value, a word of the title, an item of a list or its absence."""
    if edit.attribute == "title":
        return edit.after in {title_word(word) for word in product.title.lower().split()}
    items = product.attributes.get(edit.attribute)
    if isinstance(items, list):
        return edit.before not in items and (edit.after is None or edit.after in items)
    return (value_of(product, edit.attribute) or None) == edit.after


def _kept(product: Product, attribute: str) -> object:
    value = product.attributes.get(attribute)
    return frozenset(value) if isinstance(value, list) else value


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
