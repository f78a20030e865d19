"""Products with several pictures: every picture is searched, and the nearest one counts for its product.

The first N vectors of a generation are the main pictures of the products, in order; further pictures follow.
``views.arrow`` maps them to their products.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from catalog import Picture
from indexer.generations.products import read_whole, write_table
from indexer.stores.cells import ranges
from indexer.stores.conditions import Condition
from indexer.stores.store import Mask, Rows, Scores, Searcher, Vectors

AHEAD = 16


def write_views(
    path: Path, owners: Sequence[int], pictures: Sequence[Picture], hashes: Sequence[str], images_root: Path | None
) -> None:
    """Write the further pictures of products: the product's row, path or bytes, and hash."""
    paths = [os.path.relpath(one, images_root) if images_root and isinstance(one, Path) else None for one in pictures]
    fields = {
        "product": pa.array(owners, pa.int32()),
        "image": pa.array(paths, pa.string()),
        "image_hash": pa.array(hashes, pa.string()),
        "image_bytes": pa.array([one if isinstance(one, bytes) else None for one in pictures], pa.large_binary()),
    }
    write_table(path, pa.table(fields))


class ViewTable:
    """``views.arrow``, read without copying.

    Raises:
        ValueError: It is not such a file.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._table: pa.Table = read_whole(path)
            self.owners: npt.NDArray[np.int64] = self._table.column("product").to_numpy().astype(np.int64)
            self.hashes: list[str] = self._table.column("image_hash").to_pylist()
        except (pa.ArrowException, OSError, KeyError) as error:
            raise ValueError(f"{path} is not a table of views ({error})") from error
        self._order = np.argsort(self.owners, kind="stable")
        self._sorted = self.owners[self._order]

    def __len__(self) -> int:
        return len(self.owners)

    def of(self, product: int) -> list[int]:
        """The rows of a product's further pictures, in order."""
        first, last = np.searchsorted(self._sorted, [product, product + 1])
        return [int(row) for row in self._order[first:last]]

    def of_all(self, products: Rows) -> tuple[Rows, Rows]:
        """The rows of the further pictures of ``rows``, and for each the index of its product in ``rows``."""
        first, last = np.searchsorted(self._sorted, products), np.searchsorted(self._sorted, products, side="right")
        return self._order[ranges(first, last)], np.repeat(np.arange(len(products)), last - first)

    def image(self, row: int) -> bytes | str:
        """The picture if it is in the table, else its path below the images root."""
        held = self._table.column("image_bytes")[row].as_py()
        return held if held is not None else str(self._table.column("image")[row].as_py())


class ViewStore(Searcher):
    """Searches products by all of their pictures. The score of a product is that of its best picture.

    Args:
        store: The store of all M pictures.
        owners: int64 ``[M]``, the product of each picture.
        size: N, the number of products.
    """

    def __init__(self, store: Searcher, owners: npt.NDArray[np.int64], size: int) -> None:
        self.kind, self.dim, self.size = store.kind, store.dim, size
        self.holds_columns = store.holds_columns
        self._store = store
        self._owners = owners
        self._per_product = max(1.0, len(owners) / size)

    def close(self) -> None:
        self._store.close()

    def _search(self, queries: Vectors, k: int, allowed: Mask | None, available: int) -> tuple[Scores, Rows]:
        return self._best(queries, k, allowed, ())

    def _search_by(
        self, queries: Vectors, k: int, allowed: Mask, available: int, conditions: Sequence[Condition]
    ) -> tuple[Scores, Rows]:
        return self._best(queries, k, allowed, conditions)

    def _best(
        self, queries: Vectors, k: int, allowed: Mask | None, conditions: Sequence[Condition]
    ) -> tuple[Scores, Rows]:
        views = None if allowed is None else allowed[self._owners]
        most = len(self._owners) if views is None else int(np.count_nonzero(views))
        wanted = min(most, int(k * self._per_product) + AHEAD)
        while True:
            scores, found = self._store.search(queries, wanted, views, conditions)
            rows = np.where(found >= 0, self._owners[found], -1)
            best = [_first(line, k) for line in rows]
            if wanted == most or all(len(places) == k for places in best):
                break
            wanted = min(most, wanted * 4)
        taken = np.stack(best)
        return np.take_along_axis(scores, taken, axis=1), np.take_along_axis(rows, taken, axis=1)


def _first(rows: Rows, k: int) -> npt.NDArray[np.int64]:
    """The indices of the first occurrences of the first ``k`` distinct rows."""
    unique, places = np.unique(rows, return_index=True)
    return np.sort(places[unique >= 0])[:k]
