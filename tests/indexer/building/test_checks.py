"""What stops a build: falls, changed kinds; and the report of rows that are not in the generation."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from catalog import read_catalog
from indexer.build import BuildOptions, build_generation
from indexer.building.checks import BuildRefused, check_skipped
from indexer.generations.generation import Generation
from indexer.generations.manifest import Skipped, generation_folder
from indexer.generations.publication import current_id
from models.bundle import Bundle
from tests.indexer.shop import picture, write_shop, write_variants

STRICT = BuildOptions(threads=1, device="cpu")


def allowing(*checks: str) -> BuildOptions:
    return BuildOptions(threads=1, device="cpu", allow=frozenset(checks))


def edit(shop: Path, change: str, into: str) -> None:
    path = shop / "catalog.csv"
    text = path.read_text()
    assert change in text
    path.write_text(text.replace(change, into))


def test_a_fall_of_more_than_a_tenth_is_refused_with_the_numbers(root: Path, shop: Path, toy: Bundle) -> None:
    serving = current_id(root)
    write_shop(shop, range(17))
    with pytest.raises(BuildRefused, match=r"17 products, 3 \(15\.0%\) fewer than the published .* \(20\)") as refused:
        build_generation(shop, toy, root, STRICT)
    assert "--allow fall" in refused.value.hint
    assert current_id(root) == serving
    build_generation(shop, toy, root, allowing("fall"))
    assert Generation.open(root).size == 17


def test_an_error_about_a_picture_with_a_long_path_names_the_similar_file(shop: Path, toy: Bundle) -> None:
    paths = "uploads/" * 12 + "0.jpg", "images/1.jpg"
    rows = [f"{number};Dress;{path}\n" for number, path in enumerate(paths)]
    (shop / "table.csv").write_text("id;title;image\n" + "".join(rows))
    with pytest.raises(BuildRefused, match=r"did you mean images/0\.jpg"):
        build_generation(shop / "table.csv", toy, shop / "index", STRICT)


def test_a_fall_of_a_tenth_is_published(root: Path, shop: Path, toy: Bundle) -> None:
    build_generation(write_shop(shop, range(18)), toy, root, STRICT)
    assert Generation.open(root).size == 18


def test_a_column_that_changes_its_kind_is_refused_with_the_cell(root: Path, shop: Path, toy: Bundle) -> None:
    edit(shop, "price,new", "cut,new")
    build_generation(shop, toy, root, STRICT)
    serving = current_id(root)
    edit(shop, ",13.5,", ",wide,")
    with pytest.raises(BuildRefused, match=r"cut was number .* would become text \(row 9: .*'wide'\)"):
        build_generation(shop, toy, root, STRICT)
    assert current_id(root) == serving
    build_generation(shop, toy, root, allowing("kinds"))
    assert Generation.open(root).columns["cut"] == "text"


def test_a_kind_stated_in_the_settings_may_change_it(root: Path, shop: Path, toy: Bundle) -> None:
    (shop / "catalog.toml").write_text('[columns.price]\nkind = "text"\n')
    build_generation(shop, toy, root, STRICT)
    assert Generation.open(root).columns["price"] == "text"


def test_a_stated_column_that_is_gone_is_refused(root: Path, shop: Path, toy: Bundle) -> None:
    (shop / "catalog.toml").write_text('[columns.price]\nkind = "number"\n')
    edit(shop, "price,new", "Preis,new")
    with pytest.raises(BuildRefused, match=r"The column price, stated in catalog.toml, is not in the table"):
        build_generation(shop, toy, root, STRICT)


def test_every_row_that_is_not_indexed_is_in_the_report(shop: Path, toy: Bundle, tmp_path: Path) -> None:
    edit(shop, "id,title,image,colour,price,new,sizes", "id,title,image,colour,price,published,sizes")
    (shop / "images" / "3.jpg").unlink()
    (shop / "images" / "5.jpg").write_bytes(b"<html>")
    id = build_generation(shop, toy, tmp_path / "index", BuildOptions(threads=1, max_skipped=0.5))
    with (generation_folder(tmp_path / "index", id) / "report.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    whats = {(row["id"], row["what"]) for row in rows}
    assert {("p3", "skipped"), ("p5", "skipped"), ("p0", "not for sale")} <= whats
    assert len(rows) == 12
    assert Generation.open(tmp_path / "index").size == 8


def test_default_filters_apply_to_every_search_and_hidden_columns_are_never_returned(
    shop: Path, toy: Bundle, tmp_path: Path
) -> None:
    edit(shop, "price,new", "Supplier rank,new")
    (shop / "catalog.toml").write_text('[default_filters]\n"Supplier rank" = {max = 14}\n')
    build_generation(shop, toy, tmp_path / "index", STRICT)
    generation = Generation.open(tmp_path / "index")
    everything, red = generation.mask(None), generation.mask({"colour": "red"})
    assert everything is not None
    assert red is not None
    assert everything.sum() == 9
    assert red.sum() == 3
    assert "Supplier rank" not in generation.columns
    assert all("Supplier rank" not in name for name in generation.products.column_names)


def write_views(shop: Path) -> Path:
    """Products p0 to p9: each has a picture of its own colour, and p3 a second one in another colour."""
    write_shop(shop, range(10))
    (shop / "images" / "3b.jpg").write_bytes(picture("White", 77))
    edit(shop, "images/3.jpg", "images/3.jpg|images/3b.jpg")
    return shop


def test_a_product_is_found_by_its_best_picture(toy: Bundle, tmp_path: Path) -> None:
    shop = write_views(tmp_path / "shop")
    (shop / "images" / "3.jpg").write_bytes(picture("Green", 5))
    build_generation(shop, toy, tmp_path / "index", STRICT)
    generation = Generation.open(tmp_path / "index")
    assert (generation.size, generation.manifest.views, generation.store.size) == (10, 1, 10)
    catalog = read_catalog(shop)
    pixels = toy.manifest.images.pixels
    from models.bundle import decode_image

    for number in (0, 1):
        seen = toy.vision(pixels(decode_image(catalog.find("p3").read_image(number)))[None])
        scores, rows = generation.store.search(seen.embedding, 10)
        assert generation.product(int(rows[0, 0]))["id"] == "p3" or scores[0, 0] - scores[0, 1] < 1e-3
        assert sorted(rows[0].tolist()) == list(range(10))


def test_every_picture_of_a_product_is_available(toy: Bundle, tmp_path: Path) -> None:
    shop = write_views(tmp_path / "shop")
    build_generation(shop, toy, tmp_path / "index", STRICT)
    generation = Generation.open(tmp_path / "index")
    row = generation.row_of("p3")
    assert row is not None
    assert generation.image_count(row) == 2
    assert generation.image(row, 1) == picture("White", 77)


def test_further_pictures_are_reused_as_main_ones_and_vice_versa(toy: Bundle, tmp_path: Path) -> None:
    shop = write_views(tmp_path / "shop")
    build_generation(shop, toy, tmp_path / "index", STRICT)
    edit(shop, "images/3.jpg|images/3b.jpg", "images/3b.jpg|images/3.jpg")
    build_generation(shop, toy, tmp_path / "index", STRICT)
    manifest = Generation.open(tmp_path / "index").manifest
    assert (manifest.encoded, manifest.reused) == (0, 11)


def test_a_product_with_one_damaged_picture_keeps_the_others(toy: Bundle, tmp_path: Path) -> None:
    shop = write_views(tmp_path / "shop")
    (shop / "images" / "3.jpg").write_bytes(b"<html>")
    build_generation(shop, toy, tmp_path / "index", STRICT)
    generation = Generation.open(tmp_path / "index")
    row = generation.row_of("p3")
    assert row is not None
    assert generation.image(row) == picture("White", 77)
    assert generation.manifest.skipped == ()


def test_variants_are_found_by_their_ids_and_returned_with_their_product(toy: Bundle, tmp_path: Path) -> None:
    build_generation(write_variants(tmp_path / "shop"), toy, tmp_path / "index", STRICT)
    generation = Generation.open(tmp_path / "index")
    row = generation.row_of("2-M")
    assert row is not None
    entry = generation.product(row)
    assert (entry["id"], entry["group"], entry["attributes"]["size"]) == ("2-S", "G2", ["S", "M"])
    assert [variant["id"] for variant in entry["variants"]] == ["2-S", "2-M"]
    assert generation.group_of([row]) == ["G2"]
    assert generation.row_of("G2") == row


def test_another_currency_than_the_published_one_is_remarked(root: Path, shop: Path, toy: Bundle) -> None:
    def stated(currency: str) -> list[str]:
        write_shop(shop)
        edit(shop, ",price,", f",price {currency},")
        catalog = read_catalog(shop)
        build_generation(catalog, toy, root, allowing("kinds"))
        return [one.reason for one in catalog.remarks]

    assert stated("EUR") == []
    assert stated("EUR") == []
    write_shop(shop)
    text = (shop / "catalog.csv").read_text().replace(",price,", ",price EUR,")
    lines = [line.split(",") for line in text.splitlines()]
    for cells in lines[1:]:
        cells[4] += " GBP"
    (shop / "catalog.csv").write_text("\n".join(map(",".join, lines)) + "\n")
    catalog = read_catalog(shop)
    build_generation(catalog, toy, root, STRICT)
    assert [one.reason for one in catalog.remarks] == [
        "price EUR was in EUR in the published generation and is in GBP; nothing is converted"
    ]


def test_a_product_with_several_rows_counts_once_among_those_that_cannot_be_used(tmp_path: Path) -> None:
    skipped = [Skipped(id=f"p{n // 3}", row=n, reason="no picture") for n in range(6)]
    with pytest.raises(BuildRefused, match="2 of 10 products cannot be used"):
        check_skipped(skipped, 14, 0.05, tmp_path)
    check_skipped(skipped, 14, 0.2, tmp_path)
