"""The stock of each outlet in a column of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog.rows.changes import read_changes
from catalog.values import Kind
from tests.catalog.shops import read, table


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("inventory_Main_Outlet", "inventory_Berlin"), ("Current Quantity Shop", "Current Quantity Online"),
        ("Stock 1", "Stock 2"), ("Bestand Berlin", "Bestand Ulm"), ("Bestand (Berlin)", "Bestand (Ulm)"),
    ],
)  # fmt: skip
def test_a_product_is_sold_out_if_no_outlet_has_it(tmp_path: Path, first: str, second: str) -> None:
    rows = [{"sku": f"A-{at}", "name": "Hat", first: at, second: other} for at, other in ((0, 0), (0, 2), (3, ""))]
    catalog = read(tmp_path, rows)
    assert [one.attributes.get(first) for one in catalog] == [0, 3]
    assert [one.id for one in catalog.left_out] == ["A-0"]
    assert catalog.roles[first] == "stock"


@pytest.mark.parametrize("column", ["stock_code", "Quantity discount", "stock 2024", "inventory_note", "Bestand alt"])
def test_other_columns_keep_their_names(tmp_path: Path, column: str) -> None:
    catalog = read(tmp_path, [{"sku": f"A-{at}", "name": "Hat", column: 0} for at in range(2)])
    assert column in catalog.roles
    assert len(catalog) == 2


@pytest.mark.parametrize("names", [("Bestand (Berlin)", "Bestand (Ulm)"), ("inventory_Berlin", "inventory_Ulm")])
def test_a_table_of_one_outlet_does_not_mark_products_as_sold_out(tmp_path: Path, names: tuple[str, str]) -> None:
    kinds: dict[str, Kind] = dict.fromkeys(names, "number")
    rows = [{"sku": f"A-{at}", names[0]: at} for at in (0, 3)]
    one = read_changes(table(tmp_path / "stock.csv", rows), kinds).changes
    assert [(change.unsold, change.values) for change in one] == [({}, {names[0]: 0}), ({"stock": ""}, {names[0]: 3})]
    both = read_changes(table(tmp_path / "stock.csv", [{**row, names[1]: 0} for row in rows]), kinds).changes
    assert [bool(change.unsold["stock"]) for change in both] == [True, False]
