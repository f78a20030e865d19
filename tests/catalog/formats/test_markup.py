"""Sheets that are written as HTML or XML, and tables under the name of a workbook."""

from __future__ import annotations

import html
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import Catalog, ModisteError, read_catalog
from tests.catalog.shops import read

EXCEL = 'xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"'
CELLS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=8)


def read_text(folder: Path, name: str, text: str) -> Catalog:
    (folder / name).write_text(text, encoding="utf-8")
    return read_catalog(folder / name, images_required=False)


def as_html(rows: list[list[str]]) -> str:
    cells = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows)
    return f"<html><body><table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table></body></html>"


@settings(max_examples=25, deadline=None)
@given(values=st.lists(CELLS, min_size=2, max_size=5))
def test_a_table_in_html_is_read_as_the_same_table_in_csv(values: list[str]) -> None:
    rows = [{"sku": f"A{at}", "title": f"Hat {at}", "Farbe": value} for at, value in enumerate(values)]
    with tempfile.TemporaryDirectory() as folder:
        expected = read(Path(folder), rows)
        page = as_html([["sku", "title", "Farbe"], *([*map(str, row.values())] for row in rows)])
        found = read_text(Path(folder), "products.xls", page)
    assert [(one.id, one.attributes) for one in found] == [(one.id, one.attributes) for one in expected]


def test_tables_of_the_layout_of_a_page_are_ignored_and_pictures_of_cells_are_read(tmp_path: Path) -> None:
    page = (
        "<table><tr><td>Menu</td><td><table><tr><th>SKU<th>Name<th>Image</tr>"
        '<tr><td>A1<td>Red<br>hat<td><img src="https://cdn.example/a.jpg"></tr></table></td></tr></table>'
    )
    (tmp_path / "export.html").write_text(page)
    (product,) = read_catalog(tmp_path / "export.html")
    assert (product.id, product.title) == ("A1", "Red\nhat")
    assert getattr(product.image, "url", None) == "https://cdn.example/a.jpg"


def test_a_page_without_a_table_of_products_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match="web page"):
        read_text(tmp_path, "export.xls", "<html><table><tr><td>Please</td><td>log in</td></tr></table></html>")


def test_a_workbook_in_the_xml_of_excel_2003_is_read(tmp_path: Path) -> None:
    def row(*cells: str) -> str:
        return f"<Row>{''.join(cells)}</Row>"

    def cell(text: str, place: str = "") -> str:
        return f'<Cell{place}><Data ss:Type="String">{text}</Data></Cell>'

    rows = row(*map(cell, ("SKU", "Title", "Colour", "Price"))) + row(
        cell("A1"), cell("Hat"), cell("19.90", ' ss:Index="4"')
    )
    book = f'<?xml version="1.0"?><Workbook {EXCEL}><Worksheet ss:Name="A"><Table>{rows}</Table></Worksheet></Workbook>'
    (product,) = read_text(tmp_path, "products.xls", book)
    assert (product.id, product.attributes) == ("A1", {"Price": 19.9})


def test_a_result_of_filemaker_is_read(tmp_path: Path) -> None:
    fields = "".join(f'<FIELD NAME="{name}"/>' for name in ("Artikelnummer", "Bezeichnung", "Farbe"))
    row = "".join(f"<COL><DATA>{cell}</DATA></COL>" for cell in ("A1", "Hut", "Rot"))
    text = f'<FMPXMLRESULT xmlns="http://www.filemaker.com/fmpxmlresult"><METADATA>{fields}</METADATA>'
    text += f"<RESULTSET><ROW>{row}</ROW></RESULTSET></FMPXMLRESULT>"
    (product,) = read_text(tmp_path, "export.xml", text)
    assert (product.id, product.title, product.attributes) == ("A1", "Hut", {"Farbe": "Rot"})


def test_a_table_separated_by_tabs_may_have_the_name_of_a_workbook(tmp_path: Path) -> None:
    (product,) = read_text(tmp_path, "export.xls", "SKU\tTitle\tColour\nA1\tHat\tRed\n")
    assert product.attributes == {"Colour": "Red"}


def test_a_sheet_whose_rows_reach_far_is_refused(tmp_path: Path) -> None:
    rows = '<Row><Cell ss:Index="16384"><Data>A</Data></Cell></Row>' + "<Row><Cell/></Row>" * 5000
    book = f'<?xml version="1.0"?><Workbook {EXCEL}><Worksheet ss:Name="A"><Table>{rows}</Table></Worksheet></Workbook>'
    with pytest.raises(ModisteError):
        read_text(tmp_path, "products.xls", book)
