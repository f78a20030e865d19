"""Numbers and prices as shops write them: ``19,90``, ``1.299,00``, ``25.00 EUR``, ``$1,299``, ``.90``, ``20,-``.

The decimal separator is a property of the column, not of a cell: ``1.299`` alone could be either.
"""

from __future__ import annotations

import re
import statistics
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from price_parser import Price

Separator = Literal[".", ","]

MAX_CHARACTERS = 500
"""Characters of a cell with a number and words about it."""
PLAIN = re.compile(r"[+-]?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?")
WHOLE = re.compile(r"[+-]?(?:0|[1-9]\d{0,14})")
MISSING = frozenset(
    {
        "", "\\n", "-", "--", "---", "0000-00-00", "0000-00-00 00:00:00", "unknown", "–", "—", "n/a", "#n/a", "n.a.",
        "na", "nan", "null", "none", "nil", "tbd", "tba", "tbc", "?", "unlimited", "∞",
        "x", "k.a.", "k. a.", "s/o", "on request", "auf anfrage", "sur demande",
    }
)  # fmt: skip
"""Texts in columns of numbers that mean no number."""
NEVER_TEXT = frozenset({"\\n", "n/a", "#n/a", "-", "--", "---", "–", "—", "#nv", "#ref!", "#value!"})
"""Texts in any column that mean no value. ``NA`` is not here: it is a word of the Kaggle sets; ``\\N`` is MySQL's."""

_GROUPED = r"\d{1,3}(?:[.,' \u00a0\u202f’]\d{2,3})+"
_AMOUNT = rf"(?:{_GROUPED}|\d+)?(?:[.,]\d*)?"
_CURRENCY = r"(?:[A-Za-z]{0,3}[$€£¥₹₽₺₩₪฿₫₴₦₱]|%|[^\W\d_]{1,4}\.?|[^\W\d_]\.[^\W\d_]\.?)"
_PRICE = re.compile(
    rf"(?P<before>{_CURRENCY})?\s*(?P<sign>[-+−])?\s*(?P<between>{_CURRENCY})?\s*(?P<amount>{_AMOUNT})(?P<dash>[.,:][-–—]{{1,2}})?"
    r"(?:(?<=[.,]\d\d)(?P<behind>-))?"
    rf"\s*(?P<after>{_CURRENCY})?",
)
_UNIT = re.compile(
    r"(?P<price>.*?)\s*(?:/\s*[^\W\d_]{1,6}\.?|\*+|/-|(?:inkl|incl|inc|exkl|excl|zzgl|ttc|ht|iva|brutto)\b.*)",
    re.IGNORECASE,
)
"""Suffixes of prices: ``/Stk``, ``inkl. MwSt.``, an asterisk."""
_THREE_DECIMALS = re.compile(r"(?<![A-Za-z])(?:BHD|IQD|JOD|KWD|LYD|OMR|TND)(?![A-Za-z])")
"""Currencies whose unit has a thousand parts (ISO 4217)."""
_NO_DECIMALS = re.compile(r"[¥￥円₩원₫]|(?<![A-Za-z])(?:JPY|KRW|VND|ISK|CLP|HUF)(?![A-Za-z])")
"""Currencies without decimals."""
_RATING = re.compile(
    r"(?P<value>\d{1,2}(?:[.,]\d+)?)\s*(?:/|[^\W\d_]{1,4}(?: of)?(?= ))\s*"
    r"(?P<best>5|10)(?:[.,]0)?(?:\s*(?:[★☆*]+|[^\W\d_]{3,12}))?"
)
"""The best rating is 5 or 10."""
_AMOUNT_IN_TEXT = re.compile(r"(?:(?<![^\W\d_])[.,])?\d(?:[\d.,' \u00a0\u202f’]*\d)?")
"""The numbers in a cell with other words. The point of ``Rs.40`` belongs to the word."""
_BETWEEN = re.compile(r"\s*[-–—]\s*|\s+(?:to|bis|à|a|al|até|hasta|tot|til|till|do|до)\s+", re.IGNORECASE)
"""What separates the two prices of a range."""
_GLUED = re.compile(r"[^\W\d_]+[.:]\s*(?=\d)")
_MARKS = " \t\u00a0*†‡+~≈<>≤≥=()[]\"':;.,#^°¹²³⁴⁵⁶⁷⁸⁹⁽⁾"
MAX_PRICE_LENGTH = 80
"""Length of a cell beyond which it is a text that mentions a price."""
_WIDE = re.compile("[\uff01-\uff5e\uffe0-\uffe6]")
_ARABIC = re.compile("[٠-٩۰-۹٫٬]")
_LATIN = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫٬", "01234567890123456789.,")
"""Arabic and Persian digits and separators."""


class Number(NamedTuple):
    """A number in a cell."""

    value: float
    currency: str
    """As written, such as ``EUR`` or ``$``; empty for a plain number."""


class Decimals(NamedTuple):
    """Which sign separates decimals in a column."""

    sign: Separator = "."
    guessed: str = ""
    """A cell such as ``19.900``, if no other cell shows whether it is twenty or twenty thousand."""


def decimal_separator(texts: Iterable[str], default: Separator = ".", *, prices: bool = False) -> Decimals:
    """The decimal separator of a column: the sign that is not followed by three digits, or that follows the other sign.
    ``default`` if no cell decides.

    In prices, three digits are thousands (``1.299``), unless the currency has three decimals, a cell like ``0.950``
    shows them, or the cells are like the column's other prices only as decimals (``19.900`` beside ``29.95``).
    """
    votes: Counter[Separator] = Counter()
    unclear: dict[Separator, list[tuple[str, str]]] = {}
    with_three: set[Separator] = set()
    clear: list[float] = []
    for written, count in Counter(texts).items():  # Most columns have few different cells.
        text = _in_latin(written)
        for found in _AMOUNT_IN_TEXT.findall(text):
            amount = re.sub(r"[^\d.,]", "", found)
            point, comma = amount.rfind("."), amount.rfind(",")
            if point < 0 and comma < 0:
                clear += [float(amount)] * count
                continue
            if point >= 0 and comma >= 0:
                votes["." if point > comma else ","] += count
                continue
            sign: Separator = "." if point >= 0 else ","
            whole, _, rest = amount.rpartition(sign)
            if amount.count(sign) > 1:
                votes["," if sign == "." else "."] += count
            elif len(rest) != 3:
                votes[sign] += count
                clear += [float(f"{whole or 0}.{rest}")] * count
            elif whole in ("", "0") or _THREE_DECIMALS.search(text):
                votes[sign] += count
                with_three.add(sign)
            elif _NO_DECIMALS.search(text):
                votes["," if sign == "." else "."] += count
            else:
                unclear.setdefault(sign, []).extend([(text, amount)] * count)
    guessed = ""
    for sign, cells in unclear.items() if prices else ():
        other: Separator = "," if sign == "." else "."
        if sign in with_three:
            votes[sign] += len(cells)
            continue
        guessed = guessed or ("" if votes[other] else cells[0][0])
        decimals = not votes[other] and _alike_as_decimals([amount for _, amount in cells], sign, clear)
        votes[sign if decimals else other] += len(cells) + votes[sign]
    return Decimals(votes.most_common(1)[0][0] if votes else default, guessed)


def _alike_as_decimals(amounts: Sequence[str], sign: Separator, clear: Sequence[float]) -> bool:
    """Whether amounts with three digits behind ``sign`` are like the clear numbers of their column if these digits are
    decimals: as thousands they would be more than a hundred times as much."""
    others = [number for number in clear if number]
    if not others:
        return False
    numbers = [float(amount.replace(sign, ".")) for amount in amounts]
    return 0.1 < statistics.median(numbers) / statistics.median(others) < 10


@lru_cache(maxsize=50_000)
def read_number(text: str, decimal: Separator = ".") -> Number | None:
    """The number that a whole cell states, None for anything else.

    Args:
        text: The cell.
        decimal: Sign that separates decimals in this column.
    """
    if len(text) > MAX_CHARACTERS:  # The patterns below take quadratic time for long runs of spaces.
        return None
    text = _in_latin(text.strip())
    if _WIDE.search(text):
        text = unicodedata.normalize("NFKC", text)
    if decimal == "." and PLAIN.fullmatch(text):
        return Number(float(text), "")
    match = _PRICE.fullmatch(text)
    if match is None:
        unit = _UNIT.fullmatch(text)
        inner = read_number(unit["price"], decimal) if unit else None
        return inner if inner is not None and (inner.currency or text[-1] in "*-") else None
    if not any(character.isdigit() for character in match["amount"]):
        return None
    amount = match["amount"]
    currency = match["before"] or match["between"] or match["after"] or ""
    if currency and not _is_currency(currency):
        return None
    if match["dash"]:  # 1.299,- has no decimals.
        decimal = "," if "." in amount else "."
    if not _grouping_is_right(amount, decimal):  # A cell with the other separator, such as 19.90 among 19,90.
        decimal = "," if decimal == "." else "."
        if not _grouping_is_right(amount, decimal):
            return None
    whole, _, fraction = amount.partition(decimal)
    digits = re.sub(r"\D", "", whole)
    value = float(f"{digits or 0}.{fraction or 0}")
    return Number(-value if match["sign"] in ("-", "−") or match["behind"] else value, currency.rstrip("."))


@lru_cache(maxsize=50_000)
def read_price(text: str, decimal: Separator = ".") -> Number | None:
    """The price that a cell of a column of prices states. It may have words and marks around it, such as
    ``from 24.50``, ``UVP 39,00`` and ``39,00 €*``; of a range, it is the lower end. None without a number, and for
    several numbers that are no range.

    Args:
        text: The cell.
        decimal: Sign that separates decimals in this column.
    """
    text = _in_latin(text)
    found = read_number(text, decimal)
    if found is not None or len(text) > MAX_PRICE_LENGTH or not any(sign.isdecimal() for sign in text):
        return found
    unit = _UNIT.fullmatch(text.strip())
    if unit is not None and (found := read_price(unit["price"], decimal)) is not None:
        return found
    for between in _BETWEEN.finditer(text):
        low, high = (_among_words(end, decimal) for end in (text[: between.start()], text[between.end() :]))
        if low is not None and high is not None and 0 <= low.value <= high.value:
            return low if low.currency else low._replace(currency=high.currency)
    return _among_words(text, decimal)


def read_rating(text: str) -> Number | None:
    """The number in a rating such as ``4.5/5``, ``4,5 von 5 Sternen`` or ``4 out of 5``; None for anything else."""
    match = _RATING.fullmatch(text.strip())
    value = float(match["value"].replace(",", ".")) if match else None
    return None if match is None or value is None or value > float(match["best"]) else Number(value, "")


def _in_latin(text: str) -> str:
    """A text with Latin digits instead of Arabic and Persian ones."""
    return text.translate(_LATIN) if _ARABIC.search(text) else text


def _among_words(text: str, decimal: Separator) -> Number | None:
    """The only number in a text, with the currency beside it."""
    parts = _GLUED.sub(lambda glued: f"{glued[0]} ", text).split()
    numbered = [at for at, part in enumerate(parts) if any(sign.isdecimal() for sign in part)]
    if not numbered:
        return None
    first, last = numbered[0], numbered[-1]
    before = max(first - 1, 0)
    for start, end in ((before, last + 2), (first, last + 2), (before, last + 1), (first, last + 1)):
        part = " ".join(parts[start:end])
        for spelling in (part, part.strip(_MARKS)):
            if (number := read_number(spelling, decimal)) is not None:
                return number
    return None


def _grouping_is_right(amount: str, decimal: Separator) -> bool:
    whole, _, fraction = amount.partition(decimal)
    groups = re.split(r"[.,' \u00a0\u202f’]", whole)
    grouped = len(groups) == 1 or (
        groups[0] != "0" and len(groups[-1]) == 3 and all(len(group) in (2, 3) for group in groups[1:])
    )  # 0.950 is less than one.
    return grouped and (not fraction or fraction.isdigit())


@lru_cache(maxsize=1000)
def _is_currency(text: str) -> bool:
    if text == "%" or text.casefold().rstrip(".") in _SHORT or any(unicodedata.category(one) == "Sc" for one in text):
        return True
    found = Price.fromstring(f"{text} 1").currency if text.isalpha() else None
    return found is not None and found.casefold() == text.casefold()  # MSRP is no currency, although RP is one.


_SHORT = frozenset({
    "kr", "rs", "fr", "sfr", "rm", "rp", "lei", "ft", "zł", "kč", "лв", "руб", "грн", "tl", "円", "元", "원",
    "ر.س", "د.إ", "ج.م", "د.ك", "ر.ق",
})  # fmt: skip
