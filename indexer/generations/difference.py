"""Compares the products of two generations."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from indexer.generations.manifest import PRODUCTS_NAME, VIEWS_NAME, GenerationError
from indexer.generations.tables.arrow import read_whole
from indexer.generations.tables.products import ATTRIBUTE, UNSOLD
from indexer.stores.store import Rows

COMPARED = {
    "title": "title",
    "image_hash": "picture",
    "variants": "variants",
    "searchable": "visibility",
    UNSOLD: "availability",
}
"""Further columns that are compared, with their display names."""
FURTHER = "further pictures"
_SEPARATOR = "\x1f"


class Products(NamedTuple):
    """The products of one generation, for a comparison."""

    table: pa.Table
    views: pa.Table | None


class Difference:
    """How the products ``after`` differ from those ``before``. Products are the same if their ids are.

    Attributes:
        before: The earlier products.
        after: The later ones.
        added: Rows of ``after`` that are not in ``before``.
        removed: Rows of ``before`` that are not in ``after``.
    """

    def __init__(self, before: Products, after: Products) -> None:
        self.before, self.after = before, after
        places = pc.index_in(_flat(after.table, "id"), value_set=_flat(before.table, "id"))
        found = places.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        self.added: Rows = np.flatnonzero(found < 0)
        self._rows: Rows = np.flatnonzero(found >= 0)
        self._places = found[self._rows]
        gone = np.ones(before.table.num_rows, dtype=np.bool_)
        gone[self._places] = False
        self.removed: Rows = np.flatnonzero(gone)

    @cached_property
    def columns(self) -> dict[str, Rows]:
        """The changed rows of ``after`` by column (title, picture, or the name of an attribute), the most frequent
        first.
        Columns without changes are absent."""
        changed = {}
        for name, before, after in self._pairs():
            rows = self._rows[_differ(before, after)]
            if len(rows):
                changed[name] = rows
        return dict(sorted(changed.items(), key=lambda item: (-len(item[1]), item[0])))

    @cached_property
    def changed(self) -> Rows:
        """Rows of ``after`` in which anything changed, ascending."""
        return np.unique(np.concatenate([*self.columns.values(), np.zeros(0, dtype=np.int64)]))

    def ids(self, rows: Rows, *, of_before: bool = False) -> list[str]:
        """The ids of products."""
        products = self.before if of_before else self.after
        ids: list[str] = products.table.column("id").take(pa.array(rows)).to_pylist()
        return ids

    def _pairs(self) -> Iterator[tuple[str, pa.Array, pa.Array]]:
        """The compared columns, by name, of the products in both generations."""
        tables = self.before.table, self.after.table
        for name in dict.fromkeys(name for table in tables for name in table.column_names):
            if name not in COMPARED and not name.startswith(ATTRIBUTE):
                continue
            shown = COMPARED.get(name) or name.removeprefix(ATTRIBUTE)
            values = [
                _values(table, name, rows) for table, rows in zip(tables, (self._places, self._rows), strict=True)
            ]
            yield shown, values[0], values[1]
        if self.before.views is not None or self.after.views is not None:
            yield FURTHER, _view_hashes(self.before, self._places), _view_hashes(self.after, self._rows)


def read_for_comparison(folder: Path) -> Products:
    """The products of the generation in ``folder``, mapped into memory.

    Raises:
        GenerationError: Its tables cannot be read.
    """
    try:
        views = folder / VIEWS_NAME
        return Products(read_whole(folder / PRODUCTS_NAME), read_whole(views) if views.exists() else None)
    except (pa.ArrowException, OSError) as error:
        raise GenerationError(
            f"The products of the generation {folder.name} cannot be read ({error}).",
            hint="Compare another generation, or build the index again.",
        ) from error


def _flat(table: pa.Table, name: str) -> pa.Array:
    return table.column(name).combine_chunks()


def _values(table: pa.Table, name: str, rows: Rows) -> pa.Array:
    """A column of some products; a default if there is no such column."""
    if name in table.column_names:
        return _flat(table, name).take(pa.array(rows))
    return pa.repeat(pa.scalar(True), len(rows)) if name == "searchable" else pa.nulls(len(rows))


def _differ(before: pa.Array, after: pa.Array) -> npt.NDArray[np.bool_]:
    before, after = _comparable(before), _comparable(after)
    if before.type != after.type and not (pa.types.is_null(before.type) or pa.types.is_null(after.type)):
        numbers = all(pa.types.is_integer(one.type) or pa.types.is_floating(one.type) for one in (before, after))
        common = pa.float64() if numbers else pa.string()
        before, after = before.cast(common), after.cast(common)
    neither = pc.and_(before.is_null(), after.is_null())
    if pa.types.is_null(before.type) or pa.types.is_null(after.type):
        equal = neither
    else:
        equal = pc.coalesce(pc.equal(before, after), neither)
    return ~np.asarray(equal.to_numpy(zero_copy_only=False), dtype=np.bool_)


def _comparable(values: pa.Array) -> pa.Array:
    """Values of a comparable type: lists as text, and null if they are empty."""
    if pa.types.is_dictionary(values.type):
        return values.dictionary_decode()
    if not pa.types.is_list(values.type):
        return values
    words = values.values.dictionary_decode() if pa.types.is_dictionary(values.values.type) else values.values
    joined = pc.binary_join(pa.ListArray.from_arrays(values.offsets, words), _SEPARATOR)
    return pc.if_else(pc.greater(pc.list_value_length(values), 0), joined, None)


def _view_hashes(products: Products, rows: Rows) -> pa.Array:
    """The hashes of the further pictures of products, in their order, as one text; null without any."""
    size = products.table.num_rows
    if products.views is None:
        return pa.nulls(len(rows), pa.string())
    owners = products.views.column("product").to_numpy()
    order = np.argsort(owners, kind="stable")
    offsets = np.searchsorted(owners[order], np.arange(size + 1)).astype(np.int32)
    hashes = _flat(products.views, "image_hash").take(pa.array(order))
    lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), hashes)
    return _comparable(lists.take(pa.array(rows)))
