"""Ids that are titles change when a title does: another column is taken, or the reader says so."""

from __future__ import annotations

from pathlib import Path

from tests.catalog.shops import read

ITEMS = ["Red summer dress", "Blue linen shirt", "Green wool scarf"]


def test_a_barcode_comes_before_a_column_of_titles(tmp_path: Path) -> None:
    catalog = read(tmp_path, [{"item": item, "EAN": f"40063813339{at}5"} for at, item in enumerate(ITEMS)])
    assert [one.id for one in catalog] == ["4006381333905", "4006381333915", "4006381333925"]


def test_ids_that_are_titles_are_a_remark(tmp_path: Path) -> None:
    catalog = read(tmp_path, [{"item": item, "colour": "red", "name": item} for item in ITEMS])
    assert [one.id for one in catalog] == ITEMS
    (remark,) = catalog.remarks
    assert remark.kind == "the ids in item are texts like titles"
    assert "a new title is a new product" in remark.reason


def test_ids_that_are_numbers_or_codes_are_no_remark(tmp_path: Path) -> None:
    catalog = read(tmp_path, [{"item": f"A {at} x", "name": item} for at, item in enumerate(ITEMS)])
    assert catalog.remarks == ()
