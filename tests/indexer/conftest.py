from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from indexer.build import BuildOptions, build_generation
from models.bundle import Bundle
from tests.indexer.shop import write_shop

QUIET = BuildOptions(threads=1, device="cpu", allow=frozenset({"fall"}))


@pytest.fixture(scope="session", autouse=True)
def qdrant() -> Iterator[None]:
    """The local mode of Qdrant's client, unless ``MODISTE_QDRANT_URL`` names a server to test with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODISTE_QDRANT_URL", os.environ.get("MODISTE_QDRANT_URL", ":memory:"))
        yield


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write_shop(tmp_path / "shop")


@pytest.fixture
def root(tmp_path: Path, shop: Path, toy: Bundle) -> Path:
    """An index root with one published generation of the shop."""
    build_generation(shop, toy, tmp_path / "index", QUIET)
    return tmp_path / "index"


@pytest.fixture
def run_together() -> Callable[..., list[object]]:
    """Runs ``work`` on all items in eight threads."""

    def run(work: Callable[[int], object], items: Sequence[int]) -> list[object]:
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(work, items))

    return run
