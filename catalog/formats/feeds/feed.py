"""XML feeds: Google Merchant (RSS and Atom), and any file that lists products as elements."""

from __future__ import annotations

import contextlib
import io
import re
from collections import Counter
from typing import Any
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl, Locator

import defusedxml.sax
from defusedxml.common import DefusedXmlException

from catalog.errors import ModisteError
from catalog.formats.encodings import clean_text
from catalog.formats.feeds.element import PARTS, Element, row_of
from catalog.formats.feeds.xml_text import escaped, in_utf8
from catalog.table import Problem, Rows, Table, TableOptions, excerpt
from catalog.values import as_list

ITEM_NAMES = frozenset({"item", "entry", "product", "offer", "article", "produkt", "artikel", "row", "shopitem"})
MAX_DEPTH = 50
_DOCTYPE = re.compile(rb"<!DOCTYPE\s[^\[\]<>]*>")
"""A document type that only refers to a file, as in Yandex's feeds."""


def read_feed(content: bytes, source: str, options: TableOptions) -> Table:
    """Read the products of an XML feed; entities and external references are refused.

    Raises:
        CatalogRefused: The file ends before its last element is closed.
        ModisteError: It is not XML, or lists no products.
    """
    content = in_utf8(content, options.encoding)
    content = _DOCTYPE.sub(lambda found: b"\n" * found[0].count(b"\n"), content, count=1)
    handler = _Products(_item_name(content, source))
    try:
        defusedxml.sax.parse(io.BytesIO(content), handler)
    except SAXParseException as error:
        line = error.getLineNumber() or 0
        at_end = line >= content.count(b"\n") and any(
            why in error.getMessage() for why in ("no element found", "unclosed", "mismatched tag")
        )
        mended = escaped(content)
        if not at_end and mended != content:
            table = read_feed(mended, source, options)
            kind = "the line is not valid XML; characters in it were replaced"
            table.remarks.append(Problem(line, None, kind, kind))
            return table
        if not at_end:
            raise ModisteError(
                f"{source} is not valid XML at line {line}: {error.getMessage()}.", hint="Export it again."
            ) from error
        options.refuse_unless_allowed(
            "truncated",
            f"{source} ends within an element (line {line}).",
            hint="The file may be truncated; copy it again.",
        )
    except DefusedXmlException as error:
        raise ModisteError(
            f"{source} declares entities, which are not read.", hint="Export it without a document type."
        ) from error
    handler.add_categories()
    table = Table([], Rows(handler.rows), format="XML feed")
    table.columns = table.rows.names
    return table


class _Names(ContentHandler):
    """Counts elements by name and depth, up to 5,000 of them, to find those that are products."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self.with_children: Counter[str] = Counter()
        self.with_attributes: Counter[str] = Counter()
        self.depths: dict[str, int] = {}
        self.path: list[str] = []

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
        plain = _plain(name)
        self.counts[plain] += 1
        self.depths.setdefault(plain, len(self.path))
        if self.path:
            self.with_children[self.path[-1]] += 1
        if len(attrs) > 2:
            self.with_attributes[plain] += 1
        self.path.append(plain)
        if sum(self.counts.values()) > 5000 or len(self.path) > MAX_DEPTH:
            raise _Enough

    def endElement(self, name: str) -> None:  # noqa: N802
        self.path.pop()


class _Enough(SAXException):
    def __init__(self) -> None:
        super().__init__("enough")


def _item_name(content: bytes, source: str) -> str:
    names = _Names()
    with contextlib.suppress(SAXException, DefusedXmlException):  # Reported when the products are read.
        defusedxml.sax.parse(io.BytesIO(content), names)
    of_tables = names.counts["table"] and names.counts["tr"] and not names.counts.keys() & ITEM_NAMES
    if "html" in names.counts or of_tables:
        raise ModisteError(
            f"{source} is a web page (HTML), not a catalogue.",
            hint="It may be a login or error page. Open it in a browser, or save the table in it as CSV or XLSX.",
        )
    with_children = sorted(names.with_children, key=lambda name: (names.depths[name], -names.counts[name]))
    known = [name for name in with_children if name.casefold() in ITEM_NAMES]
    repeated = [
        name for name in with_children
        if names.counts[name] > 1 and names.with_children[name] > names.counts[name] and name.casefold() not in PARTS
    ]  # fmt: skip
    in_attributes = [name for name, count in names.counts.items() if count == names.with_attributes[name] > 1]
    repeated = known or repeated or in_attributes
    if not repeated:
        raise ModisteError(
            f"{source} lists no products.", hint="A feed has an <item>, <entry> or <product> for each of them."
        )
    return repeated[0]


class _Products(ContentHandler):
    """Collects a row for each element with the name ``item``."""

    def __init__(self, item: str) -> None:
        super().__init__()
        self.item = item
        self.rows: list[tuple[int, dict[str, Any]]] = []
        self.categories: dict[str, list[str]] = {}
        self._category: list[str] | None = None
        self._locator: Locator | None = None
        self._line = 0
        self._open: list[Element] = []

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802
        self._locator = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
        plain = _plain(name)
        if not self._open and plain != self.item:
            self._category = [attrs.get("parentId", ""), ""] if plain == "category" and "id" in attrs else None
            if self._category is not None:
                self.categories[attrs["id"]] = self._category
            return
        if len(self._open) > MAX_DEPTH:
            raise ModisteError(
                f"The elements of <{excerpt(self.item)}> in line {self._line} are nested more than {MAX_DEPTH} deep.",
                hint="Export the products without the elements within them.",
            )
        attributes = {_plain(key): value for key, value in attrs.items() if not key.startswith("xmlns")}
        element = Element(plain, attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._line = (self._locator.getLineNumber() or 0) if self._locator else 0
        self._open.append(element)

    def characters(self, content: str) -> None:
        if self._open:
            self._open[-1].parts.append(content)
        elif self._category is not None:
            self._category[1] += content

    def endElement(self, name: str) -> None:  # noqa: N802
        if self._open:
            element = self._open.pop()
            if not self._open:
                self.rows.append((self._line, row_of(element)))
        else:
            self._category = None

    def add_categories(self) -> None:
        """Add the paths of categories that a feed of Yandex lists before its products, which have their ids."""
        for _, row in self.rows if self.categories else ():
            ids = as_list(row.get("categoryId"))
            if "category" not in row and ids and all(str(id) in self.categories for id in ids):
                row["category"] = [self._path(str(id)) for id in ids]

    def _path(self, id: str) -> str:
        names: list[str] = []
        while id in self.categories and len(names) < MAX_DEPTH:
            id, name = self.categories[id]
            names.insert(0, clean_text(name.strip()))
        return " > ".join(names)


def _plain(name: str) -> str:
    return name.rsplit(":", 1)[-1]
