"""Pictures in a workbook: placed over a cell, or in it (ISO/IEC 29500, Excel's rich values, and ODF 1.3)."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Collection, Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

MAX_BYTES = 64 * 2**20
"""Maximum number of bytes of a picture, and of an XML part other than a sheet; larger ones are skipped."""
MAX_SHEET_BYTES = 2 * 2**30
"""Maximum number of bytes of a sheet, which is read in blocks."""
MAX_TOTAL_BYTES = 2 * 2**30
"""Maximum number of bytes of all pictures of a workbook; those beyond are skipped."""
MAX_ELEMENTS, MAX_ELEMENTS_OF_ODF, MAX_HELD_ELEMENTS = 2**20, 2**23, 2**20
"""Maximum number of elements in an XML part, in one with all sheets, which bounds the time, and in one row or anchor
of a picture."""
ODF = "content.xml"
"""The part of an ODF workbook with its sheets."""
_BLOCK = 2**20
_IN_CELL = re.compile(rb'<c r="([A-Z]+)(\d+)"[^>]*?\svm="(\d+)"')
_LONGEST_TAG = 2**16


class Placed(NamedTuple):
    """A picture and the cell of its upper left corner.

    Attributes:
        row: From 1, as spreadsheets count; 0 if it is beside all cells.
        column: From 0.
        picture: Its content, or the address of a linked one.
    """

    row: int
    column: int
    picture: bytes | str


def placed_pictures(content: bytes, sheet: str) -> list[Placed]:
    """The pictures on one sheet of an XLSX or ODS workbook, from top to bottom; none for other formats.

    Pictures that cannot be read are skipped. The memory that this takes is bounded: parts of an archive of a few
    kilobytes may unpack to gigabytes.

    Args:
        content: The file.
        sheet: Name of the sheet.
    """
    if not content.startswith(b"PK\x03\x04"):
        return []
    found: list[Placed] = []
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            book = Book(archive)
            found.extend(book.of_odf(sheet) if ODF in archive.namelist() else book.pictures(sheet))
    except (
        zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ParseError, DefusedXmlException,
        LookupError, ValueError,
    ):  # fmt: skip
        return []
    return sorted(found, key=lambda one: (one.row, one.column))


class Book:
    """The parts of a workbook."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = frozenset(archive.namelist())
        self._read: dict[str, bytes] = {}
        self._left = MAX_TOTAL_BYTES

    def parts(self, sheet: str | None = None) -> dict[str, str]:
        """The XML parts of a sheet of an XLSX workbook, or of all that are not hidden, by their names; none for other
        formats."""
        if "xl/workbook.xml" not in self._names:
            return {}
        targets = self._relations("xl/workbook.xml")
        sheets = [
            (one.get("name", ""), targets.get(_attribute(one, "id"), ""), one.get("state", "visible"))
            for one in self._each("xl/workbook.xml", "sheet")
        ]
        shown = [one for one in sheets if one[2] == "visible"] or sheets
        wanted = shown if sheet is None else [one for one in sheets if one[0] == sheet]
        return {name: part for name, part, _ in wanted if part in self._names}

    def pictures(self, sheet: str) -> Iterator[Placed]:
        for part in self.parts(sheet).values():
            for drawing in self._relations(part).values():
                if "/drawings/" in drawing and drawing in self._names:
                    yield from self._over_cells(drawing)
            yield from self._in_cells(part)

    def of_odf(self, sheet: str) -> Iterator[Placed]:
        """The pictures of an ODF workbook: in its cells, or on the page."""
        within, row = False, 0
        if not any(name.startswith("Pictures/") for name in self._names):
            return
        for element, is_end in self._events(ODF, ("table-row", "shapes"), starts=("table",)):
            if not is_end:
                within, row = _attribute(element, "name") == sheet, 0
            elif within and _local(element) == "shapes":
                yield from (Placed(0, 0, one) for one in self._framed(element))
            elif within:
                column = 0
                for cell in element:
                    yield from (Placed(row + 1, column, one) for one in self._framed(cell))
                    column += int(_attribute(cell, "number-columns-repeated") or 1)
                row += int(_attribute(element, "number-rows-repeated") or 1)

    def _framed(self, element: Element) -> Iterator[bytes | str]:
        """A picture for each frame in an element; a frame may have the same in several formats."""
        for frame in _all(element, "frame"):
            targets = (_attribute(one, "href") for one in _all(frame, "image"))
            for target in targets:
                picture = target if "://" in target else self._picture(posixpath.normpath(target))
                if picture:
                    yield picture
                    break

    def _over_cells(self, drawing: str) -> Iterator[Placed]:
        targets = self._relations(drawing)
        for anchor in self._each(drawing, "oneCellAnchor", "twoCellAnchor"):
            start = next(_all(anchor, "from"), None)
            if start is None:
                continue
            row, column = (int(next(_all(start, name)).text or 0) for name in ("row", "col"))
            for blip in _all(anchor, "blip"):
                target = targets.get(_attribute(blip, "embed") or _attribute(blip, "link"), "")
                picture = target if "://" in target else self._picture(target)
                if picture:
                    yield Placed(row + 1, column, picture)

    def _in_cells(self, part: str) -> Iterator[Placed]:
        folder = "xl/richData/"
        if not {"xl/metadata.xml", f"{folder}rdrichvalue.xml"} <= self._names:
            return
        kinds = self._each("xl/metadata.xml", "valueMetadata")
        of_cell = [int(one.get("v", 0)) for kind in kinds for one in _all(kind, "rc")]
        rich = [int(one.get("i", 0)) for one in self._each("xl/metadata.xml", "rvb")]
        values = [next(_all(one, "v")).text or "0" for one in self._each(f"{folder}rdrichvalue.xml", "rv")]
        targets = self._relations(f"{folder}richValueRel.xml")
        related = [_attribute(one, "id") for one in self._each(f"{folder}richValueRel.xml", "rel")]
        for letters, row, number in self._cells(part):
            value = values[rich[of_cell[int(number) - 1]]]
            picture = self._picture(targets.get(related[int(value)], ""))
            if picture:
                yield Placed(int(row), column_number(letters.decode()) - 1, picture)

    def _cells(self, part: str) -> Iterator[tuple[bytes, bytes, bytes]]:
        """Column, row and number of the metadata of the cells of a sheet that have any."""
        if self._archive.getinfo(part).file_size > MAX_SHEET_BYTES:
            return
        held = b""
        with self._archive.open(part) as stream:
            while block := stream.read(_BLOCK):
                held += block
                last = held.rfind(b"<c ")
                yield from _IN_CELL.findall(held[: max(last, 0)])
                held = held[last:][:_LONGEST_TAG] if last >= 0 else held[-2:]
        yield from _IN_CELL.findall(held)

    def _picture(self, part: str) -> bytes:
        """The content of a picture; the same object each time, since a picture may be in thousands of cells."""
        if part not in self._read:
            size = self._archive.getinfo(part).file_size if part in self._names else 0
            fits = size <= min(MAX_BYTES, self._left)
            self._read[part] = self._archive.read(part) if size and fits else b""
            self._left -= len(self._read[part])
        return self._read[part]

    def _each(self, part: str, *names: str) -> Iterator[Element]:
        """The elements of a part with one of some names."""
        return (element for element, is_end in self._events(part, names) if is_end)

    def _events(
        self, part: str, names: Collection[str], starts: Collection[str] = ()
    ) -> Iterator[tuple[Element, bool]]:
        """The elements with one of ``names`` in any namespace at their end, and those with one of ``starts`` at their
        start, without content. Only one of them is in memory.

        Raises:
            ValueError: The part has too many elements.
        """
        if self._archive.getinfo(part).file_size > (MAX_SHEET_BYTES if part == ODF else MAX_BYTES):
            return
        limit = MAX_ELEMENTS_OF_ODF if part == ODF else MAX_ELEMENTS
        path: list[Element] = []
        inside = held = seen = 0
        with self._archive.open(part) as stream:
            for event, element in defusedxml.ElementTree.iterparse(stream, ("start", "end")):
                name = _local(element)
                if event == "start":
                    path.append(element)
                    inside += bool(inside or name in names)
                    held, seen = held + bool(inside), seen + 1
                    if held > MAX_HELD_ELEMENTS or seen > limit:
                        raise ValueError(f"{part} has too many elements")
                    if name in starts:
                        yield element, False
                    continue
                path.pop()
                inside -= bool(inside)
                if not inside:
                    held = 0
                    if name in names:
                        yield element, True
                    element.clear()
                    if path:
                        path[-1].remove(element)

    def _relations(self, part: str) -> dict[str, str]:
        """The parts and addresses to which the ids in a part refer."""
        folder, name = posixpath.split(part)
        path = f"{folder}/_rels/{name}.rels"
        found = self._each(path, "Relationship") if path in self._names else ()
        return {one.get("Id", ""): _resolved(folder, one.get("Target", "")) for one in found}


def _resolved(folder: str, target: str) -> str:
    return target if "://" in target else posixpath.normpath(posixpath.join("/" + folder, target)).lstrip("/")


def _all(element: Element, name: str) -> Iterator[Element]:
    """The elements with a name in any namespace."""
    return (one for one in element.iter() if _local(one) == name)


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _attribute(element: Element, name: str) -> str:
    """An attribute in any namespace."""
    return next((value for key, value in element.items() if key.rpartition("}")[2] == name), "")


def column_number(letters: str) -> int:
    """The number of a column: 1 for ``A``, 3 for ``C``."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
