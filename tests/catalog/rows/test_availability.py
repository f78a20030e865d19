"""Rows that are not for sale are left out and counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.catalog.shops import accounted, read


@pytest.mark.parametrize(
    ("column", "sold", "unsold"),
    [
        ("Status", "active", "archived"), ("Published", "TRUE", "FALSE"), ("In stock?", "1", "0"), ("stock", "3", "0"),
        ("availability", "in stock", "out of stock"), ("enabled", "yes", "no"), ("quantity", "1.5", "-1"),
        ("visibility", "visible", "hidden"), ("product_online", "1", "2"),
    ],
)  # fmt: skip
def test_what_is_not_for_sale_is_left_out_and_counted(tmp_path: Path, column: str, sold: str, unsold: str) -> None:
    rows = [{"id": number, "title": f"Shirt {number}", column: unsold if number % 2 else sold} for number in range(6)]
    catalog = read(tmp_path, rows)
    assert [one.id for one in catalog] == ["0", "2", "4"]
    assert [one.reason for one in catalog.left_out] == [f"{column} is {unsold}"] * 3
    assert accounted(catalog)


@pytest.mark.parametrize(("column", "unsold"), [("discontinued", "yes"), ("archived", "TRUE"), ("is_deleted", "1")])
def test_a_column_that_says_yes_to_what_is_gone_leaves_it_out(tmp_path: Path, column: str, unsold: str) -> None:
    rows = [{"id": number, "title": f"Shirt {number}", column: unsold if number else "no"} for number in range(3)]
    catalog = read(tmp_path, rows)
    assert [one.id for one in catalog] == ["0"]
