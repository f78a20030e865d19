"""Tables of a generation in Arrow's IPC file format, and how columns are stored in them."""

from __future__ import annotations

import struct
from binascii import hexlify
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from catalog import Kind

_MAGIC = b"ARROW1\0\0"
"""The start of the file format. A stream of messages follows."""
BLOCK = 4096
"""Values of a column that are converted at a time."""


def write_table(path: Path, table: pa.Table) -> None:
    """Write a table in one record batch of the Arrow IPC file format, so that each column is contiguous."""
    fields = [column.combine_chunks() for column in table.columns]
    batch = pa.record_batch(fields, names=table.column_names)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)


def read_whole(path: Path) -> pa.Table:
    """A table of ``write_table``, mapped into memory.

    Raises:
        ArrowInvalid: It is damaged, or compressed. A compressed table of 200 KB may take gigabytes.
    """
    source = pa.memory_map(str(path))
    if source.read(len(_MAGIC)) != _MAGIC:
        raise pa.ArrowInvalid(f"{path.name} is not an Arrow file")
    for message in pa.ipc.MessageReader.open_stream(source):
        if message.type != "schema" and _is_compressed(message):
            raise pa.ArrowInvalid(f"{path.name} is compressed")
    source.seek(len(_MAGIC))  # The footer could name other messages than those that were checked.
    return pa.ipc.open_stream(source).read_all()


def _is_compressed(message: pa.ipc.Message) -> bool:
    """Whether a record batch or a dictionary has the field ``compression`` (``Message.fbs`` of Arrow's format)."""
    data = memoryview(message.metadata)
    header = _table(data, _field(data, _table(data, 0), 2))
    if message.type == "dictionary":
        header = _table(data, _field(data, header, 1))
    return _field(data, header, 3) != 0


def _table(data: memoryview, at: int) -> int:
    """Where the table is to which the offset at ``at`` of a flatbuffer points."""
    return int(at + struct.unpack_from("<I", data, at)[0])


def _field(data: memoryview, table: int, number: int) -> int:
    """Where a field of a table of a flatbuffer is; 0 if the table does not have it."""
    offsets = table - struct.unpack_from("<i", data, table)[0]
    (size,) = struct.unpack_from("<H", data, offsets)
    place = 4 + 2 * number
    (offset,) = struct.unpack_from("<H", data, offsets + place) if place < size else (0,)
    return table + offset if offset else 0


def values_of(column: pa.ChunkedArray) -> Iterator[Any]:
    """The values of a column. Only a block of them are Python objects at a time."""
    for start in range(0, len(column), BLOCK):
        yield from column.slice(start, BLOCK).to_pylist()


class ArrowColumn:
    """Values that become an Arrow array. Only a block of them are Python objects at a time.

    Args:
        type: Type of the values.
    """

    def __init__(self, type: pa.DataType) -> None:
        self._type = type
        self._blocks: list[pa.Array] = []
        self._recent: list[Any] = []

    def append(self, value: Any) -> None:
        """Add a value; None is null."""
        self._recent.append(value)
        if len(self._recent) == BLOCK:
            self._blocks.append(pa.array(self._recent, self._type))
            self._recent.clear()

    def array(self) -> pa.Array:
        """All values, which are not held here any more."""
        blocks = [*self._blocks, pa.array(self._recent, self._type)]
        self._blocks, self._recent = [], []
        return pa.concat_arrays(blocks)


def hex_array(digests: npt.NDArray[np.uint8]) -> pa.StringArray:
    """Digests ``[N, 32]`` in hexadecimal."""
    texts = pa.py_buffer(hexlify(np.ascontiguousarray(digests).data))
    offsets = pa.array(np.arange(len(digests) + 1) * 2 * digests.shape[1], pa.int32())
    return pa.StringArray.from_buffers(len(digests), offsets.buffers()[1], texts)


def attribute_array(values: Sequence[Any], kind: Kind) -> pa.Array:
    """A column of attributes in its stored form, null (list, path: empty) for products without a value."""
    if kind in ("text", "date"):
        return pa.array(values, pa.string()).dictionary_encode()
    if kind in ("list", "path"):
        return _lists(values)
    if kind == "flag":
        return pa.array(values, pa.bool_())
    whole = all(isinstance(value, int) and abs(value) <= 2**53 for value in values if value is not None)
    if whole:
        return pa.array(values, pa.int64())
    return pa.array([None if value is None else float(value) for value in values], pa.float64())


def _lists(values: Sequence[list[str] | None]) -> pa.Array:
    offsets = [0]
    words: list[str] = []
    for value in values:
        words.extend(value or ())
        offsets.append(len(words))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(words, pa.string()).dictionary_encode())
