"""Sale prices with dates: of two prices the one that is paid today counts."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from catalog import read_catalog
from catalog.layouts.sales import drop_other_sales
from catalog.rows.changes import read_changes
from catalog.table import Rows, Table

PAST, FUTURE = "2020-02-01", "2999-02-01"


@pytest.mark.parametrize(
    ("columns", "dates", "price"),
    [
        ("Sale price,Date sale price starts,Date sale price ends", f"{PAST},{FUTURE}", 5),
        ("Sale price,Date sale price starts,Date sale price ends", f"{PAST},{PAST}", None),
        ("Sale price,Date sale price starts,Date sale price ends", f"{FUTURE},", None),
        ("Sale price,Date sale price starts,Date sale price ends", ",", 5),
        ("Angebotspreis,Datum an dem Angebotspreis beginnt,Datum an dem Angebotspreis endet", f",{PAST}", None),
        ("special_price,special_price_from_date,special_price_to_date", "1/31/2020,2/1/2020", None),
        ("special_price,special_price_from_date,special_price_to_date", f"{PAST} 00:00:00,", 5),
        ("special_price,special_price_from_date,special_price_to_date", "1/31/20,2/1/20", None),
        ("special_price,special_price_from_date,special_price_to_date", "1/1/20,2/1/20", None),
        ("special_price,special_price_from_date,special_price_to_date", "1/1/20,2/1/2999", 5),
        ("special_price,special_price_from_date,special_price_to_date", '1/31/20,"2/1/99, 10:15 AM"', 5),
        ("Sale Price,On Sale,size", "No,M", None),
        ("Sale Price,On Sale,size", "Yes,M", 5),
        ("sale_price,sale_price_effective_date,size", "2020-01-01T13:00-0800/2020-02-01T15:30-0800,M", None),
        ("sale_price,sale_price_effective_date,size", "2020-01-01T13:00-0800/2999-02-01T15:30-0800,M", 5),
    ],
)
def test_a_sale_price_counts_within_its_dates(tmp_path: Path, columns: str, dates: str, price: int | None) -> None:
    table = tmp_path / "catalog.csv"
    table.write_text(f"id,title,price,{columns}\n1,a,20,5,{dates}\n2,b,30,,,\n")
    name = columns.split(",")[0]
    catalog = read_catalog(table, images_required=False)
    assert [one.attributes["price"] for one in catalog] == [20, 30]
    assert catalog[0].attributes.get(name) == price
    assert [remark.row for remark in catalog.remarks] == ([2] if price is None else [])
    changed = read_changes(table, {"price": "number", name: "number"}).changes[0]
    assert changed.values == {"price": 20, name: price}


def test_a_sale_counts_on_its_first_and_last_day() -> None:
    for day, kept in ((1, False), (2, True), (3, True), (4, False)):
        row = {"price": "20", "sale_price": "5", "date_sale_price_starts": "2026-01-02",
               "date_sale_price_ends": "2026-01-03"}  # fmt: skip
        table = Table(list(row), Rows([(2, row)]))
        drop_other_sales(table, datetime.date(2026, 1, day))
        assert ("sale_price" in table.rows[0][1] and bool(table.rows[0][1]["sale_price"])) == kept


def test_the_only_price_of_a_product_is_kept(tmp_path: Path) -> None:
    (tmp_path / "catalog.csv").write_text(f"id,title,price,sale_price,date_sale_price_ends\n1,a,,5,{PAST}\n2,b,9,,\n")
    assert read_catalog(tmp_path / "catalog.csv", images_required=False)[0].attributes["sale_price"] == 5


def test_a_sale_price_of_zero_is_none(tmp_path: Path) -> None:
    (tmp_path / "catalog.csv").write_text("id,price,sale price\n1,9,0.00\n2,9,5\n3,0,0\n")
    catalog = read_catalog(tmp_path / "catalog.csv", images_required=False)
    assert [one.attributes.get("sale price") for one in catalog] == [None, 5, None]
    assert [one.attributes["price"] for one in catalog] == [9, 9, 0]
