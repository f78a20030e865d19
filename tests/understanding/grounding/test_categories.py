"""Categories tell the kinds of products as one column of types does: several for a product, as words or paths."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.understanding.shops import column, same
from understanding import Grounding, Shop
from understanding.wishes import Wish

NAN = float("nan")
FORMS: dict[str, list[Any]] = {
    "Type": ["Hoodies", "Dresses", "Sneakers", "Caps"],
    "Categories": [
        ["Clothing", "Clothing > Hoodies", "Clothing > Sale"], ["Clothing > Dresses", "Clothing"],
        ["Shoes > Sneakers", "Sale"], ["Accessories > Caps"],
    ],
    "categories": [
        ["Default Category > Women > Tops > Hoodies", "Default Category > New"],
        ["Default Category > Women > Dresses"], ["Default Category > Shoes > Sneakers", "Default Category > Sale"],
        ["Default Category > Gear > Caps"],
    ],
    "Kategorien": [
        ["Neuheiten", "Bekleidung > Kapuzenpullover"], ["Bekleidung > Kleider"], ["Schuhe > Sneaker", "Sale"],
        ["Accessoires > Kappen"],
    ],
    "Product Categories": [["Women", "New in", "Hoodies"], ["Women", "Dresses"], ["Sale", "Sneakers"], ["Men", "Caps"]],
    "category": [
        ["Apparel & Accessories > Clothing > Hoodies"], ["Apparel & Accessories > Clothing > Dresses > Midi"],
        ["Apparel & Accessories > Shoes > Sneakers"], ["Apparel & Accessories > Clothing Accessories > Caps"],
    ],
}  # fmt: skip
"""The same four products in systems with types and with categories."""


def shop(values: dict[str, list[list[str]]], titles: list[str]) -> Shop:
    """A shop with columns of lists."""
    lists = {
        name: pa.ListArray.from_arrays(
            pa.array(np.cumsum([0, *map(len, cells)]), pa.int32()),
            pa.array([one for some in cells for one in some], pa.string()).dictionary_encode(),
        )
        for name, cells in values.items()
    }
    return Shop(pa.array([str(number) for number in range(len(titles))]), pa.array(titles), lists)


def grounded(name: str) -> Grounding:
    titles = ["Aurora", "Borealis", "Comet", "Delta"]
    cells = FORMS[name]
    if isinstance(cells[0], list):
        return Grounding(shop({name: cells}, titles))
    return Grounding(Shop(pa.array(["0", "1", "2", "3"]), pa.array(titles), {name: column(cells)}))


@pytest.mark.parametrize("name", list(FORMS))
def test_a_product_of_any_system_is_of_its_kind_and_of_no_other(name: str) -> None:
    grounding = grounded(name)
    (found,) = (one for one in grounding.shop.columns if one.name == name)
    assert found.family == "kind"
    for row, kind in enumerate(("hoodie", "dress", "sneaker", "cap")):
        same(list(grounding.levels(Wish("kind", kind, ""))), [float(row == other) for other in range(4)])
        assert grounding.concepts_of(row, "kind") == [kind]
        same(list(grounding.alike(row, "kind")), [float(row == other) for other in range(4)])


def test_products_are_alike_in_kind_by_what_their_categories_mean() -> None:
    listed = [["Women > Dresses > Midi", "Sale"], ["Women > Dresses > Maxi"], ["Women > Tops", "Sale"], ["Sale"]]
    grounding = Grounding(shop({"Categories": listed}, ["Aurora", "Borealis", "Comet", "Delta"]))
    same(list(grounding.alike(0, "kind")), [1, 1, 0, 0])


def test_a_category_that_names_no_kind_leaves_it_to_the_title() -> None:
    grounding = Grounding(shop({"Categories": [["Sale"], ["Sale"], ["Dresses"]]}, ["Red dress", "Red shirt", "Aurora"]))
    same(list(grounding.levels(Wish("kind", "dress", ""))), [1, 0, 1])


def test_categories_tell_for_whom_a_product_is() -> None:
    grounding = Grounding(shop({"Categories": [["Women > Dresses"], ["Men > Shirts"]]}, ["Aurora", "Comet"]))
    assert grounding.concepts_of(0, "people") == ["women"]
    assert grounding.levels(Wish("people", "men", ""))[1] > 0
