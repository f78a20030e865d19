"""Currencies as ISO 4217 codes, which are also derived from signs and abbreviations."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

_SIGNS = {
    "€": "EUR", "£": "GBP", "₹": "INR", "rs": "INR", "₽": "RUB", "руб": "RUB", "rur": "RUB", "₺": "TRY", "tl": "TRY",
    "₩": "KRW", "원": "KRW", "₪": "ILS", "₫": "VND", "₴": "UAH", "грн": "UAH", "zł": "PLN", "kč": "CZK", "ft": "HUF",
    "rm": "MYR", "rp": "IDR", "円": "JPY", "元": "CNY", "лв": "BGN", "us$": "USD", "a$": "AUD", "au$": "AUD",
    "c$": "CAD", "ca$": "CAD", "nz$": "NZD", "hk$": "HKD", "nt$": "TWD", "s$": "SGD", "mx$": "MXN", "r$": "BRL",
    "ر.س": "SAR", "د.إ": "AED", "ج.م": "EGP", "د.ك": "KWD", "ر.ق": "QAR", "د.ب": "BHD", "ر.ع": "OMR",
    "jp¥": "JPY", "cn¥": "CNY", "฿": "THB", "₱": "PHP", "₦": "NGN", "sfr": "CHF", "lei": "RON",
}  # fmt: skip
"""Signs and abbreviations that stand for one currency."""
_SHARED = {
    "$": frozenset({"USD", "CAD", "AUD", "NZD", "HKD", "SGD", "MXN", "TWD", "ARS", "CLP", "COP"}),
    "¥": frozenset({"JPY", "CNY"}),
    "kr": frozenset({"SEK", "NOK", "DKK", "ISK"}),
}
"""Signs that stand for several."""
_WRITINGS = {"JPY": re.compile("[\u3041-\u30ff価円]"), "CNY": re.compile("[价颜库码类编]")}
"""Letters of names of columns that tell whose ``¥`` it is."""


def currency_code(currency: str) -> str:
    """The code of a currency as written in a cell, or else the currency as it is."""
    plain = currency.casefold().rstrip(".")
    if plain in _SHARED:
        return plain
    return _SIGNS.get(plain, currency.upper() if len(currency) == 3 else currency)


def settled(currency: str, stated: Collection[str], names: Iterable[str] = ()) -> str:
    """The code that a sign of several currencies stands for, if the table states exactly one of them; else the sign.

    Args:
        currency: A code or a sign.
        stated: The codes in the table.
        names: Names of the table's columns; if any is Japanese, ``¥`` is JPY, and if any is Chinese, CNY.
    """
    possible = _SHARED.get(currency, frozenset()) & set(stated)
    if len(possible) == 1:
        return next(iter(possible))
    if currency == "¥" and not possible:
        text = "".join(names)
        return next((code for code, letters in _WRITINGS.items() if letters.search(text)), currency)
    return currency


def are_same(one: str, other: str) -> bool:
    """Whether two currencies may be the same: ``$`` may be USD."""
    one, other = currency_code(one), currency_code(other)
    return settled(one, {other}) == settled(other, {one})
