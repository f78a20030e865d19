"""Finds the kind of the values of a column."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from catalog.names.columns import LIST_NAMES, PATH_NAMES, PRICES, SIZES, TEXTS, is_code, standard_name
from catalog.names.sale import STOCK_COUNTS, are_letters_of_flags, read_flag
from catalog.values.dates import Order, not_dates, read_dates
from catalog.values.entities import TAG
from catalog.values.numbers import MISSING, NEVER_TEXT, Separator, read_number, read_price, read_rating

AttributeValue = str | int | float | bool | list[str]
Kind = Literal["text", "number", "flag", "list", "path", "date"]
"""``list`` holds several words, ``path`` paths of a hierarchy (``Clothing > Dresses``), ``date`` text in ISO 8601."""

NUMBERS_BY_NAME = PRICES | STOCK_COUNTS | frozenset({"weight", "gewicht", "rating", "discount"})
"""Columns that are numbers even if some cells are not."""
MAX_STRANGE_SHARE = 0.1
"""Share of a column's cells that may be of another kind than the column."""
NEARLY_ALL = 0.8
"""Share of the different cells of a column that are of one kind, if the others may be mistakes."""
MIN_DISTINCT = 5
"""Minimum number of different cells for which this share is meaningful."""
MAX_ITEM_LENGTH = 40
MIN_LISTS = 4
"""Minimum number of different cells that look like lists of the same words."""
MANY_CELLS = 30
"""Number of cells from which these words must occur three times on average, and not twice."""
PATH_SIGN = re.compile(r"\s*(?:->|→|>|»|›)\s*")
_PATH = re.compile(r"[\w)&'.]\s*(?:->|→|>|»|›)\s*[\w(&'.]")
_SEVERAL = re.compile(r"\d(?:\s*[|,;\n]\s*|\s+)\d")
_SIZES_LISTED = re.compile(
    r"[|;\n・]|^\w{1,4}(?:-\w{1,4}){2,}$|(?<=[a-zA-Z]) - (?=\w)|,\s|,(?!\d)|(?<!\d),|(?<=\d\d),(?=\d\d(?!\d))"
)
"""Separators of several sizes. The comma in ``36,5`` is none."""
_LONG_NUMBER = re.compile(r"\d{11,}")
"""Barcodes and the like; no shop has such an amount of anything."""
_LETTER = r"(?:[2-7]?x{0,5}[sl]|m)"
_SIZES = re.compile(rf"{_LETTER}(?:\s*[,;|]\s*{_LETTER})*", re.IGNORECASE)
SIZES_BY_SLASHES = re.compile(rf"{_LETTER}(?:\s*/\s*{_LETTER}){{2,}}", re.IGNORECASE)
"""Three sizes or more; ``S/M`` alone is one."""
_SIZE = rf"(?:{_LETTER}|pp?|gg?|x?gg?|eg{{1,3}}|\d{{1,2}}(?:[.,]5)?)"
NAMED_SIZES_BY_SLASHES = re.compile(rf"{_SIZE}(?:\s*/\s*{_SIZE}){{2,}}", re.IGNORECASE)
"""The same in a column of sizes, where ``36/38/40`` is no date."""
_FRACTION = re.compile(r"(\d+)\s*/\s*(?!\1$)\d+")
"""Two whole numbers that differ, such as ages: ``4/5`` alone is no rating, but ``4.5/5`` and ``5/5`` are."""
_TREE_SIGNS = ("::", " : ", ":", "|", " - ", "\\")
_SLASHES = re.compile(r"\w\s*[/\\]\s*\w.*[/\\]|\w///\w")


class FoundKind(NamedTuple):
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


def as_list(cell: Any) -> list[Any]:
    """A cell as a list: its items, or itself; empty for an empty cell."""
    return cell if isinstance(cell, list) else [] if cell in (None, "") else [cell]


def normal_cell(cell: Any) -> str | int | float | bool | list[str]:
    """A cell as text, number, flag or list of text; an empty text or list for no value."""
    if isinstance(cell, bool) or (isinstance(cell, int) and abs(cell) <= 2**53):
        return cell  # A larger integer is no number but a code, which float64 would round.
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() and abs(cell) < 2**53 else cell
    if isinstance(cell, Decimal):
        return float(cell)
    if isinstance(cell, list | tuple):
        return [text for text in (_item(item) for item in cell) if text]
    text = plain_text(cell)
    if text.startswith('="') and text.endswith('"'):  # ="007" makes Excel keep a text.
        text = text[2:-1]
    if text.startswith("'") and read_number(text[1:]) is not None:  # As does an apostrophe: '5012345600126.
        text = text[1:]
    return "" if text.casefold() in NEVER_TEXT else text


def _item(item: Any) -> str:
    if isinstance(item, dict):
        named = next((item[name] for name in ("name", "value", "label", "title") if item.get(name)), None)
        return plain_text(named if named is not None else item)
    return plain_text(item)


def survives(text: str) -> bool:
    """Whether a text is the same after conversion to a number and back, unlike codes with leading zeros, exponents or
    many digits."""
    return (
        not re.match(r"[+-]?0\d", text)
        and not text.startswith("+")
        and len(re.sub(r"\D", "", text).lstrip("0")) <= 15
        and not re.search(r"\d[eE][+-]?\d", text)
    )


def kind_of(column: str, filled: Sequence[Any], decimal: Separator, order: Order | None = None) -> FoundKind:
    """Find the kind of a column.

    Args:
        column: Its name.
        filled: Its cells that are not empty, as ``normal_cell`` gives them.
        decimal: Sign that separates decimals in it.
        order: Of day and month in other columns.
    """
    name = standard_name(column)
    if all(isinstance(cell, bool) for cell in filled):
        return FoundKind("flag")
    if any(isinstance(cell, list) for cell in filled):
        return FoundKind(_kind_of_lists(name, filled))
    codes = _holds_codes(column, filled)
    if not codes and all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in filled):
        return FoundKind("number")
    texts = [plain_text(cell) for cell in filled]
    if all(read_flag(text) is not None for text in set(texts)) or (
        name not in SIZES and are_letters_of_flags(set(texts))
    ):
        return FoundKind("flag")
    found = FoundKind("text") if codes else _number_or_date(name, texts, decimal, order)
    if found.kind != "text":
        return found
    if _holds_paths(name, texts) or (name in PATH_NAMES and tree_sign(texts)):
        return FoundKind("path")
    return found._replace(kind="list") if _holds_lists(column, texts) else found


def _kind_of_lists(name: str, filled: Sequence[Any]) -> Kind:
    items = [item for cell in filled for item in (cell if isinstance(cell, list) else [str(cell)])]
    return "path" if name in PATH_NAMES and any(map(_is_path, items)) else "list"


def _holds_codes(column: str, filled: Sequence[Any]) -> bool:
    """Whether the numbers in a column are codes or sizes. ``36,38`` are two sizes."""
    name = standard_name(column)
    if name in SIZES or (is_code(column) and name not in NUMBERS_BY_NAME):
        return True
    if filled and all(map(_is_barcode, filled)):
        return True
    return name in LIST_NAMES and any(isinstance(cell, str) and _SEVERAL.search(cell) for cell in filled)


def _is_barcode(cell: Any) -> bool:
    """Whether a cell is a text of many digits, or a number with the check digit of a GTIN."""
    text = plain_text(cell)
    if not _LONG_NUMBER.fullmatch(text):
        return False
    digits = [int(digit) for digit in reversed(text)]
    return isinstance(cell, str) or (
        len(digits) in (12, 13, 14) and (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0
    )


def _number_or_date(name: str, texts: Sequence[str], decimal: Separator, order: Order | None) -> FoundKind:
    """``number``, ``date`` or ``text``; with the other cells, if nearly all are of one of the first two."""
    stated = [text for text in set(texts) if text.casefold() not in MISSING]
    if not stated:
        return FoundKind("text")
    read = read_price if name in PRICES else read_number
    numbers = [text for text in stated if survives(text) and read(text, decimal) is not None]
    if all(map(read_rating, stated)) and (name in NUMBERS_BY_NAME or not all(map(_FRACTION.fullmatch, stated))):
        return FoundKind("number")
    odd = set(stated) - set(numbers)
    few = numbers and sum(text in odd for text in texts) <= MAX_STRANGE_SHARE * len(texts)
    if not odd or (name in NUMBERS_BY_NAME and few):
        return FoundKind("number")
    if read_dates(stated, order) is not None:
        return FoundKind("date")
    if len(stated) < MIN_DISTINCT:
        return FoundKind("text")
    if len(numbers) >= NEARLY_ALL * len(stated):
        return FoundKind("text", frozenset(odd))
    others = not_dates(stated, order)
    if others and len(stated) - len(others) >= NEARLY_ALL * len(stated):
        return FoundKind("text", frozenset(others), "date")
    return FoundKind("text")


def _holds_paths(name: str, texts: Sequence[str]) -> bool:
    if sum(map(_is_path, texts)) > len(texts) * (0.1 if name in PATH_NAMES else 0.5):
        return True
    return name in PATH_NAMES and (any(map(_SLASHES.search, set(texts))) or _share_parents(set(texts)))


def tree_sign(texts: Collection[str]) -> str:
    """The sign between the parts of paths such as ``Apparel : Coats`` or ``Women|Dresses|Midi``; empty if the texts are
    no paths of one tree: a part that is below another one is always below that one."""
    stated = set(texts)
    for sign in _TREE_SIGNS:
        paths = [[part.strip() for part in text.split(sign)] for text in stated]
        deep = [path for path in paths if len(path) > 1]
        parents: dict[str, set[str]] = {}
        for path in deep:
            for place, part in enumerate(path):
                parents.setdefault(part, set()).add(">".join(path[:place]))
        shared = len({path[0] for path in deep}) < len(deep)
        if len(deep) * 2 >= len(paths) and shared and all(part and len(above) == 1 for part, above in parents.items()):
            return sign
    return ""


def _share_parents(texts: Collection[str]) -> bool:
    """Whether texts are paths of two parts: all have two, and some share the first one (``Women/Dresses``); or the
    first part of one is also a text without a slash (``Bags/Totes;Sale`` and ``Bags``)."""
    items = {item.strip() for text in texts for item in re.split(r"[|;\n]", text)}
    parts = [re.split(r"\s*/\s*", item) for item in items if item]
    firsts = {one[0] for one in parts if len(one) == 2}
    return (all(len(one) == 2 for one in parts) and len(firsts) < len(parts)) or not firsts.isdisjoint(items)


def _holds_lists(column: str, texts: Sequence[str]) -> bool:
    name = standard_name(column)
    signs = "[|,;\n]" if name in LIST_NAMES else "[|]"
    if any(re.search(_SIZES_LISTED if name in SIZES else signs, text) for text in set(texts)):
        return True
    if (name in SIZES or name in LIST_NAMES) and any(map(NAMED_SIZES_BY_SLASHES.fullmatch, set(texts))):
        return True
    if all(map(_SIZES.fullmatch, set(texts))):
        return any(re.search("[,;|]", text) for text in set(texts))
    by_comma = (text.replace("/", ",") for text in texts)
    if any(map(SIZES_BY_SLASHES.fullmatch, set(texts))) and all(map(_SIZES.fullmatch, by_comma)):
        return True
    return not TEXTS.search(name) and _look_like_lists(texts)


def _look_like_lists(texts: Sequence[str]) -> bool:
    """Whether most cells are short words between commas or semicolons, and the same words occur repeatedly, or also
    alone."""
    if any(map(TAG.search, set(texts))):  # Entities of HTML end with a semicolon.
        return False
    several = sum("," in text or ";" in text for text in texts)
    if several < max(2, len(texts) * 0.4):
        return False
    items = [item.strip() for text in texts for item in re.split("[,;]", text)]
    if any(not item or len(item) > MAX_ITEM_LENGTH or len(item.split()) > 3 or item[-1] in ".!?" for item in items):
        return False
    if any(re.fullmatch(r"[\d.]+", item) for item in items):
        return False
    if len(texts) < MANY_CELLS and not {text for text in texts if "," not in text and ";" not in text}.isdisjoint(
        item for text in texts if "," in text or ";" in text for item in map(str.strip, re.split("[,;]", text))
    ):
        return True
    repeated = 3 if len(texts) >= MANY_CELLS else 2
    return len(set(texts)) >= MIN_LISTS and len(set(items)) <= len(items) / repeated


def _is_path(text: str) -> bool:
    return bool(_PATH.search(text)) and not TAG.search(text)
