"""What differs between two generations, as the manifest, ``modiste index diff`` and the log tell it."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from indexer.build import build_generation
from indexer.cli import app
from indexer.generations.difference import Difference, read_for_comparison
from indexer.generations.generation import Generation
from indexer.generations.manifest import generation_folder
from indexer.generations.publication import current_id
from models.bundle import Bundle
from tests.indexer.conftest import QUIET
from tests.indexer.shop import picture, write_shop


def rewrite(shop: Path, *changes: tuple[str, str]) -> None:
    table = shop / "catalog.csv"
    text = table.read_text()
    for pattern, by in changes:
        text, count = re.subn(pattern, by, text)
        assert count, pattern
    table.write_text(text)


def difference(root: Path, before: str, after: str) -> Difference:
    return Difference(*(read_for_comparison(generation_folder(root, id)) for id in (before, after)))


def night(shop: Path) -> None:
    """p0 gone, p20 new, p3 with another price and title, p4 with another picture, p5 with other sizes and no price."""
    (shop / "images" / "4.jpg").write_bytes(picture("Blue", 444))
    (shop / "images" / "20.jpg").write_bytes(picture("Red", 20))
    rewrite(
        shop,
        (r"p0,.*\n", ""),
        ("White shirt 3,(.*),11.5,", r"White blouse,\1,9.5,"),
        ("(p5,.*),12.5,true,S.M.L", r"\1,,true,S"),
        (r"\Z", "p20,Red shirt 20,images/20.jpg,Red,20,false,S\n"),
    )


@pytest.fixture
def ids(root: Path, shop: Path, toy: Bundle) -> tuple[str, str]:
    """A generation, and the one of the night after."""
    first = str(current_id(root))
    night(shop)
    return first, build_generation(shop, toy, root, QUIET)


def test_added_removed_and_changed_products_are_listed(root: Path, ids: tuple[str, str]) -> None:
    found = difference(root, *ids)
    assert found.ids(found.added) == ["p20"]
    assert found.ids(found.removed, of_before=True) == ["p0"]
    assert found.ids(found.changed) == ["p3", "p4", "p5"]
    assert {name: found.ids(rows) for name, rows in found.columns.items()} == {
        "price": ["p3", "p5"],
        "picture": ["p4"],
        "sizes": ["p5"],
        "title": ["p3"],
    }


def test_the_order_of_the_table_is_not_a_difference(root: Path, shop: Path, toy: Bundle) -> None:
    header, *rows = (shop / "catalog.csv").read_text().splitlines()
    (shop / "catalog.csv").write_text("\n".join([header, *reversed(rows)]))
    first = str(current_id(root))
    found = difference(root, first, build_generation(shop, toy, root, QUIET))
    assert (len(found.added), len(found.removed), len(found.changed)) == (0, 0, 0)


def test_columns_that_come_go_or_change_their_kind_are_differences(root: Path, shop: Path, toy: Bundle) -> None:
    first = str(current_id(root))
    rewrite(shop, ("title,image,colour,price,new,sizes", "title,image,hue,price,new,sizes"), (",15.5,", ",cheap,"))
    (shop / "catalog.toml").write_text('[columns.price]\nkind = "text"\n')
    found = difference(root, first, build_generation(shop, toy, root, QUIET))
    assert {name: len(rows) for name, rows in found.columns.items()} == {"colour": 20, "hue": 20, "price": 11}


def test_further_pictures_are_compared(root: Path, shop: Path, toy: Bundle) -> None:
    first = str(current_id(root))
    rewrite(shop, ("images/3.jpg", "images/3.jpg|images/4.jpg"))
    second = build_generation(shop, toy, root, QUIET)
    rewrite(shop, (r"images/3.jpg\|images/4.jpg", "images/3.jpg|images/5.jpg"))
    third = build_generation(shop, toy, root, QUIET)
    for before, after in [(first, second), (second, third), (third, first)]:
        found = difference(root, before, after)
        assert {name: found.ids(rows) for name, rows in found.columns.items()} == {"further pictures": ["p3"]}
    assert len(difference(root, third, third).changed) == 0


def test_the_manifest_and_the_log_summarise_the_changes(
    root: Path, shop: Path, toy: Bundle, caplog: pytest.LogCaptureFixture
) -> None:
    first = str(current_id(root))
    assert Generation.open(root).manifest.changes is None
    night(shop)
    with caplog.at_level(logging.INFO, "indexer"):
        build_generation(shop, toy, root, QUIET)
    changes = Generation.open(root).manifest.changes
    assert changes is not None
    assert (changes.since, changes.added, changes.removed, changes.changed) == (first, 1, 1, 3)
    assert changes.columns == {"price": 2, "picture": 1, "sizes": 1, "title": 1}
    assert f"since {first}: 1 added, 1 removed, 3 changed (price 2, picture 1, sizes 1, title 1)" in caplog.text


def test_a_build_after_a_lost_generation_skips_the_comparison(root: Path, shop: Path, toy: Bundle) -> None:
    (generation_folder(root, str(current_id(root))) / "products.arrow").write_bytes(b"rubbish")
    build_generation(shop, toy, root, QUIET)
    assert Generation.open(root).manifest.changes is None


def test_the_command_shows_the_difference(root: Path, shop: Path, toy: Bundle) -> None:
    first = str(current_id(root))
    night(shop)
    (shop / "images" / "7.jpg").unlink()
    second = build_generation(shop, toy, root, QUIET)
    result = CliRunner().invoke(app, ["diff", first, second, "--index-root", str(root)])
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines[0] == f"{first} (20 products) -> {second} (19 products)"
    assert lines[1:4] == ["added 1 p20", "removed 2 p0, p7", "changed 3 p3, p4, p5"]
    assert "price: 2 p3, p5" in lines
    assert "unchanged 15" in lines
    assert "skipped 1 p7 (1 of them new)" in lines
    assert any(re.fullmatch(r"pictures 2 encoded, 17 reused, 0 repeated; \d+ files read", line) for line in lines)


def test_the_command_names_a_few_products_or_all(root: Path, shop: Path, toy: Bundle) -> None:
    first = str(current_id(root))
    rewrite(shop, (r",(\d+)\.5,", r",\1.9,"))
    command = ["diff", first, build_generation(shop, toy, root, QUIET), "--index-root", str(root)]
    assert "p1, p3, p5, p7, p9 and 5 more" in CliRunner().invoke(app, command).stdout
    assert "p1, p3, p5, p7, p9, p11, p13, p15, p17, p19\n" in CliRunner().invoke(app, [*command, "--ids"]).stdout


def test_an_unknown_generation_is_an_error(root: Path, shop: Path) -> None:
    write_shop(shop)
    result = CliRunner().invoke(app, ["diff", "20200101-000000-abcd", "nonsense", "--index-root", str(root)])
    assert result.exit_code == 1
    assert "is not the id of a generation" in str(result.exception)
