"""Numbers and prices as shops write them: ``19,90``, ``1.299,00``, ``25.00 EUR``, ``$1,299``, ``.90``, ``20,-``.

Which sign separates decimals is a property of the column, not of a cell: ``1.299`` alone could be either. price-parser
reads a single price once that is known.
"""

from __future__ import annotations

import re
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
        "", "-", "--", "---", "–", "—", "n/a", "#n/a", "n.a.", "na", "nan", "null", "none", "nil", "tbd", "tba", "?",
        "x", "k.a.", "k. a.", "s/o", "on request", "auf anfrage", "sur demande",
    }
)  # fmt: skip
"""What stands in a column of numbers for no number."""
NEVER_TEXT = frozenset({"n/a", "#n/a", "-", "--", "---", "–", "—", "#nv", "#ref!", "#value!"})
"""What stands in any column for no value. ``NA`` is not here: it is a word of the Kaggle sets."""

_GROUPED = r"\d{1,3}(?:[.,' \u00a0\u202f’]\d{2,3})+"
_AMOUNT = rf"(?:{_GROUPED}|\d+)?(?:[.,]\d*)?"
_CURRENCY = r"(?:[A-Z]{0,3}[$€£¥₹₽₺₩₪฿₫₴₦₱]|zł|Kč|лв\.?|руб\.?|%|[A-Za-z]{1,4}\.?)"
_PRICE = re.compile(
    rf"(?P<before>{_CURRENCY})?\s*(?P<sign>[-+−])?\s*(?P<between>{_CURRENCY})?\s*(?P<amount>{_AMOUNT})(?P<dash>[.,][-–—]{{1,2}})?"
    rf"\s*(?P<after>{_CURRENCY})?",
)


class Number(NamedTuple):
    """A number in a cell."""

    value: float
    currency: str
    """As written, such as ``EUR`` or ``$``; empty for a plain number."""


def decimal_separator(texts: Iterable[str], default: Separator = ".") -> Separator:
    """Which sign separates decimals in a column: a sign that is followed by other than three digits, or stands behind
    the other sign. ``default`` where no cell decides."""
    votes: Counter[Separator] = Counter()
    for text in texts:
        amount = re.sub(r"[^\d.,]", "", text).rstrip(".,")
        point, comma = amount.rfind("."), amount.rfind(",")
        if point < 0 and comma < 0:
            continue
        if point >= 0 and comma >= 0:
            votes["." if point > comma else ","] += 1
            continue
        sign: Separator = "." if point >= 0 else ","
        other: Separator = "," if sign == "." else "."
        whole, _, rest = amount.rpartition(sign)
        if amount.count(sign) > 1:
            votes[other] += 1
        elif len(rest) != 3 or whole in ("", "0"):
            votes[sign] += 1
    if votes:
        return votes.most_common(1)[0][0]
    return default


@lru_cache(maxsize=50_000)
def read_number(text: str, decimal: Separator = ".") -> Number | None:
    """The number that a whole cell states, None for anything else.

    Args:
        text: The cell.
        decimal: Sign that separates decimals in this column.
    """
    text = text.strip()
    if decimal == "." and PLAIN.fullmatch(text):
        return Number(float(text), "")
    match = _PRICE.fullmatch(text)
    if match is None or not any(character.isdigit() for character in match["amount"]):
        return None
    amount = match["amount"]
    currency = match["before"] or match["between"] or match["after"] or ""
    if currency and not _is_currency(currency):
        return None
    if not _grouping_is_right(amount, decimal):  # One cell of another custom, such as 19.90 among 19,90.
        decimal = "," if decimal == "." else "."
        if not _grouping_is_right(amount, decimal):
            return None
    price = Price.fromstring(amount if amount[0].isdigit() else f"0{amount}", decimal_separator=decimal)
    if price.amount is None:
        return None
    value = float(price.amount)
    return Number(-value if match["sign"] in ("-", "−") else value, currency.rstrip("."))


def _grouping_is_right(amount: str, decimal: Separator) -> bool:
    whole, _, fraction = amount.partition(decimal)
    groups = re.split(r"[.,' \u00a0\u202f’]", whole)
    grouped = len(groups) == 1 or (len(groups[-1]) == 3 and all(len(group) in (2, 3) for group in groups[1:]))
    return grouped and (not fraction or fraction.isdigit())


@lru_cache(maxsize=1000)
def _is_currency(text: str) -> bool:
    if not text.isalpha() or text.casefold().rstrip(".") in _SHORT:
        return True
    return Price.fromstring(f"{text} 1").currency is not None


_SHORT = frozenset(["kr", "rs", "fr", "rm", "rp", "lei", "ft", "zł", "kč", "лв", "руб", "tl"])
