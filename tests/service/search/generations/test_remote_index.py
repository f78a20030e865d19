"""A service whose index root is a copy of one on object storage; fsspec's memory stands in for it."""

from __future__ import annotations

import uuid
from pathlib import Path

import fsspec
import pytest

from indexer.generations.publication import current_id
from indexer.generations.remote import RemoteRoot
from models.bundle import Bundle
from tests.service.conftest import Serve, Shop, build, eventually


@pytest.fixture
def builder(own_shop: Shop) -> RemoteRoot:
    """The shop's index root, published to a storage of its own."""
    remote = RemoteRoot(f"memory://{uuid.uuid4().hex}/shop", own_shop.index_root)
    remote.publish(str(current_id(own_shop.index_root)))
    return remote


def test_a_service_follows_what_is_published_there(
    builder: RemoteRoot, own_shop: Shop, serve: Serve, tmp_path: Path
) -> None:
    first = current_id(builder.index_root)
    with serve(own_shop, index_root=tmp_path / "copy", index_url=builder.url) as served:
        assert served.client.get("/health/ready").json()["generation"] == first
        found = served.found(product_id="5", k=3)
        second = build(own_shop.catalog, own_shop.bundle, builder.index_root, publish=False)
        builder.publish(second)
        eventually(lambda: served.client.get("/health/ready").json()["generation"] == second, "it follows")
        assert served.found(product_id="5", k=3) == found


def test_a_service_starts_from_its_copy_while_the_storage_is_away(
    bundle: Bundle, builder: RemoteRoot, own_shop: Shop, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise ConnectionError("no route")

    RemoteRoot(builder.url, tmp_path / "copy").follow(bundle.fingerprint)
    monkeypatch.setattr(fsspec.get_filesystem_class("memory"), "cat_file", away)
    with serve(own_shop, index_root=tmp_path / "copy", index_url=builder.url) as served:
        ready = served.client.get("/health/ready").json()
        assert ready["generation"] == current_id(builder.index_root)
        assert "cannot be used" in ready["refused"]["reason"]
        assert builder.url not in ready["refused"]["reason"]
        assert len(served.found(product_id="5", k=3)) == 3


def test_a_damaged_remote_generation_is_refused_and_the_old_one_stays(
    builder: RemoteRoot, own_shop: Shop, serve: Serve, tmp_path: Path
) -> None:
    first = current_id(builder.index_root)
    with serve(own_shop, index_root=tmp_path / "copy", index_url=builder.url) as served:
        second = build(own_shop.catalog, own_shop.bundle, builder.index_root, publish=False)
        builder.push(second)
        fsspec.filesystem("memory").pipe_file(f"{builder.url}/generations/{second}/vectors.f16", b"cut")
        builder.publish(second)
        eventually(lambda: served.client.get("/health/ready").json()["refused"] is not None, "it is refused")
        ready = served.client.get("/health/ready").json()
        assert ready["generation"] == first
        assert str(tmp_path) not in ready["refused"]["reason"]
