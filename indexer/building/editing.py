"""Applies changes of attributes, titles and availability to the table of a generation."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from catalog import Kind
from catalog.rows.changes import Change
from catalog.rows.merging import as_kind, merged_value
from indexer.generations.tables.arrow import attribute_array
from indexer.generations.tables.products import ATTRIBUTE, UNSOLD
from indexer.stores.store import Mask

_SIGN = "\x1f"
"""Between the id and the aspect of a mark in ``UNSOLD``. Cells have no control characters."""


class _Target(NamedTuple):
    """The target of a change: a product, or one of its variants."""

    row: int
    variant: str | None


class Edited(NamedTuple):
    """Tables after a change."""

    products: pa.Table
    private: pa.Table | None
    touched: frozenset[str]
    """Names of the columns with new values, with ``title`` for titles and ``UNSOLD`` for availability."""
    unknown: list[Change]
    """Changes of products that are not in the table."""


def edit(
    products: pa.Table,
    private: pa.Table | None,
    changes: Sequence[Change],
    columns: Mapping[str, Kind],
    private_columns: Mapping[str, Kind],
    id_column: str | None = None,
) -> Edited:
    """Apply changes, in their order.

    A change of a variant changes the variant and the merged values of its product.

    Args:
        products: ``products.arrow``.
        private: ``private.arrow``; None if there is none.
        changes: By the id of a product, of a variant, or of a group (all products of the group).
        columns: The attributes with their kinds.
        private_columns: The columns of ``private`` with their kinds.
        id_column: Column of the ids in the table of changes. If it is also an attribute, such as a SKU beside the id,
            an unknown id is looked up among its values. A value of several products or variants is not used.
    """
    targets = _Targets(products, changes, id_column if columns.get(id_column or "") in ("text", "list") else None)
    variants = _Variants(products, columns)
    titles: dict[int, str] = {}
    values: dict[str, dict[int, Any]] = {}
    unsold: dict[int, dict[tuple[str, str], bool]] = {}
    unknown = []
    for change in changes:
        found = targets.of(change.id)
        if not found:
            unknown.append(change)
        for row, variant in found:
            if change.title is not None and variant is None:
                titles[row] = change.title
            for name, value in change.values.items():
                if name in columns:
                    value = variants.change(row, variant, name, value)
                values.setdefault(name, {})[row] = value
            for id in _sold_as(products, row) if variant is None else {variant}:
                for aspect, reason in change.unsold.items():
                    unsold.setdefault(row, {})[id, aspect] = bool(reason)
    touched = {name for name, rows in values.items() if rows}
    if titles:
        products = _replaced(products, "title", titles, "text", plain=True)
        touched.add("title")
    for name, rows in values.items():
        if name in columns:
            products = _replaced(products, ATTRIBUTE + name, rows, columns[name])
        elif private is not None and name in private_columns:
            private = _replaced(private, name, rows, private_columns[name])
    if variants.changed:
        products = _replaced(products, "variants", variants.written(), "text", plain=True)
    if unsold:
        products = _with_unsold(products, unsold)
        touched.add(UNSOLD)
    return Edited(products, private, frozenset(touched), unknown)


def for_sale(products: pa.Table) -> Mask | None:
    """The products that are for sale, bool ``[N]``; None if all are. A product is for sale while a variant is."""
    if UNSOLD not in products.column_names:
        return None
    mask = np.ones(products.num_rows, dtype=np.bool_)
    lists = products.column(UNSOLD).combine_chunks()
    for row in np.flatnonzero(pc.greater(pc.list_value_length(lists), 0).fill_null(False)).tolist():
        mask[row] = not _sold_as(products, row) <= {mark.partition(_SIGN)[0] for mark in lists[row].as_py()}
    return None if mask.all() else mask


class _Targets:
    """Finds the rows of changes, without an index of all ids."""

    def __init__(self, products: pa.Table, changes: Sequence[Change], id_column: str | None) -> None:
        wanted = pa.array(list({change.id for change in changes}), pa.string())
        self._rows: dict[str, list[_Target]] = {}
        for name in ("id", "group"):
            if name not in products.column_names:
                continue
            column = products.column(name).combine_chunks()
            ids = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
            taken = set(self._rows)
            for row in np.flatnonzero(pc.is_in(ids, value_set=wanted)).tolist():
                id = ids[row].as_py()
                if id not in taken:
                    self._rows.setdefault(id, []).append(_Target(row, None))
        if "variants" in products.column_names:
            asked = set(wanted.to_pylist())
            for row, text in enumerate(products.column("variants").to_pylist()):
                for id in _ids(json.loads(text)) & asked if text is not None else ():
                    self._rows[id] = [_Target(row, id)]
        missing = set(wanted.to_pylist()) - self._rows.keys()
        if missing and id_column is not None:
            self._rows |= _by_attribute(products, id_column, missing)

    def of(self, id: str) -> Sequence[_Target]:
        return self._rows.get(id, ())


def _by_attribute(products: pa.Table, name: str, asked: set[str]) -> dict[str, list[_Target]]:
    """The product or variant with each value in ``asked`` of an attribute. Values of several are left out."""
    found: dict[str, list[_Target]] = {}
    values = _decoded(products.column(ATTRIBUTE + name).combine_chunks()).to_pylist()
    for row, value in enumerate(values):
        held = {text for text in (value if isinstance(value, list) else [value]) if text}
        own = [(one["attributes"].get(name), one["id"] or None) for one in _variants_of(products, row)] if held else []
        stated = [(text, id) for text, id in own if text] or [(text, None) for text in held]
        for text, id in stated:
            if text in asked:
                found.setdefault(text, []).append(_Target(row, id))
    return {text: targets for text, targets in found.items() if len(targets) == 1}


class _Variants:
    """The variants of the changed products."""

    def __init__(self, products: pa.Table, columns: Mapping[str, Kind]) -> None:
        self._products, self._columns = products, columns
        self.changed: dict[int, list[dict[str, Any]]] = {}

    def change(self, row: int, id: str | None, name: str, value: Any) -> Any:
        """Set a value of a variant, or of all variants of a product; returns the value of the product."""
        variants, kind = self.changed.get(row) or _variants_of(self._products, row), self._columns[name]
        if not variants:
            return value
        self.changed[row] = variants
        if id is None:
            for one in variants:
                one["attributes"].pop(name, None)
            return value
        if not any(name in one["attributes"] for one in variants):  # All had the product's value.
            shared = self._products.column(ATTRIBUTE + name)[row].as_py()
            for one in variants if shared not in (None, []) else ():
                one["attributes"][name] = shared
        for one in variants:
            if one["id"] == id and value is None:
                one["attributes"].pop(name, None)
            elif one["id"] == id:
                one["attributes"][name] = value
        merged: Any = None
        for one in variants:
            own = one["attributes"].get(name)
            if own is not None:
                merged = own if merged is None else merged_value(merged, own, is_date=kind == "date")
        return None if merged is None else as_kind(merged, kind)

    def written(self) -> dict[int, str]:
        """The changed variants in the form of the table."""
        return {row: json.dumps(variants, ensure_ascii=False) for row, variants in self.changed.items()}


def _variants_of(products: pa.Table, row: int) -> list[dict[str, Any]]:
    text = products.column("variants")[row].as_py() if "variants" in products.column_names else None
    found: list[dict[str, Any]] = json.loads(text) if text is not None else []
    return found


def _sold_as(products: pa.Table, row: int) -> set[str]:
    """The ids of a product's variants; its own id if it has none."""
    return _ids(_variants_of(products, row)) or {products.column("id")[row].as_py()}


def _ids(variants: Sequence[Mapping[str, Any]]) -> set[str]:
    return {one["id"] for one in variants if one["id"]}


def _replaced(table: pa.Table, name: str, values: Mapping[int, Any], kind: Kind, *, plain: bool = False) -> pa.Table:
    """The table with new values in some rows of one column."""
    old = _decoded(table.column(name).combine_chunks())
    new = _decoded(attribute_array(list(values.values()), kind))
    if kind == "number" and old.type != new.type:
        old, new = old.cast(pa.float64()), new.cast(pa.float64())
    rows: npt.NDArray[np.int64] = np.arange(len(old))
    rows[list(values)] = len(old) + np.arange(len(values))
    merged = pa.concat_arrays([old, new.cast(old.type)]).take(pa.array(rows))
    return table.set_column(table.column_names.index(name), name, merged if plain else _encoded(merged))


def _with_unsold(products: pa.Table, unsold: Mapping[int, Mapping[tuple[str, str], bool]]) -> pa.Table:
    """The table with new marks of what is not for sale: id, sign and aspect (``Change.unsold``). An update of the stock
    does not publish a draft. Marks of an earlier version are ids; the next change of the product replaces them."""
    size = products.num_rows
    if UNSOLD not in products.column_names:
        products = products.append_column(UNSOLD, attribute_array([None] * size, "list"))
    column = products.column(UNSOLD)
    lists = {}
    for row, aspects in unsold.items():
        marks = {_SIGN.join(one): out for one, out in aspects.items()}
        changed = marks.keys() | {id for id, _ in aspects}
        before = [mark for mark in column[row].as_py() or () if mark not in changed]
        lists[row] = [*before, *(mark for mark, out in marks.items() if out)]
    return _replaced(products, UNSOLD, lists, "list")


def _decoded(values: pa.Array) -> pa.Array:
    """Values without a dictionary."""
    if pa.types.is_dictionary(values.type):
        return values.dictionary_decode()
    if pa.types.is_list(values.type) and pa.types.is_dictionary(values.values.type):
        return pa.ListArray.from_arrays(values.offsets, values.values.dictionary_decode())
    return values


def _encoded(values: pa.Array) -> pa.Array:
    """Values in the form of ``attribute_array``: words in a dictionary."""
    if pa.types.is_string(values.type):
        return values.dictionary_encode()
    if pa.types.is_list(values.type):
        return pa.ListArray.from_arrays(values.offsets, values.values.dictionary_encode())
    return values
