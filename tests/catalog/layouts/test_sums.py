"""Rows of sums, headings and notes in tables of products."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.catalog.shops import accounted, read


@pytest.mark.parametrize("columns", [3, 4, 6])
def test_a_sum_below_a_narrow_table_is_recognised_by_its_number(tmp_path: Path, columns: int) -> None:
    names = ["id", "title", "price", "stock", "colour", "file"][:columns]
    rows = [dict(zip(names, [f"A{n}", f"Coat {n}", 20.5 + n, 2, "red", "a"], strict=False)) for n in range(3)]
    total = {"id": "Total", "price": 64.5, **({"stock": 6} if "stock" in names else {})}
    assert [one.id for one in read(tmp_path, [*rows, total])] == ["A0", "A1", "A2"]


def test_a_product_with_the_name_of_a_sum_is_kept(tmp_path: Path) -> None:
    rows = [{"id": f"A{n}", "price": 20.5 + n} for n in range(3)]
    assert len(read(tmp_path, [*rows, {"id": "Total", "price": 30}])) == 4


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    headings=st.lists(st.sampled_from(["DRESSES", "Neue Kollektion:", "* incl. VAT, until 31/12/2026", ""]), min_size=5,
                      max_size=5),
)  # fmt: skip
def test_headings_of_parts_and_notes_are_no_products(tmp_path: Path, headings: list[str]) -> None:
    rows: list[dict[str, object]] = []
    for number, heading in enumerate(headings):
        rows += [{"SKU": heading}] if heading else []
        rows.append({"SKU": f"B-{number}", "Item": f"Silk Dress {number}", "Price": "9.00", "Stock": 2})
    catalog = read(tmp_path, rows)
    assert [one.id for one in catalog] == [f"B-{number}" for number in range(5)]
    assert len(catalog.left_out) == sum(map(bool, headings))
    assert catalog.problems == ()
    assert accounted(catalog)


def test_a_code_alone_is_no_note(tmp_path: Path) -> None:
    rows = [{"SKU": f"B-{n}", "Item": "Dress" if n else "", "Price": "9" if n else "", "Stock": ""} for n in range(3)]
    assert [one.id for one in read(tmp_path, rows)] == ["B-0", "B-1", "B-2"]
