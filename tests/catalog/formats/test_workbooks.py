"""Workbooks: pictures on a sheet, which sheet is read, and headers of several lines."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.drawing.image import Image as Placed
from PIL import Image

from catalog import ModisteError, read_catalog
from catalog.formats.workbooks import extent, placed
from catalog.formats.workbooks.placed import placed_pictures
from catalog.inspection import starting_settings
from catalog.rows.changes import read_changes
from tests.catalog.shops import accounted, table
from tests.fresh_process import run_fresh


def png(number: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (number * 40 % 256, 90, number % 256)).save(file, "PNG")
    return file.getvalue()


def workbook(path: Path, pictures: dict[str, int], title: str = "", rows: int = 4) -> Path:
    """Write a sheet with products in ``rows`` rows, and pictures by cell."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    if title:
        sheet.append([title])
    sheet.append(["SKU", "Name", "Photo", "Price"])
    for number in range(1, rows + 1):
        sheet.append([f"P{number}", f"Shirt {number}", None, 10 * number])
    for cell, number in pictures.items():
        sheet.add_image(Placed(io.BytesIO(png(number))), cell)
    book.save(path)
    return path


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    placed=st.lists(st.tuples(st.integers(1, 4), st.sampled_from("ACE")), unique=True, max_size=8),
    title=st.sampled_from(["", "Autumn"]),
)
def test_pictures_on_a_sheet_belong_to_the_products_of_their_rows(
    tmp_path: Path, placed: list[tuple[int, str]], title: str
) -> None:
    below = 2 if title else 1
    pictures = {f"{column}{row + below}": place for place, (row, column) in enumerate(placed)}
    path = workbook(tmp_path / "catalog.xlsx", pictures, title)
    if not placed:
        assert placed_pictures(path.read_bytes(), "Sheet") == []
        return
    catalog = read_catalog(path)
    wanted = {
        f"P{row}": tuple(png(placed.index(one)) for one in sorted(placed) if one[0] == row) for row, _ in placed
    }  # fmt: skip
    assert {one.id: one.images for one in catalog} == wanted
    assert len(catalog.problems) == 4 - len(wanted)


def test_a_picture_beside_the_table_is_a_remark(tmp_path: Path) -> None:
    catalog = read_catalog(workbook(tmp_path / "catalog.xlsx", {"A1": 1, "C3": 2}, "Autumn", rows=1))
    assert [(one.row, one.kind) for one in catalog.remarks] == [
        (1, "a picture on the sheet is beside no row of the table")
    ]
    assert catalog[0].images == (png(2),)


def test_pictures_in_cells_and_linked_ones_are_read(tmp_path: Path) -> None:
    path = workbook(tmp_path / "catalog.xlsx", {"C2": 1})
    relations = '<Relationships xmlns="r"><Relationship Id="{}" Type="image" Target="{}"{}/></Relationships>'
    parts = {
        "xl/media/inside.png": png(7),
        "xl/metadata.xml": b'<metadata><futureMetadata name="XLRICHVALUE"><bk><extLst><ext><rvb i="0"/></ext></extLst>'
        b'</bk></futureMetadata><valueMetadata count="1"><bk><rc t="1" v="0"/></bk></valueMetadata></metadata>',
        "xl/richData/rdrichvalue.xml": b'<rvData><rv s="0"><v>0</v><v>5</v></rv></rvData>',
        "xl/richData/richValueRel.xml": b'<richValueRels xmlns:r="o"><rel r:id="rId1"/></richValueRels>',
        "xl/richData/_rels/richValueRel.xml.rels": relations.format("rId1", "../media/inside.png", "").encode(),
    }
    with zipfile.ZipFile(path) as archive:
        parts |= {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    cell = b'<c r="C3" s="0" t="e" vm="1"><v>#VALUE!</v></c>'
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(b'<c r="D3"', cell + b'<c r="D3"')
    drawing = "xl/drawings/_rels/drawing1.xml.rels"
    linked = relations.format("rId1", "https://s.example/1.jpg", ' TargetMode="External"')
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, linked if name == drawing else content)
    found = placed_pictures(path.read_bytes(), "Sheet")
    assert found == [(2, 2, "https://s.example/1.jpg"), (3, 2, png(7))]
    assert [one.images[0] for one in read_catalog(path)] == [("https://s.example/1.jpg",), png(7)]


@pytest.mark.parametrize("damage", [b"", b"<", b"<x/>", b'<?xml version="1.0" encoding="UTF-4"?><x/>'])
def test_damaged_drawings_cost_only_their_pictures(tmp_path: Path, damage: bytes) -> None:
    path = workbook(tmp_path / "catalog.xlsx", {"C2": 1})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, damage if "drawing1" in name else content)
    assert placed_pictures(path.read_bytes(), "Sheet") == []
    assert len(read_catalog(path, images_required=False)) == 4


def test_the_sheet_with_titles_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(workbook(tmp_path / "catalog.xlsx", {}))
    further = book.create_sheet("AdditionalImages")
    for number in range(50):
        further.append(["product_id", "image"] if not number else [number, "a.jpg"])
    book.save(tmp_path / "catalog.xlsx")
    catalog = read_catalog(tmp_path / "catalog.xlsx", images_required=False)
    assert [one.id for one in catalog] == ["P1", "P2", "P3", "P4"]
    assert catalog.format == "workbook, sheet 'Sheet'; not 'AdditionalImages'"


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("template", [["TemplateType=fptcustom", "Version=2023"], []])
def test_the_last_of_two_headers_names_the_columns(tmp_path: Path, reverse: bool, template: list[str]) -> None:
    headers = [
        ["Product Type", "Seller SKU", "Product Name", "Standard Price", "Main Image URL", "Quantity"],
        ["feed_product_type", "item_sku", "item_name", "standard_price", "main_image_url", "quantity"],
    ]
    headers = headers[::-1] if reverse else headers
    rows = [["shirt", f"TS-{n}", f"Tee {n}", "15.99", f"https://s.example/{n}.jpg", str(n)] for n in range(3)]
    path = table(tmp_path / "rest.csv", [dict(zip(headers[0], row, strict=True)) for row in (headers[1], *rows)], "\t")
    head = "\t".join(template) + "\n" if template else ""
    path.write_text(head + path.read_text(encoding="utf-8"), encoding="utf-8")
    catalog = read_catalog(path)
    assert [(one.id, one.title, one.attributes[headers[1][3]]) for one in catalog] == [
        ("TS-1", "Tee 1", 15.99), ("TS-2", "Tee 2", 15.99),
    ]  # fmt: skip
    assert catalog.problems == ()


def test_sheets_with_the_same_columns_are_read_together(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(workbook(tmp_path / "catalog.xlsx", {"C2": 1}, rows=2))
    more = book.create_sheet("Women")
    more.append(["Autumn"])
    more.append(["Name", "SKU", "Price", "Photo"])
    more.append(["Dress", "W1", 20, None])
    more.add_image(Placed(io.BytesIO(png(9))), "D3")
    other = book.create_sheet("Old")
    other.append(["SKU", "Title", "Season"])
    other.append(["O1", "Coat", "2019"])
    hidden = book.create_sheet("Hidden")
    hidden.append(["SKU", "Name", "Photo", "Price"])
    hidden.append(["H1", "Draft", None, 1])
    hidden.sheet_state = "hidden"
    book.save(tmp_path / "catalog.xlsx")
    catalog = read_catalog(tmp_path / "catalog.xlsx", images_required=False)
    assert [(one.id, one.title, one.attributes["Price"]) for one in catalog] == [
        ("P1", "Shirt 1", 10), ("P2", "Shirt 2", 20), ("W1", "Dress", 20),
    ]  # fmt: skip
    assert catalog.format == "workbook, sheets 'Sheet', 'Women'; not 'Old'"
    assert [one.reason for one in catalog.remarks] == ["the sheet 'Old' has other columns and is not read"]
    with_pictures = read_catalog(tmp_path / "catalog.xlsx")
    assert {one.id: one.images for one in with_pictures} == {"P1": (png(1),), "W1": (png(9),)}


def test_a_named_sheet_is_read_alone(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(workbook(tmp_path / "catalog.xlsx", {}, rows=2))
    book.copy_worksheet(book.worksheets[0]).title = "Copy"
    book.save(tmp_path / "catalog.xlsx")
    (tmp_path / "catalog.toml").write_text('[table]\nsheet = "Copy"\n')
    catalog = read_catalog(tmp_path / "catalog.xlsx", images_required=False)
    assert catalog.format == "workbook, sheet 'Copy'; not 'Sheet'"


def ods(path: Path, rows: list[list[str]], page: str = "") -> None:
    """Write a sheet ``A`` of cells with texts, in which a number in brackets is a picture."""
    frame = (
        '<draw:frame><draw:image xlink:href="Pictures/{}.png"/><draw:image xlink:href="Pictures/0.svm"/></draw:frame>'
    )
    cell = '<table:table-cell office:value-type="string">{}</table:table-cell>'
    cells = [[frame.format(one[1:-1]) if one[:1] == "(" else f"<text:p>{one}</text:p>" for one in row] for row in rows]
    lines = "".join(f"<table:table-row>{''.join(map(cell.format, row))}</table:table-row>" for row in cells)
    space = ' xmlns:{0}="urn:oasis:names:tc:opendocument:xmlns:{0}:1.0"'
    names = "".join(map(space.format, ("office", "table", "text", "draw", "xlink")))
    sheet = f"<table:table table:name='A'>{page and f'<table:shapes>{frame.format(page)}</table:shapes>'}{lines}"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        for number in range(1, 4):
            archive.writestr(f"Pictures/{number}.png", png(number))
        archive.writestr(
            "content.xml",
            f"<office:document-content{names}><office:body><office:spreadsheet>{sheet}</table:table>"
            "</office:spreadsheet></office:body></office:document-content>",
        )


def test_pictures_in_ods_belong_to_the_products_of_their_rows(tmp_path: Path) -> None:
    rows = [["SKU", "Name", "Photo"], ["1", "Hat", "(1)"], ["2", "Cap", "(2)"]]
    ods(tmp_path / "catalog.ods", rows, page="3")
    catalog = read_catalog(tmp_path / "catalog.ods")
    assert [(one.title, one.images) for one in catalog] == [("Hat", (png(1),)), ("Cap", (png(2),))]
    assert [one.reason for one in catalog.remarks] == ["a picture on the sheet is beside no row of the table"]


def placed_and_peak(content: bytes) -> tuple[list[Any], int]:
    """The pictures, and bytes at the peak, for a process without threads of other tests."""
    list(placed_pictures(content, "Sheet"))  # What is imported on the first call depends on the machine.
    tracemalloc.start()
    return list(placed_pictures(content, "Sheet")), tracemalloc.get_traced_memory()[1]


@pytest.mark.parametrize("filling", ["<a/>", "<oneCellAnchor><a/></oneCellAnchor>", "text"])
@pytest.mark.parametrize("bound", ["MAX_BYTES", "MAX_ELEMENTS", "MAX_HELD_ELEMENTS", "MAX_TOTAL_BYTES"])
def test_parts_of_a_workbook_are_read_within_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filling: str, bound: str
) -> None:
    """What is beyond a bound costs its pictures; the memory does not grow with the size of a part."""
    path = workbook(tmp_path / "catalog.xlsx", {"C2": 1})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = next(name for name in parts if name.endswith("drawing1.xml"))
    head, end, tail = parts[name].decode().rpartition("</")
    parts[name] = f"{head}{filling * 5_000}{end}{tail}".encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for one, content in parts.items():
            archive.writestr(one, content)
    content = path.read_bytes()
    found, peak = run_fresh(placed_and_peak, content)
    assert found == [(2, 2, png(1))]
    assert peak < 2**20
    monkeypatch.setattr(placed, bound, 10)
    assert placed_pictures(content, "Sheet") == []


@pytest.mark.parametrize("cell", ["XFD1048576", "AH1048576"])
def test_a_cell_far_from_the_table_is_refused(tmp_path: Path, cell: str) -> None:
    """A spreadsheet stores few cells; in memory a sheet has all cells up to the last row and column."""
    path = workbook(tmp_path / "catalog.xlsx", {})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = next(name for name in parts if name.startswith("xl/worksheets/sheet"))
    sheet = parts[name]
    for content, refused in ((b' s="1"><v>1</v></c>', True), (b' s="1"/>', False)):
        far = b'<row><c r="%s"%s</row></sheetData>' % (cell.encode(), content)
        parts[name] = sheet.replace(b"</sheetData>", far)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for one, part in parts.items():
                archive.writestr(one, part)
        if refused:
            with pytest.raises(ModisteError, match=r"'Sheet' of .* reaches to the row"):
                read_catalog(path, images_required=False)
        else:
            assert len(read_catalog(path, images_required=False)) > 0


def _with_part(path: Path, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """Replace a part of a workbook, and return what it is then."""
    with zipfile.ZipFile(path) as archive:
        parts = {one: archive.read(one) for one in archive.namelist()}
    parts[name] = change(parts[name])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for one, part in parts.items():
            archive.writestr(one, part)
    return path.read_bytes()


SHEET = "xl/worksheets/sheet1.xml"
MERGED = b"<mergeCells>" + b'<mergeCell ref="A1:A1048576"/>' * 40 + b"</mergeCells>"


@pytest.mark.parametrize(
    ("name", "before", "filling", "times", "why"),
    [
        (SHEET, b"</sheetData>", b'<row r="1048576">%s</row>' % (b"<c><v>1</v></c>" * 60), 1, "reaches to"),
        (SHEET, b"</sheetData>", b"<row><c><v>1</v></c></row>", 2**10, "reaches to"),
        ("xl/styles.xml", b"</styleSheet>", b" ", 80 * 2**20, "unpack to"),
        (SHEET, b"</sheetData>", b" ", 80 * 2**20, "unpack to"),
        (SHEET, b"</worksheet>", MERGED, 1, "merges too"),
    ],
)  # fmt: skip
def test_a_workbook_that_would_take_long_is_refused_before_it_is_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, before: bytes, filling: bytes, times: int, why: str
) -> None:
    monkeypatch.setattr(extent, "MAX_CELLS", 2**10 - 1 if times == 2**10 else extent.MAX_CELLS)
    path = workbook(tmp_path / "catalog.xlsx", {})
    _with_part(path, name, lambda part: part.replace(before, filling * times + before))
    with pytest.raises(ModisteError, match=why):
        read_catalog(path, images_required=False)


def test_a_part_that_is_larger_than_it_states_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "catalog.xlsx", {})
    content = _with_part(
        path, "xl/styles.xml", lambda part: part.replace(b"</styleSheet>", b" " * 2**20 + b"</styleSheet>")
    )
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("xl/styles.xml").file_size
    path.write_bytes(content.replace(size.to_bytes(4, "little"), (500).to_bytes(4, "little")))
    with pytest.raises(ModisteError, match="cannot be read as a workbook"):
        read_catalog(path, images_required=False)


def test_a_binary_workbook_is_to_be_saved_as_xlsx(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "catalog.xlsb", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.bin", b"")
    with pytest.raises(ModisteError, match="binary workbook"):
        read_catalog(tmp_path / "catalog.xlsb", images_required=False)


def test_repeated_cells_of_ods_are_refused_if_they_are_too_many(tmp_path: Path) -> None:
    ods(tmp_path / "catalog.ods", [["SKU", "Name"], ["1", "Hat"], ["2", "Cap"]])
    assert len(read_catalog(tmp_path / "catalog.ods", images_required=False)) == 2
    with zipfile.ZipFile(tmp_path / "catalog.ods") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    end = (
        '<table:table-row table:number-rows-repeated="1000000">'
        '<table:table-cell{} table:number-columns-repeated="16000"/></table:table-row></table:table>'
    )
    for value, refused in (("", False), (' office:value-type="string"', True)):
        content = parts["content.xml"].replace(b"</table:table>", end.format(value).encode())
        with zipfile.ZipFile(tmp_path / "catalog.ods", "w") as archive:
            for name, part in {**parts, "content.xml": content}.items():
                archive.writestr(name, part)
        if refused:
            with pytest.raises(ModisteError, match="reaches to the row"):
                read_catalog(tmp_path / "catalog.ods", images_required=False)
        else:
            assert len(read_catalog(tmp_path / "catalog.ods", images_required=False)) == 2


@pytest.mark.parametrize(
    "words", ["Zwischensumme", "Summe:", "Total", "Subtotal EUR", "Sous-total", "Grand total", "Gesamtsumme"]
)
@pytest.mark.parametrize("id", ["Nr.", "Art.-Nr."])
def test_rows_with_sums_are_no_products(tmp_path: Path, words: str, id: str) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([id, "Name", "Farbe", "VK", "Menge", "Datei"])
    for number in range(6):
        sheet.append([1000 + number, "Total" if number == 3 else "Bluse", "rot", 9.5, 3, f"{number}.jpg"])
        if number in (2, 5):
            sheet.append([words, None, None, 28.5])
    book.save(tmp_path / "catalog.xlsx")
    catalog = read_catalog(tmp_path / "catalog.xlsx", images_required=False)
    assert [one.id for one in catalog] == [str(1000 + number) for number in range(6)]
    assert [(one.row, one.reason) for one in catalog.left_out] == [
        (5, "the row is a sum, not a product"), (9, "the row is a sum, not a product"),
    ]  # fmt: skip
    assert accounted(catalog)
    changes = read_changes(tmp_path / "catalog.xlsx", {"VK": "number"})
    assert [one.id for one in changes.changes] == [one.id for one in catalog]
    assert changes.problems == list(catalog.left_out)


@pytest.mark.parametrize("sizes", [["Größe 36", "Größe 38"], [36, 38, 40]])
def test_the_header_is_below_the_names_of_groups_of_columns(tmp_path: Path, sizes: list[object]) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Artikel", None, None, "Bestand", *[None] * (len(sizes) - 1), "Preis"])
    sheet.append(["Nummer", "Name", "Farbe", *sizes, "VK"])
    for number in (1, 2):
        sheet.append([f"T-{number}", "Tunika", "blau", *[1] * len(sizes), 39.9])
    book.save(tmp_path / "catalog.xlsx")
    catalog = read_catalog(tmp_path / "catalog.xlsx", images_required=False)
    assert [(one.id, one.title) for one in catalog] == [("T-1", "Tunika"), ("T-2", "Tunika")]
    assert catalog[0].attributes["stock"] == len(sizes)


def test_a_header_with_few_known_names_is_below_the_names_of_groups(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Article", None, "Prices", None, "Care"])
    sheet.append(["Number", "Name", "RRP (GBP)", "Sale (GBP)", "Wash"])
    for number in range(3):
        sheet.append([f"A{number}", f"Blazer {number}", 120 + number, 99, "cold"])
    for cells in ("A1:B1", "C1:D1"):
        sheet.merge_cells(cells)
    book.save(tmp_path / "catalog.xlsx")
    catalog = read_catalog(tmp_path / "catalog.xlsx", images_required=False)
    assert [(one.id, one.title) for one in catalog] == [(f"A{n}", f"Blazer {n}") for n in range(3)]
    assert catalog.details["RRP (GBP)"] == ("number", "GBP")


def test_a_header_over_two_lines_is_found_by_the_settings_that_inspect_writes(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Art.-Nr.", "Bezeichnung", "VK brutto", "Bestand", None, None])
    sheet.append([None, None, None, "36", "38", "40"])
    for number in range(4):
        sheet.append([f"LK-{number}", f"Rock {number}", "89,90 €", 1, 0, 2])
    sheet.merge_cells("D1:F1")
    for column in "ABC":
        sheet.merge_cells(f"{column}1:{column}2")
    book.save(tmp_path / "catalog.xlsx")
    first = read_catalog(tmp_path / "catalog.xlsx", images_required=False)
    (tmp_path / "catalog.toml").write_text(starting_settings(first))
    again = read_catalog(tmp_path / "catalog.xlsx", images_required=False)
    assert [(one.id, one.attributes) for one in again] == [(one.id, one.attributes) for one in first]
    assert first[0].attributes["size"] == ["36", "40"]
