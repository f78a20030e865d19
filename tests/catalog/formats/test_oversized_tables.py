"""Tables that are absurdly long, wide or deep are refused early with a clear error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from catalog.errors import ModisteError
from catalog.formats import read_table, records
from catalog.formats.json_table import MAX_DEPTH
from catalog.names.plain import MAX_COMPARED, plain_name
from catalog.table import MAX_COLUMNS, MAX_NAME

LONG = "x" * (MAX_NAME + 1)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "id," + ",".join(f"c{at}" for at in range(MAX_COLUMNS)) + "\n1,2\n"),
        ("a.jsonl", '{"id": "1",' + ",".join(f'"k{at}": 1' for at in range(MAX_COLUMNS)) + "}\n"),
        ("a.xml", "<r><product>" + "".join(f"<t{at}>1</t{at}>" for at in range(MAX_COLUMNS + 1)) + "</product></r>"),
    ],
)
def test_a_table_with_too_many_columns_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ModisteError, match=r"more than 2,000 columns"):
        read_table(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", f"id,title,{LONG}\n1,a,b\n"),
        ("a.csv", f"{LONG}\n"),
        ("a.json", f'[{{"id": "1", "{LONG}": 2}}]'),
    ],
)
def test_a_column_with_a_name_that_is_too_long_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ModisteError, match=r"more than 1,000 characters: x+… \(1,001 characters\)") as refusal:
        read_table(tmp_path / name)
    assert len(refusal.value.message) < 300


@pytest.mark.parametrize("line", ["\n", "\r\n", "  \n", ";;\n", '""\n'])
def test_a_table_of_empty_lines_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setattr(records, "MAX_EMPTY", 50)
    path = tmp_path / "a.csv"
    path.write_text("id;title\n1;a\n" + line * 50 + "2;b\n" + line * 50)
    assert len(read_table(path).rows) == 2
    for text in (line * 60, "id;title\n1;a\n" + line * 60 + "2;b\n"):
        path.write_text(text)
        with pytest.raises(ModisteError, match=r"more than 50 empty lines in succession, up to line 5\d"):
            read_table(path)


def test_a_row_that_is_too_wide_is_a_problem_of_its_row(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,title\n1,a\n" + "2," * 10 * MAX_COLUMNS + "b\n")
    table = read_table(tmp_path / "a.csv")
    assert [problem.kind for problem in table.problems] == ["more values than columns"]
    assert len(table.rows) == 1


def test_separators_behind_the_last_column_are_no_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id;title;" + ";" * 5_000 + "\n1;a;b" + ";" * 5_000 + "\n")
    assert read_table(tmp_path / "a.csv").columns == ["id", "title", "column 3"]


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = f'{{"a": {value}}}' if value != "x" else '{"a": 1}'
    return value


def test_a_product_that_is_nested_too_deeply_is_a_problem_of_its_row(tmp_path: Path) -> None:
    deep = f'{{"id": "1", "parts": {nested(MAX_DEPTH + 1)}}}'
    (tmp_path / "a.json").write_text(f'[{deep}, {{"id": "2", "title": "b"}}]')
    table = read_table(tmp_path / "a.json")
    assert [problem.reason for problem in table.problems] == ["it is nested more than 100 levels deep"]
    assert len(table.rows) == 1
    (tmp_path / "b.json").write_text(f'[{{"id": "1", "parts": {nested(900)}}}]')
    with pytest.raises(ModisteError, match="nested more than 100 levels deep"):
        read_table(tmp_path / "b.json")


def test_long_cells_are_compared_by_their_beginning_only() -> None:
    assert plain_name("a_" * 10**6) == "a" * (MAX_COMPARED // 2)
