"""Products in the layout that the protocols judge by."""

from __future__ import annotations

from pathlib import Path

from catalog import Catalog, Product
from catalog.values import Kind
from tests.service.conftest import cloth, encoded

COLOURS = {"Red": "red", "Blue": "blue", "Black": "black"}
EACH = 12
"""Products of each kind in each colour."""


def make_products(pictures: bool = False) -> list[Product]:
    """T-shirts by Nike for men, and striped shirts by Puma for women."""
    made: list[Product] = []
    for kind, people, brand in (("Tshirts", "Men", "Nike"), ("Shirts", "Women", "Puma Striped")):
        for colour, shown in COLOURS.items():
            for number in range(EACH):
                id = str(len(made))
                picture = encoded(cloth(shown, shade=1 - number / 50)) if pictures else None
                made.append(
                    Product(
                        id=id, title=f"{brand} {people} {colour} {kind} {number}", image=picture,
                        attributes={
                            "gender": people, "masterCategory": "Apparel", "articleType": kind, "baseColour": colour,
                            "usage": "Casual", "year": 2010 + number,
                        },
                    )
                )  # fmt: skip
    return made


def make_catalog() -> Catalog:
    """These products with pictures, as a catalogue."""
    columns: dict[str, Kind] = {
        "gender": "text", "masterCategory": "text", "articleType": "text", "baseColour": "text", "usage": "text",
        "year": "number",
    }  # fmt: skip
    return Catalog(make_products(pictures=True), source=Path("styles.csv"), columns=columns)
