"""Amounts of money within objects and in columns such as ``price_cents``: in the smallest unit of a currency, or one
for each currency or country."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from catalog.names.columns import CURRENCY_COLUMNS, PRICES, standard_name
from catalog.names.plain import plain_name
from catalog.table import Table
from catalog.values import plain_text
from catalog.values.numbers import MISSING

AMOUNTS = ("amount", "value", "price")
_NET_AND_GROSS = frozenset({"net", "gross"})
"""Fields of Shopware's list with a price for each currency."""
CURRENCIES = ("currency", "currencycode", "currencyiso")
_MICROS = "amountmicros"
_CENTS = ("centamount", "amountcents", "amountincents", "amountminor", "cents")
_UNITS = ("unit", "units")
_SMALLEST = frozenset({"cent", "cents", "minor", "minorunit", "minorunits", "pence"})
_IN_CENTS = re.compile(
    r"(?:[\W_]+|(?<=[a-z])(?-i:(?=[A-Z])))(?:(?:in|en|i)[\W_]*)?"
    r"(?:cents?|pence|pennies|minor|öre|øre|centimes|céntimos|centavos|centesimi|grosze)\)?$",
    re.IGNORECASE,
)
"""The end of the names of columns with amounts in cents: ``price_cents``, ``priceInCents``."""
_DIVISORS = {1: 0, 10: 1, 100: 2, 1000: 3}
"""The field ``divisor`` beside amounts, and the number of decimals that it means."""
_DIGITS = ("currencyminorunit", "fractiondigits")
"""Fields with the number of decimals, beside amounts without a decimal point."""
_LOWEST, _HIGHEST = "minimumprice", "maximumprice"
"""Magento's range of the prices of variants, of which the lowest is used."""
_WITHOUT_DECIMALS = frozenset({"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND"})
"""Currencies that have no smaller unit (ISO 4217)."""


def in_units(cell: Any, name: str = "") -> Any:
    """A cell in which amounts of money are in units of their currency.

    commercetools writes ``{"centAmount": 4999, "currencyCode": "EUR", "fractionDigits": 2}``, Google ``amountMicros``,
    WooCommerce ``currency_minor_unit`` beside prices, and Square cents in fields such as ``price_money``. A list of
    amounts is the first of them, or an amount for each currency.

    Args:
        cell: The cell, or anything in it.
        name: Of the column or field.
    """
    if isinstance(cell, list):
        if (
            plain_name(name) in PRICES
            and len(cell) == 1
            and isinstance(cell[0], dict)
            and _NET_AND_GROSS & cell[0].keys()
        ):
            return cell[0]
        return _of_list([in_units(item) for item in cell])
    if not isinstance(cell, dict):
        return cell
    plain = {plain_name(str(field)): value for field, value in cell.items()}
    currency = next((str(plain[one]) for one in CURRENCIES if plain.get(one)), "")
    digits = next((plain[one] for one in _DIGITS if isinstance(plain.get(one), int)), None)
    cents = next((plain[one] for one in _CENTS if one in plain), None)
    if cents is None and any(plain_name(plain_text(plain.get(unit))) in _SMALLEST for unit in _UNITS):
        cents = next((plain[one] for one in AMOUNTS if one in plain), None)
    if isinstance(divisor := plain.get("divisor"), int) and divisor in _DIVISORS and cents is None:  # Etsy
        cents, digits = next((plain[one] for one in AMOUNTS if one in plain), None), _DIVISORS[divisor]
    if cents is not None:
        return _money(cents, _decimals(currency) if digits is None else digits, currency)
    if _MICROS in plain:
        return _money(plain[_MICROS], 6, currency)
    if plain_name(name).endswith("money") and isinstance(plain.get("amount"), int) and currency:
        return _money(plain["amount"], _decimals(currency), currency)
    if plain and plain.keys() <= {_LOWEST, _HIGHEST}:
        return in_units(plain.get(_LOWEST, plain.get(_HIGHEST)))
    if digits is not None:
        return {
            field: _shifted(value, digits) if plain_name(field) in PRICES else value
            for field, value in cell.items()
            if plain_name(field) in CURRENCIES or not plain_name(field).startswith("currency")
        }
    return {field: in_units(value, field) for field, value in cell.items()}


def columns_in_units(table: Table) -> None:
    """Turn columns of prices in cents, such as ``price_cents``, into columns in units of the currency: ``price``.

    Columns with values other than whole numbers are unchanged.
    """
    currencies = [name for name in table.columns if standard_name(name) in CURRENCY_COLUMNS]
    for place, column in enumerate(table.columns):
        name = _IN_CENTS.sub("", column)
        if name == column or name in table.columns or standard_name(name) not in PRICES:
            continue
        amounts = [
            text if (text := plain_text(cell)).casefold() not in MISSING else "" for cell in table.rows.column(column)
        ]
        if not all(re.fullmatch(r"-?\d+|", amount) for amount in amounts):
            continue
        stated = [table.rows.column(one) for one in currencies[:1]]
        codes = map(plain_text, stated[0]) if stated else [""] * len(amounts)
        units = [
            _shifted(amount, _decimals(code)) if amount else None for amount, code in zip(amounts, codes, strict=True)
        ]
        table.rows.drop([column])
        table.rows.put(name, units)
        table.columns[place] = name


def _of_list(items: list[Any]) -> Any:
    amounts = [_amount_in(item) for item in items]
    if not items or None in amounts:
        return items
    by_currency = {currency: amount for amount, currency in reversed([one for one in amounts if one])}
    if len(by_currency) > 1:
        return dict(reversed(by_currency.items()))
    ((currency, amount),) = by_currency.items()
    return {"amount": amount, "currency": currency}


def _amount_in(item: Any) -> tuple[Any, str] | None:
    """The amount and the currency in an object, or in its only inner object; None if there are none."""
    if not isinstance(item, dict):
        return None
    plain = {plain_name(str(field)): value for field, value in item.items()}
    amount = next((plain[one] for one in AMOUNTS if isinstance(plain.get(one), str | int | float)), None)
    currency = next((plain[one] for one in CURRENCIES if isinstance(plain.get(one), str)), None)
    if amount is not None and currency:
        return amount, currency.upper()
    within = [value for value in item.values() if isinstance(value, dict)]
    return _amount_in(plain.get("value", within[0] if len(within) == 1 else None))


def _money(amount: Any, digits: int, currency: str) -> dict[str, Any]:
    return {"amount": _shifted(amount, digits), "currency": currency}


def _shifted(amount: Any, digits: int) -> Any:
    """An amount in units of 10 ** -digits; unchanged if it is not a whole number."""
    try:
        return str(Decimal(str(amount)).scaleb(-digits)) if str(amount).lstrip("-").isdigit() else amount
    except (InvalidOperation, ValueError):
        return amount


def _decimals(currency: str) -> int:
    return 0 if currency.upper() in _WITHOUT_DECIMALS else 2
