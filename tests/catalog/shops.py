"""Small exports as shop systems write them, with pictures."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from PIL import Image

from catalog import Catalog, read_catalog

JPEG = b"\xff\xd8 not decoded here"


def table(path: Path, rows: Sequence[Mapping[str, object]], delimiter: str = ",") -> Path:
    """Write a CSV table with the columns of all rows."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, delimiter=delimiter, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def pictures(folder: Path, names: Iterable[str]) -> None:
    """Write a file for each name; each is another small picture."""
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (24, 24), (number * 37 % 256, number * 91 % 256, 90)).save(path.with_suffix(".jpg"))
        path.with_suffix(".jpg").rename(path)


def read(folder: Path, rows: Sequence[Mapping[str, object]], **options: bool) -> Catalog:
    """Read rows, without pictures unless asked for."""
    return read_catalog(table(folder / "catalog.csv", rows), images_required=options.get("images", False))


def accounted(catalog: Catalog) -> bool:
    """Whether every row of a table was used, or has a reason why not."""
    counts = catalog.counts
    assert counts is not None
    return counts.rows == counts.products + counts.merged + counts.left_out + counts.problems


def shopify() -> list[dict[str, object]]:
    """Two T-shirts in three sizes with two pictures each, and one draft."""
    rows: list[dict[str, object]] = []
    for number, (handle, colour, status) in enumerate(
        [("tee-red", "red", "active"), ("tee-navy", "navy", "active"), ("tee-old", "green", "draft")]
    ):
        for place, size in enumerate("SML"):
            first = place == 0
            rows.append({
                "Handle": handle, "Title": f"{colour.capitalize()} tee" if first else "",
                "Body (HTML)": "<p>Soft,\nwarm</p>" if first else "", "Vendor": "Acme" if first else "",
                "Type": "T-Shirts" if first else "", "Tags": f"basics, summer, {colour}" if first else "",
                "Published": "TRUE" if first else "", "Option1 Name": "Size" if first else "", "Option1 Value": size,
                "Variant SKU": f"'{number}00{place}", "Variant Inventory Tracker": "shopify",
                "Variant Inventory Qty": 0 if (number, size) == (0, "L") else 5, "Variant Inventory Policy": "deny",
                "Variant Price": f"{19 + place}.90", "Variant Barcode": f"0{4006381333931 + number * 10 + place}",
                "Image Src": f"images/{handle}_{place}.jpg" if place < 2 else "",
                "Image Position": place + 1 if place < 2 else "", "Cost per item": "4.10",
                "Status": status if first else "",
            })  # fmt: skip
    return rows


def woocommerce() -> list[dict[str, object]]:
    """A variable product in two colours and two sizes with a picture for each colour, and two simple ones."""
    rows: list[dict[str, object]] = [{
        "ID": 44, "Type": "variable", "SKU": "hoodie", "Name": "Hoodie", "Published": 1, "In stock?": 1,
        "Categories": "Clothing > Hoodies, Clothing > Sale", "Tags": "warm, winter", "Images": "images/hoodie.jpg",
        "Attribute 1 name": "Color", "Attribute 1 value(s)": "Blue, Red", "Attribute 2 name": "Size",
        "Attribute 2 value(s)": "S, M", "Meta: _wc_cog_cost": "9.10", "Visibility in catalog": "visible",
    }]  # fmt: skip
    for number, (colour, size) in enumerate([("Blue", "S"), ("Blue", "M"), ("Red", "S"), ("Red", "M")]):
        rows.append({
            "ID": 50 + number, "Type": "variation", "SKU": f"hoodie-{colour}-{size}",
            "Name": f"Hoodie - {colour}, {size}",
            "Published": 1, "In stock?": 0 if (colour, size) == ("Red", "S") else 1, "Regular price": 45 + number,
            "Images": f"images/hoodie-{colour.lower()}.jpg", "Parent": "id:44" if number % 2 else "hoodie",
            "Attribute 1 name": "Color", "Attribute 1 value(s)": colour, "Attribute 2 name": "Size",
            "Attribute 2 value(s)": size,
        })  # fmt: skip
    rows.append({
        "ID": 60, "Type": "simple", "SKU": "cap", "Name": "Cap", "Published": 1, "In stock?": 1, "Regular price": 12,
        "Categories": "Accessories", "Images": "images/cap.jpg, images/cap-back.jpg",
        "Visibility in catalog": "visible",
    })  # fmt: skip
    rows.append({
        "ID": 61, "Type": "simple", "SKU": "belt", "Name": "Belt", "Published": -1, "In stock?": 1, "Regular price": 9,
        "Images": "images/cap.jpg", "Visibility in catalog": "visible",
    })  # fmt: skip
    return rows


def google() -> list[dict[str, object]]:
    """A dress in two colours and two sizes, one of them sold out, and a scarf."""
    rows: list[dict[str, object]] = []
    for colour in ("Red", "Navy"):
        for size in ("36", "38"):
            rows.append({
                "id": f"D-{colour}-{size}", "item_group_id": "D", "title": f"Summer dress {colour}",
                "description": "A light dress.", "link": "https://shop.example/d",
                "image_link": f"images/dress-{colour.lower()}.jpg",
                "additional_image_link": f"images/dress-{colour.lower()}-back.jpg,images/dress-side.jpg",
                "availability": "out_of_stock" if (colour, size) == ("Navy", "38") else "in_stock",
                "price": "59.90 EUR", "color": colour, "size": size, "gtin": "04006381333931",
                "product_type": "Women > Dresses > Midi", "cost_of_goods_sold": "11.00 EUR",
            })  # fmt: skip
    rows.append({
        "id": "S", "item_group_id": "", "title": "Scarf", "image_link": "images/scarf.jpg", "availability": "in stock",
        "price": "9.90 EUR", "color": "Green", "product_type": "Accessories > Scarves", "gtin": "04006381333948",
    })  # fmt: skip
    return rows
