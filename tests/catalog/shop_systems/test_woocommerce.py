"""Exports of WooCommerce."""

from __future__ import annotations

from pathlib import Path

from tests.catalog.shops import accounted, pictures, read, woocommerce


def test_woocommerce_variations_belong_to_their_parent_whatever_way_it_is_named(tmp_path: Path) -> None:
    catalog = read(tmp_path, woocommerce())
    assert [(one.title, one.attributes.get("Color"), one.attributes.get("Size")) for one in catalog] == [
        ("Hoodie - Blue, S", ["Blue"], ["S", "M"]), ("Hoodie - Red, M", ["Red"], ["M"]), ("Cap", None, None),
    ]  # fmt: skip
    assert {one.group for one in catalog[:2]} == {"44"}
    assert catalog.find("52") is catalog[1] or catalog.find("53") is catalog[1]
    assert {one.reason for one in catalog.left_out} == {"Published is -1"}
    assert accounted(catalog)


def test_woocommerce_categories_are_paths_and_costs_hidden(tmp_path: Path) -> None:
    catalog = read(tmp_path, woocommerce())
    assert catalog.columns["Categories"] == "path"
    assert catalog[0].attributes["Categories"] == ["Clothing > Hoodies", "Clothing > Sale"]
    assert catalog.roles["Meta: _wc_cog_cost"] == "hidden"


def test_woocommerce_columns_of_the_form_and_the_parent_are_hidden(tmp_path: Path) -> None:
    catalog = read(tmp_path, woocommerce())
    assert (catalog.roles["Type"], catalog.roles["Parent"]) == ("hidden", "hidden")


def test_woocommerce_cells_name_several_pictures(tmp_path: Path) -> None:
    names = ["hoodie", "hoodie-blue", "hoodie-red", "cap", "cap-back"]
    pictures(tmp_path, [f"images/{name}.jpg" for name in names])
    catalog = read(tmp_path, woocommerce(), images=True)
    assert [path.name for path in catalog[2].images if isinstance(path, Path)] == ["cap.jpg", "cap-back.jpg"]
