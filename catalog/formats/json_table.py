"""JSON and JSON Lines: one object for each product."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from catalog.errors import ModisteError
from catalog.formats.encodings import Decoded, clean_text
from catalog.table import Problem, Row, Table, TableOptions

LIST_NAMES = ("products", "items", "data", "catalog", "catalogue", "results", "entries", "variants")
_SPACE = re.compile(r"\s*")
_DECODER = json.JSONDecoder(parse_constant=lambda _: None)  # NaN
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
    table = Table([], [], remarks=decoded.remarks, format=f"JSON Lines in {decoded.encoding}")
    # Not splitlines(): it also breaks at U+2028 and others, which JSON allows inside a string.
    lines = text.replace("\r\n", "\n").split("\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = _DECODER.decode(line)
        except (ValueError, RecursionError) as error:
            if number == len(lines) and line.lstrip().startswith("{") and not line.rstrip().endswith("}"):
                _doubt_end(options, source, number)
            table.problems.append(Problem(number, None, f"the line is not JSON: {error}", "a line is not JSON"))
            continue
        if isinstance(row, dict):
            _add(table, number, row)
        else:
            kind = "the line is JSON but not an object with named values"
            table.problems.append(Problem(number, None, kind, kind))
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
    table = Table([], [], remarks=decoded.remarks, format=f"JSON in {decoded.encoding}")
    if start is None:
        for number, row in enumerate(_objects_by_id(text, source), start=1):
            _add(table, number, row)
    else:
        for line, row in _items(text, start, source, options):
            if isinstance(row, dict):
                _add(table, line, row)
            else:
                kind = "an entry is not an object with named values"
                table.problems.append(Problem(line, None, kind, kind))
    _name_columns(table)
    if not table.rows and table.problems:
        raise ModisteError(f"No entry of {source} is a JSON object.", hint='Write [{"id": "1", "title": "..."}, ...].')
    return table


def _start_of_array(text: str, source: str) -> int | None:
    """The offset of the products' array; None for an object whose values are the products."""
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


def _objects_by_id(text: str, source: str) -> Iterator[Row]:
    try:
        whole = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise ModisteError(f"{source} is not valid JSON (line {line}: {error}).", hint="Export it again.") from error
    if isinstance(whole, dict) and whole and all(isinstance(value, dict) for value in whole.values()):
        for id, row in whole.items():
            yield {"id": id, **row}
        return
    lists = [value for value in (whole.values() if isinstance(whole, dict) else ()) if isinstance(value, list)]
    if len(lists) == 1:
        yield from (row if isinstance(row, dict) else {} for row in lists[0])
        return
    if isinstance(whole, dict):
        yield whole
        return
    raise ModisteError(f"{source} contains no array of products.", hint='Write [{"id": "1", "title": "..."}, ...].')


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
    options.doubt(
        "truncated",
        f"{source} ends within a product (line {line}).",
        hint="The file may be truncated; write or copy it again.",
    )


def _add(table: Table, number: int, row: Row) -> None:
    for expanded in _variants(row):
        table.rows.append((number, {clean_text(str(name)): _clean(cell) for name, cell in expanded.items()}))


def _variants(row: Row) -> Iterator[Row]:
    """One row for each entry of a list of variants, as in the responses of shop systems' APIs; else the row itself."""
    variants = row.get("variants")
    if not (isinstance(variants, list) and variants and all(isinstance(one, dict) for one in variants)):
        yield row
        return
    whole = {name: cell for name, cell in row.items() if name not in ("variants", "options")}
    group = next((row[name] for name in ("handle", "id", "sku") if row.get(name) not in (None, "")), None)
    options = [option.get("name") for option in row.get("options") or () if isinstance(option, dict)]
    for variant in variants:
        named = {f"variant {name}": cell for name, cell in variant.items() if not re.fullmatch(r"option\d", name)}
        chosen = {
            str(name): variant.get(f"option{place}")
            for place, name in enumerate(options, start=1)
            if variant.get(f"option{place}") not in (None, "Default Title")
        }
        yield {**whole, "item_group_id": group, **named, **chosen}


def _clean(cell: Any) -> Any:
    if isinstance(cell, str):
        return clean_text(cell)
    if isinstance(cell, list):
        return [_clean(item) for item in cell]
    if isinstance(cell, dict):
        return {clean_text(str(name)): _clean(value) for name, value in cell.items()}
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell  # 1e400


def _name_columns(table: Table) -> None:
    table.columns = list(dict.fromkeys(name for _, row in table.rows for name in row))
