"""A night reads and encodes only the pictures that changed."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catalog import read_catalog
from catalog.fetch import FetchLimits, PictureClient, UnreachableHosts
from indexer.build import build_generation
from indexer.generations.generation import Generation
from indexer.generations.manifest import GenerationManifest, generation_folder
from indexer.generations.publication import current_id
from models.bundle import Bundle
from tests.catalog.fetch.picture_server import PictureServer
from tests.indexer.conftest import QUIET
from tests.indexer.shop import picture, write_shop

LONG_AGO = 1_700_000_000
_listeners: list[list[str]] = []


def _listen(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _listeners and isinstance(arguments[0], str | os.PathLike):
        for opened in _listeners:
            opened.append(os.path.abspath(os.fspath(arguments[0])))


sys.addaudithook(_listen)


@contextmanager
def files_opened(below: Path) -> Iterator[list[str]]:
    """The names of the files below a folder that are opened within the block, in any thread."""
    opened: list[str] = []
    found: list[str] = []
    _listeners.append(opened)
    try:
        yield found
    finally:
        _listeners.remove(opened)
        found += sorted(os.path.basename(path) for path in opened if path.startswith(f"{below}{os.sep}"))


def left_alone(shop: Path) -> Path:
    """The shop, its pictures last changed long ago."""
    for number, path in enumerate(sorted((shop / "images").iterdir())):
        os.utime(path, (LONG_AGO + number, LONG_AGO + number))
    return shop


@pytest.fixture
def old_root(tmp_path: Path, shop: Path, toy: Bundle) -> Path:
    """An index root with a generation of a shop whose pictures were left alone."""
    build_generation(left_alone(shop), toy, tmp_path / "index", QUIET)
    return tmp_path / "index"


def build_counting(shop: Path, toy: Bundle, root: Path, **options: Any) -> tuple[GenerationManifest, list[str]]:
    """Build; the manifest, and which pictures were opened."""
    with files_opened(shop / "images") as opened:
        build_generation(shop, toy, root, replace(QUIET, **options))
    return Generation.open(root).manifest, opened


def edit_table(shop: Path, pattern: str, by: str) -> None:
    table = shop / "catalog.csv"
    text, count = re.subn(pattern, by, table.read_text())
    assert count
    table.write_text(text)


def test_the_first_build_reads_every_picture_once(shop: Path, toy: Bundle, tmp_path: Path) -> None:
    manifest, opened = build_counting(left_alone(shop), toy, tmp_path / "index")
    assert opened == sorted(f"{number}.jpg" for number in range(20))
    assert (manifest.read, manifest.encoded, manifest.reused) == (20, 20, 0)


def test_changed_titles_and_prices_touch_no_picture(old_root: Path, shop: Path, toy: Bundle) -> None:
    edit_table(shop, r"shirt (\d+),", r"blouse \1,")
    edit_table(shop, r",(\d+)\.5,", r",\1.9,")
    manifest, opened = build_counting(shop, toy, old_root)
    assert opened == []
    assert (manifest.read, manifest.encoded, manifest.reused) == (0, 0, 20)
    assert Generation.open(old_root).product(3)["title"] == "White blouse 3"


def test_only_pictures_with_another_size_or_time_are_read(old_root: Path, shop: Path, toy: Bundle) -> None:
    (shop / "images" / "4.jpg").write_bytes(picture("Blue", 444))
    os.utime(shop / "images" / "5.jpg", (LONG_AGO - 1, LONG_AGO - 1))
    (shop / "images" / "20.jpg").write_bytes(picture("Red", 20))
    with (shop / "catalog.csv").open("a") as table:
        table.write("p20,Red shirt 20,images/20.jpg,Red,20,false,S\n")
    manifest, opened = build_counting(shop, toy, old_root)
    assert opened == ["20.jpg", "4.jpg", "5.jpg"]
    assert (manifest.read, manifest.encoded, manifest.reused) == (3, 2, 19)


def test_a_picture_that_was_renamed_is_read_and_not_encoded(old_root: Path, shop: Path, toy: Bundle) -> None:
    (shop / "images" / "4.jpg").rename(shop / "images" / "four.jpg")
    edit_table(shop, "images/4.jpg", "images/four.jpg")
    manifest, opened = build_counting(shop, toy, old_root)
    assert opened == ["four.jpg"]
    assert (manifest.encoded, manifest.reused) == (0, 20)


def test_a_picture_written_just_before_it_was_read_is_read_again(shop: Path, toy: Bundle, tmp_path: Path) -> None:
    left_alone(shop)
    (shop / "images" / "4.jpg").write_bytes(picture("Blue", 4))
    build_generation(shop, toy, tmp_path / "index", QUIET)
    left_alone(shop)
    manifest, opened = build_counting(shop, toy, tmp_path / "index")
    assert opened == ["4.jpg"]
    assert manifest.encoded == 0


def change_unseen(path: Path) -> None:
    """Other content of the same size and time, as a failing disk or a careless copy leaves it."""
    content, status = bytearray(path.read_bytes()), path.stat()
    content[-3] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_verifying_finds_a_change_that_size_and_time_do_not_show(old_root: Path, shop: Path, toy: Bundle) -> None:
    change_unseen(shop / "images" / "4.jpg")
    manifest, opened = build_counting(shop, toy, old_root)
    assert (opened, manifest.encoded) == ([], 0)
    manifest, opened = build_counting(shop, toy, old_root, verify_pictures=True)
    assert len(opened) == 20
    assert (manifest.read, manifest.encoded, manifest.reused) == (20, 1, 19)


def test_all_pictures_are_read_once_a_week(old_root: Path, shop: Path, toy: Bundle) -> None:
    first = Generation.open(old_root).manifest.pictures_verified
    manifest, _ = build_counting(shop, toy, old_root)
    assert manifest.pictures_verified == first
    path = generation_folder(old_root, str(current_id(old_root))) / "manifest.json"
    stated = json.loads(path.read_text())
    stated["pictures_verified"] = "2026-01-01T00:00:00+00:00"
    path.write_text(json.dumps(stated))
    manifest, opened = build_counting(shop, toy, old_root)
    assert len(opened) == 20
    assert manifest.pictures_verified is not None
    assert manifest.pictures_verified > "2026-01-02"


def test_an_unusable_picture_is_not_read_by_every_build(shop: Path, toy: Bundle, tmp_path: Path) -> None:
    (shop / "images" / "7.jpg").write_bytes(b"<html>404 Not Found</html>")
    build_generation(left_alone(shop), toy, tmp_path / "index", QUIET)
    manifest, opened = build_counting(shop, toy, tmp_path / "index")
    assert opened == []
    assert [one.id for one in manifest.skipped] == ["p7"]
    assert "not a JPEG, PNG" in manifest.skipped[0].reason
    (shop / "images" / "7.jpg").write_bytes(picture("White", 7))
    manifest, opened = build_counting(shop, toy, tmp_path / "index")
    assert opened == ["7.jpg"]
    assert manifest.skipped == ()


def test_further_and_repeated_pictures_are_not_read_either(shop: Path, toy: Bundle, tmp_path: Path) -> None:
    (shop / "images" / "copy.jpg").write_bytes(picture("White", 3))
    edit_table(shop, r"images/3.jpg", "images/3.jpg|images/copy.jpg|images/4.jpg")
    build_generation(left_alone(shop), toy, tmp_path / "index", QUIET)
    manifest, opened = build_counting(shop, toy, tmp_path / "index")
    assert opened == []
    assert (manifest.products, manifest.views, manifest.encoded) == (20, 1, 0)


def test_a_build_with_another_bundle_reads_everything(old_root: Path, shop: Path, tmp_path: Path) -> None:
    from tests.toy_bundle import write_toy_bundle

    other = Bundle(write_toy_bundle(tmp_path / "other", seed=1), device="cpu", threads=1)
    manifest, opened = build_counting(shop, other, old_root)
    assert (len(opened), manifest.encoded) == (20, 20)


def test_a_generation_from_before_files_were_recorded_is_reused(old_root: Path, shop: Path, toy: Bundle) -> None:
    folder = generation_folder(old_root, str(current_id(old_root)))
    stated = json.loads((folder / "manifest.json").read_text())
    (folder / "files.arrow").unlink()
    del stated["files"]["files.arrow"], stated["pictures_verified"], stated["read"]
    (folder / "manifest.json").write_text(json.dumps(stated | {"revision": 1}))
    manifest, opened = build_counting(shop, toy, old_root)
    assert (len(opened), manifest.encoded, manifest.reused) == (20, 0, 20)


def test_the_catalogue_may_be_at_a_relative_path(
    shop: Path, toy: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_shop(Path("there"))
    left_alone(Path("there"))
    build_generation(Path("there"), toy, tmp_path / "index", QUIET)
    manifest, opened = build_counting(tmp_path / "there", toy, tmp_path / "index")
    assert (opened, manifest.reused) == ([], 20)


def test_a_picture_at_an_address_is_not_read_while_its_etag_is_the_same(
    toy: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def client(limits: FetchLimits, hosts: UnreachableHosts) -> PictureClient:
        return PictureClient(
            limits, resolver=lambda host, port: ["127.0.0.1"], allowed=lambda address: True, hosts=hosts
        )

    monkeypatch.setattr("models.datasets.fetched.PictureClient", client)
    (tmp_path / "catalog.toml").write_text('[pictures]\nhosts = ["shop.test"]\nhttp = true\n')
    root = tmp_path / "index"
    with PictureServer() as server:
        addresses = [f"http://shop.test:{server.port}/{name}.jpg" for name in ("etag", "1")]
        lines = [f"p{number},{address}" for number, address in enumerate(addresses)]
        (tmp_path / "catalog.csv").write_text("\n".join(["id,image", *lines]) + "\n")
        read = []
        for _ in range(3):
            build_generation(tmp_path / "catalog.csv", toy, root, QUIET)
            manifest = Generation.open(root).manifest
            read.append((manifest.read, manifest.encoded, manifest.reused + manifest.repeated))
            for path in (root / "pictures").rglob("*"):
                os.utime(path, (LONG_AGO, LONG_AGO))
    # Both were written just before the first build. The server sends the second one again, and its content is compared.
    assert read == [(2, 1, 1), (2, 0, 2), (1, 0, 2)]


def test_a_build_makes_the_pictures_of_a_product_in_few_passes(
    shop: Path, old_root: Path, toy: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = read_catalog(shop)
    made: list[str] = []

    def counted(path: str) -> Path:
        made.append(path)
        return Path(path)

    monkeypatch.setattr("catalog.products.Path", counted)
    build_generation(catalog, toy, old_root, QUIET)
    assert len(made) <= 3 * len(catalog)  # To encode, to write, and the sample whose recall is measured.
