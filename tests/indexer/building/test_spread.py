"""Encoding spread by Ray: the same generation as without, also when a worker dies."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import ray

from catalog import Catalog, read_catalog
from catalog.errors import ModisteError
from indexer.build import build_generation
from indexer.building import spread
from indexer.building.encode import Encoded, encode_products
from indexer.building.reuse import KnownPictures
from indexer.building.spool import Spool
from indexer.building.spread import Worker, encode_spread
from indexer.generations.generation import Generation
from models.bundle import Bundle
from tests.indexer.conftest import QUIET
from tests.indexer.shop import write_shop

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
"""Ray takes long to start, and its own code warns."""


class Mortal(Worker):
    """A worker that is killed during its first block, once among all workers."""

    def __call__(self, block: pa.Table) -> pa.Table:
        results = super().__call__(block)
        try:
            Path(os.environ["MORTAL_WORKER"]).unlink()
        except FileNotFoundError:
            return results
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


@pytest.fixture(autouse=True)
def as_nice_as_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray's workers would otherwise wait for every other test."""
    monkeypatch.setenv("RAY_worker_niceness", "0")


@pytest.fixture
def shop(tmp_path: Path) -> Catalog:
    """Twenty-four products, of which two share a picture and one has a broken one."""
    folder = write_shop(tmp_path / "shop", range(24))
    shutil.copy(folder / "images" / "3.jpg", folder / "images" / "7.jpg")
    (folder / "images" / "5.jpg").write_bytes(b"no picture")
    return read_catalog(folder)


def assert_same(one: Encoded, other: Encoded) -> None:
    assert [product.id for product in one.products] == [product.id for product in other.products]
    assert one.hashes == other.hashes
    assert one.skipped == other.skipped
    np.testing.assert_allclose(one.vectors.astype(np.float32), other.vectors.astype(np.float32), atol=2e-3)
    counts = ("encoded", "reused", "repeated", "read")
    assert [getattr(one, name) for name in counts] == [getattr(other, name) for name in counts]


def test_a_killed_worker_loses_nothing(
    shop: Catalog, toy: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive = tmp_path / "alive"
    alive.touch()
    monkeypatch.setenv("MORTAL_WORKER", str(alive))
    monkeypatch.setattr(spread, "BLOCK", 4)
    kept = Spool(toy, tmp_path / "spool")
    spread_out = encode_spread(shop, toy, workers=2, worker=Mortal, pictures=KnownPictures(kept))
    assert not alive.exists(), "no worker was killed"
    left = Spool(toy, tmp_path / "spool")
    assert len(left) == len(set(spread_out.hashes)), "what a build that is killed later need not encode again"
    assert all(left.find(bytes.fromhex(image_hash)) is not None for image_hash in spread_out.hashes)
    assert_same(spread_out, encode_products(shop, toy))


def test_workers_encode_only_new_pictures(tmp_path: Path, toy: Bundle) -> None:
    folder, root = write_shop(tmp_path / "shop", range(20)), tmp_path / "index"
    build_generation(folder, toy, root, QUIET)
    write_shop(folder, range(22))
    id = build_generation(folder, toy, root, dataclasses.replace(QUIET, workers=2))
    manifest = Generation.open(root, id).manifest
    assert (manifest.products, manifest.encoded, manifest.reused) == (22, 2, 20)


def test_a_cluster_that_cannot_be_reached_is_a_clear_error(
    shop: Catalog, toy: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(address: str, **_: object) -> None:
        raise ConnectionError(f"no route to {address}")

    monkeypatch.setattr(ray, "init", unreachable)
    with pytest.raises(ModisteError, match="workers could not encode"):
        encode_spread(shop, toy, workers=1, address="ray://head:10001")
