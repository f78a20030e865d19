"""Products with several pictures: every picture is searched, and the nearest one counts for its product.

The first N vectors of a generation are the main pictures of the products, in order; further pictures follow.
``views.arrow`` maps them to their products.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from catalog import Picture
from indexer.generations.tables.arrow import ArrowColumn, read_whole, write_table
from indexer.stores.cells import ranges
from indexer.stores.conditions import Condition
from indexer.stores.masks import MaskCache
from indexer.stores.store import Mask, Rows, Scores, Searcher, Vectors

SPARE_PICTURES = 16
"""Number of pictures that are read in addition to the expected ones, so that most searches read once."""


def write_views(
    path: Path,
    owners: npt.NDArray[np.int32],
    pictures: Iterable[Picture],
    hashes: pa.StringArray,
    images_root: Path | None,
) -> None:
    """Write the further pictures of products: the product's row, path or bytes, and hash."""
    paths, contents = ArrowColumn(pa.string()), ArrowColumn(pa.large_binary())
    for one in pictures:
        paths.append(os.path.relpath(one, images_root) if images_root and isinstance(one, Path) else None)
        contents.append(one if isinstance(one, bytes) else None)
    fields = {
        "product": pa.array(owners, pa.int32()),
        "image": paths.array(),
        "image_hash": hashes,
        "image_bytes": contents.array(),
    }
    write_table(path, pa.table(fields))


class ViewTable:
    """``views.arrow``, read without copying.

    Raises:
        ValueError: It is not such a file.
    """

    def __init__(self, path: Path) -> None:
        try:
            self.table: pa.Table = read_whole(path)
            self.owners: npt.NDArray[np.int64] = self.table.column("product").to_numpy().astype(np.int64)
            self._hashes = self.table.column("image_hash")
        except (pa.ArrowException, OSError, KeyError) as error:
            raise ValueError(f"{path} is not a table of views ({error})") from error
        self._order = np.argsort(self.owners, kind="stable").astype(np.int32)
        self._starts = np.append(0, np.cumsum(np.bincount(self.owners))).astype(np.int32)

    def __len__(self) -> int:
        return len(self.owners)

    def of(self, product: int) -> list[int]:
        """The rows of a product's further pictures, in order."""
        return [int(row) for row in self.of_all(np.array([product]))[0]]

    def of_all(self, products: Rows) -> tuple[Rows, Rows]:
        """The rows of the further pictures of ``rows``, and for each the index of its product in ``rows``."""
        end = len(self._starts) - 1  # Products beyond have one picture.
        first, last = (self._starts.take(np.minimum(ends, end)) for ends in (products, products + 1))
        rows = self._order.take(ranges(first, last)).astype(np.int64)
        return rows, np.repeat(np.arange(len(products)), last - first)

    def image_hash(self, row: int) -> str:
        """SHA-256 of the picture, in hexadecimal."""
        return str(self._hashes[row].as_py())

    def image(self, row: int) -> bytes | str:
        """The picture if it is in the table, else its path below the images root."""
        held = self.table.column("image_bytes")[row].as_py()
        return held if held is not None else str(self.table.column("image")[row].as_py())


def nearest_of(main: Scores, further: Scores, positions: Rows) -> list[int]:
    """The number of the nearest picture of each of P products; 0 is the main one.

    Args:
        main: Cosines of the main pictures ``[P]``.
        further: Cosines of the further pictures, those of each product in order.
        positions: For each of these, the index of its product.
    """
    best, nearest, seen = main.copy(), [0] * len(main), [0] * len(main)
    for position, cosine in zip(positions, further, strict=True):
        seen[position] += 1
        if cosine > best[position]:
            best[position], nearest[position] = cosine, seen[position]
    return nearest


class ViewStore(Searcher):
    """Searches products by all of their pictures. The score of a product is that of its best picture; products with
    equal scores are in the order of these pictures.

    Args:
        store: The store of all M pictures.
        owners: int64 ``[M]``, the product of each picture.
        size: N, the number of products.
    """

    def __init__(self, store: Searcher, owners: npt.NDArray[np.int64], size: int) -> None:
        self.kind, self.dim, self.size = store.kind, store.dim, size
        self.holds_columns, self.exact = store.holds_columns, store.exact
        self._store = store
        self._owners = owners
        self._per_product = max(1.0, len(owners) / size)
        self._views_of = MaskCache(partial(_pictures_of, owners))

    @property
    def effort(self) -> int:
        """That of the store of pictures."""
        return self._store.effort

    @effort.setter
    def effort(self, effort: int) -> None:
        self._store.effort = effort

    def close(self) -> None:
        self._store.close()

    def _search(self, queries: Vectors, k: int, allowed: Mask | None, available: int) -> tuple[Scores, Rows]:
        return self._best(queries, k, allowed, ())

    def _with_all_ties(
        self, queries: Vectors, wanted: int, allowed: Mask | None, available: int, conditions: Sequence[Condition]
    ) -> tuple[Scores, Rows]:
        # The store orders equal pictures. In their order, products have one as well.
        return self._best(queries, wanted, allowed, conditions)

    def _best(
        self, queries: Vectors, k: int, allowed: Mask | None, conditions: Sequence[Condition]
    ) -> tuple[Scores, Rows]:
        views = None if allowed is None else self._views_of(allowed)
        count = len(self._owners) if views is None else int(np.count_nonzero(views))
        wanted = min(count, int(k * self._per_product) + SPARE_PICTURES)
        while True:
            scores, found = self._store.search(queries, wanted, views, conditions)
            rows = np.where(found >= 0, self._owners[found], -1)
            best = [_first(line, k) for line in rows]
            if wanted == count or all(len(places) == k for places in best):
                break
            wanted = min(count, wanted * 4)
        taken = np.stack(best)
        return np.take_along_axis(scores, taken, axis=1), np.take_along_axis(rows, taken, axis=1)


def _pictures_of(owners: npt.NDArray[np.int64], allowed: Mask) -> Mask:
    """The pictures of allowed products, read-only, so that the store also caches what it computes of them."""
    pictures: Mask = allowed[owners]
    pictures.setflags(write=False)
    return pictures


def _first(rows: Rows, k: int) -> npt.NDArray[np.int64]:
    """The indices of the first occurrences of the first ``k`` distinct rows."""
    unique, places = np.unique(rows, return_index=True)
    return np.sort(places[unique >= 0])[:k]
