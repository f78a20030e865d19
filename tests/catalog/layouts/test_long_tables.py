"""Long tables, with a row for each attribute of a product."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.catalog.shops import accounted, read

ATTRIBUTES = ["title", "Colour", "price", "tags"]


@pytest.mark.parametrize("names", [("sku", "attribute", "value"), ("id", "Merkmal", "Wert")])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stated=st.lists(st.sets(st.sampled_from(ATTRIBUTES[1:])), min_size=3, max_size=8))
def test_the_attributes_of_a_long_table_are_columns(
    tmp_path: Path, names: tuple[str, str, str], stated: list[set[str]]
) -> None:
    cells = [
        (f"A{at}", name, "9.50" if name == "price" else f"{name} {at}")
        for at, attributes in enumerate(stated)
        for name in ["title", *sorted(attributes)]
    ]
    catalog = read(tmp_path, [dict(zip(names, row, strict=True)) for row in cells])
    assert accounted(catalog)
    if len({name for _, name, _ in cells}) * 2 > len(cells):
        return  # Too few rows to tell.
    assert [(one.id, one.title) for one in catalog] == [(f"A{at}", f"title {at}") for at in range(len(stated))]
    assert [set(one.attributes) for one in catalog] == stated


def test_a_column_of_values_beside_a_key_is_no_long_table(tmp_path: Path) -> None:
    rows = [{"sku": f"A{n}", "key": f"K{n}", "value": f"{n}.50"} for n in range(4)]
    assert [one.attributes["value"] for one in read(tmp_path, rows)] == [0.5, 1.5, 2.5, 3.5]


def test_the_rows_of_a_product_in_several_languages_are_one(tmp_path: Path) -> None:
    rows = [
        {"sku": f"S{n}", "language": language, "name": f"{name} {n}", "price": "9.00", "colour": colour}
        for n in range(2)
        for language, name, colour in (("en", "Scarf", "red"), ("de", "Schal", "rot"), ("fr-CH", "Foulard", "rouge"))
    ]
    catalog = read(tmp_path, [{**rows[3], "sku": "S7"}, *rows])
    assert [(one.id, one.title) for one in catalog] == [("S7", "Scarf 1"), ("S0", "Scarf 0"), ("S1", "Scarf 1")]
    assert catalog[1].attributes == {
        "price": 9.0, "colour": "red", "name de": "Schal 0", "colour de": "rot", "name fr-CH": "Foulard 0",
        "colour fr-CH": "rouge",
    }  # fmt: skip
    assert accounted(catalog)
