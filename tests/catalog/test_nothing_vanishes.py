"""Faults of a table that would lose products are refused with their line; bad cells never end a build."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from catalog import Catalog, CatalogRefused, ModisteError, read_catalog
from catalog.settings import read_settings
from tests.catalog.shops import pictures, read

HEADER = "id,title,colour,sleeve,price"


def lines(count: int, *, opened: int | None = None, closed: int | None = None) -> str:
    rows = [HEADER]
    for number in range(count):
        title = '"' * (number == opened) + f"Shirt {number}" + '"' * (number == closed)
        rows.append(f"{1000 + number},{title},red,short,{number}.90")
    return "\n".join(rows) + "\n"


def catalog_of(folder: Path, content: str | bytes, name: str = "catalog.csv", **options: object) -> Catalog:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_catalog(path, images_required=False, **options)  # type: ignore[arg-type]


def test_an_empty_title_and_a_very_long_text_are_remarks(tmp_path: Path) -> None:
    rows = [{"id": 1, "title": "Hat", "text": "a"}, {"id": 2, "title": "", "text": "b" * 40_000}]
    catalog = read(tmp_path, rows)
    assert [(one.row, one.reason) for one in sorted(catalog.remarks, key=lambda one: one.reason)] == [
        (3, "text has a very long text: 40,000 characters"), (3, "the title is empty"),
    ]  # fmt: skip


@pytest.mark.parametrize(("opened", "closed"), [(60, 100), (60, None), (60, 61), (118, None)])
def test_a_quote_that_swallows_rows_is_refused_with_its_line(tmp_path: Path, opened: int, closed: int | None) -> None:
    with pytest.raises(CatalogRefused, match=rf"line {opened + 2} ") as refused:
        catalog_of(tmp_path, lines(120, opened=opened, closed=closed))
    assert refused.value.check == "quotes"
    assert "--allow quotes" in refused.value.hint


@pytest.mark.parametrize(("opened", "closed"), [(60, 100), (60, None), (60, 61), (119, None)])
def test_if_stray_quotes_are_allowed_every_line_is_a_row(tmp_path: Path, opened: int, closed: int | None) -> None:
    content = lines(120, opened=opened, closed=closed)
    catalog = catalog_of(tmp_path, content, allow=frozenset({"quotes"}))
    assert len(catalog) == 120
    assert catalog[opened].title == f'"Shirt {opened}'


@pytest.mark.parametrize("title", ['5" heel', 'Boot 5"', '"Classic" shirt', 'A "quoted" word', '"Classic" and "new"'])
def test_quotes_within_a_line_are_kept(tmp_path: Path, title: str) -> None:
    catalog = catalog_of(tmp_path, f"{HEADER}\n1,{title},red,short,5\n2,b,red,short,6\n")
    assert catalog[0].title.replace('"', "") == title.replace('"', "")
    assert catalog[0].attributes == {"colour": "red", "sleeve": "short", "price": 5}
    assert len(catalog) == 2


def test_a_quoted_cell_over_several_lines_is_a_cell(tmp_path: Path) -> None:
    content = 'id,title,description\n1,a,"Soft, warm,\nand light, too,\nfor you"\n2,b,"One\n\nTwo"\n'
    catalog = catalog_of(tmp_path, content)
    assert catalog[0].attributes["description"] == "Soft, warm,\nand light, too,\nfor you"
    assert len(catalog) == 2


def test_a_line_break_in_a_cell_without_quotes_is_a_problem_of_both_lines(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, f"{HEADER}\n1,Shirt\nwith dots,red,short,5\n2,b,red,short,6\n3,c,red,short,7\n")
    assert [product.id for product in catalog] == ["2", "3"]
    assert [(one.row, one.kind) for one in catalog.problems] == [
        (2, "a line break inside a cell without quotes"), (3, "a line break inside a cell without quotes"),
    ]  # fmt: skip


def test_a_file_that_ends_within_a_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogRefused, match="ends within a row: line 121 has 3 of 5 values") as refused:
        catalog_of(tmp_path, lines(120).rsplit(",", 2)[0])
    assert refused.value.check == "truncated"
    catalog = catalog_of(tmp_path, lines(120).rsplit(",", 2)[0], allow=frozenset({"truncated"}))
    assert (len(catalog), len(catalog.problems)) == (119, 1)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", json.dumps([{"id": 1, "title": "a"}, {"id": 2, "title": "b"}])[:-10]),
        ("a.json", json.dumps([{"id": 1, "title": "a"}, {"id": 2, "title": "b"}])[:-1]),
        ("a.jsonl", '{"id": 1, "title": "a"}\n{"id": 2, "ti'),
        ("a.xml", "<rss><channel><item><id>1</id></item><item><id>2</i"),
        ("a.xml", "<rss><channel><item><id>1</id></item>"),
    ],
)
def test_other_files_that_end_too_early_are_refused(tmp_path: Path, name: str, content: str) -> None:
    with pytest.raises(CatalogRefused) as refused:
        catalog_of(tmp_path, content, name)
    assert refused.value.check == "truncated"
    assert len(catalog_of(tmp_path, content, name, allow=frozenset({"truncated"}))) >= 1


def test_half_a_character_and_control_characters_are_remarks(tmp_path: Path) -> None:
    lines = r'{"id": 1, "title": "a\ud83d b"}' + "\n" + r'{"id": 2, "title": "c\u0000d"}' + "\n"
    catalog = catalog_of(tmp_path, lines, "a.jsonl")
    assert [product.title for product in catalog] == ["a\ufffd b", "cd"]
    catalog = catalog_of(
        tmp_path, b"id,title\n1,a\0b\n2,\xf0\x9f\x91\x97 dress \xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f \xff\n"
    )
    assert catalog[0].title == "ab"
    assert catalog[1].title.startswith("👗 dress äöüß")
    assert {one.row for one in catalog.remarks} == {2, 3}


@pytest.mark.parametrize(
    "path", ["a\\0b.jpg", "x" * 5000 + ".jpg", "../../etc/passwd", "/etc/passwd", "con\n.jpg", "\ud800"]
)
def test_an_impossible_path_is_a_problem_of_its_row(tmp_path: Path, path: str) -> None:
    pictures(tmp_path, ["images/1.jpg"])
    rows = [{"id": "1", "image": "images/1.jpg"}, {"id": "2", "image": path.encode("utf-8", "replace").decode()}]
    catalog = read(tmp_path, rows, images=True)
    assert [product.id for product in catalog] == ["1"]
    assert [(one.row, one.id) for one in catalog.problems] == [(3, "2")]
    assert len(catalog.problems[0].reason) < 600


def test_a_table_of_headers_is_empty(tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match="is an empty table"):
        catalog_of(tmp_path, "SKU,Product Name,Price\n" * 3)


@pytest.mark.parametrize("content", [b"<html><body>Login</body></html>", b"%PDF-1.7", b"\xff\xd8\xff\xe0 JPEG"])
def test_files_that_are_no_tables_are_named(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ModisteError) as refused:
        catalog_of(tmp_path, content)
    assert refused.value.hint


def test_entities_in_a_feed_are_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss><item><id>&b;</id></item></rss>'
    with pytest.raises(ModisteError, match="entities"):
        catalog_of(tmp_path, bomb, "feed.xml")


def test_a_pinned_kind_that_the_table_does_not_have_is_refused(tmp_path: Path) -> None:
    (tmp_path / "catalog.toml").write_text('[columns.price]\nkind = "number"\n')
    rows = "".join(f"{number},{'on request' if number == 1 else number}\n" for number in range(20))
    catalog = catalog_of(tmp_path, f"id,price\n{rows}")
    assert catalog.columns["price"] == "number"
    assert catalog.find("2").attributes == {"price": 2}
    rows = "".join(f"{number},cheap\n" for number in range(20))
    with pytest.raises(CatalogRefused, match=r"price .* is pinned as number, but 100% .*row 2") as refused:
        catalog_of(tmp_path, f"id,price\n{rows}")
    assert refused.value.check == "kinds"


def test_settings_are_followed(tmp_path: Path) -> None:
    (tmp_path / "catalog.toml").write_text(
        '[table]\nid = "Nr"\ntitle = "Was"\n[columns.Tag]\nkind = "text"\n[columns.secret]\nrole = "hidden"\n'
        '[leave_out]\nState = ["gone", "old"]\nStock = {max = 0}\n'
    )
    rows = "1,Shirt,a|b,x,new,5\n2,Dress,c,x,GONE,5\n3,Cap,d,x,new,0\n"
    catalog = catalog_of(tmp_path, f"Nr,Was,Tag,secret,State,Stock\n{rows}")
    assert [(one.id, one.title, one.attributes["Tag"]) for one in catalog] == [("1", "Shirt", "a|b")]
    assert [one.reason for one in catalog.left_out] == ["State is GONE", "Stock is 0"]
    assert "secret" not in catalog[0].attributes


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[columns.a]\nkind = 'prose'\n", "columns.a.kind"), ("[tabel]\n", "tabel"), ("x = [", "not valid TOML"),
        ("[table]\nseparator = ';;'\n", "separator"),
    ],
)  # fmt: skip
def test_an_unknown_setting_is_named(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "catalog.toml").write_text(content)
    with pytest.raises(ModisteError, match=says):
        read_settings(tmp_path / "catalog.toml")


def test_a_folder_is_the_table_that_its_settings_name(tmp_path: Path) -> None:
    (tmp_path / "catalog.toml").write_text('[table]\nfile = "export.csv"\nid = "Nr"\n')
    (tmp_path / "export.csv").write_text("Nr,title\n7,a\n")
    assert [one.id for one in read_catalog(tmp_path, images_required=False)] == ["7"]


def test_a_condition_on_a_missing_column_is_refused(tmp_path: Path) -> None:
    (tmp_path / "catalog.toml").write_text("[leave_out]\nState = 'gone'\n")
    with pytest.raises(ModisteError, match="no column 'State'"):
        catalog_of(tmp_path, "id,title\n1,a\n")


def test_settings_for_another_table_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "catalog.toml").write_text('[table]\nfile = "other.csv"\nid = "Nr"\n')
    assert len(catalog_of(tmp_path, "id,title\n1,a\n", "mine.csv")) == 1


@pytest.mark.parametrize("last", ['"b","Cap","2', '"b","Cap","19,9', '"b","C ""x"" ap","'])
def test_a_file_that_ends_within_a_quoted_cell_is_refused(tmp_path: Path, last: str) -> None:
    path = tmp_path / "catalog.csv"
    path.write_text(f'"sku","title","price"\n"a","Hat","19,90"\n{last}')
    with pytest.raises(CatalogRefused, match="ends within a quoted cell on line 3"):
        read_catalog(path, images_required=False)
    catalog = read_catalog(path, images_required=False, allow=frozenset({"truncated"}))
    assert ([one.id for one in catalog], [one.row for one in catalog.problems]) == (["a"], [3])


def test_a_quote_within_the_last_cell_is_not_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalog.csv"
    path.write_text('sku,title,height\na,Hat,12"\nb,Cap,24"\nc,Bag,9"')
    assert [one.id for one in read_catalog(path, images_required=False)] == ["a", "b", "c"]
