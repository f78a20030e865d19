"""Prices, stock and other columns change between two builds; pictures and index are shared."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from catalog import CatalogRefused, ModisteError
from indexer.build import build_generation
from indexer.building.summary import Updated
from indexer.cli import app
from indexer.generations.generation import Generation
from indexer.generations.manifest import GenerationError, generation_folder
from indexer.generations.publication import current_id, list_generations, rollback
from indexer.update import update_generation
from models.bundle import Bundle
from tests.indexer.conftest import QUIET
from tests.indexer.shop import write_shop, write_variants
from tests.toy_bundle import write_toy_bundle


def update(root: Path, *lines: str, **options: Any) -> Updated:
    """Apply a table of changes."""
    table = root.parent / "changes" / "changes.csv"
    table.parent.mkdir(exist_ok=True)
    table.write_text("\n".join(lines) + "\n")
    return update_generation(table, root, **options)


def attributes(root: Path, id: str) -> dict[str, Any]:
    generation = Generation.open(root)
    row = generation.row_of(id)
    assert row is not None
    found: dict[str, Any] = generation.product(row)["attributes"]
    return found


def found_by(root: Path, **filters: Any) -> list[str]:
    generation = Generation.open(root)
    mask = generation.mask(filters or None)
    rows = range(generation.size) if mask is None else np.flatnonzero(mask)
    return [generation.product(int(row))["id"] for row in rows]


def test_new_values_serve_and_all_else_stays(root: Path) -> None:
    before = Generation.open(root)
    updated = update(root, "id,price,new,sizes", "p3,99.5,false,XL|XXL", "p4,7,true,S")
    after = Generation.open(root)
    assert after.id == updated.id != before.id
    assert attributes(root, "p3") == {"colour": "White", "price": 99.5, "new": False, "sizes": ["XL", "XXL"]}
    assert attributes(root, "p5") == before.product(5)["attributes"]
    assert found_by(root, price={"min": 50}) == ["p3"]
    assert found_by(root, sizes="XXL") == ["p3"]
    np.testing.assert_array_equal(after.vectors(range(20)), before.vectors(range(20)))
    assert updated.changes is not None
    assert updated.changes.columns == {"new": 2, "price": 2, "sizes": 2}


def test_further_pictures_are_no_change(shop: Path, toy: Bundle, tmp_path: Path) -> None:
    table = shop / "catalog.csv"
    table.write_text(table.read_text().replace("images/1.jpg", '"images/1.jpg,images/2.jpg"'))
    build_generation(table, toy, tmp_path / "several", QUIET)
    updated = update(tmp_path / "several", "id,price", "p3,99.5")
    assert updated.changes is not None
    assert (updated.changes.changed, updated.changes.columns) == (1, {"price": 1})


def test_the_files_of_pictures_and_index_are_the_same_data(root: Path) -> None:
    base = generation_folder(root, str(current_id(root)))
    updated = update(root, "id,price", "p3,99.5")
    manifest = Generation.open(root).manifest
    assert (manifest.updated_from, manifest.encoded, manifest.reused) == (base.name, 0, 20)
    folder = generation_folder(root, updated.id)
    same = {path.name for path in folder.iterdir() if (base / path.name).samefile(path)}
    assert same == set(manifest.files) - {"products.arrow"}


def test_a_file_system_without_links_gets_copies(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    update(root, "id,price", "p3,99.5")
    assert attributes(root, "p3")["price"] == 99.5


def test_an_empty_cell_takes_a_value_away_and_a_missing_column_does_not(root: Path) -> None:
    update(root, "id,price,sizes", "p3,,", "p4,n/a,S")
    assert attributes(root, "p3") == {"colour": "White", "new": True}
    assert attributes(root, "p4") == {"colour": "Red", "new": False, "sizes": ["S"]}


def test_rows_of_json_may_have_different_columns(root: Path) -> None:
    table = root.parent / "changes.jsonl"
    table.write_text('{"id": "p3", "price": 5}\n{"id": "p4", "new": true}\n')
    update_generation(table, root)
    assert attributes(root, "p3") == {"colour": "White", "price": 5, "new": True, "sizes": ["S"]}
    assert attributes(root, "p4")["price"] == 12
    assert attributes(root, "p4")["new"] is True


def test_a_rollback_undoes_an_update(root: Path) -> None:
    first = current_id(root)
    update(root, "id,price", "p3,99.5")
    assert rollback(root) == first
    assert attributes(root, "p3")["price"] == 11.5


def test_updates_follow_each_other_and_the_older_ones_are_deleted(root: Path) -> None:
    first = str(current_id(root))
    ids = [update(root, "id,price", f"p3,{100 + turn}").id for turn in range(6)]
    assert attributes(root, "p3")["price"] == 105
    assert [one.id for one in list_generations(root)] == [first, *ids[-3:]]
    assert rollback(root) == ids[-2]
    assert attributes(root, "p3")["price"] == 104


def test_a_build_after_an_update_encodes_nothing_and_has_the_values_of_its_table(
    root: Path, shop: Path, toy: Bundle
) -> None:
    update(root, "id,price", "p3,99.5")
    build_generation(shop, toy, root, QUIET)
    manifest = Generation.open(root).manifest
    assert (manifest.encoded, manifest.reused, manifest.updated_from) == (0, 20, None)
    assert manifest.changes is not None
    assert manifest.changes.columns == {"price": 1}
    assert attributes(root, "p3")["price"] == 11.5


def test_unknown_ids_and_columns_are_reported_and_change_nothing(root: Path) -> None:
    updated = update(root, "id,price,margin", "p3,99.5,4", "p99,1,2")
    assert updated.unknown == ["p99"]
    assert updated.ignored == ["margin"]
    assert attributes(root, "p3")["price"] == 99.5
    assert Generation.open(root).size == 20


def test_a_table_that_changes_nothing_makes_no_generation(root: Path) -> None:
    first = current_id(root)
    updated = update(root, "id,colour,price,sizes", "p3,White,11.5,S")
    assert (updated.id, updated.changes) == (first, None)
    assert len(list_generations(root)) == 1


def test_a_table_of_another_shop_is_refused(root: Path) -> None:
    first = current_id(root)
    with pytest.raises(ModisteError, match="None of the 2 ids"):
        update(root, "id,price", "a,1", "b,2")
    with pytest.raises(ModisteError, match="no column of the catalogue"):
        update(root, "id,margin", "p3,1")
    with pytest.raises(CatalogRefused, match=r"price .* is pinned as number, but 100% of its cells have another kind"):
        update(root, "id,price", "p3,cheap", "p4,dear")
    assert current_id(root) == first


def test_a_cell_that_cannot_be_read_keeps_the_old_value(root: Path) -> None:
    lines = [f"p{number},{number}" for number in range(19)]
    updated = update(root, "id,price", *lines, "p19,cheap")
    assert [one.reason for one in updated.problems] == ["price is no number: 'cheap'"]
    assert attributes(root, "p19")["price"] == 19.5
    assert attributes(root, "p3")["price"] == 3


def test_numbers_may_become_fractions(tmp_path: Path, toy: Bundle) -> None:
    shop = write_shop(tmp_path / "shop", range(0, 20, 2))
    build_generation(shop, toy, tmp_path / "index", QUIET)
    update(tmp_path / "index", "id,price", "p4,7.25")
    assert attributes(tmp_path / "index", "p4")["price"] == 7.25
    assert attributes(tmp_path / "index", "p6")["price"] == 13


def test_a_product_that_was_sold_out_is_found_again_when_it_is_in_stock(root: Path) -> None:
    updated = update(root, "id,stock", "p3,0", "p4,5")
    assert updated.changes is not None
    assert updated.changes.columns == {"availability": 1, "visibility": 1}
    assert updated.ignored == []
    assert "p3" not in found_by(root)
    assert len(found_by(root, colour="White")) == 4
    update(root, "id,price", "p3,1")
    assert "p3" not in found_by(root)
    update(root, "id,stock", "p3,2")
    assert len(found_by(root)) == 20


def test_a_column_of_states_with_an_unusual_name_holds_for_updates(shop: Path, toy: Bundle, tmp_path: Path) -> None:
    header, *rows = (shop / "catalog.csv").read_text().splitlines()
    states = ["live", "draft", *["live"] * (len(rows) - 2)]
    lines = [f"{header},phase", *(f"{row},{state}" for row, state in zip(rows, states, strict=True))]
    (shop / "catalog.csv").write_text("\n".join(lines) + "\n")
    root = tmp_path / "index"
    build_generation(shop, toy, root, QUIET)
    assert len(found_by(root)) == 19
    update(root, "id,phase", "p3,draft")
    assert "p3" not in found_by(root)
    update(root, "id,phase", "p3,live")
    assert "p3" in found_by(root)


@pytest.mark.parametrize("column", ["phase", "remark of the buyer"])
def test_words_in_a_column_with_another_name_are_no_titles(root: Path, column: str) -> None:
    def title() -> str:
        generation = Generation.open(root)
        return str(generation.product(generation.row_of("p3") or 0)["title"])

    before = title()
    update(root, f"id,price,{column}", "p3,99.5,back in stock")
    assert title() == before
    update(root, "id,name", "p3,Red shoes")
    assert title() == "Red shoes"


def test_columns_are_named_as_in_the_catalogue_but_for_case_and_signs(shop: Path, toy: Bundle, tmp_path: Path) -> None:
    header, *rows = (shop / "catalog.csv").read_text().splitlines()
    table = "\n".join([header.replace("id,", "ref_x,").replace("title", "what it is"), *rows])
    (shop / "catalog.csv").write_text(table.replace("\np", "\nA-10") + "\n")
    build_generation(shop, toy, tmp_path / "index", QUIET)
    update(tmp_path / "index", "Ref X,PRICE,land,What It Is", "A-103,9,DE,Red shoes", "A-103,8,AT,Red shoes")
    assert attributes(tmp_path / "index", "A-103")["price"] == 8
    generation = Generation.open(tmp_path / "index")
    assert generation.product(generation.row_of("A-103") or 0)["title"] == "Red shoes"


def test_a_draft_is_not_published_by_its_stock(root: Path) -> None:
    update(root, "id,status", "p3,draft")
    update(root, "id,stock", "p3,5")
    assert "p3" not in found_by(root)
    update(root, "id,stock", "p3,0")
    update(root, "id,status", "p3,active")
    assert "p3" not in found_by(root)
    update(root, "id,stock", "p3,1")
    assert "p3" in found_by(root)


def test_leave_out_of_the_settings_applies_to_updates(root: Path) -> None:
    (root.parent / "changes").mkdir()
    (root.parent / "changes" / "catalog.toml").write_text("[leave_out]\nLager = {max = 1}\nGone = true\n")
    update(root, "id,Lager", "p3,1", "p4,2")
    assert set(found_by(root)) == {f"p{number}" for number in range(20)} - {"p3"}


def test_default_filters_apply_after_an_update_of_hidden_columns(shop: Path, toy: Bundle, tmp_path: Path) -> None:
    text = (shop / "catalog.csv").read_text()
    (shop / "catalog.csv").write_text(text.replace("price,new", "Supplier rank,new"))
    (shop / "catalog.toml").write_text('[default_filters]\n"Supplier rank" = {max = 11}\n')
    root = tmp_path / "index"
    build_generation(shop, toy, root, QUIET)
    assert found_by(root) == ["p0", "p1", "p2"]
    update(root, "id,Supplier rank", "p1,40", "p9,3")
    assert found_by(root) == ["p0", "p2", "p9"]
    update(root, "id,new", "p1,false")
    assert found_by(root) == ["p0", "p2", "p9"]
    generation = Generation.open(root)
    assert "Supplier rank" not in generation.columns
    assert not any("Supplier" in name for name in generation.products.column_names)


@pytest.fixture
def variants(tmp_path: Path, toy: Bundle) -> Path:
    build_generation(write_variants(tmp_path / "shop"), toy, tmp_path / "index", QUIET)
    return tmp_path / "index"


def variants_of(root: Path, id: str) -> dict[str, Any]:
    generation = Generation.open(root)
    row = generation.row_of(id)
    assert row is not None
    return {one["id"]: one["attributes"] for one in generation.product(row)["variants"]}


def test_a_variant_changes_itself_and_what_its_product_has_of_all(variants: Path) -> None:
    update(variants, "id,price", "2-M,7")
    assert variants_of(variants, "2-S") == {"2-S": {"size": "S", "price": 12}, "2-M": {"size": "M", "price": 7}}
    assert attributes(variants, "2-S") == {"item_group_id": "G2", "size": ["S", "M"], "price": 7}
    update(variants, "id,price", "2-M,20", "2-S,30")
    assert attributes(variants, "2-S")["price"] == 20
    update(variants, "id,size", "2-M,XL")
    assert attributes(variants, "2-S")["size"] == ["S", "XL"]


def test_a_group_changes_all_its_variants(variants: Path) -> None:
    update(variants, "id,price", "2-M,7")
    update(variants, "id,price", "G2,5")
    assert attributes(variants, "2-S")["price"] == 5
    assert variants_of(variants, "2-S") == {"2-S": {"size": "S"}, "2-M": {"size": "M"}}


def test_a_product_is_for_sale_while_one_of_its_variants_is(variants: Path) -> None:
    update(variants, "id,stock", "2-M,0")
    assert len(found_by(variants)) == 4
    update(variants, "id,stock", "2-S,0")
    assert found_by(variants) == ["0-S", "1-S", "3-S"]
    update(variants, "id,stock", "2-M,1")
    assert len(found_by(variants)) == 4


def test_words_of_the_catalogue_follow_a_new_value(shop: Path, tmp_path: Path) -> None:
    bundle = Bundle(write_toy_bundle(tmp_path / "telling", attributes=True), device="cpu", threads=1)
    root = tmp_path / "index"
    build_generation(shop, bundle, root, QUIET)
    update(root, "id,colour,title", "p3,Red,Red shirt")
    updated = Generation.open(root)
    text = (shop / "catalog.csv").read_text()
    text = text.replace("p3,White shirt 3,images/3.jpg,White", "p3,Red shirt,images/3.jpg,Red")
    (shop / "catalog.csv").write_text(text)
    build_generation(shop, bundle, root, QUIET)
    built = Generation.open(root)
    assert updated.attributes is not None
    assert built.attributes is not None
    np.testing.assert_array_equal(updated.attributes.of(range(20)), built.attributes.of(range(20)))
    assert updated.manifest.stated == built.manifest.stated
    assert updated.manifest.exclusive == built.manifest.exclusive
    assert updated.seen is not None
    assert built.seen is not None
    np.testing.assert_array_equal(updated.seen.of([3]), built.seen.of([3]))


def test_a_damaged_generation_is_not_updated(root: Path) -> None:
    first = current_id(root)
    os.truncate(generation_folder(root, str(first)) / "vectors.f16", 10)
    with pytest.raises(GenerationError, match="differs from its checksum"):
        update(root, "id,price", "p3,1")
    assert current_id(root) == first


def test_leftovers_of_a_killed_update_are_removed(root: Path) -> None:
    (root / ".updating").mkdir()
    (root / ".updating" / "products.arrow").write_bytes(b"half")
    update(root, "id,price", "p3,99.5")
    assert not (root / ".updating").exists()
    assert attributes(root, "p3")["price"] == 99.5


def test_the_command_lists_what_changed_and_what_did_not(root: Path, tmp_path: Path) -> None:
    table = tmp_path / "prices.csv"
    table.write_text("id,price,margin\np3,99.5,1\np77,1,1\n")
    result = CliRunner().invoke(app, ["update", str(table), "--index-root", str(root)])
    assert result.exit_code == 0, result.output
    assert "1 product updated in" in result.stdout
    assert "price: 1" in result.stdout
    assert "1 ids: p77; the next build adds new products" in result.stdout
    assert "ignored columns   margin" in result.stdout
    again = CliRunner().invoke(app, ["update", str(table), "--index-root", str(root)])
    assert "nothing changed" in again.stdout


@pytest.mark.parametrize("stocks", [("0", "2"), ("2", "0"), ("0", "0")])
def test_a_product_with_a_row_for_each_warehouse_is_for_sale_if_one_has_it(root: Path, stocks: tuple[str, str]) -> None:
    update(root, "id,warehouse,stock", *(f"p3,{place},{stock}" for place, stock in zip("AB", stocks, strict=True)))
    assert ("p3" in found_by(root)) == ("2" in stocks)


def test_another_number_of_the_index_names_a_product(tmp_path: Path, toy: Bundle) -> None:
    shop = write_shop(tmp_path / "shop", range(4))
    rows = ["ID,Type,SKU,Name,Parent,Size,Regular price,Images", "9,variable,W,Shirt,,,,images/0.jpg"]
    rows += ["10,variation,W-S,Shirt,W,S,20,", "11,variation,W-M,Shirt,W,M,20,", "12,simple,B,Belt,,,9,images/1.jpg"]
    rows += [f"{20 + n},simple,D,Hat,,,8,images/{2 + n}.jpg" for n in range(2)]
    (shop / "catalog.csv").write_text("\n".join(rows) + "\n")
    root = tmp_path / "index"
    build_generation(shop, toy, root, QUIET)
    updated = update(root, "SKU,Regular price", "B,5", "W-M,15", "D,1", "X,1")
    assert attributes(root, "12")["Regular price"] == 5
    assert {id: one["Regular price"] for id, one in variants_of(root, "9").items()} == {"10": 20, "11": 15}
    assert updated.unknown == ["D", "X"]  # Two products have D.
