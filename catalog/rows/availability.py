"""Finds rows that are not for sale, by columns such as status and stock."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from catalog.layouts.outlets import outlet_prefix
from catalog.names.columns import standard_name
from catalog.names.meaning import may_be_off, may_be_outlet, may_be_status, mentions, states_no, states_yes
from catalog.names.plain import plain_name
from catalog.names.sale import (
    COUNTED_BY_DEFAULT,
    FLAGS_OF_PUBLICATION,
    GONE_SINCE,
    IN_STOCK,
    LIVE,
    MAY_BE_OVERSOLD,
    NOT_SOLD,
    NOT_SOLD_FLAGS,
    NOT_TRACKED,
    OUT_OF_STOCK,
    OVERSOLD,
    PUBLISHED_SINCE,
    SALE_NAMES,
    SELLABLE,
    SOLD_FROM,
    STATES,
    STATUS,
    STOCK_COUNTS,
    STOCK_FLAGS,
    STOCK_STATUS,
    TRACKED,
    is_status,
    read_flag,
    shows_in_shop,
)
from catalog.table import Problem, Row, Rows, Table, excerpt
from catalog.values import plain_text, unescaped
from catalog.values.numbers import MISSING
from catalog.values.states import (
    MAX_STOCK_WORDS,
    are_about_something_else,
    are_counts,
    are_flags,
    are_letters,
    are_marks,
    are_mostly_filled,
    are_plus_or_minus,
    are_seen_or_not,
    has_states_of_stock,
    has_words_of_sale,
    is_future,
    is_out_of_stock,
    meets,
    plain_state,
    says_no,
    states_sale,
)

HIDDEN_VARIANTS = frozenset({"notvisibleindividually", "hidden"})


class Availability:
    """Finds rows that are not for sale.

    Args:
        table: The table. Columns with unknown names are recognised by their cells.
        leave_out: Conditions of the operator (``CatalogSettings.leave_out``), which replace the rules for known column
            names; None applies these rules.
        others: Columns of the catalogue. Those that the table lacks may have the stock of other outlets.
        stated: Columns with the role ``stock``. Those with another name than usual are read as states.
    """

    def __init__(
        self, table: Table, leave_out: Mapping[str, Any] | None = None, others: Collection[str] = (),
        stated: Collection[str] = (),
    ) -> None:  # fmt: skip
        self.leave_out = leave_out
        by_name: dict[str, dict[str, None]] = {}
        for column in table.columns:
            for name in (plain_name(column), standard_name(column)):
                by_name.setdefault(name, {})[column] = None

        def named(names: frozenset[str]) -> list[str]:
            return list(dict.fromkeys(column for name in sorted(names) for column in by_name.get(name, ())))

        alike: dict[str, list[str]] = {}
        for column in table.columns:
            alike.setdefault(table.outlets.get(column) or plain_name(column), []).append(column)
        self._alike = {column: columns for columns in alike.values() if len(columns) > 1 for column in columns}
        self._status = [
            name for name in named(STATUS)
            if not (standard_name(name) in STATES and are_about_something_else(table.rows.column(name)))
        ]  # fmt: skip
        self._status += [name for name in table.columns if shows_in_shop(name) and name not in self._status]
        unusual = [one for one in table.columns if standard_name(one) not in SALE_NAMES and one not in table.outlets]
        off = [name for name in unusual if may_be_off(name) and _marks(table.rows.column(name))]
        self.unnamed = [
            name for name in unusual
            if name not in off and not (self._status and mentions(name, "marketplace"))
            and (_states(name, table.rows.column(name)) or (name in stated and not outlet_prefix(name)))
        ]  # fmt: skip
        """Columns with other names that state what is for sale, by their cells or their role."""
        self._status += [name for name in self.unnamed if name not in self._status]
        self._plus_minus = {name for name in self._status if are_plus_or_minus(table.rows.column(name))}
        self._lettered = {name for name in self._status if are_letters(table.rows.column(name))}
        self._not_sold = [*named(NOT_SOLD_FLAGS), *off]
        self.unnamed += off
        self._gone_since = named(GONE_SINCE)
        self._sold_from = named(SOLD_FROM)
        self._published = [name for name in named(PUBLISHED_SINCE) if are_mostly_filled(table.rows.column(name))]
        counting = [name for name in named(STOCK_FLAGS - SELLABLE) if are_counts(table.rows.column(name))]
        self._flags = [name for name in named(STOCK_FLAGS) if name not in counting]
        marking = [*named(STATUS - STOCK_STATUS), *self.unnamed, *self._flags]
        self._marked = {name for name in marking if are_marks(table.rows.column(name))}
        self._counts = list(dict.fromkeys([*named(STOCK_COUNTS), *counting, *table.outlets]))
        elsewhere = {outlet_prefix(one) or _in_brackets(one) for one in others if one not in table.columns} - {""}
        self._partial = [one for one in self._counts if (table.outlets.get(one) or _in_brackets(one)) in elsewhere]
        in_stock = [*named(STOCK_FLAGS - SELLABLE), *named(STOCK_STATUS)]
        self._in_stock = [name for name in in_stock if name not in counting]
        self._oversold = named(OVERSOLD)
        self._tracked = named(TRACKED)
        self._by_default = named(COUNTED_BY_DEFAULT)
        self._stock = {*self._flags, *self._in_stock, *self._counts, *named(NOT_SOLD_FLAGS & OUT_OF_STOCK)}
        self._stock |= {name for name in self.unnamed if has_states_of_stock(table.rows.column(name))}
        stating = [*self._status, *self._not_sold, *self._gone_since, *self._sold_from, *self._flags, *self._counts]
        stating += self._published
        self.columns = frozenset(stating if leave_out is None else leave_out)
        """What states it."""
        self.aspects = frozenset(map(self._aspect, stating) if leave_out is None else leave_out)
        """What the table states: ``stock``, ``status`` (publication), or the columns of ``leave_out``."""

    def doubts(self, rows: Rows) -> list[Problem]:
        """A remark for each column of states that has words without a known meaning, which are taken as for sale."""
        found = []
        for column in self._status if self.leave_out is None else ():
            is_state = standard_name(column) in STATES or is_status(plain_name(column))
            cells = [plain_text(cell) for cell in rows.column(column)] if is_state else []
            states = {text: plain_state(text) for text in dict.fromkeys(cells) if text}
            known = NOT_SOLD | LIVE | IN_STOCK | {"yes", "a"}
            unknown = [
                text for text, plain in states.items()
                if not (plain in known or plain.isdigit() or states_no(text) or states_yes(text))
            ]  # fmt: skip
            if unknown and len(states) <= MAX_STOCK_WORDS and len(unknown) < len(states):
                listed = ", ".join(f'"{excerpt(text)}"' for text in unknown)
                instead = f"[leave_out] {column} = [{listed}]"
                reason = f"{column} is {excerpt(unknown[0])}, which is taken as for sale; otherwise: {instead}"
                place = rows.numbers[cells.index(unknown[0])]
                found.append(Problem(place, None, reason, f"{column} has words without a known meaning"))
        return found

    def _aspect(self, column: str) -> str:
        return "stock" if column in self._stock else "status"

    def reason(self, row: Row, head: Row, *, in_group: bool = False, has_variants: bool = False) -> str:
        """Why a row is not for sale; empty if it is. The arguments are those of ``reasons``."""
        reasons = self.reasons(row, head, in_group=in_group, has_variants=has_variants)
        return next((reason for _, reason in reasons), "")

    def reasons(
        self, row: Row, head: Row, *, in_group: bool = False, has_variants: bool = False
    ) -> Iterator[tuple[str, str]]:
        """Why a row is not for sale, each reason after its aspect.

        Args:
            row: The row.
            head: The first row of its product, whose status applies if that of the row is empty.
            in_group: Whether the row is a variant of another row. Shops hide such rows from lists, but sell them.
            has_variants: Whether other rows are variants of this one; then its own stock is ignored.
        """
        if self.leave_out is not None:
            for column, condition in self.leave_out.items():
                text = unescaped(plain_text(row.get(column)) or plain_text(head.get(column)))
                if meets(text, condition):
                    yield column, f"{column} is {excerpt(text) or 'empty'}"
            return
        for column in self._status:
            text = plain_text(row.get(column)) or plain_text(head.get(column))
            if in_group and plain_state(text) in HIDDEN_VARIANTS:
                continue
            if says_no(text) or (plain_name(column) == "productonline" and text == "2"):
                yield self._aspect(column), f"{column} is {excerpt(text)}"
            elif (column in self._plus_minus and text == "-") or (column in self._lettered and text not in ("", "A")):
                yield self._aspect(column), f"{column} is {text}"
            elif column in self._marked and not text:
                yield self._aspect(column), f"{column} is empty"
        for column in self._not_sold:
            text = plain_text(row.get(column)) or plain_text(head.get(column))
            if text.casefold() in ("1", "x", "s", "t") or read_flag(text):
                yield self._aspect(column), f"{column} is {excerpt(text)}"
        for column in self._gone_since:
            text = plain_text(row.get(column))
            if text.casefold() not in MISSING and read_flag(text) is None and not says_no(text) and not is_future(text):
                yield "status", f"{column} is {excerpt(text)}"
        for column in self._sold_from:
            text = plain_text(row.get(column))
            if is_future(text):
                yield "status", f"{column} is {excerpt(text)}"
        for column in self._published:
            if (plain_text(row.get(column)) or plain_text(head.get(column))).casefold() in MISSING:
                yield "status", f"{column} is empty"
        for column in self._flags:
            text = plain_text(row.get(column))
            if says_no(text) and not self._is_elsewhere(row, column):
                yield "stock", f"{column} is {excerpt(text)}"
            elif column in self._marked and not text and not plain_text(head.get(column)):
                yield "stock", f"{column} is empty"
        if not has_variants and (reason := self._sold_out(row, head if in_group else row)):
            yield "stock", reason

    def undecided(self, row: Row) -> bool:
        """Whether a product may be in stock elsewhere: the table has only some outlets, and these have nothing."""
        return bool(self._partial) and all(is_out_of_stock(plain_text(row.get(column))) for column in self._partial)

    def _is_elsewhere(self, row: Row, column: str) -> bool:
        """Whether a column for another outlet, such as ``Stock (Berlin)``, may say that a product is there."""
        if column in self._partial:
            return True
        texts = (plain_text(row.get(other)) for other in self._alike.get(column, ()) if other != column)
        return any(text and not is_out_of_stock(text) for text in texts)

    def _sold_out(self, row: Row, head: Row) -> str:
        """Why a row is out of stock; empty if it is not. Backorders and tracking are those of its head if the row has
        none."""

        if not self._counts:
            return ""

        def values_of(columns: list[str]) -> list[str]:
            return [
                plain_state(text)
                for name in columns
                if (text := plain_text(row.get(name)) or plain_text(head.get(name)))
            ]

        own = [name for name in self._counts if name.startswith("variant ") and plain_text(row.get(name))]
        flags = [name for name in self._in_stock if not own or name.startswith("variant ")]
        if any(plain_text(row.get(column)) for column in flags):  # Flags that say no were handled before.
            return ""
        if any(text in MAY_BE_OVERSOLD for text in values_of(self._oversold)):
            return ""
        by_default = any(read_flag(text) or text == "1" for text in values_of(self._by_default))
        if self._tracked and not by_default and not set(values_of(self._tracked)) - NOT_TRACKED:
            return ""
        for column in own or self._counts:
            text = plain_text(row.get(column))
            if is_out_of_stock(text) and not self._is_elsewhere(row, column):
                return f"{column} is {excerpt(text)}"
        return ""


def _states(name: str, cells: Sequence[Any]) -> bool:
    """Whether a column with an unusual name states what is for sale."""
    plain = plain_name(name)
    named = is_status(plain) or may_be_status(name)
    return (
        states_sale(cells)
        or (mentions(name, "shop retail") and are_seen_or_not(cells))
        or ((plain in FLAGS_OF_PUBLICATION or may_be_outlet(name) or may_be_status(name)) and _marks(cells))
        or (plain not in FLAGS_OF_PUBLICATION and named and has_words_of_sale(cells))
    )


def _marks(cells: Sequence[Any]) -> bool:
    return are_flags(cells) or are_marks(cells)


def _in_brackets(column: str) -> str:
    """The plain name of a column such as ``Stock (Berlin)``; empty for a name without brackets."""
    return plain_name(column) if "(" in column else ""
