"""Parses filters on attributes, and evaluates them to a mask of rows."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from catalog import Kind
from catalog.errors import ModisteError
from catalog.values.columns import CURRENCY
from indexer.stores.conditions import Condition, OneOf, Within
from indexer.stores.store import Mask
from models.bundle import normalise_text

Filters = Mapping[str, Any]
"""Attribute name -> a value, a list of values of which one must match, or ``{"min": .., "max": ..}`` for numbers and
dates (ISO 8601)."""

MAX_FILTERS = 32
MAX_VALUES = 256
PATH_SEPARATOR = " > "
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2})?)?)?)?")


class FilterError(ModisteError):
    """A filter that cannot be applied to this catalogue. ``field`` is its place in the request."""

    field = "filters"


class AttributeColumn:
    """One attribute of N products, for filtering.

    Args:
        name: The attribute.
        kind: Kind of its values.
        values: N of them, null where a product has none: a dictionary array of strings for text and date, a list array
            of such for list and path, numbers, or booleans.
    """

    def __init__(self, name: str, kind: Kind, values: pa.Array) -> None:
        self.name = name
        self.kind = kind
        self.values = values

    def mask(self, condition: Any) -> Mask:
        """Which rows satisfy ``condition``, bool ``[N]``; see ``condition``."""
        return self.rows_of(self.condition(condition))

    def condition(self, condition: Any) -> Condition:
        """``condition`` in the numeric form of stores. A row without a value satisfies no condition.

        Text is compared without case and invisible differences (``normalise_text``). A list satisfies a filter if it
        contains one of the values; a path (``a > b > c``) also matches by a part or by successive parts.

        Args:
            condition: A value, a list of values, or a range.

        Raises:
            FilterError: The condition does not fit the kind.
        """
        if isinstance(condition, Mapping):
            return self._in_range(condition)
        values = self._listed(condition)
        if self.kind in ("text", "list", "path", "date"):
            return self._holding(values)
        if self.kind == "number":
            return Within(self.name, [(number, number) for number in map(self._number, values)])
        if not all(isinstance(value, bool) for value in values):
            raise FilterError(f"The filter {self.name!r} takes true or false.", hint="Write true or false, unquoted.")
        return Within(self.name, [(float(value), float(value)) for value in values])

    def rows_of(self, condition: Condition) -> Mask:
        """Which rows satisfy a condition in numbers, bool ``[N]``."""
        mask = np.zeros(len(self.values), dtype=np.bool_)
        if isinstance(condition, OneOf):
            rows, words = self._words
            mask[rows[np.isin(words, condition.codes)]] = True
        else:
            mask |= np.isin(self._numbers, [low for low, high in condition.ranges if low == high])
            for low, high in condition.ranges:
                if low < high:
                    mask |= (self._numbers >= low) & (self._numbers <= high)
        return mask

    @property
    def numbers(self) -> pa.Array:
        """The column in the numeric form of stores (``indexer.stores.conditions.Columns``)."""
        if self.kind in ("list", "path"):
            return pa.ListArray.from_arrays(self.values.offsets, self.values.flatten().indices.cast(pa.int32()))
        if self.kind in ("text", "date"):
            codes = self.values.indices.cast(pa.int32())
            whole = np.concatenate([[0], np.cumsum(codes.is_valid().to_numpy(zero_copy_only=False))])
            return pa.ListArray.from_arrays(pa.array(whole, pa.int32()), codes.drop_null())
        return self.values.cast(pa.float64())

    def _listed(self, condition: Any) -> Sequence[Any]:
        values = condition if isinstance(condition, list | tuple) else [condition]
        if not values:
            raise FilterError(f"The filter {self.name!r} has no value.", hint="Give one, or omit the filter.")
        if len(values) > MAX_VALUES:
            raise FilterError(f"The filter {self.name!r} has {len(values)} values.", hint=f"Give {MAX_VALUES} at most.")
        return values

    def _holding(self, values: Sequence[Any]) -> Condition:
        if not all(isinstance(value, str) for value in values):
            raise FilterError(f"The filter {self.name!r} takes text.", hint="Put its value in quotes.")
        return OneOf(self.name, [code for value in values for code in self._codes.get(_folded(value), ())])

    def _in_range(self, condition: Mapping[str, Any]) -> Condition:
        if self.kind == "date":
            return self._between_dates(condition)
        if self.kind != "number":
            raise FilterError(
                f"The filter {self.name!r} is a range, but {self.name!r} is not a number.",
                hint="Give a value or a list.",
            )
        bounds = {end: self._number(bound) for end, bound in condition.items() if bound is not None}
        if not bounds or not set(bounds) <= {"min", "max"}:
            raise FilterError(
                f"The range of the filter {self.name!r} needs min, max or both.", hint='Write {"min": 10, "max": 50}.'
            )
        low, high = bounds.get("min", -np.inf), bounds.get("max", np.inf)
        if low > high:
            raise FilterError(
                f"The filter {self.name!r} has a min of {low:g} above its max of {high:g}.", hint="Swap them."
            )
        return Within(self.name, [(low, high)])

    def _between_dates(self, condition: Mapping[str, Any]) -> Condition:
        """Dates in ISO 8601 sort as text; a bound that is a day includes the times of that day."""
        bounds = {end: bound for end, bound in condition.items() if bound is not None}
        if not bounds or not set(bounds) <= {"min", "max"} or not all(_is_date(bound) for bound in bounds.values()):
            raise FilterError(
                f"The range of the filter {self.name!r} needs dates as min, max or both.",
                hint='Write {"min": "2026-01-31"}.',
            )
        low, high = bounds.get("min", ""), bounds.get("max", "9999")
        dates = self.values.dictionary.to_pylist()
        codes = [code for code, date in enumerate(dates) if low <= date and date[: len(high)] <= high]
        return OneOf(self.name, codes)

    def _number(self, value: Any) -> float:
        try:
            number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else np.nan
        except OverflowError:
            number = np.nan
        if np.isnan(number):
            raise FilterError(f"The filter {self.name!r} takes numbers.", hint='Write 42, [41, 42] or {"min": 10}.')
        return number

    @cached_property
    def _numbers(self) -> npt.NDArray[np.float64]:
        """The values as float64, with NaN for missing ones, which satisfies no comparison."""
        return np.asarray(self.values.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)

    @cached_property
    def _words(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """Row and code of every word in the column."""
        rows = np.arange(len(self.values))
        words = self.values
        if self.kind in ("list", "path"):
            rows = np.repeat(rows, np.diff(words.offsets.to_numpy()))
            words = words.flatten()
        return rows, words.indices.fill_null(-1).to_numpy(zero_copy_only=False)

    @cached_property
    def _codes(self) -> dict[str, list[int]]:
        dictionary = (self.values.flatten() if self.kind in ("list", "path") else self.values).dictionary
        codes: dict[str, list[int]] = {}
        for code, word in enumerate(dictionary.to_pylist()):
            for name in _parts_of(word) if self.kind == "path" else (_folded(word),):
                codes.setdefault(name, []).append(code)
        return codes


def filter_conditions(
    filters: Filters | None, columns: Mapping[str, AttributeColumn], default: Filters | None = None
) -> list[Condition]:
    """``filters`` in the numeric form of stores. A row must satisfy all of them.

    Args:
        filters: The filters.
        columns: The attributes by name.
        default: Filters that are applied elsewhere.

    Raises:
        FilterError: An attribute is unknown, a filter does not fit its attribute, or it compares prices in several
            currencies.
    """
    filters = filters or {}
    if len(filters) > MAX_FILTERS:
        raise FilterError(f"There are {len(filters)} filters.", hint=f"Give {MAX_FILTERS} at most.")
    unknown = [name for name in filters if name not in columns]
    if unknown:
        known = f"There are: {', '.join(columns)}." if columns else "This catalogue has no attributes."
        error = FilterError(f"There is no attribute {unknown[0][:100]!r} to filter by.", hint=known)
        error.field = f"filters.{unknown[0][:100]}"
        raise error
    conditions = []
    for name, condition in filters.items():
        try:
            if isinstance(condition, Mapping):
                _check_currency(name, columns, {**(default or {}), **filters})
            conditions.append(columns[name].condition(condition))
        except FilterError as error:
            error.field = f"filters.{name}"
            raise
    return conditions


def mixes_currencies(name: str, columns: Container[str], filters: Filters) -> bool:
    """Whether the prices in a column are in several currencies of which the filters do not choose one."""
    chosen = filters.get(name + CURRENCY)
    if isinstance(chosen, Sequence) and not isinstance(chosen, str):
        chosen = chosen[0] if len(chosen) == 1 else None
    return name + CURRENCY in columns and not isinstance(chosen, str)


def _check_currency(name: str, columns: Mapping[str, AttributeColumn], filters: Filters) -> None:
    """Refuse a range of prices in several currencies, unless a filter chooses one."""
    if not mixes_currencies(name, columns, filters):
        return
    currency = columns[name + CURRENCY]
    known = [str(one) for one in currency.values.dictionary.to_pylist()]
    raise FilterError(
        f"The prices in {name!r} are in several currencies ({', '.join(known)}), which cannot be compared.",
        hint=f"Add a filter for one of them, such as {{{json.dumps(currency.name)}: {json.dumps(known[0])}}}.",
    )


def filter_mask(
    filters: Filters | None, columns: Mapping[str, AttributeColumn], default: Filters | None = None
) -> Mask | None:
    """Which rows satisfy all ``filters``; None without filters. See ``filter_conditions``."""
    conditions = filter_conditions(filters, columns, default)
    if not conditions:
        return None
    mask: Mask = np.all([columns[one.column].rows_of(one) for one in conditions], axis=0)
    return mask


def _folded(text: str) -> str:
    text = normalise_text(text).casefold()
    return re.sub(r" ?> ?", PATH_SEPARATOR, text) if ">" in text else text


def _parts_of(path: str) -> set[str]:
    """All parts and successive parts of a path: ``a > b > c`` has a, b, c, a > b, b > c and itself."""
    parts = [_folded(part) for part in path.split(PATH_SEPARATOR)]
    return {
        PATH_SEPARATOR.join(parts[start:end]) for start in range(len(parts)) for end in range(start + 1, len(parts) + 1)
    }


def _is_date(value: Any) -> bool:
    return isinstance(value, str) and _DATE.fullmatch(value) is not None
