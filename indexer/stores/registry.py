"""The stores that a generation can be searched with. A new store is one module and one line in ``STORES``."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from indexer.stores.store import Halves, Store, StoreError
from models.bundle.encoder import Device

STORES = {
    "faiss": "indexer.stores.faiss_store.FaissStore",
}
"""The subclass of ``Store`` by name. It is imported when it is used, because a store may need a library of its own."""

DEFAULT = "faiss"


def store_class(name: str) -> type[Store]:
    """The store ``name``.

    Raises:
        StoreError: There is none.
    """
    if name not in STORES:
        raise StoreError(f"There is no store {name[:50]!r}.", hint=f"The stores are: {', '.join(STORES)}.")
    module, _, attribute = STORES[name].rpartition(".")
    found: type[Store] = getattr(import_module(module), attribute)
    return found


def index_name(store: str, kind: str) -> str:
    """What a manifest records as ``index``: the kind of the default store, or ``store:kind``."""
    return kind if store == DEFAULT else f"{store}:{kind}"


def open_store(index: str, vectors: Halves, folder: Path, *, device: Device = "cpu", threads: int = 1) -> Store:
    """Open the store of a generation; see ``Store.open``.

    Args:
        index: What ``index_name`` made.

    Raises:
        StoreError: There is no such store, its files are damaged, or ``device`` is not available.
    """
    store, colon, kind = index.partition(":")
    if not colon:
        store, kind = DEFAULT, index
    return store_class(store).open(vectors, folder, kind=kind, device=device, threads=threads)
