"""Cells that state whether a product is for sale."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

from catalog.names.meaning import states_no, states_yes
from catalog.names.plain import whole_name
from catalog.names.sale import (
    DRAFTS,
    IN_STOCK,
    LIVE,
    NOT_SOLD,
    OUT_OF_STOCK,
    SEEN_OR_NOT,
    SIGNS,
    are_letters_of_flags,
    read_flag,
)
from catalog.values import plain_text
from catalog.values.dates import Order, read_date
from catalog.values.numbers import MISSING, read_number

MAX_STOCK_WORDS = 20
"""Maximum number of different cells of a column that states the stock."""
_ORDERS: tuple[Order, ...] = ("dmy", "mdy")
MAX_LETTERS = 5
"""Maximum number of letters for the states of a product."""


def is_out_of_stock(text: str) -> bool:
    """Whether a cell states that nothing is in stock."""
    return stock_count(text) <= 0 or says_no(text)


def are_marks(cells: Sequence[Any]) -> bool:
    """Whether a column marks some rows, as PHP writes true and false (``1`` and nothing) and people write an ``x``."""
    states = {plain_text(cell).casefold() for cell in cells}
    return "" in states and len(states) == 2 and states <= {"", "1", "x", "checked", *SIGNS}


def are_flags(cells: Sequence[Any]) -> bool:
    """Whether the filled cells of a column are words or signs for true and false, or 1 and 0."""
    texts = {plain_text(cell) for cell in cells} - {""}
    return bool(texts) and (are_letters_of_flags(texts) or all(is_flag(text) for text in texts))


def are_counts(cells: Sequence[Any]) -> bool:
    """Whether the filled cells of a column are whole numbers, and not only 1 and 0."""
    texts = {plain_text(cell) for cell in cells} - {""}
    return all(re.fullmatch(r"-?\d+(?:[.,]0+)?", text) for text in texts) and not texts <= {"0", "1"}


def is_flag(text: str) -> bool:
    """Whether a cell is a word or sign for true or false, or 1 or 0."""
    return text in ("0", "1") or read_flag(text) is not None


def are_mostly_filled(cells: Sequence[Any]) -> bool:
    """Whether at least half of the cells are filled, so that an empty one has a meaning."""
    return 2 * sum(plain_text(cell).casefold() not in MISSING for cell in cells) >= len(cells) > 0


def are_plus_or_minus(cells: Sequence[Any]) -> bool:
    """Whether a column has nothing but ``+`` and ``-``, and both of them."""
    return {plain_text(cell) for cell in cells} - {""} == {"+", "-"}


def are_letters(cells: Sequence[Any]) -> bool:
    """Whether a column has A for active products and other letters for others, as CS-Cart writes D and H."""
    states = {plain_text(cell) for cell in cells} - {""}
    return "A" in states and 1 < len(states) <= MAX_LETTERS and all(re.fullmatch("[A-Z]", state) for state in states)


def states_sale(cells: Sequence[Any]) -> bool:
    """Whether all cells of a column are states of the stock or of publication."""
    states = {cell for cell in cells if isinstance(cell, str)}
    if not states or len(states) > MAX_STOCK_WORDS:
        return False
    plain = {plain_state(text.strip()) for text in states} - {""}
    if are_seen_or_not(cells):
        return False
    differ = not plain <= OUT_OF_STOCK or any(not plain_text(cell) for cell in cells)  # Else nothing would be for sale.
    is_stock = differ and bool(plain & OUT_OF_STOCK) and plain <= OUT_OF_STOCK | IN_STOCK | {"yes", "no"}
    if {(states_no(text), states_yes(text)) for text in states} == {(True, False), (False, True)}:
        return True
    return is_stock or (bool(plain & DRAFTS) and bool(plain & LIVE) and plain <= NOT_SOLD | LIVE)


def are_seen_or_not(cells: Sequence[Any]) -> bool:
    """Whether all cells of a column are words for visible and hidden, which may also describe a zip."""
    states = {plain_state(plain_text(cell)) for cell in cells} - {""}
    return bool(states) and states <= SEEN_OR_NOT


def has_states_of_stock(cells: Sequence[Any]) -> bool:
    """Whether the cells of a column have nothing but states of the stock."""
    return {plain_state(plain_text(cell)) for cell in cells} - {""} <= OUT_OF_STOCK | IN_STOCK


def has_words_of_sale(cells: Sequence[Any]) -> bool:
    """Whether a column has words for products that are or are not for sale; yes, no and none may be about anything."""
    texts = {plain_text(cell) for cell in cells}
    states = {text: plain_state(text) for text in texts}
    return any(
        state in NOT_SOLD | LIVE | IN_STOCK or states_no(text) or states_yes(text)
        for text, state in states.items()
        if state not in ("", "yes", "no", "none") and not state.lstrip("-").isdigit()
    )


def are_about_something_else(cells: Sequence[Any]) -> bool:
    """Whether a column named like a state has other words, such as the condition of used clothes."""
    texts = {plain_text(cell) for cell in cells} - {""}
    return (
        bool(texts) and not has_words_of_sale(cells)
        and all(len(text) > 1 and not is_flag(text) and stock_count(text) == 1.0 for text in texts)
    )  # fmt: skip


def says_no(text: str) -> bool:
    """Whether a cell states that a product is not for sale: ``draft``, ``0``, ``nicht auf Lager``."""
    state = plain_state(text)
    return state in NOT_SOLD or (state not in LIVE | IN_STOCK and states_no(text))


def is_future(text: str) -> bool:
    """Whether a cell has a date after today, such as the 9999-12-31 that databases write for no end."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    dates = [date[:10] for order in _ORDERS if (date := read_date(text, order)) is not None]
    return bool(dates) and min(dates) > today


def stock_count(text: str) -> float:
    """The number in a cell; 1 if there is none."""
    number = read_number(text)
    if number is not None:
        return number.value
    begins = re.match(r"[-−]?\d+\b(?![.,]\d)", text)  # 0 pcs
    return float(begins[0].replace("−", "-")) if begins else 1.0


def plain_state(text: str) -> str:
    """A state in the form in which known words are compared: without case and signs, flags as ``yes`` and ``no``."""
    text = re.sub(r"^https?://schema\.org/", "", text, flags=re.IGNORECASE)
    number = re.fullmatch(r"(-?\d+)(?:[.,]0+)?", text)
    if number:
        return number[1]
    flag = read_flag(text)  # Signs such as ✗ have no letters to compare.
    return whole_name(text) if flag is None else ("yes" if flag else "no")


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
        return {"1": True, "0": False}.get(text, read_flag(text)) is condition
    return text.casefold() == plain_text(condition).casefold()
