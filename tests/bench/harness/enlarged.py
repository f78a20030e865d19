"""A generation of as many products as are wanted, made of a real one.

Products are repeated, and noise is added to their vectors. Titles, columns and words are those of the product that each
was made of, and so agree with the vector as in the real catalogue. Every product gets an id and a price of its own.
Further pictures of a product are the vector that it was made of with other noise.
"""

from __future__ import annotations

import os
from itertools import repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from indexer.generations.generation import Generation
from indexer.generations.manifest import (
    ATTRIBUTES_NAME,
    MANIFEST_NAME,
    PRODUCTS_NAME,
    SEEN_NAME,
    VECTORS_NAME,
    VIEWS_NAME,
    Quality,
    generation_folder,
    write_manifest,
)
from indexer.generations.publication import current_id, publish
from indexer.generations.tables.arrow import write_table
from indexer.generations.tables.products import ATTRIBUTE
from indexer.generations.tables.views import write_views
from indexer.stores.cells import CELLS_NAME, Cells
from indexer.stores.faiss_store import FaissStore
from indexer.stores.store import CHUNK
from models.bundle.checksums import file_digest

NOISE = 0.35
"""Length of the noise beside a unit vector: cosine 0.94 with the product that it was made of."""
PRICE = "price"
ID = "20260101-000000-0000"


def enlarged(small: Generation, products: int, root: Path, pictures: int = 1) -> Path:
    """The index root of ``products`` perturbed products; made once and kept.

    Args:
        small: A generation without further pictures.
        products: How many; fewer than ``small`` has are some of them.
        root: Where to make it.
        pictures: Number of pictures of each product.
    """
    if root.is_dir() and current_id(root) is not None:
        return root
    folder = generation_folder(root, ID)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST_NAME).unlink(missing_ok=True)  # Of a run that was stopped.
    chance = np.random.default_rng(0)
    of = np.concatenate([chance.permutation(small.size) for _ in range(-(-products // small.size))])[:products]
    vectors = _write_vectors(small, np.tile(of, pictures), folder, chance)
    if pictures > 1:
        owners = np.tile(np.arange(products, dtype=np.int32), pictures - 1)
        write_views(folder / VIEWS_NAME, owners, repeat(b"", len(owners)), pa.array([""] * len(owners)), None)
    _write_words(small, of, folder)
    _write_products(small, of, folder, chance)
    if not (folder / CELLS_NAME).exists():
        Cells.cluster(vectors).write(folder / CELLS_NAME)
    store = FaissStore.build(vectors, folder, threads=os.cpu_count() or 1)
    write_manifest(
        folder,
        small.manifest.model_copy(
            update={
                "id": ID, "products": products, "views": (pictures - 1) * products, "index": store.kind,
                "columns": {**small.columns, PRICE: "number"},
                "quality": Quality(recall=1, k=10, queries=0, protocol="not measured"), "skipped": (),
                "files": {path.name: file_digest(path) for path in sorted(folder.iterdir())},
            }
        ),
    )  # fmt: skip
    publish(root, ID, verify=False)
    return root


def _write_vectors(
    small: Generation, of: npt.NDArray[np.int64], folder: Path, chance: np.random.Generator
) -> npt.NDArray[np.float16]:
    dim = small.manifest.dim
    vectors = np.memmap(folder / VECTORS_NAME, np.float16, "w+", shape=(len(of), dim))
    for at in range(0, len(of), CHUNK):
        chunk = small.vectors(of[at : at + CHUNK])
        chunk = chunk + chance.normal(size=chunk.shape).astype(np.float32) * (NOISE / np.sqrt(dim))
        vectors[at : at + CHUNK] = chunk / np.linalg.norm(chunk, axis=1, keepdims=True)
    vectors.flush()
    return vectors


def _write_words(small: Generation, of: npt.NDArray[np.int64], folder: Path) -> None:
    for name, columns in ((ATTRIBUTES_NAME, small.attributes), (SEEN_NAME, small.seen)):
        if columns is not None and small.manifest.stated:
            with (folder / name).open("wb") as stream:
                for word in range(len(columns.words)):
                    stream.write(columns.column(word)[of].data)


def _write_products(small: Generation, of: npt.NDArray[np.int64], folder: Path, chance: np.random.Generator) -> None:
    table = small.products.take(pa.array(of))
    ids = pa.array([f"{id}-{number}" for number, id in enumerate(table.column("id").to_pylist())], pa.string())
    table = table.set_column(table.column_names.index("id"), "id", ids)
    table = table.append_column(ATTRIBUTE + PRICE, pa.array(np.round(chance.lognormal(3.5, 0.7, len(of)), 2)))
    write_table(folder / PRODUCTS_NAME, table)
