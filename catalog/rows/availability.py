"""Which rows are not for sale, by the columns in which shops say so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from catalog.names import (
    MAY_BE_OVERSOLD,
    NOT_SOLD,
    NOT_SOLD_FLAGS,
    OVERSOLD,
    STATUS,
    STOCK_COUNTS,
    STOCK_FLAGS,
    TRACKED,
    plain_name,
)
from catalog.table import Row, shown
from catalog.values import plain_text
from catalog.values.kinds import FLAGS
from catalog.values.numbers import read_number

HIDDEN_VARIANTS = frozenset({"notvisibleindividually", "hidden"})


class Availability:
    """Tells rows that are not for sale.

    Args:
        columns: Of the table.
        leave_out: Conditions of the operator (``CatalogSettings.leave_out``), in place of what is known of columns by
            their names; None for the latter.
    """

    def __init__(self, columns: Iterable[str], leave_out: Mapping[str, Any] | None = None) -> None:
        self.leave_out = leave_out
        by_name = {plain_name(column): column for column in columns}
        self._status = [by_name[name] for name in sorted(STATUS) if name in by_name]
        self._not_sold = [by_name[name] for name in sorted(NOT_SOLD_FLAGS) if name in by_name]
        self._flags = [by_name[name] for name in sorted(STOCK_FLAGS) if name in by_name]
        self._counts = [by_name[name] for name in sorted(STOCK_COUNTS) if name in by_name]
        self._oversold = [by_name[name] for name in sorted(OVERSOLD) if name in by_name]
        self._tracked = [by_name[name] for name in sorted(TRACKED) if name in by_name]

    @property
    def told(self) -> bool:
        """Whether any column of the table says what is for sale."""
        if self.leave_out is not None:
            return bool(self.leave_out)
        return bool(self._status or self._not_sold or self._flags or self._counts)

    def reason(self, row: Row, head: Row, *, in_group: bool = False) -> str:
        """Why a row is not for sale, empty if it is.

        Args:
            row: The row.
            head: The first row of its product, which counts for the status that a row leaves empty.
            in_group: Whether the row belongs to the row of a product. Shops hide such rows from lists, not from sale.
        """
        if self.leave_out is not None:
            for column, condition in self.leave_out.items():
                text = plain_text(row.get(column)) or plain_text(head.get(column))
                if meets(text, condition):
                    return f"{column} is {shown(text) or 'empty'}"
            return ""
        for column in self._status:
            text = plain_text(row.get(column)) or plain_text(head.get(column))
            if in_group and _plain(text) in HIDDEN_VARIANTS:
                continue
            if _plain(text) in NOT_SOLD or (plain_name(column) == "productonline" and text == "2"):
                return f"{column} is {shown(text)}"
        for column in self._not_sold:
            text = plain_text(row.get(column)) or plain_text(head.get(column))
            if text == "1" or FLAGS.get(text.casefold()):
                return f"{column} is {shown(text)}"
        for column in self._flags:
            text = plain_text(row.get(column))
            if _plain(text) in NOT_SOLD:
                return f"{column} is {shown(text)}"
        return self._sold_out(row)

    def _sold_out(self, row: Row) -> str:
        if any(_plain(plain_text(row.get(column))) in MAY_BE_OVERSOLD for column in self._oversold):
            return ""
        if self._tracked and not any(plain_text(row.get(column)) for column in self._tracked):
            return ""
        for column in self._counts:
            number = read_number(plain_text(row.get(column)))
            if number is not None and number.value <= 0:
                return f"{column} is {plain_text(row.get(column))}"
        return ""


def _plain(text: str) -> str:
    return text if re.fullmatch(r"-?\d+", text) else re.sub(r"[\W_]+", "", text.casefold())


def meets(text: str, condition: Any) -> bool:
    """Whether a cell meets a condition: a value, a list of values, or ``{min, max}`` for numbers."""
    if isinstance(condition, Mapping):
        number = read_number(text)
        if number is None:
            return False
        low, high = condition.get("min"), condition.get("max")
        return (low is None or number.value >= low) and (high is None or number.value <= high)
    if isinstance(condition, list | tuple):
        return any(meets(text, one) for one in condition)
    if isinstance(condition, bool):
        return text.casefold() in (("true", "yes", "1") if condition else ("false", "no", "0"))
    return text.casefold() == plain_text(condition).casefold()
