"""What a price is where its cell alone does not say: three digits behind a sign, and its currency."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import Catalog, ModisteError, read_catalog
from catalog.rows.changes import read_changes
from catalog.settings import CatalogSettings, ColumnSettings
from catalog.values.numbers import decimal_separator, read_number, read_price
from tests.catalog.shops import read, table


def priced(folder: Path, *cells: str, settings: CatalogSettings | None = None) -> Catalog:
    lines = "".join(f'{number},"{cell}"\n' for number, cell in enumerate(cells))
    (folder / "catalog.csv").write_text(f"id,price\n{lines}", encoding="utf-8")
    return read_catalog(folder / "catalog.csv", images_required=False, settings=settings)


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["19.900", "29.900", "8.500"], [19900, 29900, 8500]),
        (["19.900", "29.95", "8.500", "12.500"], [19.9, 29.95, 8.5, 12.5]),
        (["19.900", "29", "45"], [19.9, 29, 45]),
        (["19,900", "29,950", "24"], [19.9, 29.95, 24]),
        (["1.299", "899", "2.499"], [1299, 899, 2499]),
        (["1.299", "49"], [1299, 49]),
        (["19.900", "8.500", "990"], [19900, 8500, 990]),
    ],
)
def test_the_whole_column_decides_on_three_digits_and_inspect_shows_it(
    tmp_path: Path, cells: list[str], values: list[float]
) -> None:
    catalog = priced(tmp_path, *cells)
    assert [one.attributes["price"] for one in catalog] == values
    (remark,) = catalog.remarks
    assert remark.row == 2
    assert remark.reason.startswith(f"{cells[0]} is read as {values[0]:.15g}; otherwise: ")


@pytest.mark.parametrize("cells", [["19.900", "1.299,00"], ["0.950", "1.250"], ["1.299", "2.499.000"], ["KWD 1.250"]])
def test_an_unambiguous_cell_needs_no_remark(tmp_path: Path, cells: list[str]) -> None:
    assert priced(tmp_path, *cells).remarks == ()


def test_another_column_of_prices_may_decide(tmp_path: Path) -> None:
    catalog = read(tmp_path, [{"id": 1, "price": "19.900", "list price": "29.900,00"}])
    assert catalog[0].attributes == {"price": 19900, "list price": 29900}
    assert catalog.remarks == ()


@pytest.mark.parametrize(("sign", "value"), [(".", 19.9), (",", 19900)])
def test_the_settings_decide_before_the_column(tmp_path: Path, sign: str, value: float) -> None:
    settings = CatalogSettings(columns={"price": ColumnSettings.model_validate({"decimal": sign})})
    catalog = priced(tmp_path, "19.900", settings=settings)
    assert catalog[0].attributes["price"] == value
    assert catalog.remarks == ()


@settings(deadline=None)
@given(st.lists(st.integers(10_00, 90_00), min_size=1, max_size=20), st.booleans(), st.data())
def test_prices_with_a_third_decimal_in_some_cells_are_not_multiplied(
    cents: list[int], comma: bool, data: st.DataObject
) -> None:
    def written(cent: int, digits: int) -> str:
        return f"{cent / 100:.{digits}f}".replace(".", "," if comma else ".")

    cells = [written(cent, data.draw(st.sampled_from([2, 3]))) for cent in cents]
    cells += [written(cent, 2) for cent in (10_00, 30_00, 90_00)]
    sign = decimal_separator(cells, prices=True).sign
    numbers = [read_number(cell, sign) for cell in cells]
    assert [number and round(number.value * 100) for number in numbers] == [*cents, 10_00, 30_00, 90_00]


@pytest.mark.parametrize(
    ("name", "currency"),
    [
        ("Price EUR", "EUR"),
        ("price-usd", "USD"),
        ("Retail (GBP)", "GBP"),
        ("RRP £", "GBP"),
        ("MSRP (US$)", "USD"),
        ("Preis in EUR", "EUR"),
        ("Cena w zł", "PLN"),
        ("Retail price incl. VAT (DKK)", "DKK"),
        ("Prix TTC (CHF)", "CHF"),
        ("Price ex. VAT GBP", "GBP"),
    ],
)
def test_the_currency_may_be_in_the_name_of_the_column(tmp_path: Path, name: str, currency: str) -> None:
    assert read(tmp_path, [{"id": 1, name: "19.90", "other": "5.00"}]).details[name].currency == currency


def test_the_currency_may_be_in_a_column_of_its_own(tmp_path: Path) -> None:
    rows = [{"id": number, "price": "19.90", "currency": "EUR", "weight": "5.5"} for number in range(3)]
    details = read(tmp_path, rows).details
    assert (details["price"].currency, details["weight"].currency) == ("EUR", "")
    assert read(tmp_path, [*rows, {**rows[0], "id": 9, "currency": "USD"}]).details["price"].currency == ""


def test_a_currency_in_the_cells_comes_first(tmp_path: Path) -> None:
    assert (
        read(tmp_path, [{"id": 1, "Price USD": "19.90 EUR", "currency": "GBP"}]).details["Price USD"].currency == "EUR"
    )


@pytest.mark.parametrize(
    ("cells", "currency"),
    [(["Rs. 1,299", "INR 899", "₹99"], "INR"), (["25 €", "19 EUR"], "EUR"), (["25 €", "19 €"], "EUR")],
)
def test_a_sign_and_a_code_of_one_currency_are_the_same(tmp_path: Path, cells: list[str], currency: str) -> None:
    catalog = read(tmp_path, [{"sku": f"A{n}", "price": cell} for n, cell in enumerate(cells)])
    assert catalog.details["price"] == ("number", currency)
    assert "price currency" not in catalog.columns


@pytest.mark.parametrize(
    ("names", "cells", "currency"),
    [
        (("price", "rrp"), ("$25", "USD 30"), "USD"), (("price", "list_price"), ("$25", "C$ 30"), "CAD"),
        (("price", "sale_price"), ("25 kr", "199 SEK"), "SEK"),
        (("販売価格(税込)", "カラー"), ("￥8,800", "白"), "JPY"),
        (("price", "currency"), ("$25", "AUD"), "AUD"), (("price", "colour"), ("$25", "red"), "$"),
        (("price", "colour"), ("25 kr", "red"), "kr"), (("price", "colour"), ("US$25", "red"), "USD"),
    ],
)  # fmt: skip
def test_a_sign_of_several_currencies_is_the_one_that_the_table_states(
    tmp_path: Path, names: tuple[str, str], cells: tuple[str, str], currency: str
) -> None:
    catalog = read(tmp_path, [{"sku": f"A{n}", names[0]: cells[0], names[1]: cells[1]} for n in range(3)])
    assert catalog.details[names[0]].currency == currency


def test_a_sign_and_its_code_in_one_column_are_one_currency(tmp_path: Path) -> None:
    catalog = read(tmp_path, [{"sku": f"A{n}", "price": cell} for n, cell in enumerate(["$25", "USD 30", "US$ 9"])])
    assert catalog.details["price"].currency == "USD"
    assert "price currency" not in catalog.columns


@pytest.mark.parametrize(("cell", "held"), [("$79.50", "EUR"), ("79,50 zł", "€"), ("79 SEK", "NOK")])
def test_changes_in_another_currency_are_refused(tmp_path: Path, cell: str, held: str) -> None:
    path = table(tmp_path / "prices.csv", [{"sku": "A1", "price": cell}])
    with pytest.raises(ModisteError, match=f"price in .*, but the index has it in {held}"):
        read_changes(path, {"price": "number"}, currencies={"price": held})


def test_changes_with_another_currency_in_a_column_of_its_own_are_refused(tmp_path: Path) -> None:
    path = table(tmp_path / "prices.csv", [{"sku": "A1", "price": "79.50", "currency": "USD"}])
    with pytest.raises(ModisteError, match="price in USD, but the index has it in EUR"):
        read_changes(path, {"price": "number"}, currencies={"price": "EUR"})
    assert read_changes(path, {"price": "number"}, currencies={"price": "$"}).changes[0].values == {"price": 79.5}


@pytest.mark.parametrize(
    ("cell", "held"), [("$79.50", "USD"), ("US$79.50", "$"), ("79.50", "EUR"), ("79,50 €", "€"), ("79 kr", "SEK")]
)
def test_changes_in_the_currency_of_the_index_are_read(tmp_path: Path, cell: str, held: str) -> None:
    path = table(tmp_path / "prices.csv", [{"sku": "A1", "price": cell}])
    assert read_changes(path, {"price": "number"}, currencies={"price": held}).changes[0].values["price"] >= 79  # type: ignore[operator]


@pytest.mark.parametrize(
    ("cells", "first"), [(["¥5,980", "2980"], 5980), (["5,980円", "￥980"], 5980), (["59.800 ₩", "1000"], 59800)]
)
def test_yen_and_won_have_no_decimals(tmp_path: Path, cells: list[str], first: int) -> None:
    catalog = read(tmp_path, [{"sku": f"A{n}", "price": cell} for n, cell in enumerate(cells)])
    assert catalog[0].attributes["price"] == first
    assert not catalog.remarks


WORDS = [
    "ab",
    "from",
    "dès",
    "à partir de",
    "desde",
    "da",
    "vanaf",
    "od",
    "UVP",
    "MSRP",
    "ca.",
    "nur",
    "only",
    "~",
    "≥",
]
MARKS = ["*", "**", " *", "¹", "+", " inkl. MwSt.", " inkl. 19% MwSt.", " / Stück", " each", " zzgl. Versand"]


@settings(deadline=None)
@given(
    st.lists(st.integers(1_00, 9_999_99), min_size=1, max_size=20), st.booleans(), st.booleans(),
    st.sampled_from(["", "€", "EUR", "$"]), st.booleans(), st.data(),
)  # fmt: skip
def test_words_and_marks_around_a_price_do_not_change_it(
    cents: list[int], comma: bool, grouped: bool, currency: str, behind: bool, data: st.DataObject
) -> None:
    def written(cent: int) -> str:
        text = f"{cent / 100:,.2f}" if grouped else f"{cent / 100:.2f}"
        text = text.translate(str.maketrans(".,", ",.")) if comma else text
        return f"{text} {currency}".strip() if behind else f"{currency} {text}".strip()

    def worded(cent: int) -> str:
        before, after = data.draw(st.sampled_from(["", *WORDS])), data.draw(st.sampled_from(["", *MARKS]))
        return f"{before} {written(cent)}{after}".strip()

    cells = [worded(cent) for cent in cents]
    sign = decimal_separator(cells, prices=True).sign
    assert sign == ("," if comma else ".")
    for cent, cell in zip(cents, cells, strict=True):
        number = read_price(cell, sign)
        assert number is not None
        assert (round(number.value * 100), number.currency) == (cent, currency), cell


def test_a_column_of_prices_with_words_is_of_numbers(tmp_path: Path) -> None:
    cells = ["29,99", "ab 24,50", "39,00*", "39,00 €*", "UVP 39,00", "ca. 40", "45,00 - 54,00", "45,00 € bis 54,00 €"]
    catalog = priced(tmp_path, *cells)
    assert catalog.columns == {"price": "number"}
    assert [one.attributes["price"] for one in catalog] == [29.99, 24.5, 39, 39, 39, 40, 45, 45]
    assert catalog.details["price"].currency == "EUR"
    assert catalog.remarks == ()


@pytest.mark.parametrize("text", ["auf Anfrage", "3 für 50", "statt 59,00 jetzt 39,00", "AB1234", "01.02.2026", "*"])
def test_a_cell_without_one_price_has_none(text: str) -> None:
    assert read_price(text, ",") is None


def test_only_prices_are_read_from_texts(tmp_path: Path) -> None:
    catalog = read(tmp_path, [{"id": number, "fit": f"from {number}"} for number in range(9)])
    assert catalog.columns == {"fit": "text"}


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["'5012345600126", "'0012345600133"], ["5012345600126", "0012345600133"]),
        (["'90s", "'19,90 x"], ["'90s", "'19,90 x"]),
    ],
)
def test_an_apostrophe_that_keeps_a_number_a_text_is_dropped(
    tmp_path: Path, cells: list[str], values: list[str]
) -> None:
    catalog = read(tmp_path, [{"id": number, "barcode": cell} for number, cell in enumerate(cells)])
    assert [one.attributes["barcode"] for one in catalog] == values
    assert [one.attributes["price"] for one in priced(tmp_path, "'19.90", "'5")] == [19.9, 5]


@pytest.mark.parametrize("form", ["cells", "column", "signs"])
def test_prices_in_several_currencies_are_not_converted_and_inspect_shows_it(tmp_path: Path, form: str) -> None:
    rows: list[dict[str, object]] = []
    for number, code in enumerate(["EUR", "EUR", "USD", ""]):
        amount = f"{20 + number}.90"
        written = {"cells": f"{amount} {code}", "signs": {"EUR": "€", "USD": "US$"}.get(code, "") + amount}
        price = written.get(form, amount).strip()
        rows.append({"id": number, "price": price, **({"currency": code} if form == "column" else {})})
    catalog = read(tmp_path, rows)
    assert [one.attributes.get("price currency") for one in catalog] == ["EUR", "EUR", "USD", None]
    assert [one.attributes["price"] for one in catalog] == [20.9, 21.9, 22.9, 23.9]
    assert (catalog.details["price"].currency, catalog.roles["price currency"]) == ("", "fact")
    (remark,) = catalog.remarks
    assert (remark.row, remark.kind) == (4, "price has prices in several currencies, which are not converted")
    assert remark.reason == 'price is in EUR 2, USD 1: ranges need a filter on "price currency"'


def test_arabic_and_persian_digits_are_numbers(tmp_path: Path) -> None:
    prices = ["١٩٩ ر.س", "١٬٤٥٠٫٥٠ ر.س", "۷۵ ر.س"]
    rows = [{"رقم المنتج": n, "اسم المنتج": f"شال {n}", "السعر": price} for n, price in enumerate(prices)]
    assert [one.attributes["السعر"] for one in read(tmp_path, rows)] == [199.0, 1450.5, 75.0]
