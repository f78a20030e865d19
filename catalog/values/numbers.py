"""Numbers and prices as shops write them: ``19,90``, ``1.299,00``, ``25.00 EUR``, ``$1,299``, ``.90``, ``20,-``.

Which sign separates decimals is a property of the column, not of a cell: ``1.299`` alone could be either. price-parser
reads a single price once that is known.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, NamedTuple

from price_parser import Price

Separator = Literal[".", ","]

PLAIN = re.compile(r"[+-]?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?")
WHOLE = re.compile(r"[+-]?(?:0|[1-9]\d{0,14})")
MISSING = frozenset(
    {
        "", "-", "--", "---", "0000-00-00", "0000-00-00 00:00:00", "unknown", "–", "—", "n/a", "#n/a", "n.a.", "na",
        "nan", "null", "none", "nil", "tbd", "tba", "?",
        "x", "k.a.", "k. a.", "s/o", "on request", "auf anfrage", "sur demande",
    }
)  # fmt: skip
"""What stands in a column of numbers for no number."""
NEVER_TEXT = frozenset({"\\n", "n/a", "#n/a", "-", "--", "---", "–", "—", "#nv", "#ref!", "#value!"})
"""What stands in any column for no value. ``NA`` is not here: it is a word of the Kaggle sets; ``\\N`` is MySQL's."""

_GROUPED = r"\d{1,3}(?:[.,' \u00a0\u202f’]\d{2,3})+"
_AMOUNT = rf"(?:{_GROUPED}|\d+)?(?:[.,]\d*)?"
_CURRENCY = r"(?:[A-Za-z]{0,3}[$€£¥₹₽₺₩₪฿₫₴₦₱]|%|[^\W\d_]{1,4}\.?)"
_PRICE = re.compile(
    rf"(?P<before>{_CURRENCY})?\s*(?P<sign>[-+−])?\s*(?P<between>{_CURRENCY})?\s*(?P<amount>{_AMOUNT})(?P<dash>[.,:][-–—]{{1,2}})?"
    rf"\s*(?P<after>{_CURRENCY})?",
)
_UNIT = re.compile(
    r"(?P<price>.*?)\s*(?:/\s*[^\W\d_]{1,6}\.?|\*+|/-|(?:inkl|incl|inc|exkl|excl|zzgl|ttc|ht|iva|brutto)\b.*)",
    re.IGNORECASE,
)
"""What may follow a price: ``/Stk``, ``inkl. MwSt.``, an asterisk."""
_THREE_DECIMALS = re.compile(r"(?<![A-Za-z])(?:BHD|IQD|JOD|KWD|LYD|OMR|TND)(?![A-Za-z])")
"""Currencies whose unit has a thousand parts (ISO 4217)."""
_WIDE = re.compile("[\uff01-\uff5e]")


class Number(NamedTuple):
    """A number in a cell."""

    value: float
    currency: str
    """As written, such as ``EUR`` or ``$``; empty for a plain number."""


def decimal_separator(texts: Iterable[str], default: Separator = ".", *, prices: bool = False) -> Separator:
    """Which sign separates decimals in a column: a sign that is followed by other than three digits, or stands behind
    the other sign. ``default`` where no cell decides. Prices have no three decimals, unless the currency has them or a
    cell like ``0.950`` shows them: ``1.299`` is more than a thousand.
    """
    votes: Counter[Separator] = Counter()
    unclear: Counter[Separator] = Counter()
    with_three: set[Separator] = set()
    for text in texts:
        amount = re.sub(r"[^\d.,]", "", text).rstrip(".,")
        point, comma = amount.rfind("."), amount.rfind(",")
        if point < 0 and comma < 0:
            continue
        if point >= 0 and comma >= 0:
            votes["." if point > comma else ","] += 1
            continue
        sign: Separator = "." if point >= 0 else ","
        whole, _, rest = amount.rpartition(sign)
        if amount.count(sign) > 1:
            votes["," if sign == "." else "."] += 1
        elif len(rest) != 3:
            votes[sign] += 1
        elif whole in ("", "0") or _THREE_DECIMALS.search(text):
            votes[sign] += 1
            with_three.add(sign)
        else:
            unclear[sign] += 1
    if prices:
        for sign, count in unclear.items():
            votes[sign if sign in with_three else "," if sign == "." else "."] += count
    return votes.most_common(1)[0][0] if votes else default


@lru_cache(maxsize=50_000)
def read_number(text: str, decimal: Separator = ".") -> Number | None:
    """The number that a whole cell states, None for anything else.

    Args:
        text: The cell.
        decimal: Sign that separates decimals in this column.
    """
    text = text.strip()
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
    return Number(-value if match["sign"] in ("-", "−") else value, currency.rstrip("."))


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
    return text.isalpha() and Price.fromstring(f"{text} 1").currency is not None


_SHORT = frozenset(
    ["kr", "rs", "fr", "sfr", "rm", "rp", "lei", "ft", "zł", "kč", "лв", "руб", "грн", "tl", "円", "元", "원"]
)
