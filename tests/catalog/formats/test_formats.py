"""One table in each of the seven formats: what was written is what is read, or the table is refused."""

from __future__ import annotations

import csv
import gzip
import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import ModisteError, read_catalog
from catalog.formats import delimited, packed

COLUMNS = ("id", "title", "price", "colour", "new")
Rows = Sequence[Sequence[object]]
Columns = Sequence[str]


def write_delimited(path: Path, rows: Rows, columns: Columns = COLUMNS) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t" if path.suffix == ".tsv" else ",")
        writer.writerows([columns, *rows])


def write_json(path: Path, rows: Rows, columns: Columns = COLUMNS) -> None:
    products = [dict(zip(columns, row, strict=True)) for row in rows]
    lines = "\n".join(json.dumps(product, ensure_ascii=False) for product in products)
    path.write_text(lines if path.suffix == ".jsonl" else json.dumps(products), encoding="utf-8")


def write_parquet(path: Path, rows: Rows, columns: Columns = COLUMNS) -> None:
    cells = {name: [row[place] for row in rows] for place, name in enumerate(columns)}
    pyarrow.parquet.write_table(pyarrow.table(cells), path)


def write_workbook(path: Path, rows: Rows, columns: Columns = COLUMNS) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for number, row in enumerate([columns, *rows], start=1):
        for place, value in enumerate(row, start=1):
            cell = sheet.cell(number, place, value)
            if isinstance(value, str):
                cell.data_type = "s"  # A title that begins with "=" is no formula.
    book.save(path)


def write_feed(path: Path, rows: Rows, columns: Columns = COLUMNS) -> None:
    def item(row: Sequence[object]) -> str:
        cells = [(name, value) for name, value in zip(columns, row, strict=True) if value is not None]
        fields = "".join(f"<g:{name}>{escape(str(value))}</g:{name}>" for name, value in cells)
        return f"<item>{fields}</item>"

    items = "".join(map(item, rows))
    feed = f'<rss xmlns:g="http://base.google.com/ns/1.0"><channel>{items}</channel></rss>'
    path.write_text(feed, encoding="utf-8")


WRITERS: dict[str, Callable[..., None]] = {
    "csv": write_delimited, "tsv": write_delimited, "json": write_json, "jsonl": write_json,
    "parquet": write_parquet, "xlsx": write_workbook, "xml": write_feed,
}  # fmt: skip

ids = st.lists(st.integers(1, 9999), min_size=1, max_size=20, unique=True)
titles = st.text(st.sampled_from("abcXYZ 019äß漢🙂,;\t|\"'\n.-/<>&=+@{}[]\\\u2028\u00a0"), max_size=25)
prices = st.integers(0, 999_99).map(lambda cents: cents / 100)
colours = st.sampled_from(["red", "navy blue", "grün", "écru", ""])


@pytest.mark.parametrize("format", list(WRITERS))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=ids, data=st.data())
def test_what_was_written_is_what_is_read(tmp_path: Path, format: str, numbers: list[int], data: st.DataObject) -> None:
    rows = [
        (f"P-{number}", data.draw(titles), data.draw(prices), data.draw(colours), data.draw(st.booleans()))
        for number in numbers
    ]
    path = tmp_path / f"catalog.{format}"
    WRITERS[format](path, rows)
    try:
        catalog = read_catalog(path, images_required=False)
    except ModisteError:  # Quotes in quotes may look as if they swallowed rows.
        assert format in ("csv", "tsv")
        assert any('"' in row[1] or "\n" in row[1] for row in rows)
        return
    assert [product.id for product in catalog] == [row[0] for row in rows]
    assert catalog.problems == ()
    assert [" ".join(product.title.split()) for product in catalog] == [" ".join(row[1].split()) for row in rows]
    assert [product.attributes["price"] for product in catalog] == [row[2] for row in rows]
    assert [product.attributes.get("colour", "") for product in catalog] == [row[3] for row in rows]
    assert [product.attributes["new"] for product in catalog] == [row[4] for row in rows]


def test_a_cell_without_end_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "MAX_CELL_CHARACTERS", 10_000)
    path = tmp_path / "shop.csv"
    path.write_text('id,title\n1,"' + "a" * 20_000)
    with pytest.raises(ModisteError, match="cannot be read as a table"):
        read_catalog(path)


@pytest.mark.parametrize("kind", ["gz", "zip"])
def test_a_table_that_unpacks_to_many_times_its_size_is_refused(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "MIN_UNPACKED_BYTES", 10_000)
    path, text = tmp_path / f"shop.csv.{kind}", "id,title\n" + "1,dress\n" * 3
    for table, refused in ((text, False), (text + "\n" * 1_000_000, True)):
        if kind == "gz":
            path.write_bytes(gzip.compress(table.encode()))
        else:
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("shop.csv", table)
        with pytest.raises(ModisteError, match="unpacks to more than" if refused else "id"):
            read_catalog(path)
