"""Ids and article numbers of a shop."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from understanding.words.text import normalised

MAX_ROWS = 100
"""Maximum number of products with one identifier in a column."""


class Identifiers:
    """The ids and article numbers of N products.

    Args:
        ids: N ids.
        others: Further ids, such as those of variants, and the row of each.
    """

    def __init__(self, ids: pa.Array, others: Mapping[str, int] | None = None) -> None:
        self._columns: list[tuple[str, _Sorted]] = [("id", _Sorted(ids))]
        if others:
            rows = np.fromiter(others.values(), dtype=np.int32, count=len(others))
            self._columns.append(("id", _Sorted(pa.array(list(others), pa.string()), rows)))

    def add(self, values: pa.Array, rows: npt.NDArray[np.integer] | None = None) -> None:
        """Add article numbers: one of each product, or those of the products in ``rows``."""
        self._columns.append(("article", _Sorted(values.cast(pa.string()), rows)))

    def find(self, code: str) -> list[tuple[int, str]]:
        """The rows of the products with an id or article number, each once, and which of both matched."""
        found: dict[int, str] = {}
        for by, column in self._columns:
            for row in column.find(code):
                found.setdefault(row, by)
        return list(found.items())


class _Sorted:
    """Case-insensitive lookup of strings by bisection. Takes 8 bytes per string, in addition to the strings.

    Args:
        values: N strings or nulls.
        rows: The rows ``[N]`` that they belong to; their places if None.
    """

    def __init__(self, values: pa.Array, rows: npt.NDArray[np.integer] | None = None) -> None:
        self._values, self._rows = values, rows
        self._order = pc.sort_indices(pc.utf8_lower(values)).to_numpy()
        self._filled = len(values) - values.null_count
        self.find = lru_cache(maxsize=1024)(self._find)

    def _find(self, code: str) -> list[int]:
        wanted = normalised(code).lower()
        low, high = 0, self._filled
        while low < high:
            middle = (low + high) // 2
            if self._key(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        rows: list[int] = []
        while low < self._filled and self._key(low) == wanted and len(rows) < MAX_ROWS:
            place = int(self._order[low])
            rows.append(place if self._rows is None else int(self._rows[place]))
            low += 1
        return rows

    def _key(self, at: int) -> str:
        return str(self._values[int(self._order[at])].as_py()).lower()
