"""``products.arrow``: the columns of a generation, which are mapped into memory for reading."""

from __future__ import annotations

import errno
import json
import os
import stat
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from catalog import AttributeValue, Kind, Product
from catalog.products import Selection
from indexer.generations.filters import AttributeColumn, Filters, filter_conditions
from indexer.generations.tables.arrow import ArrowColumn, attribute_array, read_whole, write_table
from indexer.stores.conditions import Condition, Within
from indexer.stores.store import Mask

ATTRIBUTE = "attribute."
"""Prefix of attribute columns, so that attributes do not collide with Modiste's own columns."""
SEARCHABLE = ""
"""The column of the default filters in a store. No attribute has an empty name."""
UNSOLD = "unsold"
"""Column with the ids of products and variants that an update marked as not for sale."""
MAX_PICTURE_BYTES = 100 * 2**20


class Entry(TypedDict):
    """A product in the form of responses; attributes without a value are absent."""

    id: str
    title: str
    attributes: dict[str, AttributeValue]
    group: str
    """Equal for all looks of one product; the id of a product with one look."""
    variants: list[dict[str, Any]]
    """``id`` and ``attributes`` of each variant; empty if there is only one."""


def images_root_of(products: Selection) -> Path | None:
    """The deepest common folder of all image files; None if no image is a file."""
    files = {os.path.dirname(path) for row in range(len(products)) for path in products.paths(row) if path is not None}
    folders = {os.path.abspath(folder) for folder in files}
    return Path(os.path.commonpath(folders)) if folders else None


def read_picture(image: bytes | str, images_root: Path | None) -> bytes:
    """The original picture, from the table or from a file below the images root.

    The file may have been replaced by a pipe or a device since it was indexed; these are not read.

    Raises:
        OSError: It is missing, cannot be read, is not a regular file, or is too large.
    """
    if isinstance(image, bytes):
        return image
    path = (images_root or Path()) / image
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_PICTURE_BYTES:
            raise OSError(errno.EINVAL, "not a regular file, or too large")
        return stream.read()


def write_products(
    path: Path,
    products: Sequence[Product],
    hashes: pa.StringArray,
    columns: Mapping[str, Kind],
    images_root: Path | None,
    searchable: Mask | None = None,
) -> None:
    """Write id, title, group, variants, image path below ``images_root``, image hash, embedded image bytes, and one
    column for each attribute, in one record batch of the Arrow IPC file format.

    ``searchable``, bool ``[N]``, has the products that satisfy the default filters; None without default filters.
    """
    ids, titles, paths, groups, variants = (ArrowColumn(pa.string()) for _ in range(5))
    contents = ArrowColumn(pa.large_binary())
    values: dict[str, list[Any]] = {name: [] for name in columns}
    for product in products:  # One pass, because a catalogue makes its products anew in each.
        image = product.image
        ids.append(product.id)
        titles.append(product.title)
        paths.append(os.path.relpath(image, images_root) if images_root and isinstance(image, Path) else None)
        groups.append(product.group or product.id)
        variants.append(_variants(product))
        contents.append(image if isinstance(image, bytes) else None)
        for name, column in values.items():
            column.append(product.attributes.get(name))
    fields: dict[str, pa.Array] = {
        "id": ids.array(),
        "title": titles.array(),
        "image": paths.array(),
        "image_hash": hashes,
    }
    if not (grouped := groups.array()).equals(fields["id"]):
        fields["group"] = grouped.dictionary_encode()
    if (sold := variants.array()).null_count < len(sold):
        fields["variants"] = sold
    if searchable is not None:
        fields["searchable"] = pa.array(searchable)
    if (held := contents.array()).null_count < len(held):
        fields["image_bytes"] = held
    for name, kind in columns.items():
        fields[ATTRIBUTE + name] = attribute_array(values.pop(name), kind)
    write_table(path, pa.table(fields))


def write_private(path: Path, products: Sequence[Product], columns: Mapping[str, Kind]) -> None:
    """Write hidden columns to a separate file, if there are any."""
    if columns:
        fields = {
            name: attribute_array([product.private.get(name) for product in products], kind)
            for name, kind in columns.items()
        }
        write_table(path, pa.table(fields))


class ProductTable:
    """``products.arrow``, read without copying.

    Args:
        path: The file.
        columns: The attributes, with the kind of their values.

    Raises:
        ValueError: It is not such a file, or lacks a column.
    """

    def __init__(self, path: Path, columns: Mapping[str, Kind]) -> None:
        try:
            self.table: pa.Table = read_whole(path)
            if self.table.num_rows == 0:
                raise ValueError("it has no rows")
            self._fields: dict[str, pa.Array] = {
                name: self.table.column(name).chunk(0) for name in self.table.column_names
            }
            self.attributes = {
                name: AttributeColumn(name, kind, self._fields[ATTRIBUTE + name]) for name, kind in columns.items()
            }
            self.other_ids = self._variant_rows()
            # A dictionary of the ids would take about 200 bytes a product.
            self._by_id = pc.array_sort_indices(self._fields["id"]).to_numpy().astype(np.int32)
            self._titles, self._hashes = self._fields["title"], self._fields["image_hash"]
        except (pa.ArrowException, OSError, KeyError) as error:
            raise ValueError(f"{path} is not a table of products ({error})") from error

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def row_of(self, id: str) -> int | None:
        """The row of the product with this id, or with a variant or group of this id; None if there is none."""
        place = bisect_left(self._by_id, id, key=self.id)
        row = int(self._by_id[place]) if place < len(self) else None
        return row if row is not None and self.id(row) == id else self.other_ids.get(id)

    def _variant_rows(self) -> dict[str, int]:
        """Rows by the ids of variants and groups."""
        rows: dict[str, int] = {}
        if "group" in self._fields:
            for row, group in enumerate(self._fields["group"].to_pylist()):
                rows.setdefault(group, row)
        if "variants" in self._fields:
            for row, text in enumerate(self._fields["variants"].to_pylist()):
                if text is not None:
                    rows.update({one["id"]: row for one in json.loads(text) if one["id"]})
        return rows

    def entry(self, row: int) -> Entry:
        """The product in ``row``, in the form of responses."""
        attributes = {name: column.values[row].as_py() for name, column in self.attributes.items()}
        variants = self._fields["variants"][row].as_py() if "variants" in self._fields else None
        return Entry(
            id=self.id(row),
            title=self._titles[row].as_py(),
            attributes={name: value for name, value in attributes.items() if value is not None and value != []},
            group=self._fields["group"][row].as_py() if "group" in self._fields else self.id(row),
            variants=json.loads(variants) if variants else [],
        )

    def id(self, row: int | np.integer) -> str:
        """The id of the product in ``row``."""
        return str(self._fields["id"][int(row)].as_py())

    def labels(self, name: str | None) -> npt.NDArray[np.int64]:
        """A number for each product ``[N]``, equal for products with the same value of an attribute of text, number,
        flag or date; products without a value have unique numbers. With None as the name, the products' groups are
        used.

        Raises:
            KeyError: There is no such attribute.
        """
        values = self.groups if name is None else self.attributes[name].values
        if values is None:
            return np.arange(len(self))
        encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        return np.where(codes < 0, len(encoded.dictionary) + np.arange(len(self)), codes)

    def ranks(self, name: str, *, descending: bool = False) -> npt.NDArray[np.float64]:
        """The rank of each product ``[N]`` by an attribute of text, number, flag or date: equal for equal values,
        infinite without a value.

        Raises:
            KeyError: There is no such attribute.
        """
        values = self.attributes[name].values
        encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
        order = pc.array_sort_indices(encoded.dictionary, order="descending" if descending else "ascending").to_numpy()
        places = np.empty(len(order) + 1)
        places[order] = np.arange(len(order))
        places[-1] = np.inf
        return np.asarray(places[encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)])

    @property
    def groups(self) -> pa.Array | None:
        """Dictionary array ``[N]`` of the products' groups; None if every product is its own group."""
        return self._fields.get("group")

    @cached_property
    def searchable(self) -> Mask | None:
        """bool ``[N]``: the products that satisfy the default filters; None without default filters."""
        column = self._fields.get("searchable")
        if column is None:
            return None
        mask = np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.bool_)
        mask.setflags(write=False)  # What stores and ranking compute of a mask is cached only if it cannot change.
        return mask

    def filter_columns(self, owners: Sequence[int] | npt.NDArray[np.integer]) -> dict[str, pa.Array]:
        """The columns for the filters of a store, in numeric form: of the products, then of further pictures, whose
        products are ``owners``."""
        columns = {name: column.numbers for name, column in self.attributes.items()}
        if self.searchable is not None:
            columns[SEARCHABLE] = pa.array(self.searchable).cast(pa.float64())
        places = pa.array(owners, pa.int64())
        return {name: pa.concat_arrays([values, values.take(places)]) for name, values in columns.items()}

    def conditions(self, filters: Filters | None, default: Filters | None = None) -> list[Condition]:
        """``filters`` and the default filters, as conditions on ``filter_columns``.

        Raises:
            FilterError: See ``indexer.generations.filters``.
        """
        searchable = [] if self.searchable is None else [Within(SEARCHABLE, [(1.0, 1.0)])]
        return [*filter_conditions(filters, self.attributes, default), *searchable]

    def image_hash(self, row: int) -> str:
        """SHA-256 of the indexed picture, in hexadecimal."""
        return str(self._hashes[row].as_py())

    def image(self, row: int) -> bytes | str:
        """The picture if it is in the table, else its path below the images root."""
        held = self._fields["image_bytes"][row].as_py() if "image_bytes" in self._fields else None
        return held if held is not None else str(self._fields["image"][row].as_py())


def _variants(product: Product) -> str | None:
    if not product.variants:
        return None
    variants = [{"id": one.id, "attributes": one.attributes} for one in product.variants]
    return json.dumps(variants, ensure_ascii=False)
