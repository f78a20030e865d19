"""Rows with sums below narrow tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.catalog.shops import read


@pytest.mark.parametrize("columns", [3, 4, 6])
def test_a_sum_below_a_narrow_table_is_told_by_its_number(tmp_path: Path, columns: int) -> None:
    names = ["id", "title", "price", "stock", "colour", "file"][:columns]
    rows = [dict(zip(names, [f"A{n}", f"Coat {n}", 20.5 + n, 2, "red", "a"], strict=False)) for n in range(3)]
    total = {"id": "Total", "price": 64.5, **({"stock": 6} if "stock" in names else {})}
    assert [one.id for one in read(tmp_path, [*rows, total])] == ["A0", "A1", "A2"]


def test_a_product_with_the_name_of_a_sum_is_kept(tmp_path: Path) -> None:
    rows = [{"id": f"A{n}", "price": 20.5 + n} for n in range(3)]
    assert len(read(tmp_path, [*rows, {"id": "Total", "price": 30}])) == 4
