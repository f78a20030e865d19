"""Training on a table whose pictures are at addresses."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog import Address
from catalog.errors import ModisteError
from models.datasets.pictures import load_pictures
from models.training.data.sources import read_source
from models.training.inputs import Source
from tests.catalog.fetch.picture_server import PICTURE, PictureServer
from tests.catalog.fetch.test_fetch import client, url
from tests.catalog.shops import table
from tests.training.untrained import untrained_config


def source(folder: Path, server: PictureServer, **more: object) -> Source:
    rows = [
        {"id": "A", "title": "Red shirt", "image_link": url(server, "/1.jpg")},
        {"id": "B", "title": "Blue shirt", "image_link": url(server, "/404.jpg")},
        {"id": "C", "title": "Blue skirt", "image_link": f"{url(server, '/404.jpg')},{url(server, '/2.jpg')}"},
    ]
    path = table(folder / "feed.csv", rows)
    (folder / "catalog.toml").write_text("[pictures]\nhttp = true\n")
    return Source.model_validate({"name": "shop", "kind": "catalog", "path": path, **more})


def test_pictures_are_fetched_once_and_a_missing_one_does_not_change_the_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.datasets.fetched.PictureClient", lambda limits, hosts: client())
    with PictureServer() as server:
        shop = source(tmp_path, server, picture_hosts=["shop.test"])
        first, again = (read_source(shop, tmp_path / "cache") for _ in range(2))
        assert sorted(path for path, _ in server.asked) == ["/1.jpg", "/2.jpg", "/404.jpg"]
    assert [product.id for product in first] == [product.id for product in again] == ["A", "B", "C"]
    assert [first[0].read_image(), first[2].read_image()] == [PICTURE, PICTURE]
    assert isinstance(first[1].image, Address)
    images = untrained_config("sum").backbone.images
    assert images is not None
    loaded = load_pictures(list(first), images)
    assert [product.id for product in loaded.products] == ["A", "C"]
    assert [one.product for one in loaded.unreadable] == ["B"]


def test_pictures_that_the_indexer_fetched_are_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.datasets.fetched.PictureClient", lambda limits, hosts: client())
    with PictureServer() as server:
        folder = tmp_path / "index" / "pictures"
        shop = source(tmp_path, server, picture_hosts=["shop.test"], fetched=folder)
        read_source(shop, tmp_path / "cache")
        asked = len(server.asked)
        other = shop.model_copy(update={"picture_hosts": ("shop.test", "another.test")})
        assert read_source(other, tmp_path / "other cache")[0].read_image() == PICTURE
        assert [path for path, _ in server.asked[asked:]] == ["/404.jpg"]
    assert not (tmp_path / "cache").exists()


def test_a_host_that_is_not_allowed_is_not_requested(tmp_path: Path) -> None:
    with PictureServer() as server:
        with pytest.raises(ModisteError, match=r"shop\.test \(4\)") as refused:
            read_source(source(tmp_path, server), tmp_path / "cache")
        assert server.asked == []
    assert "picture_hosts: [shop.test]" in refused.value.hint
