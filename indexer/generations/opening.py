"""Opens the files of a generation, and checks them against its manifest and each other."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import NamedTuple

import numpy as np

from indexer.generations.manifest import (
    ATTRIBUTES_NAME,
    PRODUCTS_NAME,
    SEEN_NAME,
    VECTORS_NAME,
    VIEW_WORDS_NAME,
    VIEWS_NAME,
    GenerationError,
    GenerationManifest,
    OtherBundle,
    generation_folder,
    read_manifest,
    verify_files,
)
from indexer.generations.publication import serving_id
from indexer.generations.tables.products import ProductTable
from indexer.generations.tables.views import ViewStore, ViewTable
from indexer.ranking.attributes import AttributeColumns
from indexer.stores.cells import CELLS_NAME, Cells
from indexer.stores.registry import open_store
from indexer.stores.store import Halves, Searcher, StoreError, StoreUnavailable
from models.bundle import Bundle
from models.bundle.encoder import Device

_SHORTAGES = {
    errno.ENOMEM: "this process may take no more memory",
    errno.EMFILE: "this process may open no more files",
    errno.ENFILE: "this machine may open no more files",
}
"""Reasons of a failure that is no damage, by error number."""


class Parts(NamedTuple):
    """The opened files of a generation; all but the last are the arguments of ``Generation``."""

    manifest: GenerationManifest
    store: Searcher
    """Searches products by their nearest picture."""
    table: ProductTable
    vectors: Halves
    """Vectors of all products, then of further pictures."""
    attributes: AttributeColumns | None
    seen: AttributeColumns | None
    images_root: Path | None
    views: ViewTable | None
    cells: Cells | None
    view_words: AttributeColumns | None
    """Words of further pictures, which only builds read."""


def check_bundle(manifest: GenerationManifest, bundle: Bundle) -> None:
    """Check that a bundle's vectors can be compared with those of a generation.

    Raises:
        OtherBundle: The generation was built with another bundle.
    """
    if (bundle.fingerprint, bundle.dim) != (manifest.fingerprint, manifest.dim):
        raise OtherBundle(
            f"The generation {manifest.id} was built with {manifest.bundle} ({manifest.fingerprint}), "
            f"not with {bundle.name} ({bundle.fingerprint}).",
            hint="Build the index again with this bundle, or serve it with the bundle of the build.",
        )


def open_parts(
    index_root: Path,
    id: str | None = None,
    *,
    verify: bool = True,
    device: Device = "cpu",
    images_root: Path | None = None,
    threads: int = 1,
) -> Parts:
    """See ``Generation.open``."""
    folder = generation_folder(index_root, serving_id(index_root) if id is None else id)
    manifest = read_manifest(folder)
    verify_files(folder, manifest, contents=verify)
    shape = (manifest.products, manifest.dim)
    pictures = manifest.products + manifest.views
    try:
        table = ProductTable(folder / PRODUCTS_NAME, manifest.columns)
        vectors = np.memmap(folder / VECTORS_NAME, dtype=np.float16, mode="r", shape=(pictures, manifest.dim))
        words = manifest.attributes
        attributes = AttributeColumns(folder / ATTRIBUTES_NAME, words, shape[0]) if words else None
        seen = AttributeColumns(folder / SEEN_NAME, words, shape[0]) if manifest.stated else attributes
        views = ViewTable(folder / VIEWS_NAME) if manifest.views else None
        kept_words = words and manifest.views and VIEW_WORDS_NAME in manifest.files
        view_words = AttributeColumns(folder / VIEW_WORDS_NAME, words, manifest.views) if kept_words else None
        cells = Cells.load(folder / CELLS_NAME, *shape) if CELLS_NAME in manifest.files else None
        store: Searcher = open_store(manifest.index, vectors, folder, device=device, threads=threads)
        if manifest.quality.effort:
            store.effort = manifest.quality.effort
    except StoreUnavailable:
        raise
    except MemoryError as error:
        raise _shortage(folder, errno.ENOMEM) from error
    except OSError as error:
        if error.errno in _SHORTAGES:
            raise _shortage(folder, error.errno) from error
        raise _damaged(folder, str(error)) from error
    except (ValueError, StoreError) as error:
        raise _damaged(folder, str(error)) from error
    if (
        len(table) != shape[0]
        or vectors.nbytes != manifest.files[VECTORS_NAME].size
        or (store.size, store.dim) != (pictures, shape[1])
        or (views is not None and (len(views) != manifest.views or views.owners.max() >= shape[0]))
    ):
        raise _damaged(folder, f"its files do not all hold {shape[0]} products and vectors of {shape[1]}")
    root = images_root or (Path(manifest.images_root) if manifest.images_root else None)
    if views is not None:
        store = ViewStore(store, np.concatenate([np.arange(shape[0]), views.owners]), shape[0])
    return Parts(manifest, store, table, vectors, attributes, seen, root, views, cells, view_words)


def _shortage(folder: Path, number: int) -> GenerationError:
    return GenerationError(
        f"The generation {folder.name} cannot be opened: {_SHORTAGES[number]}.",
        hint="Raise the limit of the process or of its container; the files need not be damaged.",
    )


def _damaged(folder: Path, why: str) -> GenerationError:
    return GenerationError(
        f"The generation {folder.name} is damaged: {why}.",
        hint="Roll back to another generation, or build the index again.",
    )
