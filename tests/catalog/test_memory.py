"""Tables and catalogues take little memory, and rows by column are what rows are."""

from __future__ import annotations

import gc
import random
import tracemalloc
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from catalog import Address, Product, Variant, read_catalog
from catalog.products import Products, Selection
from catalog.table import Rows

BYTES_READ, BYTES_KEPT = 900, 300
"""Maximum of traced memory for each product of ``write``: at the peak of reading, and afterwards."""


def write(path: Path, rows: int) -> Path:
    """A table with ten columns, 250 bytes a row and three pictures in a cell."""
    lines = ["id,title,description,colour,category,brand,price,stock,tags,images"]
    for row in range(rows):
        pictures = '"' + ", ".join(f"images/{(row + number) % 97}.jpg" for number in range(3)) + '"'
        title, text = f"Soft printed shirt number {row} for summer", f"{'Warm and light. ' * 6}Article {row}"
        lines.append(
            f"P-{row},{title},{text},{'red' if row % 2 else 'blue'},Clothing > Shirts,Brand {row % 50},{row % 90}.90,"
            f"{1 + row % 9},summer|basics,{pictures}"
        )
    (path / "images").mkdir(parents=True, exist_ok=True)
    for number in range(97):
        (path / "images" / f"{number}.jpg").write_bytes(b"\xff\xd8\xff")
    (path / "catalog.csv").write_text("\n".join(lines) + "\n")
    return path


def traced(path: Path) -> tuple[int, int]:
    """Bytes at the peak of reading a table, and of the catalogue. For a process without objects of other tests."""
    read_catalog(path)  # Fills caches and imports modules.
    tracemalloc.start()
    try:
        catalog = read_catalog(path)
        assert len(catalog[0].images) == 3
        _, peak = tracemalloc.get_traced_memory()
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return peak, kept


def test_a_product_takes_no_more_memory_than_stated(tmp_path: Path) -> None:
    few, many = write(tmp_path / "few", 8_000), write(tmp_path / "many", 18_000)
    with get_context("spawn").Pool(1) as process:
        peaks, kept = zip(*process.map(traced, [few, many]), strict=True)
    assert (peaks[1] - peaks[0]) / 10_000 < BYTES_READ
    assert (kept[1] - kept[0]) / 10_000 < BYTES_KEPT


def test_rows_by_column_equal_a_list_of_rows() -> None:
    chance = random.Random(0)
    names = ["a", "b", "c", "d"]

    def row() -> dict[str, Any]:
        return {name: chance.choice([None, "", "text", 5, ["x"]]) for name in names if chance.random() < 0.6}

    for _ in range(100):
        expected = [(number, row()) for number in chance.sample(range(1000), chance.randrange(12))]
        rows = Rows(expected)
        assert list(rows) == expected
        for (_, edited), (_, wanted) in zip(rows.edited(), expected, strict=True):
            change = row()
            for some in (edited, wanted):
                some.update(change)
                some.pop("a", None)
        assert list(rows) == expected
        assert [rows[place] for place in range(len(rows))] == expected
        assert set(rows.names) == {name for _, one in expected for name in one}
        assert all(rows.column(name) == [one.get(name) for _, one in expected] for name in names)
        rows.sort()
        assert list(rows) == sorted(expected, key=lambda one: one[0])


def test_columns_that_the_first_rows_lack_keep_their_places() -> None:
    names = ["type", "colour", "sleeve", "neckline", "price"]
    given = [["type", "price"], ["type", "colour", "price"], ["colour", "sleeve", "neckline", "price"], names]
    rows = Rows((number, dict.fromkeys(row, "x")) for number, row in enumerate(given))
    assert [list(row) for _, row in rows] == given
    assert rows.names == names


def test_reading_rows_does_not_change_them() -> None:
    rows = Rows([(1, {"a": "x"}), (2, {"a": "y"})])
    rows[0][1]["a"] = "z"
    assert list(rows) == [(1, {"a": "x"}), (2, {"a": "y"})]


def test_an_edit_is_stored_where_the_loop_ends() -> None:
    rows = Rows([(1, {"a": "x"}), (2, {"a": "y"})])
    for _, row in rows.edited():
        row["b"] = "new"
        break
    assert list(rows) == [(1, {"a": "x", "b": "new"}), (2, {"a": "y"})]


def test_products_by_column_equal_the_products() -> None:
    products = [
        Product(
            "1", "Shirt", {"colour": "red", "sizes": ["S", "M"]}, Path("a.jpg"), (b"\xff\xd8", Path("b\udcff.jpg"))
        ),
        Product("2", "", {}, None, group="1", variants=(Variant("2-S", {"size": "S"}),)),
        Product("3", "Kleid Größe 5", {"price": 5}, Address("https://shop.test/a.jpg"), group="", private={"cost": 2}),
    ]
    held = Products(products * 2000)
    assert len(held) == 6000
    assert list(held) == products * 2000
    assert held[-1] == products[2]
    assert held.picture_counts() == [3, 0, 1] * 2000
    assert list(held.addresses()) == ["https://shop.test/a.jpg"] * 2000
    bare = [replace(one, image=None, more_images=()) for one in products]
    assert list(held.without_pictures()) == bare * 2000
    assert held.without_pictures()[4999] == bare[1]
    assert held[4999:5002] == (products * 2000)[4999:5002]


def test_a_selection_has_some_products_with_some_of_their_pictures() -> None:
    three = Product("1", "", {}, b"a", (b"b", b"c"))
    chosen = Selection(Products([three, Product("2", "", {}, b"d"), Product("3", "", {}, Path("a.jpg"), (b"b",))]))
    chosen.append(0, [2, 1])
    chosen.append(2)
    assert [one.images for one in chosen] == [(b"c", b"b"), (Path("a.jpg"), b"b")]
    assert list(chosen) == [chosen[0], chosen[1]] == chosen[:]
    assert [chosen.paths(row) for row in range(2)] == [[None, None], ["a.jpg", None]]
    assert [(one.id, one.images) for one in chosen.without_pictures()] == [("1", ()), ("3", ())]
