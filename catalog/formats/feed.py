"""XML feeds: Google Merchant (RSS and Atom), and any file that lists products as elements."""

from __future__ import annotations

import contextlib
import html.entities
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
from catalog.table import Problem, Row, Table, TableOptions

ITEM_NAMES = ("item", "entry", "product", "offer", "article", "produkt", "artikel", "row")
PARAMETERS = frozenset({"param", "parameter", "attribute", "attr", "property", "feature", "option", "spec", "field"})
"""Elements whose attribute ``name`` says what they are."""
DEEPEST = 50
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_AMPERSAND = re.compile(rb"&(?!#\d+;|#x[0-9a-fA-F]+;|(?:amp|lt|gt|quot|apos);)(?:([A-Za-z]\w*);)?")


def read_feed(content: bytes, source: str, options: TableOptions) -> Table:
    """Read the products of an XML feed; entities and external references are refused.

    Raises:
        CatalogRefused: The file ends before its last element is closed.
        ModisteError: It is not XML, or lists no products.
    """
    handler = _Products(_item_name(content, source))
    try:
        defusedxml.sax.parse(io.BytesIO(content), handler)
    except SAXParseException as error:
        line = error.getLineNumber() or 0
        at_end = line >= content.count(b"\n") and any(
            why in error.getMessage() for why in ("no element found", "unclosed", "mismatched tag")
        )
        mended = _mended(content)
        if not at_end and mended != content:
            table = read_feed(mended, source, options)
            kind = "the line is not valid XML; characters in it were replaced"
            table.remarks.append(Problem(line, None, kind, kind))
            return table
        if not at_end:
            raise ModisteError(
                f"{source} is not valid XML at line {line}: {error.getMessage()}.", hint="Export it again."
            ) from error
        options.doubt(
            "truncated",
            f"{source} ends within an element (line {line}).",
            hint="The file may be truncated; copy it again.",
        )
    except DefusedXmlException as error:
        raise ModisteError(
            f"{source} declares entities, which are not read.", hint="Export it without a document type."
        ) from error
    table = Table([], handler.rows, format="XML feed")
    table.columns = list(dict.fromkeys(name for _, row in table.rows for name in row))
    return table


def _mended(content: bytes) -> bytes:
    """A feed without what its writer forgot to escape: ``&`` alone, HTML's entities, control characters."""
    parts = re.split(rb"(<!\[CDATA\[.*?\]\]>)", _CONTROLS.sub(b"", content), flags=re.DOTALL)
    return b"".join(part if part.startswith(b"<![CDATA[") else _AMPERSAND.sub(_escaped, part) for part in parts)


def _escaped(match: re.Match[bytes]) -> bytes:
    sign = html.entities.html5.get(f"{match[1].decode()};") if match[1] else None
    return "".join(f"&#{ord(one)};" for one in sign).encode() if sign else b"&amp;" + match[0][1:]


class _Names(ContentHandler):
    """Counts elements by name and depth until it is clear which of them are products."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self.with_children: Counter[str] = Counter()
        self.path: list[str] = []

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
        plain = _plain(name)
        self.counts[plain] += 1
        if self.path:
            self.with_children[self.path[-1]] += 1
        self.path.append(plain)
        if sum(self.counts.values()) > 5000 or len(self.path) > DEEPEST:
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
    if "html" in names.counts or (names.counts["table"] and names.counts["tr"]):
        raise ModisteError(
            f"{source} is a web page (HTML), not a catalogue.",
            hint="It may be a login or error page. Open it in a browser, or save the table in it as CSV or XLSX.",
        )
    for name in ITEM_NAMES:
        if names.with_children[name]:
            return name
    repeated = [name for name, count in names.counts.most_common() if count > 1 and names.with_children[name] > count]
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
        self.rows: list[tuple[int, Row]] = []
        self._locator: Locator | None = None
        self._line = 0
        self._row: Row | None = None
        self._path: list[str] = []
        self._named: list[str] = []
        self._text: list[str] = []

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802
        self._locator = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
        plain = _plain(name)
        if self._row is None:
            if plain == self.item:
                self._row = {_plain(key): value for key, value in attrs.items() if not key.startswith("xmlns")}
                self._line = (self._locator.getLineNumber() or 0) if self._locator else 0
                self._path, self._named = [], []
            return
        self._path.append(plain)
        self._named.append(attrs.get("name", "") if plain.casefold() in PARAMETERS else "")
        self._text = []
        for name in ("href", "url", "src"):  # Atom's links, and pictures of other feeds.
            if name in attrs:
                self._put(self._name(), attrs[name])

    def characters(self, content: str) -> None:
        if self._row is not None and self._path:
            self._text.append(content)

    def endElement(self, name: str) -> None:  # noqa: N802
        if self._row is None:
            return
        if not self._path:
            self.rows.append((self._line, self._row))
            self._row = None
            return
        text = clean_text("".join(self._text).strip())
        if text:
            self._put(self._name(), text)
        self._path.pop()
        self._named.pop()
        self._text = []

    def _name(self) -> str:
        """The column of the current element; ``<images><image>`` is ``images``, ``<param name="Fit">`` is ``Fit``."""
        if self._named[-1]:
            return self._named[-1]
        if len(self._path) == 2 and self._path[0].startswith(self._path[1]):
            return self._path[0]
        return " ".join(self._path)

    def _put(self, name: str, value: Any) -> None:
        assert self._row is not None
        held = self._row.get(name)
        if held is None:
            self._row[name] = value
        elif isinstance(held, list):
            held.append(value)
        else:
            self._row[name] = [held, value]


def _plain(name: str) -> str:
    return name.rsplit(":", 1)[-1]
