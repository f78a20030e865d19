"""Pictures of a row: found by any spelling of their path, never outside the catalogue's folders."""

from __future__ import annotations

import base64
import json
import os
import unicodedata
import urllib.parse
from pathlib import Path

import pytest

from catalog import Address, Catalog, ModisteError, read_catalog
from catalog.errors import NoPictures
from tests.catalog.shops import JPEG, pictures, read, table


def catalog_of(folder: Path, cells: list[str], files: list[str], images: str | None = None) -> Catalog:
    for name in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(JPEG + name.encode())
    rows = [{"id": f"P{place}", "title": "a", "image": cell} for place, cell in enumerate(["images/good.jpg", *cells])]
    (folder / "images").mkdir(exist_ok=True)
    (folder / "images" / "good.jpg").write_bytes(JPEG)
    return read_catalog(table(folder / "catalog.csv", rows), images=folder / images if images else None)


def found(catalog: Catalog) -> str:
    """The name of the second product's picture."""
    assert isinstance(catalog[1].image, Path)
    return catalog[1].image.name


NFD = unicodedata.normalize("NFD", "robe-été.jpg")


@pytest.mark.parametrize(
    ("cell", "file"),
    [
        ("images/a.jpg", "images/a.jpg"),
        ("a.jpg", "images/a.jpg"),
        ("images\\a.jpg", "images/a.jpg"),
        ("./images/a.jpg", "images/a.jpg"),
        ("/images/a.jpg", "images/a.jpg"),
        ("/a.jpg", "images/a.jpg"),
        ("images/A.JPG", "images/a.jpg"),
        ("images/a.jpg", "images/a.JPG"),
        ("IMAGES/a.jpg", "images/a.jpg"),
        ("images/a%20b.jpg", "images/a b.jpg"),
        ("images/a+b.jpg", "images/a b.jpg"),
        ("images/100%.jpg", "images/100%.jpg"),
        ("images/a.jpg?v=17", "images/a.jpg"),
        ("images/a#1.jpg", "images/a#1.jpg"),
        (unicodedata.normalize("NFC", f"images/{NFD}"), f"images/{NFD}"),
        (f"images/{NFD}", unicodedata.normalize("NFC", f"images/{NFD}")),
        (urllib.parse.quote("images/robe-été.jpg"), "images/robe-été.jpg"),
        ("C:\\Users\\me\\shop\\images\\a.jpg", "images/a.jpg"),
        ("images/sub/../a.jpg", "images/a.jpg"),
        ("../images/a.jpg", "images/a.jpg"),
        ("images/a", "images/a.jpg"),
        ("a", "images/a.heic"),
        ("images/a.jpg", "images/a.jpeg"),
        ("images/a b.jpg", "images/a  b.jpg"),
        ("images/a\u00a0b.jpg", "images/a b.jpg"),
        ("images/a%2520b.jpg", "images/a b.jpg"),
        (" images / a.jpg", "images/a.jpg"),
        ("images/ﬁt.jpg", "images/fit.jpg"),
        ("file:images/a.jpg", "images/a.jpg"),
        ("pub/media/catalog/product/a/b/ab.jpg", "images/a/b/ab.jpg"),
        ("images/a, b.jpg", "images/a, b.jpg"),
        ("file:///images/a.jpg", "images/a.jpg"),
    ],
)
def test_a_picture_is_found_whatever_the_spelling_of_its_path(tmp_path: Path, cell: str, file: str) -> None:
    catalog = catalog_of(tmp_path, [cell], [file])
    assert found(catalog) == Path(file).name
    assert len(catalog[1].images) == 1


def test_a_path_that_repeats_the_folders_name_is_found(tmp_path: Path) -> None:
    assert found(catalog_of(tmp_path, ["images/a.jpg"], ["images/a.jpg"], images="images")) == "a.jpg"


def test_an_exact_name_wins_over_one_that_differs_in_case(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, ["images/a.jpg"], ["images/a.jpg", "images/A.jpg"])
    assert found(catalog) == "a.jpg"


def test_two_names_that_differ_only_in_case_do_not_match_a_third(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, ["images/B.JPG"], ["images/b.jpg", "images/b.Jpg"])
    assert len(catalog) == 1


def test_a_named_picture_is_never_replaced_by_another(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, ["images/missing.jpg"], ["images/P1.jpg"])
    assert [one.id for one in catalog.problems] == ["P1"]


@pytest.mark.parametrize(
    ("cell", "file", "near"),
    [("images/dres.jpg", "images/dress.jpg", "dress.jpg"), ("images/dress.jpg", "images/dress.png", "dress.png")],
)
def test_a_similar_file_name_is_suggested(tmp_path: Path, cell: str, file: str, near: str) -> None:
    (problem,) = catalog_of(tmp_path, [cell], [file]).problems
    assert f"did you mean {near}?" in problem.reason


@pytest.mark.parametrize(
    "cell", ["../private/a.jpg", "images/../../private/a.jpg", "{}/private/a.jpg", "images/link.jpg"]
)
def test_pictures_outside_the_folders_are_not_read(tmp_path: Path, cell: str) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "a.jpg").write_bytes(JPEG)
    shop = tmp_path / "shop"
    (shop / "images").mkdir(parents=True)
    os.symlink(tmp_path / "private" / "a.jpg", shop / "images" / "link.jpg")
    catalog = catalog_of(shop, [cell.format(tmp_path)], [])
    assert [one.id for one in catalog.problems] == ["P1"]


@pytest.mark.parametrize("cell", ["C:\\Photos\\2026\\1_front.jpg", "/srv/photos/1_front.jpg", "photos/1_front.jpg"])
def test_a_file_with_the_same_name_in_another_folder_is_named(tmp_path: Path, cell: str) -> None:
    (problem,) = catalog_of(tmp_path, [cell], ["pics/1_front.JPG"]).problems
    assert "did you mean pics/1_front.JPG?" in problem.reason


def test_a_refusal_ends_with_one_sign(tmp_path: Path) -> None:
    (tmp_path / "pics").mkdir()
    (tmp_path / "pics" / "a.jpg").write_bytes(JPEG)
    with pytest.raises(NoPictures, match=r"did you mean pics/a\.jpg\? Name"):
        read_catalog(table(tmp_path / "catalog.csv", [{"id": 1, "title": "a", "image": "photos/a.jpg"}]))


def test_a_picture_with_another_number_is_no_near_miss(tmp_path: Path) -> None:
    (problem,) = catalog_of(tmp_path, ["images/11088.jpg"], ["images/11882.jpg"]).problems
    assert "did you mean" not in problem.reason


@pytest.mark.parametrize("link", ["photos", "photos/1.jpg"])
def test_a_link_that_leads_out_of_the_folder_is_named(tmp_path: Path, link: str) -> None:
    (tmp_path / "nas").mkdir()
    (tmp_path / "nas" / "1.jpg").write_bytes(JPEG)
    shop = tmp_path / "shop"
    (shop / link).parent.mkdir(parents=True)
    (shop / link).symlink_to(tmp_path / "nas" / ("1.jpg" if link.endswith("jpg") else ""))
    (problem,) = catalog_of(shop, ["photos/1.jpg"], []).problems
    assert f"{Path(link).name} is a link that leads out of that folder" in problem.reason


def test_a_pipe_in_the_place_of_a_picture_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    os.mkfifo(tmp_path / "images" / "pipe.jpg")
    assert len(catalog_of(tmp_path, ["images/pipe.jpg"], [])) == 1


@pytest.mark.parametrize(
    "cell",
    [
        "images/a.jpg|images/b.png", "images/a.jpg, images/b.png", "images/a.jpg;images/b.png", "a.jpg,b.png",
        '["images/a.jpg", "images/b.png"]', "['images/a.jpg', 'images/b.png']", "images/a.jpg | images/b.png |",
        '[{"src": "images/a.jpg"}, {"src": "images/b.png"}]', "images/a.jpg,images/b.png,images/a.jpg",
    ],
)  # fmt: skip
def test_a_cell_may_name_several_pictures(tmp_path: Path, cell: str) -> None:
    catalog = catalog_of(tmp_path, [cell], ["images/a.jpg", "images/b.png"])
    assert [path.name for path in catalog[1].images if isinstance(path, Path)] == ["a.jpg", "b.png"]


def test_a_product_keeps_its_other_pictures_if_one_is_missing(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, ["images/a.jpg|images/gone.jpg"], ["images/a.jpg"])
    assert found(catalog) == "a.jpg"
    (remark,) = catalog.remarks
    assert (remark.row, remark.id) == (3, "P1")
    assert "gone.jpg" in remark.reason


@pytest.mark.parametrize(
    ("cell", "urls"),
    [
        ("https://a.example/1.jpg", ["https://a.example/1.jpg"]),
        ("//a.example/1.jpg", ["https://a.example/1.jpg"]),
        ("https://a.example/1.jpg, https://a.example/2.jpg", ["https://a.example/1.jpg", "https://a.example/2.jpg"]),
        ("https://a.example/w_300,h_300/1.jpg", ["https://a.example/w_300,h_300/1.jpg"]),
        ("https://a.example/1.jpg https://a.example/2.jpg", ["https://a.example/1.jpg", "https://a.example/2.jpg"]),
        ("https://a.example/1.jpg|https://a.example/2", ["https://a.example/1.jpg", "https://a.example/2"]),
    ],
)
def test_addresses_are_kept(tmp_path: Path, cell: str, urls: list[str]) -> None:
    assert catalog_of(tmp_path, [cell], [])[1].images == tuple(Address(url) for url in urls)


@pytest.mark.parametrize(
    "form",
    [
        '{{"src": "{0}"}}', '{{"main": "{0}", "others": ["{1}"]}}', "{{{0},{1}}}", '<img src="{0}" alt="a">',
        "![]({0})",
        '=IMAGE("{0}")', '=HYPERLINK("{0}","picture")', '"{0}"', "a.jpg ({0}),b.jpg ({1})", "{0}::{1}", "{0}\\n{1}",
        "<{0}>",
        "front:{0}|back:{1}", "url({0})", "{0} , {1} ,", "{0}\n{1}", "['{0}', '{1}']",
    ],
)  # fmt: skip
def test_addresses_are_found_within_other_text(tmp_path: Path, form: str) -> None:
    urls = [f"https://cdn.example/t_1,w_300/{name}.jpg?v=1" for name in "ab"]
    catalog = catalog_of(tmp_path, [form.format(*urls)], [])
    assert list(catalog[1].images) == [Address(url) for url in urls[: 2 if "{1}" in form else 1]]


@pytest.mark.parametrize(
    ("cell", "url"),
    [
        ("www.a.example/x.jpg", "https://www.a.example/x.jpg"), ("https:/a.example/x.jpg", "https://a.example/x.jpg"),
        ("http:\\\\a.example\\x.jpg", "http://a.example/x.jpg"),
        ("https://a.example/x.jpg?a=1&amp;b=2", "https://a.example/x.jpg?a=1&b=2"),
    ],
)  # fmt: skip
def test_damaged_addresses_are_repaired(tmp_path: Path, cell: str, url: str) -> None:
    assert catalog_of(tmp_path, [cell], [])[1].images == (Address(url),)


@pytest.mark.parametrize(
    "names",
    [
        "image_1|image_2", "Bild1|Bild2", "Image 1 URL|Image 2 URL", "Main Image URL|Other Image URL1",
        "packshot|model_shot",
        "front_image|back_image", "Hauptbild|Weitere Bilder", "Image principale|Images secondaires", "画像|画像2",
        "Imagen principal|Imágenes adicionales", "Afbeelding|Extra afbeeldingen", "Фото|Фото 2", "cover|gallery", "a|b",
    ],
)  # fmt: skip
def test_all_columns_of_pictures_are_found(tmp_path: Path, names: str) -> None:
    first, second = names.split("|")
    rows = [
        {"id": f"P{n}", first: f"https://a.example/{n}.jpg", second: f"https://a.example/{n}b.jpg",
         "thumbnail_url": f"https://a.example/{n}t.jpg", "brand_logo": "https://a.example/logo.png"}
        for n in range(3)
    ]  # fmt: skip
    catalog = read_catalog(table(tmp_path / "catalog.csv", rows))
    assert list(catalog[0].images) == [Address("https://a.example/0.jpg"), Address("https://a.example/0b.jpg")]
    assert catalog.columns == {}


def test_a_data_url_is_a_picture_and_a_bad_one_is_cut_in_its_message(tmp_path: Path) -> None:
    good = "data:image/jpeg;base64," + base64.b64encode(JPEG).decode()
    catalog = catalog_of(tmp_path, [good, good.replace("base64,", "base64,?" + "A" * 9000)], [])
    assert catalog[1].image == JPEG
    (problem,) = catalog.problems
    assert len(problem.reason) < 300


@pytest.mark.parametrize(
    "column", ["image_link", "image_url", "images", "main_image", "base_image", "Image Src", "Bild", "photos"]
)
def test_columns_of_pictures_are_known(tmp_path: Path, column: str) -> None:
    catalog = read_catalog(table(tmp_path / "catalog.csv", [{"id": 1, column: "//a.example/1.jpg"}]))
    assert catalog[0].image == Address("https://a.example/1.jpg")


@pytest.mark.parametrize("suffix", [".JPG", ".jpeg", ".avif", ".heic", ".gif", ".tiff", ".bmp"])
def test_a_picture_called_like_the_id_is_found(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / f"Shirt-1{suffix}").write_bytes(JPEG)
    catalog = read_catalog(table(tmp_path / "catalog.csv", [{"id": "Shirt-1", "title": "a"}]))
    assert len(catalog) == 1


@pytest.mark.parametrize("between", [" ", "\n", "  ", "\t"])
def test_pictures_may_be_separated_by_blanks(tmp_path: Path, between: str) -> None:
    pictures(tmp_path, ["images/a.jpg", "images/b c.jpg", "images/d.png"])
    catalog = read_catalog(table(tmp_path / "catalog.csv", [
        {"id": 1, "image": f"images/a.jpg{between}images/d.png"}, {"id": 2, "image": "images/b c.jpg"},
        {"id": 3, "image": f"https://s.example/1.jpg{between}https://s.example/2.jpg"},
    ]))  # fmt: skip
    assert [len(one.images) for one in catalog] == [2, 1, 2]


PATHS: list[object] = [
    "Fashion > Shoes",
    "Fashion/Shoes",
    ["Fashion", "Shoes"],
    "/fashion/shoes",
    "https://shop.example/shoes",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("column", ["path", "file", "filename", "category.path"])
@pytest.mark.parametrize("media", [[{"type": "image", "src": "1.jpg"}], [{"url": "1.jpg", "alt": "x"}], None])
def test_a_column_of_paths_that_are_no_pictures_has_none(
    tmp_path: Path, path: object, column: str, media: object
) -> None:
    (tmp_path / "1.jpg").write_bytes(JPEG)
    parent, _, name = column.rpartition(".")
    row = {"id": "1", "title": "Shoe", **({parent: {"id": 5, name: path}} if parent else {name: path})}
    (tmp_path / "catalog.json").write_text(json.dumps([row | ({"media": media} if media else {})]))
    catalog = read_catalog(tmp_path)
    assert catalog[0].image == tmp_path / "1.jpg"
    assert catalog.special is not None
    assert catalog.special.pictures == (("media",) if media else ())
    assert (f"{parent} {name}" if parent else name) in catalog.columns


@pytest.mark.parametrize("cell", ["one.jpg", "images/one.jpg", "one", "https://cdn.example/one.webp?w=3"])
@pytest.mark.parametrize("column", ["path", "file", "filename", "image"])
def test_a_column_of_paths_to_pictures_has_pictures(tmp_path: Path, cell: str, column: str) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "one.jpg").write_bytes(JPEG)
    catalog = read_catalog(table(tmp_path / "catalog.csv", [{"id": 1, "title": "Shoe", column: cell}]))
    assert catalog.special is not None
    assert catalog.special.pictures == (column,)


def test_videos_among_pictures_are_not_taken(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").write_bytes(JPEG)
    media = [{"type": "video", "src": "1.mp4"}, {"type": "image", "src": "1.jpg"}]
    (tmp_path / "catalog.json").write_text(json.dumps([{"id": "A", "title": "Shoe", "media": media}]))
    catalog = read_catalog(tmp_path)
    assert (catalog[0].image, catalog.remarks) == (tmp_path / "1.jpg", ())


def test_a_catalogue_without_any_picture_is_refused_with_the_column_that_was_read(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"id": "", "title": "Note", "image": ""},
        {"id": 1, "title": "Shoe", "image": "no.jpg"},
    ]
    with pytest.raises(NoPictures, match=r"from 'image'; row 3: .*no picture no\.jpg.*pictures = "):
        read_catalog(table(tmp_path / "catalog.csv", rows))


@pytest.mark.parametrize("cell", ["p\\1.jpg / p\\2.jpg", "p/1.jpg + p/2.jpg", "p/1.jpg & p/2.jpg"])
def test_signs_between_blanks_separate_pictures(tmp_path: Path, cell: str) -> None:
    assert len(catalog_of(tmp_path, [cell], ["p/1.jpg", "p/2.jpg"])[1].images) == 2


@pytest.mark.parametrize(("id", "file"), [("1164", "00001164"), ("00001164", "1164"), ("1164.0", "01164")])
def test_an_id_without_its_leading_zeros_finds_its_picture(tmp_path: Path, id: str, file: str) -> None:
    pictures(tmp_path, [f"images/{file}.jpg"])
    (product,) = read(tmp_path, [{"id": id, "title": "Tee"}], images=True)
    assert product.image == tmp_path / f"images/{file}.jpg"


def test_of_two_files_with_other_zeros_neither_is_taken(tmp_path: Path) -> None:
    pictures(tmp_path, ["images/001.jpg", "images/0001.jpg"])
    with pytest.raises(ModisteError):
        read(tmp_path, [{"id": "1", "title": "Tee"}], images=True)
