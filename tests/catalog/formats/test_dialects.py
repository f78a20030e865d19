"""Tables in random dialects: what was written is read, or the table is refused; never fewer products in silence."""

from __future__ import annotations

import csv
import io
import tracemalloc
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import Catalog, CatalogRefused, ModisteError, read_catalog
from catalog.formats import records
from tests.properties import properties

SETTINGS = properties(60)
COLOURS = ("red", "navy blue", "grün", "écru", "")


@dataclass(frozen=True)
class Dialect:
    separator: str
    line_end: str
    quoting: Literal[0, 1]  # QUOTE_MINIMAL, QUOTE_ALL
    encoding: str
    before: str
    last_line_end: bool
    drop_empty_ends: bool

    def write(self, header: list[str], rows: list[list[str]]) -> bytes:
        stream = io.StringIO()
        # With a lone \r as its line end, the csv module does not quote cells with \n, so they look like two rows.
        writer = csv.writer(
            stream,
            delimiter=self.separator,
            quoting=self.quoting if self.line_end != "\r" else csv.QUOTE_ALL,
            lineterminator=self.line_end,
        )
        writer.writerow(header)
        for row in rows:
            row = list(row)
            while self.drop_empty_ends and len(row) > 2 and not row[-1]:
                row.pop()
            writer.writerow(row)
        text = self.before.replace("\n", self.line_end).replace("SEP", self.separator) + stream.getvalue()
        return (text if self.last_line_end else text.removesuffix(self.line_end)).encode(self.encoding)


dialects = st.builds(
    Dialect,
    separator=st.sampled_from(records.SEPARATORS),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([0, 1]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    before=st.sampled_from(["", "\n", "sep=SEP\n", "Export of today\n\n"]),
    last_line_end=st.booleans(),
    drop_empty_ends=st.booleans(),
)
titles = st.text(st.sampled_from("abcXYZ 019äß漢🙂,;\t|\"'\n.-/<>=\u2028\u00a0"), min_size=0, max_size=25).map(
    lambda text: " ".join(text.split(" ")).strip()
)
prices = st.integers(0, 999_99).map(lambda cents: f"{cents / 100:.2f}")
tables = st.lists(st.tuples(titles, st.sampled_from(COLOURS), prices), min_size=1, max_size=30)


short_tables = st.lists(
    st.tuples(st.sampled_from(["Red dress", "Blue shirt, soft", 'Boot 5"']), st.sampled_from(COLOURS), prices),
    min_size=3, max_size=30,
)  # fmt: skip


def read(folder: Path, content: bytes, name: str = "catalog.csv") -> Catalog:
    path = folder / name
    path.write_bytes(content)
    return read_catalog(path, images_required=False)


def read_or_refused(folder: Path, content: bytes) -> Catalog | ModisteError:
    try:
        return read(folder, content)
    except ModisteError as error:
        return error


def rows_of(table: list[tuple[str, str, str]]) -> list[list[str]]:
    return [[f"P-{number}", title, price, colour] for number, (title, colour, price) in enumerate(table)]


def normal(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


@SETTINGS
@given(table=tables, dialect=dialects)
def test_what_was_written_is_what_is_read(tmp_path: Path, table: list[tuple[str, str, str]], dialect: Dialect) -> None:
    rows = rows_of(table)
    content = dialect.write(["id", "title", "price", "colour"], rows)
    catalog = read_or_refused(tmp_path, content)
    if isinstance(catalog, ModisteError):
        assert catalog.hint
        cut = isinstance(catalog, CatalogRefused) and catalog.check == "truncated"
        assert (cut and dialect.drop_empty_ends and not dialect.last_line_end) or '"' in content.decode(
            dialect.encoding
        )
        return
    assert [product.id for product in catalog] == [row[0] for row in rows]
    assert [normal(product.title) for product in catalog] == [normal(row[1]) for row in rows]
    assert [product.attributes["price"] for product in catalog] == [float(row[2]) for row in rows]
    assert [product.attributes.get("colour", "") for product in catalog] == [row[3] for row in rows]


@SETTINGS
@given(table=short_tables, dialect=dialects, data=st.data())
def test_a_stray_quote_never_loses_products_silently(
    tmp_path: Path, table: list[tuple[str, str, str]], dialect: Dialect, data: st.DataObject
) -> None:
    rows = rows_of(table)
    content = dialect.write(["id", "title", "price", "colour"], rows).decode(dialect.encoding)
    place = data.draw(st.integers(content.index("P-0"), len(content)))
    catalog = read_or_refused(tmp_path, (content[:place] + '"' + content[place:]).encode(dialect.encoding))
    if isinstance(catalog, ModisteError):
        assert catalog.hint
        return
    assert len(catalog) + len(catalog.problems) >= len(rows)


@SETTINGS
@given(table=tables, dialect=dialects, data=st.data())
def test_a_truncated_table_never_loses_more_than_its_end(
    tmp_path: Path, table: list[tuple[str, str, str]], dialect: Dialect, data: st.DataObject
) -> None:
    rows = rows_of(table)
    whole = dialect.write(["id", "title", "price", "colour"], rows)
    content = whole[: data.draw(st.integers(0, len(whole)))]
    catalog = read_or_refused(tmp_path, content)
    if isinstance(catalog, ModisteError):
        assert catalog.hint
        return
    assert {product.id for product in catalog} <= {row[0] for row in rows} | {f"P-{n}" for n in range(len(rows))}
    assert catalog.counts is not None
    assert catalog.counts.rows == len(catalog) + catalog.counts.merged + len(catalog.left_out) + len(catalog.problems)


@pytest.mark.parametrize("encoding", ["cp1252", "cp1250", "cp1251", "utf-16-le", "utf-8-sig", "utf-16", "shift_jis"])
def test_encodings_without_a_mark_are_detected(tmp_path: Path, encoding: str) -> None:
    words = {
        "cp1252": "Kleid für Mädchen, größer, Café, élégante, señora, £ 5",
        "cp1250": "Sukienka wieczorowa, żółta koszulka męska, książka, łączność",
        "cp1251": "Красное платье для женщин с длинным рукавом",
        "shift_jis": "赤いドレス 長袖 レディース ワンピース",
    }.get(encoding, "Kleid für Mädchen")
    rows = "".join(f"P-{number};{words};{number}.50\n" for number in range(20))
    catalog = read(tmp_path, f"id;title;price\n{rows}".encode(encoding))
    assert {product.title for product in catalog} == {words}


WORDS = {
    "Café": "cp1252 mac_roman cp850 utf-16-le utf-16-be", "Größe Ø blå": "cp1252", "5 € – “neu”": "cp1252",
    "Mädchen, größer": "cp1252 mac_roman cp850", "Robe d’été façonnée": "cp1252 mac_roman",
    "señora, otoño": "mac_roman cp850",
    "Rød kjole til æble": "cp1252 mac_roman cp850", "Łódź żółta": "cp1250 iso8859_2 cp852",
    "Žluťoučký kůň": "cp1250 iso8859_2", "női gyűrű, hosszú": "cp1250", "Kırmızı elbise ğüşöç": "cp1254",
    "Raudona suknelė ąžuolas": "cp1257", "Платье красное": "cp1251 koi8_r cp866", "Ελληνικό φόρεμα": "cp1253 iso8859_7",
    "שמלה אדומה": "cp1255", "فستان أحمر": "cp1256", "ชุดสีแดง": "cp874", "ドレス 赤い服": "shift_jis euc_jp",
    "红色连衣裙": "gb18030", "紅色洋裝": "big5", "빨간 드레스": "euc_kr",
}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "encoding"), [(words, one) for words, encodings in WORDS.items() for one in encodings.split()]
)
def test_a_few_words_are_enough_to_detect_the_encoding(tmp_path: Path, words: str, encoding: str) -> None:
    rows = "".join(f"P-{number};{words if number % 3 == 0 else 'Dress'};{number}.50\n" for number in range(12))
    assert read(tmp_path, f"id;title;price\n{rows}".encode(encoding))[0].title == words


LINES = "id,title,price\n1,Red dress,19.90\n2,Blue shirt,29.90\n3,Cap,9.90\n"


@pytest.mark.parametrize(
    "content",
    [
        LINES + LINES,  # Two exports put together.
        "".join(f'"{line}"\n' for line in LINES.splitlines()),  # Saved by a spreadsheet that had not split it.
        "\n" + "".join(f'"{line}"\n' for line in LINES.splitlines()),
        "id,title,price\n'1','Red dress','19.90'\n'2','Blue shirt','29.90'\n'3','Cap','9.90'\n",
        "\ufeff\ufeff" + LINES, LINES.replace("\n", "\r\r\n"), LINES.replace(",", ", "), LINES.replace("\n", ",,\n"),
        "# Export of today\n# shop: a, b, c\n" + LINES, '"sep=,"\n' + LINES,
    ],
)  # fmt: skip
def test_odd_dialects_are_read(tmp_path: Path, content: str) -> None:
    catalog = read(tmp_path, content.encode())
    found = {(one.id, one.title, one.attributes["price"]) for one in catalog}
    assert found == {("1", "Red dress", 19.9), ("2", "Blue shirt", 29.9), ("3", "Cap", 9.9)}
    assert catalog.problems == ()


def test_a_quote_may_be_written_with_a_backslash(tmp_path: Path) -> None:
    content = 'id,title,folder,price\n1,"Red \\"dress\\", 5\\" long",C:\\new,19.90\n2,"Blue\nshirt","a\\\\b",\\N\n'
    catalog = read(tmp_path, content.encode())
    assert [one.title for one in catalog] == ['Red "dress", 5" long', "Blue\nshirt"]
    assert [one.attributes for one in catalog] == [{"folder": "C:\\new", "price": 19.9}, {"folder": "a\\b"}]


@pytest.mark.parametrize("line", ["(3 rows)", "Total: 3", "-- end of file --"])
def test_a_line_below_the_table_is_no_product(tmp_path: Path, line: str) -> None:
    catalog = read(tmp_path, f"{LINES}{line}\n".encode())
    assert [one.id for one in catalog] == ["1", "2", "3"]
    assert [(one.row, one.kind) for one in catalog.left_out] == [(5, "the row is a heading or a note, not a product")]
    assert catalog.problems == ()


@pytest.mark.parametrize("separator", records.SEPARATORS)
@pytest.mark.parametrize("quote", records.QUOTES)
def test_other_signs_may_stand_for_quotes(tmp_path: Path, separator: str, quote: str) -> None:
    def line(*cells: str) -> str:
        return separator.join(f"{quote}{cell}{quote}" for cell in cells)

    title = f'Jeans 32" {separator} wide'
    lines = [line("id", "title", "colour"), line("1", title, "blue"), line("2", "Cap", "red")]
    catalog = read(tmp_path, "\n".join(lines).encode())
    assert [(one.id, one.title) for one in catalog] == [("1", title), ("2", "Cap")]


def test_lines_may_be_quoted_where_they_have_quotes(tmp_path: Path) -> None:
    content = 'id,title,colour\n"1,""Jeans, wide"",blue"\n2,Cap,red\n"3,""Tie """"Dot"""""",navy"\n'
    catalog = read(tmp_path, content.encode())
    found = [(one.id, one.title, one.attributes["colour"]) for one in catalog]
    assert found == [("1", "Jeans, wide", "blue"), ("2", "Cap", "red"), ("3", 'Tie "Dot"', "navy")]


def test_a_row_with_fewer_values_than_columns_is_a_remark(tmp_path: Path) -> None:
    catalog = read(tmp_path, b"id,title,colour\n1,Hat,red\n2,Cap\n3,Tie,blue\n")
    assert [one.id for one in catalog] == ["1", "2", "3"]
    assert [(one.row, one.reason) for one in catalog.remarks] == [(3, "the row has 2 values for 3 columns")]


def test_an_unknown_separator_is_mentioned_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(ModisteError) as refused:
        read(tmp_path, LINES.replace(",", "@").encode())
    assert 'separator = "^"' in refused.value.hint


@pytest.mark.parametrize("packed", ["gzip", "zip"])
def test_packed_tables_are_read(tmp_path: Path, packed: str) -> None:
    import gzip
    import zipfile

    content = b"id,title\n1,Red dress\n2,Blue dress\n"
    path = tmp_path / f"catalog.csv.{packed}"
    if packed == "gzip":
        path.write_bytes(gzip.compress(content))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("export/catalog.csv", content)
    assert [product.title for product in read_catalog(path, images_required=False)] == ["Red dress", "Blue dress"]


def test_a_truncated_gzip_file_is_refused(tmp_path: Path) -> None:
    import gzip

    content = gzip.compress(b"id,title\n" + b"1,Red dress\n" * 1000)
    with pytest.raises(ModisteError, match="damaged or truncated gzip"):
        read(tmp_path, content[:-20], "catalog.csv.gz")


@pytest.mark.parametrize("end", ['"', ' ""quoted"""', ' \\"quoted\\""', ' "stray" quote"'])
def test_the_memory_for_a_long_cell_is_a_few_times_its_length(end: str) -> None:
    length = 500_000
    text = f'id,title,image\n1,a,"{"A" * length}{end}\n'
    limit = csv.field_size_limit(2 * length)
    tracemalloc.start()
    try:
        found = list(records.records_of(text, records.Dialect(",", escapes="\\" in end)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        csv.field_size_limit(limit)
    assert [len(record.cells) for record in found] == [3, 3]
    assert peak < 40 * length


def test_marks_of_files_that_were_joined_are_removed(tmp_path: Path) -> None:
    part = "\ufeffid;title;colour\n{0};Cap {0};red\n"
    assert [one.id for one in read(tmp_path, (part.format(1) + part.format(2)).encode())] == ["1", "2"]


def test_a_row_of_types_and_units_is_not_the_header(tmp_path: Path) -> None:
    lines = ["Style,Style Name,Colour Code,RRP GBP,Image", "text,text,code,£,file"]
    lines += [f"ST{n},Rain jacket {'AB'[n]},10{n},39,https://s.example/{n}.jpg" for n in range(2)]
    catalog = read(tmp_path, "\n".join(lines).encode())
    assert [(one.id, one.attributes["RRP GBP"]) for one in catalog] == [("ST0", 39), ("ST1", 39)]


@pytest.mark.parametrize("filling", [";;;", "; ", " ; ; "])
def test_empty_cells_of_another_separator_behind_all_lines_are_dropped(tmp_path: Path, filling: str) -> None:
    lines = ["id,title,colour", '"1,""Jeans, wide"",blue"', "2,Cap,red"]
    content = "".join(f"{line}{filling}\n" for line in lines)
    found = [(one.id, one.title, one.attributes["colour"]) for one in read(tmp_path, content.encode())]
    assert found == [("1", "Jeans, wide", "blue"), ("2", "Cap", "red")]


@pytest.mark.parametrize("separator", records.SEPARATORS)
def test_a_table_without_names_of_columns_is_refused(tmp_path: Path, separator: str) -> None:
    rows = [separator.join((f"A-{n}", "Red dress", "19.90", f"{n}.jpg")) for n in range(3)]
    with pytest.raises(ModisteError, match="has no names of columns"):
        read(tmp_path, "\n".join(rows).encode())


def test_a_header_of_sizes_is_one(tmp_path: Path) -> None:
    catalog = read(tmp_path, b"id,title,36,38,40\n1,Red dress,1,0,2\n2,Blue dress,1,1,0\n")
    assert [one.id for one in catalog] == ["1", "2"]
