"""``modiste index inspect`` says which columns make a product what it is, and writes them down."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog import Address, Catalog, read_catalog
from catalog.catalog import SpecialColumns
from catalog.inspection import report, starting_settings, summary_lines
from catalog.settings import read_settings
from catalog.table import Problem
from tests.catalog.shops import google, pictures, read, shopify, table, woocommerce

Rows = list[dict[str, object]]


def magento() -> Rows:
    return [
        {"sku": "T-S", "name": "Top S", "visibility": "Not Visible Individually", "base_image": "t.jpg"},
        {"sku": "T-M", "name": "Top M", "visibility": "Not Visible Individually", "base_image": "t.jpg"},
        {"sku": "T", "name": "Top", "configurable_variations": "sku=T-S,size=S|sku=T-M,size=M", "base_image": "t.jpg"},
    ]


def handles_with_sku() -> Rows:
    return [{"handle": "tee", "sku": f"T-{size}", "name": "Tee", "size": size} for size in "SM"]


def plain() -> Rows:
    return [{"Artikelnummer": number, "Farbe": "rot"} for number in range(3)]


SYSTEMS: dict[Callable[[], Rows], SpecialColumns] = {
    shopify: SpecialColumns("Handle", "Variant SKU", "Title", ("Image Src",), "Handle"),
    woocommerce: SpecialColumns("ID", None, "Name", ("Images",), "Parent", ("Color",)),
    google: SpecialColumns(
        "id", None, "title", ("image_link", "additional_image_link"), "item_group_id", ("color",)
    ),
    magento: SpecialColumns("sku", None, "name", ("base_image",), "parent product"),
    handles_with_sku: SpecialColumns("handle", "sku", "name", (), "handle"),
    plain: SpecialColumns("Artikelnummer", None, None, (), None, ("Farbe",)),
}  # fmt: skip


@pytest.mark.parametrize("rows", SYSTEMS)
def test_the_columns_of_the_id_the_title_and_the_pictures_are_shown(tmp_path: Path, rows: Callable[[], Rows]) -> None:
    catalog = read(tmp_path, rows())
    special = catalog.special
    assert special == SYSTEMS[rows]
    assert special is not None
    lines = dict(re.findall(r"^  (id|title|pictures|group|looks) +(.+)$", "\n".join(report(catalog)), re.M))
    assert lines["id"] == str(special.id) + (f", and {special.variant_id} for variants" if special.variant_id else "")
    assert lines["title"] == (special.title or "none")
    assert lines["pictures"] == (", ".join(special.pictures) or "files that are named after the id")
    assert ("group" in lines, "looks" in lines) == (special.group is not None, bool(special.looks))
    assert "parent product" not in "\n".join(report(catalog))
    written = starting_settings(catalog)
    for column in (special.id, special.title, *special.pictures, *special.looks):
        assert column is None or json.dumps(column) in written.split("[pictures]")[0]


@pytest.mark.parametrize("commented", [True, False])
@pytest.mark.parametrize("rows", SYSTEMS)
def test_the_written_settings_change_nothing_with_and_without_their_comments(
    tmp_path: Path, rows: Callable[[], Rows], commented: bool
) -> None:
    before = read(tmp_path, rows())
    text = starting_settings(before)
    if not commented:
        text = re.sub(r'^# (?=(?:pictures|group|looks) = (?!\[?"\.\.\."))', "", text, flags=re.M)
    (tmp_path / "catalog.toml").write_text(text, encoding="utf-8")
    settings = read_settings(tmp_path / "catalog.toml").table
    assert before.special is not None
    assert (settings.id, settings.title) == (before.special.id, before.special.title)
    assert (settings.pictures is None) == (commented or not before.special.pictures)
    after = read(tmp_path, rows())
    assert list(after) == list(before)
    assert (after.columns, after.roles, after.special) == (before.columns, before.roles, before.special)


def test_names_with_any_character_are_written_as_they_are(tmp_path: Path) -> None:
    path = table(tmp_path / "été 🙂.csv", [{"id": 1, 'Lo"ok \\ 🙂': "a", "image": "https://cdn.example/1.jpg"}])
    catalog = read_catalog(path)
    (tmp_path / "catalog.toml").write_text(starting_settings(catalog), encoding="utf-8")
    settings = read_settings(tmp_path / "catalog.toml")
    assert (settings.table.file, settings.pictures.hosts) == (path.name, ("cdn.example",))
    assert 'Lo"ok \\ 🙂' in settings.columns
    assert read_catalog(path)[0].image == Address("https://cdn.example/1.jpg")


def test_columns_of_encoded_pictures_are_shown_instead_of_paths(tmp_path: Path) -> None:
    pictures(tmp_path, ["a.jpg"])
    catalog = read(tmp_path, [{"id": 1, "image": "a.jpg", "image_base64": "/9j/"}])
    assert catalog.special is not None
    assert catalog.special.pictures == ("image_base64",)


def test_a_catalogue_that_was_not_read_from_a_table_has_no_such_columns(tmp_path: Path) -> None:
    catalog = Catalog(read(tmp_path, plain()), source=tmp_path, columns={})
    assert catalog.special is None
    assert starting_settings(catalog).count("id = ") == 0
    assert any(report(catalog))


def test_a_summary_has_the_whole_reason_and_no_stop_before_its_rows() -> None:
    reason = f"there is no picture {'a' * 90}.jpg; did you mean b.jpg?"
    problems = [Problem(row, str(row), reason, "there is no such picture.") for row in (2, 3)]
    first, detail = summary_lines(problems)
    assert first == "  2 x there is no such picture: row 2 (2), row 3 (3)"
    assert detail.endswith("did you mean b.jpg?")
