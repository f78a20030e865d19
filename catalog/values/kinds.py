"""Finds the kind of values that a column holds."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from catalog.names.columns import LIST_NAMES, PATH_NAMES, PRICES, SIZES, TEXTS, is_code
from catalog.names.plain import plain_name
from catalog.names.sale import STOCK_COUNTS, read_flag
from catalog.values.dates import not_dates, read_dates
from catalog.values.entities import TAG
from catalog.values.numbers import MISSING, NEVER_TEXT, Separator, read_number

AttributeValue = str | int | float | bool | list[str]
Kind = Literal["text", "number", "flag", "list", "path", "date"]
"""``list`` holds several words, ``path`` paths of a hierarchy (``Clothing > Dresses``), ``date`` text in ISO 8601."""

NUMBERS_BY_NAME = PRICES | STOCK_COUNTS | frozenset({"weight", "gewicht", "rating", "discount"})
"""Columns that are numbers even where some cells are not."""
MOST_STRANGE = 0.1
"""Share of a column's cells that may be of another kind than the column."""
LONGEST_ITEM = 40
LEAST_LISTS = 5
"""Different cells that must look like lists of the same words."""
PATH_SIGN = re.compile(r"\s*(?:->|→|>|»|›)\s*")
_PATH = re.compile(r"[\w)&'.]\s*(?:->|→|>|»|›)\s*[\w(&'.]")
_SEVERAL = re.compile(r"\d(?:\s*[|,;\n]\s*|\s+)\d")
_SLASHES = re.compile(r"\w\s*[/\\]\s*\w.*[/\\]|\w///\w")


class Found(NamedTuple):
    """The kind of a column, and the cells that make it text although nearly all others are of another kind."""

    kind: Kind
    against: frozenset[str] = frozenset()
    nearly: Kind = "number"


def plain_text(value: Any) -> str:
    """A cell as text: stripped, empty for no value, a whole number without ".0"."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time(0)
        return value.date().isoformat() if midnight else value.replace(tzinfo=None).isoformat(timespec="seconds")
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, list):
        return ", ".join(plain_text(item) for item in value)
    return str(value).strip()


def normal_cell(cell: Any) -> str | int | float | bool | list[str]:
    """A cell as text, number, flag or list of text; an empty text or list for no value."""
    if isinstance(cell, bool) or (isinstance(cell, int) and abs(cell) < 2**63):
        return cell
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() and abs(cell) < 2**53 else cell
    if isinstance(cell, Decimal):
        return float(cell)
    if isinstance(cell, list | tuple):
        return [text for text in (_item(item) for item in cell) if text]
    text = plain_text(cell)
    if text.startswith('="') and text.endswith('"'):  # ="007" makes Excel keep a text.
        text = text[2:-1]
    return "" if text.casefold() in NEVER_TEXT else text


def _item(item: Any) -> str:
    if isinstance(item, dict):
        named = next((item[name] for name in ("name", "value", "label", "title") if item.get(name)), None)
        return plain_text(named if named is not None else item)
    return plain_text(item)


def survives(text: str) -> bool:
    """Whether a number written back is the same: codes with leading zeros, exponents or many digits are not."""
    return (
        not re.match(r"[+-]?0\d", text)
        and not text.startswith("+")
        and len(re.sub(r"\D", "", text).lstrip("0")) <= 15
        and not re.search(r"\d[eE][+-]?\d", text)
    )


def kind_of(column: str, filled: Sequence[Any], decimal: Separator) -> Found:
    """Find the kind of a column.

    Args:
        column: Its name.
        filled: Its cells that are not empty, as ``normal_cell`` gives them.
        decimal: Sign that separates decimals in it.
    """
    name = plain_name(column)
    if all(isinstance(cell, bool) for cell in filled):
        return Found("flag")
    if any(isinstance(cell, list) for cell in filled):
        items = [item for cell in filled for item in (cell if isinstance(cell, list) else [str(cell)])]
        return Found("path" if name in PATH_NAMES and any(_is_path(item) for item in items) else "list")
    code = name in SIZES or (is_code(column) and name not in NUMBERS_BY_NAME)
    # The sizes 36,38 are two.
    code = code or (name in LIST_NAMES and any(isinstance(cell, str) and _SEVERAL.search(cell) for cell in filled))
    if not code and all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in filled):
        return Found("number")
    texts = [plain_text(cell) for cell in filled]
    distinct = set(texts)
    if all(read_flag(text) is not None for text in distinct):
        return Found("flag")
    against: frozenset[str] = frozenset()
    nearly: Kind = "number"
    if not code:
        said = [text for text in distinct if text.casefold() not in MISSING]
        numbers = [text for text in said if survives(text) and read_number(text, decimal) is not None]
        odd = set(said) - set(numbers)
        few = numbers and sum(text in odd for text in texts) <= MOST_STRANGE * len(texts)
        if said and (not odd or (name in NUMBERS_BY_NAME and few)):
            return Found("number")
        if said and read_dates(said) is not None:
            return Found("date")
        if len(numbers) >= 0.8 * len(said) and len(said) > 4:
            against = frozenset(odd)
        elif len(said) > 4 and (others := not_dates(said)) and len(others) <= 0.2 * len(said):
            against, nearly = frozenset(others), "date"
    paths = sum(_is_path(text) for text in texts)
    if paths > len(texts) * (0.1 if name in PATH_NAMES else 0.5):
        return Found("path")
    if name in PATH_NAMES and any(_SLASHES.search(text) for text in distinct):
        return Found("path")
    signs = "[|,;\n]" if name in LIST_NAMES else "[|;]" if ".metafields." in column.casefold() else "[|]"
    listed = any(re.search(signs, text) for text in distinct)
    listed = listed or (not TEXTS.search(name) and len(distinct) >= LEAST_LISTS and _look_like_lists(texts))
    return Found("list" if listed else "text", against, nearly)


def _look_like_lists(texts: Sequence[str]) -> bool:
    """Whether most cells are short words between commas or semicolons, and the same words come again and again."""
    several = sum("," in text or ";" in text for text in texts)
    if several < max(3, len(texts) * 0.4):
        return False
    items = [item.strip() for text in texts for item in re.split("[,;]", text)]
    if any(not item or len(item) > LONGEST_ITEM or len(item.split()) > 3 or item[-1] in ".!?" for item in items):
        return False
    return len(set(items)) <= len(items) / 3 and not any(re.fullmatch(r"[\d.]+", item) for item in items)


def _is_path(text: str) -> bool:
    return bool(_PATH.search(text)) and not TAG.search(text)
