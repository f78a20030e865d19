"""The registry of stores: a new store is one file and one line."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from indexer.build import BuildOptions, build_generation
from indexer.generations.generation import Generation
from indexer.generations.manifest import GenerationError, generation_folder
from indexer.stores.registry import STORES, store_class
from indexer.stores.store import StoreError
from models.bundle import Bundle
from tests.indexer.conftest import QUIET
from tests.indexer.shop import write_shop
from tests.indexer.stores.brute_force_store import BruteForceStore

SOURCE = Path(__file__).with_name("brute_force_store.py")


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a store that is one file elsewhere and one line in the registry."""
    (tmp_path / "plugin").mkdir()
    (tmp_path / "plugin" / "a_new_store.py").write_text(SOURCE.read_text())
    monkeypatch.syspath_prepend(tmp_path / "plugin")
    monkeypatch.setitem(STORES, "matrix", "a_new_store.BruteForceStore")
    return "matrix"


@pytest.fixture
def built(plugin: str, tmp_path: Path, toy: Bundle) -> tuple[Path, str]:
    """An index root with a generation in the new store, and its id."""
    catalog = write_shop(tmp_path / "shop", range(20))
    root = tmp_path / "index"
    return root, build_generation(catalog, toy, root, dataclasses.replace(QUIET, store=plugin))


def test_a_generation_is_built_verified_and_searched_with_a_new_store(built: tuple[Path, str]) -> None:
    root, id = built
    generation = Generation.open(root, id, verify=True)
    assert generation.manifest.index == "matrix:matrix"
    assert generation.manifest.quality.recall == 1
    assert type(generation.store).__name__ == BruteForceStore.__name__
    assert type(generation.store).__module__ == "a_new_store"
    assert generation.store.search(generation.vectors([3]), 1)[1][0, 0] == 3


@pytest.mark.parametrize("verify", [True, False])
def test_the_files_of_a_new_store_are_verified(built: tuple[Path, str], verify: bool) -> None:
    root, id = built
    path = generation_folder(root, id) / "index.npy"
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(GenerationError, match="differs from its checksum"):
        Generation.open(root, id, verify=verify)
    path.unlink()
    with pytest.raises(GenerationError, match=r"has no file index\.npy"):
        Generation.open(root, id, verify=verify)


def test_a_generation_of_an_unknown_store_is_refused(built: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(STORES, "matrix")
    with pytest.raises(GenerationError, match="There is no store 'matrix'"):
        Generation.open(*built)


def test_an_unknown_store_is_refused_before_anything_is_encoded(tmp_path: Path, toy: Bundle) -> None:
    with pytest.raises(StoreError, match="There is no store 'nowhere'") as raised:
        build_generation(write_shop(tmp_path / "shop"), toy, tmp_path / "index", BuildOptions(store="nowhere"))
    assert "faiss" in str(raised.value.hint)


@pytest.mark.parametrize("name", STORES)
def test_every_registered_store_can_be_imported(name: str) -> None:
    assert store_class(name).__name__ == STORES[name].rpartition(".")[2]
