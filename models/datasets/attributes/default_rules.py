"""Rules for any catalogue, derived from its columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from catalog import AttributeValue, Product
from models.datasets.attributes.edit_rules import (
    Attributes,
    ListItem,
    OneTitleWord,
    Rule,
    SameTitle,
    buckets_of,
    value_of,
)
from models.datasets.wording import family_of

# Weights of families of attributes: how visible they are in pictures.
VISIBLE = {"colour": 1.0, "pattern": 1.0, "sleeve": 1.0, "length": 1.0, "neckline": 0.7, "fit": 0.5, "heel": 1.0} | {
    "style": 1.0, "second colour": 0.5, "gender": 0.7, "type": 0.7, "usage": 0.5, "material": 0.5, "brand": 0.3,
    "season": 0.1,
}  # fmt: skip
MIN_COVERAGE = 0.02  # share of the products of a rule that must have a partner, else it keeps too many columns


def type_column(products: Sequence[Product]) -> str | None:
    """The column with the product type: of those named like a type, the one with the most values."""
    counts = _value_counts(products)
    named = [column for column in counts if family_of(column) == "type"]
    return max(named, key=lambda column: len(counts[column]), default=None)


def default_rules(products: Sequence[Product]) -> list[Rule]:
    """Rules for any catalogue.

    Each column with few values may change while the others agree. Colours also change together with one other column.
    Further rules are the same title in another colour, and titles that differ in one word. All columns are kept except
    those that exist only for some values of the changing one (shoes have no sleeve length). If too few products agree
    in the kept columns, those with the most values are dropped. Of categories, the kinds are kept.
    Numbers are not used.
    """
    counts = _value_counts(products)
    main = type_column(products)
    every = _value_counts(products, lists=True)
    categories = [column for column in every if column not in counts and family_of(column) == "type"]
    columns = (*categorical_columns(products), *categories)
    changing = {
        column: VISIBLE.get(family, 0.0) if (family := family_of(column)) not in (None, "year", "title") else 0.3
        for column in columns
        if column in counts
        and (family_of(column) != "type" or column == main)
        and family_of(column) not in ("year", "title")
    }
    rules: list[Rule] = []
    for column, weight in changing.items():
        rules += _covering(products, Attributes(weight, (column,), _keeps((column,), columns, products)), counts)
    colours = [column for column in changing if family_of(column) == "colour"]
    for one, two in combinations(changing, 2):
        if (one in colours) != (two in colours):
            pair = (one, two) if one in colours else (two, one)
            weight = changing[one] * changing[two] / 3
            rules += _covering(products, Attributes(weight, pair, _keeps(pair, columns, products)), counts)
    for column in (one for one in every if one not in counts):
        rules += _covering(products, ListItem(0.5, column, tuple(one for one in columns if one != column)), counts)
    rules += _covering(products, SameTitle(1.0, (colours[0] if colours else "colour",)), counts)
    rules += _covering(products, OneTitleWord(1.0), counts)
    return rules


def categorical_columns(products: Sequence[Product]) -> tuple[str, ...]:
    """The text and flag columns with few values relative to the number of products."""
    return tuple(column for column, values in _value_counts(products).items() if _is_categorical(values))


def loose_rules(rules: Sequence[Rule]) -> list[Rule]:
    """The same changes, but keeping only type and gender, with half the weight.

    With exact rules alone, all products but the exact targets are equally wrong, while the results after the exact ones
    should still have the requested value and the reference's type.
    """
    return [
        replace(rule, weight=rule.weight / 2, keeps=kept)
        for rule in rules
        if isinstance(rule, Attributes)
        and (kept := tuple(column for column in rule.keeps if family_of(column) in ("type", "gender")))
        and kept != rule.keeps
    ]


def _value_counts(products: Sequence[Product], *, lists: bool = False) -> dict[str, Counter[AttributeValue]]:
    """Counts of values by column, for text and flag columns; with ``lists``, empty counts of the list columns."""
    counts: dict[str, Counter[AttributeValue]] = {}
    for product in products:
        for column, value in product.attributes.items():
            if lists and isinstance(value, list):
                counts.setdefault(column, Counter())
            elif not lists and isinstance(value, str | bool):
                counts.setdefault(column, Counter())[value] += 1
    return counts


def _is_categorical(values: Counter[AttributeValue]) -> bool:
    """Whether values are few enough to be shared by products, and short enough for a modification."""
    usual = [str(value) for value, _ in values.most_common(50)]
    return len(values) > 1 and 2 * len(values) <= values.total() and sum(map(len, usual)) <= 30 * len(usual)


def _keeps(changes: tuple[str, ...], columns: Sequence[str], products: Sequence[Product]) -> tuple[str, ...]:
    """All columns except the changing ones and those that depend on them."""
    main = type_column(products)
    free = {column for change in changes for column in _dependents(change, main, columns, products)}
    return tuple(column for column in columns if column not in changes and column not in free)


def _dependents(change: str, main: str | None, columns: Sequence[str], products: Sequence[Product]) -> set[str]:
    """Columns that, within a product type, some frequent value of ``change`` never has and another mostly has.

    Within a type, because columns that depend on the type (trousers have no neckline) do not depend on the length.
    """
    kind: object
    totals: dict[object, Counter[str]] = {}
    filled: dict[tuple[object, str], Counter[str]] = {}
    for product in products:
        if (value := value_of(product, change)) is None:
            continue
        kind = product.attributes.get(main) if main is not None and main != change else None
        totals.setdefault(kind, Counter())[value] += 1
        for column in columns:
            if column in product.attributes:
                filled.setdefault((kind, column), Counter())[value] += 1
    dependents = set()
    for (kind, column), counts in filled.items():
        common = [value for value, count in totals[kind].items() if count >= 10]
        never = any(counts[value] == 0 for value in common)
        if never and any(2 * counts[value] > totals[kind][value] for value in common):
            dependents.add(column)
    return dependents


def _covering(products: Sequence[Product], rule: Rule, counts: dict[str, Counter[AttributeValue]]) -> list[Rule]:
    """``rule``, with fewer kept columns if too few products have a partner; empty if none ever do."""
    needed = MIN_COVERAGE * sum(any(True for _ in rule.places(product)) for product in products)
    while True:
        covered = sum(len(rows) for bucket in buckets_of(rule, products) for rows in bucket.values())
        if covered >= max(2.0, needed):
            return [rule]
        if not isinstance(rule, Attributes | ListItem):
            return [rule] if covered else []
        loose = [column for column in rule.keeps if family_of(column) not in ("type", "gender", "colour")]
        if not loose:
            return [rule] if covered else []
        dropped = max(loose, key=lambda column: len(counts[column]))
        rule = replace(rule, keeps=tuple(column for column in rule.keeps if column != dropped))
