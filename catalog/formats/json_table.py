"""JSON and JSON Lines: one object for each product."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from catalog.errors import ModisteError
from catalog.formats.encodings import Decoded, clean_text
from catalog.formats.wrapped import LIST_NAMES, on_page, products_in, unwrapped, with_included
from catalog.table import Problem, Row, Rows, Table, TableOptions

_SPACE = re.compile(r"\s*")
_BETWEEN = re.compile(r"[\s,]*")
_DECODER = json.JSONDecoder(parse_constant=lambda _: None, strict=False)  # NaN; line breaks in texts
_JSON_API = re.compile(r'"included"\s*:\s*\[\s*\{')
"""Objects beside the products, to which these refer."""
PARENT = "__parentId"
MAX_DEPTH = 100
"""Maximum depth of the objects and lists of a product."""
_EXAMPLE = 'Write one product a line, such as {"id": "1", "title": "..."}.'


def read_json_lines(decoded: Decoded, source: str, options: TableOptions) -> Table:
    """Read one object per line. Other lines are problems, unless the last one is truncated.

    Raises:
        CatalogRefused: The last line ends within its object.
        ModisteError: No line is an object.
    """
    text = decoded.text
    if text.lstrip().startswith("["):  # An array under the name of JSON Lines.
        return read_json(decoded, source, options)
    table = Table([], Rows(), remarks=decoded.remarks, format=f"JSON Lines in {decoded.encoding}")
    # Not splitlines(): it also breaks at U+2028 and others, which JSON allows inside a string.
    lines = text.replace("\r\n", "\n").split("\n")
    rows: list[tuple[int, dict[str, Any]]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = _DECODER.decode(line.rstrip().removesuffix(","))
        except (ValueError, RecursionError) as error:
            if number == len(lines) and line.lstrip().startswith("{") and not line.rstrip().endswith("}"):
                _doubt_end(options, source, number)
            table.problems.append(Problem(number, None, f"the line is not JSON: {error}", "a line is not JSON"))
            continue
        if isinstance(row, dict):
            rows.append((number, row))
        else:
            kind = "the line is JSON but not an object with named values"
            table.problems.append(Problem(number, None, kind, kind))
    if table.problems and (whole := list(_sequence(text))):  # Objects over several lines, or several on one.
        rows, table.problems = list(enumerate(whole, start=1)), []
    for number, row in _with_children(rows):
        _add(table, number, row)
    _name_columns(table)
    if not table.rows and table.problems:
        raise ModisteError(f"No line of {source} is a JSON object.", hint=_EXAMPLE)
    return table


def read_json(decoded: Decoded, source: str, options: TableOptions) -> Table:
    """Read an array of objects, or an object that contains one (``{"products": [...]}``).

    Raises:
        CatalogRefused: The file ends within the array.
        ModisteError: It is not JSON, or holds no array of objects.
    """
    text = decoded.text
    start = _start_of_array(text, source)
    table = Table([], Rows(), remarks=decoded.remarks, format=f"JSON in {decoded.encoding}")
    found = enumerate(_objects_by_id(text, source), start=1) if start is None else _items(text, start, source, options)
    from_pages: set[int] = set()
    for number, row in found:
        if isinstance(row, dict):
            before = len(table.rows)
            if _add(table, number, row):
                from_pages.update(range(before, len(table.rows)))
        else:
            kind = "an entry is not an object with named values"
            table.problems.append(Problem(number, None, kind, kind))
    if 0 < len(from_pages) < len(table.rows):  # Salsify: the header and the attributes, then the products.
        kind = "an entry beside the list of products is not read"
        others = [place for place in range(len(table.rows)) if place not in from_pages]
        table.remarks += [Problem(table.rows.numbers[place], None, kind, kind) for place in others]
        table.rows.keep(sorted(from_pages))
    _name_columns(table)
    if not table.rows and table.problems:
        raise ModisteError(
            f"No entry of {source} can be used; line {table.problems[0].row}: {table.problems[0].reason}.",
            hint='Write [{"id": "1", "title": "..."}, ...].',
        )
    return table


def _start_of_array(text: str, source: str) -> int | None:
    """The offset of the products' array; None for an object whose values are the products."""
    if _JSON_API.search(text):
        return None
    stripped = text.lstrip()
    at = len(text) - len(stripped)
    if stripped.startswith("["):
        return at
    for name in LIST_NAMES:
        found = re.match(
            rf'\s*\{{(?:\s*"[^"]*"\s*:\s*(?:"[^"]*"|[-+.\w]+)\s*,)*\s*"{name}"\s*:\s*\[', text, re.IGNORECASE
        )
        if found:
            return found.end() - 1
    return None


def _objects_by_id(text: str, source: str) -> Iterator[Any]:
    several = list(_sequence(text))
    if len(several) > 1:
        yield from several
        return
    try:
        whole = unwrapped(with_included(_DECODER.decode(text)))
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise ModisteError(f"{source} is not valid JSON (line {line}: {error}).", hint="Export it again.") from error
    found = products_in(whole)
    if found is not None:
        yield from found
        return
    if isinstance(whole, dict):
        yield whole
        return
    raise ModisteError(f"{source} contains no array of products.", hint='Write [{"id": "1", "title": "..."}, ...].')


def _sequence(text: str) -> Iterator[dict[str, Any]]:
    """Objects that follow each other, with or without commas; none if anything else is between them."""
    found, at = [], 0
    end = len(text.rstrip())
    while at < end:
        match = _BETWEEN.match(text, at)
        try:
            row, at = _DECODER.raw_decode(text, match.end() if match else at)
        except (ValueError, RecursionError):
            return
        if not isinstance(row, dict):
            return
        found.append(row)
    yield from found


def _with_children(rows: list[tuple[int, dict[str, Any]]]) -> Iterator[tuple[int, Row]]:
    """Add variants and pictures to their products. Shopify's bulk exports have them on separate lines, with the id of
    their product."""
    by_id = {row["id"]: row for _, row in rows if isinstance(row.get("id"), str)}
    for _, row in rows:
        parent = by_id.get(str(row.get(PARENT)))
        if PARENT not in row or parent is None:
            continue
        kind = str(row.get("id", "")).rpartition("/")[0].rpartition("/")[2].casefold()
        name = "variants" if "variant" in kind or {"sku", "price"} & row.keys() else kind or "children"
        name = "images" if "image" in kind or (name != "variants" and {"url", "src", "image"} & row.keys()) else name
        if not isinstance(parent.get(name), list):  # Such as {"count": 2}.
            parent[name] = []
        parent[name].append({field: cell for field, cell in row.items() if field != PARENT})
    yield from ((number, row) for number, row in rows if PARENT not in row or str(row[PARENT]) not in by_id)


def _items(text: str, start: int, source: str, options: TableOptions) -> Iterator[tuple[int, Any]]:
    """Entries of the array that begins at ``start``, each with the line on which it begins."""

    def skip(at: int) -> int:
        match = _SPACE.match(text, at)
        return match.end() if match else at

    at, line, counted = skip(start + 1), 1, 0
    if text[at : at + 1] == "]":
        return
    while True:
        line += text.count("\n", counted, at)
        counted = at
        try:
            item, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            if getattr(error, "pos", 0) >= len(text.rstrip()) - 1 or "Unterminated" in str(error):
                _doubt_end(options, source, text.count("\n") + 1)
                return
            raise ModisteError(
                f"{source} is not valid JSON at line {getattr(error, 'lineno', line)}: {error}.",
                hint="Correct that line, or export it again.",
            ) from error
        yield line, item
        at = skip(end)
        if text[at : at + 1] == "]":
            return
        if text[at : at + 1] != ",":
            if at >= len(text):
                _doubt_end(options, source, text.count("\n") + 1)
                return
            line += text.count("\n", counted, at)
            raise ModisteError(
                f"{source} is not valid JSON at line {line}: a comma is missing.", hint="Correct that line."
            )
        at = skip(at + 1)


def _doubt_end(options: TableOptions, source: str, line: int) -> None:
    options.refuse_unless_allowed(
        "truncated",
        f"{source} ends within a product (line {line}).",
        hint="The file may be truncated; write or copy it again.",
    )


def _add(table: Table, number: int, row: Row) -> bool:
    """Add a product, or all those on a page of an answer. Whether it was a page."""
    try:
        cleaned = _clean(row)
    except RecursionError:
        kind = f"it is nested more than {MAX_DEPTH} levels deep"
        table.problems.append(Problem(number, None, kind, kind))
        return False
    whole = unwrapped(cleaned)
    page = on_page(whole)
    for one in page or [whole]:
        if isinstance(one, dict):
            table.rows.append(number, one)
    return page is not None


def _clean(cell: Any, depth: int = MAX_DEPTH) -> Any:
    if isinstance(cell, str):
        return clean_text(cell)
    if isinstance(cell, list | dict) and not depth:
        raise RecursionError
    if isinstance(cell, list):
        return [_clean(item, depth - 1) for item in cell]
    if isinstance(cell, dict):
        return {clean_text(str(name)): _clean(value, depth - 1) for name, value in cell.items()}
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell  # 1e400


def _name_columns(table: Table) -> None:
    table.columns = table.rows.names
