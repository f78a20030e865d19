"""The available stores. A new store is one module and one line in ``STORES``."""

from __future__ import annotations

import logging
from importlib import import_module
from pathlib import Path

from catalog.errors import ModisteError
from indexer.stores.store import Halves, Store, StoreError
from models.bundle.encoder import Device

STORES = {
    "faiss": "indexer.stores.faiss_store.FaissStore",
    "qdrant": "indexer.stores.qdrant.QdrantStore",
}
"""The subclasses of ``Store`` by name. They are imported on use, because a store may need an optional library."""

DEFAULT = "faiss"
OUTSIDE = [name for name in STORES if name != DEFAULT]
"""Stores with data outside of the folder of a generation."""

logger = logging.getLogger(__name__)


def store_class(name: str) -> type[Store]:
    """The store ``name``.

    Raises:
        StoreError: There is no such store.
    """
    if name not in STORES:
        raise StoreError(f"There is no store {name[:50]!r}.", hint=f"The stores are: {', '.join(STORES)}.")
    module, _, attribute = STORES[name].rpartition(".")
    found: type[Store] = getattr(import_module(module), attribute)
    return found


def index_name(store: str, kind: str) -> str:
    """The ``index`` of a manifest: the kind of the default store, or ``store:kind``."""
    return kind if store == DEFAULT else f"{store}:{kind}"


def open_store(index: str, vectors: Halves, folder: Path, *, device: Device = "cpu", threads: int = 1) -> Store:
    """Open the store of a generation; see ``Store.open``.

    Args:
        index: From ``index_name``.

    Raises:
        StoreError: There is no such store, its files are damaged, or ``device`` is not available.
    """
    store, kind = _parts(index)
    return store_class(store).open(vectors, folder, kind=kind, device=device, threads=threads)


def publish_store(index: str, folder: Path) -> None:
    """Publish the store of the generation in ``folder``; see ``Store.publish``."""
    name, _ = _parts(index)
    if name != DEFAULT:
        store_class(name).publish(folder)


def remove_stores(folder: Path, generations: Path) -> None:
    """Delete the data of stores outside of ``folder``, before the folder is deleted. Failures are logged.

    Args:
        folder: An unused generation, or the leftover of a build.
        generations: The folder of the remaining generations. Data that one of them shares with ``folder`` is kept.
    """
    for name in OUTSIDE:
        file = f"index.{name}"
        if not (folder / file).exists():
            continue
        content = (folder / file).read_bytes()
        if any(other.read_bytes() == content for other in generations.glob(f"*/{file}")):
            continue
        try:
            store_class(name).remove(folder)
        except ModisteError as error:
            logger.warning("The data of the store %s for %s could not be deleted: %s", name, folder.name, error)


def _parts(index: str) -> tuple[str, str]:
    """The name of the store, and the kind of its index."""
    store, colon, kind = index.partition(":")
    return (store, kind) if colon else (DEFAULT, index)
