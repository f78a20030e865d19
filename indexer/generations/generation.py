"""A generation: one immutable index of one catalogue with one bundle."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cachetools import LRUCache

from catalog import Kind
from catalog.errors import ModisteError
from indexer.generations.filters import Filters, filter_mask
from indexer.generations.manifest import GenerationManifest
from indexer.generations.opening import open_parts
from indexer.generations.tables.products import Entry, ProductTable, read_picture
from indexer.generations.tables.views import ViewTable, nearest_of
from indexer.ranking.attributes import AttributeColumns
from indexer.ranking.candidates import Candidates
from indexer.ranking.profiles import Profiles
from indexer.stores.cells import Cells
from indexer.stores.conditions import Condition
from indexer.stores.halves import cosines, floats
from indexer.stores.store import Halves, Mask, Rows, Scores, Searcher, Vectors
from models.bundle.encoder import Device

MAX_CELLS = 500
"""Number of cells for generations without ``cells.npz``. They are clustered when opened: 5 s for a million products."""
KEPT_MASKS = 16
"""Number of cached masks of filters."""


class Generation:
    """An open generation. Its methods are thread-safe. See ``open``."""

    def __init__(
        self,
        manifest: GenerationManifest,
        store: Searcher,
        table: ProductTable,
        vectors: Halves,
        attributes: AttributeColumns | None,
        seen: AttributeColumns | None,
        images_root: Path | None,
        views: ViewTable | None = None,
        cells: Cells | None = None,
    ) -> None:
        self.manifest = manifest
        self.digest = manifest.digest
        """Digest of all its files. Generations of several shops may have the same id, but never the same digest."""
        self.store = store
        self.attributes = attributes
        """Probabilities of the bundle's words in every product; None for a bundle without words, or an old
        generation."""
        self.seen = seen
        """The same, by the pictures alone."""
        self.stated = np.isin(manifest.attributes, manifest.stated)
        """bool ``[A]``: the words that the catalogue states of products, or excludes by stating others."""
        self.exclusive = np.isin(manifest.attributes, manifest.exclusive)
        """bool ``[A]``: the words of ``stated`` that are values of a column and so exclude each other."""
        self.profiles = Profiles(attributes, self.exclusive) if attributes is not None and manifest.stated else None
        """How well products agree with expected words; None if the catalogue states no words."""
        self.candidates = Candidates(cells or Cells.cluster(vectors[: manifest.products], MAX_CELLS), attributes)
        """Finds products by vector and words."""
        self._table = table
        self._vectors = np.asarray(vectors)  # A plain array, because slicing a ``memmap`` is slow.
        self._views = views
        self._images_root = images_root
        self._masks: LRUCache[str, Mask] = LRUCache(KEPT_MASKS)
        self._masks_lock = threading.Lock()

    @classmethod
    def open(
        cls,
        index_root: Path,
        id: str | None = None,
        *,
        verify: bool = True,
        device: Device = "cpu",
        images_root: Path | None = None,
        threads: int = 1,
    ) -> Generation:
        """Open a generation; its files are mapped into memory, not read.

        Args:
            index_root: The folder with ``generations/`` and ``CURRENT``.
            id: The id; None opens the published generation.
            verify: Whether to compare every file with its checksum (reads all files), not only its size.
            device: The device of searches; ``auto`` uses a GPU if FAISS finds one.
            images_root: The folder of the catalogue's images. None uses the absolute path of the build.
            threads: Threads of one search.

        Raises:
            GenerationError: It is missing, truncated, changed or inconsistent.
            StoreError: ``device`` is not available, or the store does not respond.
        """
        parts = open_parts(index_root, id, verify=verify, device=device, images_root=images_root, threads=threads)
        return cls(*parts[:-1])

    @property
    def id(self) -> str:
        """Its id, such as ``20261120-101500-3f2a``."""
        return self.manifest.id

    @property
    def size(self) -> int:
        """N, the number of products; rows go from 0 to N - 1."""
        return self.manifest.products

    @property
    def columns(self) -> dict[str, Kind]:
        """The attributes by name, each with the kind of its values."""
        return self.manifest.columns

    @property
    def products(self) -> pa.Table:
        """The table as it lies in the file: id, title, image, image_hash, image_bytes, ``attribute.<name>``."""
        return self._table.table

    def row_of(self, id: str) -> int | None:
        """The row of the product with this id; None if there is none."""
        return self._table.row_of(id)

    @property
    def other_ids(self) -> dict[str, int]:
        """The rows by the ids of their variants and groups."""
        return self._table.other_ids

    def rows_of(self, ids: Sequence[str]) -> Rows:
        """The rows of products, int64 ``[len(ids)]``, -1 for unknown ids."""
        found = (self._table.row_of(id) for id in ids)
        return np.array([-1 if row is None else row for row in found], dtype=np.int64)

    def product(self, row: int) -> Entry:
        """The product in ``row``, in the form of responses."""
        return self._table.entry(row)

    def image_count(self, row: int) -> int:
        """Number of pictures of the product in ``row``."""
        return 1 + (len(self._views.of(row)) if self._views is not None else 0)

    def image(self, row: int, number: int = 0) -> bytes:
        """The original file of a picture of the product in ``row``.

        Args:
            row: The row of the product.
            number: Index of the picture; 0 is the main one.

        Raises:
            ModisteError: There is no such picture, or its file is missing or cannot be read.
        """
        if not 0 <= number < self.image_count(row):
            raise ModisteError(
                f"The product has {self.image_count(row)} pictures, so there is no picture {number}.",
                hint="Count from 0, the main picture.",
            )
        if number == 0 or self._views is None:
            image = self._table.image(row)
        else:
            image = self._views.image(self._views.of(row)[number - 1])
        try:
            return read_picture(image, self._images_root)
        except OSError as error:
            raise ModisteError(
                f"The picture of product {self._table.entry(row)['id']} cannot be read ({error.strerror}).",
                hint="Restore the catalogue's pictures, or set their folder (images root).",
            ) from error

    def image_hash(self, row: int, number: int = 0) -> str:
        """SHA-256 of an indexed picture of the product in ``row``, in hexadecimal. ``number`` is as in ``image``, and
        less than ``image_count``."""
        if number == 0 or self._views is None:
            return self._table.image_hash(row)
        return self._views.image_hash(self._views.of(row)[number - 1])

    def column(self, name: str) -> pa.Array:
        """The values of an attribute, N of them: a dictionary array of strings for text, a list array of such for list,
        int64 or float64 for number, bool for flag; null (list: empty) for products without a value.

        Raises:
            KeyError: There is no such attribute.
        """
        return self._table.attributes[name].values

    @property
    def all_vectors(self) -> Halves:
        """The vectors of all products, then of further pictures, mapped into memory."""
        return self._vectors

    def vectors(self, rows: Sequence[int] | Rows) -> Vectors:
        """The vectors of ``rows``: float32 ``[len(rows), D]``, of unit length to within half precision.

        Raises:
            IndexError: A row is negative or not below N.
        """
        taken = np.asarray(rows, dtype=np.int64)
        if taken.size and taken.min() < 0:
            raise IndexError("negative row")
        if taken.size and taken.max() >= self.size:
            raise IndexError("row beyond the products")
        return floats(self._vectors[taken])

    def cosines(self, vector: Vectors, rows: Rows) -> Scores:
        """The cosines of a query and products ``[len(rows)]``; for a product with several pictures, the highest.

        Args:
            vector: Unit float32 ``[D]``.
            rows: The products.
        """
        scores = cosines(self._vectors, rows, vector)
        if self._views is not None:
            views, positions = self._views.of_all(rows)
            np.maximum.at(scores, positions, cosines(self._vectors, self.size + views, vector))
        return scores

    @property
    def has_views(self) -> bool:
        """Whether any product has several pictures."""
        return self._views is not None

    def nearest_pictures(self, vector: Vectors, rows: Rows) -> list[int]:
        """The number of the picture of each product that is nearest to a query; 0 is the main picture.

        Args:
            vector: Unit float32 ``[D]``.
            rows: The products.
        """
        if self._views is None:
            return [0] * len(rows)
        views, positions = self._views.of_all(rows)
        further = cosines(self._vectors, self.size + views, vector)
        return nearest_of(cosines(self._vectors, rows, vector), further, positions)

    @property
    def has_groups(self) -> bool:
        """Whether any product has several looks."""
        return self._table.groups is not None

    def labels(self, name: str | None) -> npt.NDArray[np.int64]:
        """See ``ProductTable.labels``."""
        return self._table.labels(name)

    def ranks(self, name: str, *, descending: bool = False) -> npt.NDArray[np.float64]:
        """See ``ProductTable.ranks``."""
        return self._table.ranks(name, descending=descending)

    def group_of(self, rows: Sequence[int] | Rows) -> list[str]:
        """The groups of products: equal for all looks of one product."""
        groups = self._table.groups
        return [self._table.id(int(row)) if groups is None else str(groups[int(row)].as_py()) for row in rows]

    def mask(self, filters: Filters | None) -> Mask | None:
        """Which products satisfy all ``filters`` and the default filters: read-only bool ``[N]``, or None without
        filters.

        The last masks are cached, so equal filters usually get the same object.

        Raises:
            FilterError: See ``indexer.generations.filters``.
        """
        if not filters:
            return self._table.searchable
        key = json.dumps(filters, sort_keys=True, default=repr)
        with self._masks_lock:
            mask = self._masks.get(key)
        if mask is None:
            mask = filter_mask(filters, self._table.attributes, self.manifest.default_filters)
            assert mask is not None
            searchable = self._table.searchable
            mask = mask if searchable is None else mask & searchable
            mask.setflags(write=False)
            with self._masks_lock:
                mask = self._masks.setdefault(key, mask)
        return mask

    def conditions(self, filters: Filters | None) -> Sequence[Condition]:
        """The conditions of ``mask``, for a store with its own filters; empty if the store has none, or if it has
        outdated columns because only attributes were updated.

        Raises:
            FilterError: See ``indexer.generations.filters``.
        """
        if not self.store.holds_columns or self.manifest.updated_from is not None:
            return ()
        return self._table.conditions(filters, self.manifest.default_filters)

    def close(self) -> None:
        """Release memory. The generation must not be used afterwards."""
        self.store.close()
