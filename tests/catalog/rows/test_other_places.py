"""Pictures that are not where the table says: on another machine, in another folder, in an archive, or in the cell."""

from __future__ import annotations

import base64
import zipfile
from pathlib import Path

import pytest

from catalog import ModisteError, read_catalog
from tests.catalog.shops import JPEG, pictures, table


@pytest.mark.parametrize(
    ("named", "files", "found"),
    [
        ("C:\\Shop\\Bilder\\rot.jpg", ["Bilder/ROT.JPG"], "Bilder/ROT.JPG"),
        ("/Users/a/Desktop/rot.jpg", ["rot.jpg"], "rot.jpg"),
        ("/r/o/rot.jpg", ["media/r/o/rot.jpg"], "media/r/o/rot.jpg"), ("rot.jpg", ["a/b/rot.jpg"], "a/b/rot.jpg"),
        ("/home/a/b/rot.jpg", ["b/rot.jpg", "rot.jpg"], "b/rot.jpg"), ("", ["photos/1.png"], "photos/1.png"),
        ("rot.jpg", ["a/rot.jpg", "b/rot.jpg"], None),
        ("r/rot.jpg", ["o/rot.jpg"], None), ("r/rot.jpg", ["rot.jpg"], None),
        ("C:\\a\\..\\rot.jpg", ["b/rot.jpg"], None), ("rot.jpg", ["a/rot.txt"], None),
    ],
)  # fmt: skip
def test_a_picture_is_found_by_the_end_of_its_path(
    tmp_path: Path, named: str, files: list[str], found: str | None
) -> None:
    pictures(tmp_path, files)
    (tmp_path / "link").symlink_to(tmp_path.parent)
    path = table(
        tmp_path / "catalog.csv",
        [{"id": "1", "title": "Hat", "image": named}, {"id": "2", "title": "b", "image": "https://s.example/1.jpg"}],
    )
    images = {one.id: one.image for one in read_catalog(path)}
    assert images.get("1") == (tmp_path / found if found else None)


def test_two_paths_do_not_lead_to_one_picture_elsewhere(tmp_path: Path) -> None:
    pictures(tmp_path, ["1.jpg"])
    rows = [{"id": colour, "title": "Hat", "image": f"C:\\{colour}\\1.jpg"} for colour in ("blue", "red")]
    catalog = read_catalog(table(tmp_path / "catalog.csv", rows))
    assert ([one.id for one in catalog], [one.id for one in catalog.problems]) == (["blue"], ["red"])


def test_an_archive_with_pictures_is_to_be_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a/products.csv", "sku,title,image\n1,Hat,1.jpg\n")
        archive.writestr("a/1.jpg", JPEG)
    with pytest.raises(ModisteError, match="contains pictures beside a/products"):
        read_catalog(tmp_path / "a.zip")


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ('<img class="a" src="1.jpg"><br><img src=2.jpg />', 2),
        ("![front](1.jpg) ![back](2.jpg)", 2),
        ("<b>1.jpg</b>", 0),
    ],
)
def test_files_in_html_and_markdown_are_found(tmp_path: Path, cell: str, number: int) -> None:
    pictures(tmp_path, ["1.jpg", "2.jpg"])
    rows = [{"id": "1", "title": "Hat", "image": cell}, {"id": "2", "title": "Cap", "image": "2.jpg"}]
    assert len(read_catalog(table(tmp_path / "catalog.csv", rows))) == 1 + bool(number)
    assert len(read_catalog(tmp_path / "catalog.csv")[0].images) == (number or 1)


@pytest.mark.parametrize("every", [76, 10**6])
def test_base64_needs_no_known_column(tmp_path: Path, every: int) -> None:
    pictures(tmp_path, ["1.jpg"])
    content = (tmp_path / "1.jpg").read_bytes()
    text = base64.b64encode(content).decode()
    cell = "\n".join(text[at : at + every] for at in range(0, len(text), every))
    rows = [{"id": "1", "title": "Hat", "Image 1920": cell}]
    assert read_catalog(table(tmp_path / "catalog.csv", rows))[0].images == (content,)
