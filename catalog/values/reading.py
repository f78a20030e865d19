"""Converts the cells of a column to values of its kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from catalog.names.columns import PRICES, standard_name
from catalog.names.sale import read_flag
from catalog.values.dates import Order, order_of, read_date
from catalog.values.kinds import NAMED_SIZES_BY_SLASHES, PATH_SIGN, AttributeValue, Kind, plain_text, tree_sign
from catalog.values.numbers import Separator, read_number, read_price, read_rating

_SIZES_BY_DASHES = re.compile(r"[\w./]{1,8}(?: - [\w./]{1,8})*|[\w.]{1,4}(?:-[\w.]{1,4})*|")


def cell_reader(
    column: str, kind: Kind, cells: Sequence[Any], decimal: Separator, order: Order | None
) -> Callable[[Any], tuple[AttributeValue | None, str]]:
    """A function from a filled cell to its value (None if it is not of ``kind``) and its currency (empty without one).

    Args:
        column: Name of the column.
        kind: Kind of its values.
        cells: All of its cells, which determine the order of dates and the separator of lists.
        decimal: Its decimal separator.
        order: Order of day and month, if the cells do not determine it.
    """
    order = order_of([cell for cell in cells if isinstance(cell, str)], order) if kind == "date" else None
    read_text = read_price if standard_name(column) in PRICES else read_number
    texts = [cell for cell in cells if isinstance(cell, str) and cell]
    sign = tree_sign(texts) if kind == "path" and not any(map(PATH_SIGN.search, texts)) else ""
    split = (lambda text: [text.replace(sign, ">")]) if sign else _splitter(cells)

    def read(cell: Any) -> tuple[AttributeValue | None, str]:
        if kind == "number":
            if isinstance(cell, int | float) and not isinstance(cell, bool):
                return cell, ""
            number = read_text(str(cell), decimal) or read_rating(str(cell))
            return (None, "") if number is None else (number.value, number.currency)
        if kind == "flag":
            return (cell if isinstance(cell, bool) else _flag(plain_text(cell))), ""
        if kind == "date":
            return read_date(plain_text(cell), order), ""
        if kind in ("list", "path"):
            items = filter(None, cell if isinstance(cell, list) else split(plain_text(cell)))
            return list(dict.fromkeys(map(_path, items) if kind == "path" else items)), ""
        return plain_text(cell) or None, ""

    return read


def _flag(text: str) -> bool | None:
    return {"1": True, "0": False, "s": True, "t": True, "f": False}.get(text.casefold(), read_flag(text))


def _splitter(cells: Sequence[Any]) -> Callable[[str], list[str]]:
    """A function that splits the lists of a column: at bars, or else at line breaks, semicolons or commas."""
    texts = [cell for cell in cells if isinstance(cell, str)]
    for sign in ("|", "\n", ";", "・"):
        if any(sign in text for text in texts):
            return lambda text: [item.strip() for item in text.split(sign)]
    if any("-" in text for text in texts) and all(map(_SIZES_BY_DASHES.fullmatch, texts)):
        return lambda text: text.split(" - ") if " - " in text else text.split("-") if text.count("-") > 1 else [text]
    if any(map(NAMED_SIZES_BY_SLASHES.fullmatch, texts)):
        return lambda text: [item.strip() for item in text.split("/")]
    # WooCommerce writes a comma within an item as "\,".
    return lambda text: [item.strip().replace("\\,", ",") for item in re.split(r"(?<!\\),", text)]


def _path(text: str) -> str:
    """A path with its parts separated by `` > ``."""
    if not PATH_SIGN.search(text) and re.search(r"\w\s*[/\\]+\s*\w", text):
        return " > ".join(part.strip() for part in re.split(r"[/\\]", text) if part.strip())
    return " > ".join(part for part in PATH_SIGN.split(text) if part)
