"""Rows of one product are merged."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.catalog.shops import accounted, pictures, read


def test_parents_that_are_0_are_none(tmp_path: Path) -> None:
    rows = [
        {"id": number, "parent_id": parent, "title": title}
        for number, parent, title in ((1, 0, "Polo"), (2, 1, "Polo S"), (3, 1, "Polo M"), (4, 0, "Hat"))
    ]
    assert [(one.id, len(one.variants)) for one in read(tmp_path, rows)] == [("1", 2), ("4", 0)]


def test_sizes_in_rows_of_their_own_are_one_product(tmp_path: Path) -> None:
    rows = [
        {"id": f"{number}-{size}", "title": f"Shirt {number}", "size": size, "group": number, "image": f"{number}.jpg"}
        for number in range(4) for size in ("XS", "S", "M")
    ]  # fmt: skip
    catalog = read(tmp_path, rows)
    assert [one.id for one in catalog] == [f"{number}-XS" for number in range(4)]
    assert catalog.find("2-M") == catalog[2]


def test_a_column_called_group_is_an_attribute_where_titles_differ_within_it(tmp_path: Path) -> None:
    rows = [{"id": number, "title": f"Shirt {number}", "group": "tops"} for number in range(4)]
    catalog = read(tmp_path, rows)
    assert len(catalog) == 4
    assert catalog[0].attributes == {"group": "tops"}


def test_rows_that_add_a_picture_to_a_product_are_merged(tmp_path: Path) -> None:
    pictures(tmp_path, ["images/a.jpg", "images/b.jpg", "images/c.jpg"])
    rows = [
        {"id": "1", "title": "Shirt", "colour": "red", "image": "a.jpg"}, {"id": "1", "title": "", "image": "b.jpg"},
        {"id": "2", "title": "Dress", "colour": "red", "image": "c.jpg"},
    ]  # fmt: skip
    catalog = read(tmp_path, rows, images=True)
    assert [len(one.images) for one in catalog] == [2, 1]
    assert catalog.problems == ()


def test_rows_that_repeat_another_are_remarks(tmp_path: Path) -> None:
    catalog = read(tmp_path, [{"id": "1", "title": "Shirt"}] * 2 + [{"id": "2", "title": "Cap"}])
    assert len(catalog) == 2
    assert [one.reason for one in catalog.remarks] == ["the row repeats row 2"]
    assert accounted(catalog)


def test_the_id_of_a_product_with_a_parent_column_is_used_once(tmp_path: Path) -> None:
    rows = [
        {"sku": "A", "parent": "", "title": "Dress"}, {"sku": "A", "parent": "", "title": "Skirt"},
        {"sku": "B", "parent": "", "title": "Shirt"}, {"sku": "C", "parent": "B", "title": "Shirt M"},
    ]  # fmt: skip
    catalog = read(tmp_path, rows)
    assert [(one.id, one.title) for one in catalog] == [("A", "Dress"), ("B", "Shirt")]
    assert [one.reason for one in catalog.problems] == ["the id is already used in row 2"]
    assert accounted(catalog)


def test_rows_of_a_product_without_variants_are_merged_beside_a_parent_column(tmp_path: Path) -> None:
    pictures(tmp_path, ["images/a.jpg", "images/b.jpg", "images/c.jpg"])
    rows = [
        {"sku": "A", "parent": "", "title": "Dress", "colour": "red", "image": "a.jpg"},
        {"sku": "A", "parent": "", "title": "Dress", "colour": "", "image": "b.jpg"},
        {"sku": "B", "parent": "A1", "title": "Shirt", "colour": "red", "image": "c.jpg"},
    ]  # fmt: skip
    catalog = read(tmp_path, rows, images=True)
    assert [(one.id, len(one.images)) for one in catalog] == [("A", 2), ("B", 1)]
    assert accounted(catalog)


@pytest.mark.parametrize("sold_out", [{"S"}, {"M"}, {"S", "M"}, {"L"}])
def test_a_product_keeps_its_id_title_and_pictures_when_a_size_is_sold_out(tmp_path: Path, sold_out: set[str]) -> None:
    pictures(tmp_path, ["a.jpg", "b.jpg"])
    rows = [
        {
            "Product ID": "77", "Variant ID": f"77-{size}", "Title": "" if place else "Shirt", "Size": size,
            "Stock": 0 if size in sold_out else 3, "Images": "" if place else "a.jpg, b.jpg",
        }
        for place, size in enumerate("SML")
    ]  # fmt: skip
    (product,) = read(tmp_path, rows, images=True)
    assert (product.title, [Path(str(one)).name for one in product.images]) == ("Shirt", ["a.jpg", "b.jpg"])
    assert product.id == "77"


def test_titles_with_the_size_at_the_end_are_of_one_product(tmp_path: Path) -> None:
    rows = [
        {"Réf": f"{model}-{size}", "Désignation": f"Robe {name} T.{size}", "Modèle": model, "Gamme": size}
        for model, name in (("R1", "Anna"), ("R2", "Bea"))
        for size in (38, 40, 42)
    ]
    assert [len(one.variants) for one in read(tmp_path, rows)] == [3, 3]


def test_items_of_square_without_handles_are_grouped_by_their_names(tmp_path: Path) -> None:
    rows = [
        {"Token": f"T{item}{size}", "Item Name": item, "Variation Name": size, "SKU": f"{item}-{size}", "Price": 9}
        for item in ("Hat", "Cap")
        for size in ("S", "M")
    ]
    assert [(one.title, [v.id for v in one.variants]) for one in read(tmp_path, rows)] == [
        ("Hat", ["Hat-S", "Hat-M"]), ("Cap", ["Cap-S", "Cap-M"]),
    ]  # fmt: skip
