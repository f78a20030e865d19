"""Amounts of money within the objects of JSON: in cents, and one for each currency or country."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from catalog import read_catalog
from tests.catalog.shops import read

CENTS = {"type": "centPrecision", "currencyCode": "EUR", "centAmount": 4999, "fractionDigits": 2}
YEN = {"currencyCode": "JPY", "centAmount": 4999}
STORE = {
    "price": "1999", "regular_price": "2999", "currency_code": "EUR", "currency_symbol": "€", "currency_minor_unit": 2,
}  # fmt: skip
RANGE = {
    "minimum_price": {"final_price": {"value": 39.0, "currency": "USD"}},
    "maximum_price": {"final_price": {"value": 49.0, "currency": "USD"}},
}


@pytest.mark.parametrize(
    ("column", "cell", "name", "value", "currency"),
    [
        ("price", CENTS, "price", 49.99, "EUR"),
        ("price", YEN, "price", 4999, "JPY"),
        ("prices", [{"id": "p", "value": CENTS, "country": "DE"}, {"id": "q", "value": CENTS}], "prices", 49.99, "EUR"),
        ("price", {"amountMicros": "15990000", "currencyCode": "USD"}, "price", 15.99, "USD"),
        ("price_money", {"amount": 1550, "currency": "USD"}, "price_money", 15.5, "USD"),
        ("price", {"amount": 1550, "currency": "USD"}, "price", 1550, "USD"),
        ("price", {"amount": 5940, "currency": "EUR", "unit": "cents"}, "price", 59.4, "EUR"),
        ("price", {"amount_cents": 5940, "currency": "EUR"}, "price", 59.4, "EUR"),
        ("price", {"amount": 4550, "divisor": 100, "currency_code": "EUR"}, "price", 45.5, "EUR"),
        ("price", {"cents": 5940, "currency_iso": "JPY"}, "price", 5940, "JPY"),
        ("prices", STORE, "regular_price", 29.99, "EUR"),
        ("prices", [{"amount": 10, "currency": "EUR"}, {"amount": 12, "currency": "USD"}], "prices USD", 12, "USD"),
        ("price_range", RANGE, "final_price", 39, "USD"),
    ],
)
def test_amounts_are_in_units_of_their_currency(
    tmp_path: Path, column: str, cell: Any, name: str, value: float, currency: str
) -> None:
    (tmp_path / "products.json").write_text(json.dumps([{"id": "1", "title": "Shirt", column: cell}]))
    catalog = read_catalog(tmp_path / "products.json", images_required=False)
    assert catalog[0].attributes[name] == value
    assert catalog.details[name].currency == currency


def test_the_master_variant_of_commercetools_is_the_first_variant(tmp_path: Path) -> None:
    def variant(size: str) -> dict[str, Any]:
        label = {"key": "red", "label": {"en-GB": "Red", "de-DE": "Rot"}}
        pairs = [{"name": "size", "value": size}, {"name": "color", "value": label}]
        return {"sku": f"P-{size}", "prices": [{"value": CENTS}], "attributes": pairs}

    product = {"id": "c1", "name": {"en": "Polo"}, "masterVariant": variant("S"), "variants": [variant("M")]}
    (tmp_path / "products.json").write_text(json.dumps({"results": [product]}))
    (polo,) = read_catalog(tmp_path / "products.json", images_required=False)
    assert [one.id for one in polo.variants] == ["P-S", "P-M"]
    assert (polo.attributes["size"], polo.attributes["color"]) == (["S", "M"], "Red")


@pytest.mark.parametrize("column", ["price_cents", "priceInCents", "list_price_cents", "Price (in cents)"])
@pytest.mark.parametrize(("currency", "amount"), [("EUR", 59.4), ("JPY", 5940)])
def test_columns_of_prices_in_cents_are_in_units_of_their_currency(
    tmp_path: Path, column: str, currency: str, amount: float
) -> None:
    rows = [{"id": str(number), "title": "Shirt", column: 5940, "currency": currency} for number in range(2)]
    (tmp_path / "products.json").write_text(json.dumps(rows))
    catalog = read_catalog(tmp_path / "products.json", images_required=False)
    (name,) = [one for one in catalog.columns if "price" in one.casefold()]
    assert (catalog[0].attributes[name], catalog.details[name].currency) == (amount, currency)
    assert "cents" not in name.casefold()


@pytest.mark.parametrize("row", [{"price_cents": 59.4}, {"price_cents": 5940, "price": 59.4}, {"scents": 5940}])
def test_other_columns_keep_their_values(tmp_path: Path, row: dict[str, Any]) -> None:
    (tmp_path / "products.json").write_text(json.dumps([{"id": "1", "title": "Shirt", **row}]))
    catalog = read_catalog(tmp_path / "products.json", images_required=False)
    assert {name: catalog[0].attributes[name] for name in row} == row


def test_cents_of_a_column_with_nulls_of_a_database_are_units(tmp_path: Path) -> None:
    rows = [{"id": at, "title": f"Hat {at}", "sale_price_cents": cents} for at, cents in enumerate(["1999", "\\N"])]
    assert [one.attributes.get("sale_price") for one in read(tmp_path, rows)] == [19.99, None]
