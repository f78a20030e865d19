"""The stock of each outlet in a column of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.catalog.shops import read


@pytest.mark.parametrize(
    ("first", "second", "name"),
    [
        ("inventory_Main_Outlet", "inventory_Berlin", "inventory (Main_Outlet)"),
        ("Current Quantity Shop", "Current Quantity Online", "Current Quantity (Shop)"),
        ("Stock 1", "Stock 2", "Stock (1)"),
        ("Bestand Berlin", "Bestand Ulm", "Bestand (Berlin)"),
    ],
)
def test_a_product_is_sold_out_if_no_outlet_has_it(tmp_path: Path, first: str, second: str, name: str) -> None:
    rows = [{"sku": f"A-{at}", "name": "Hat", first: at, second: other} for at, other in ((0, 0), (0, 2), (3, ""))]
    catalog = read(tmp_path, rows)
    assert [one.attributes.get(name) for one in catalog] == [0, 3]
    assert [one.id for one in catalog.left_out] == ["A-0"]
    assert catalog.roles[name] == "stock"


@pytest.mark.parametrize("column", ["stock_code", "Quantity discount", "stock 2024", "inventory_note", "Bestand alt"])
def test_other_columns_keep_their_names(tmp_path: Path, column: str) -> None:
    catalog = read(tmp_path, [{"sku": f"A-{at}", "name": "Hat", column: 0} for at in range(2)])
    assert column in catalog.roles
    assert len(catalog) == 2
