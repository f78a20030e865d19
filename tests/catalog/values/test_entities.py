"""Characters that exports write as HTML entities, and signs that stand for yes and no."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from catalog import read_catalog
from catalog.rows.changes import read_changes
from catalog.values import unescaped
from tests.catalog.shops import read, table

ESCAPED = [
    ("Men&#39;s shirt", "Men's shirt"), ("Men&#x27;s shirt", "Men's shirt"), ("Salt &amp; Pepper", "Salt & Pepper"),
    ("&quot;Kate&quot; dress", '"Kate" dress'), ("Robe d&rsquo;&eacute;t&eacute;", "Robe d’été"),
    ("H&amp;amp;M", "H&M"), ("Men&amp;#39;s", "Men's"), ("&nbsp;Cap", "Cap"), ("Size &lt; 40", "Size < 40"),
]  # fmt: skip
LITERAL = [
    "AT&T", "R&D; lab", "Black&White", "S&P 500", "A &copy B", "Tops&notebook;", "&unknown;", "&;", "&#;", "&#xyz;",
    "50 &", "<p>Salt &amp; pepper, 2 &lt; 3</p>",
]  # fmt: skip


@pytest.mark.parametrize(("written", "meant"), [*ESCAPED, *((text, text) for text in LITERAL)])
def test_an_entity_is_the_character_that_it_stands_for_and_all_else_is_kept(
    tmp_path: Path, written: str, meant: str
) -> None:
    catalog = read(tmp_path, [{"id": "a&amp;1", "title": written, "brand": written}])
    title = "Salt & pepper, 2 < 3" if written.startswith("<p>") else meant
    assert (catalog[0].title, catalog[0].attributes) == (title, {"brand": meant})
    assert catalog[0].id == "a&amp;1"  # Other systems refer to it as it is written.


def test_entities_are_read_in_json_lists_and_paths(tmp_path: Path) -> None:
    product = {"id": 1, "name": "Men&#8217;s", "tags": ["Tops &amp; Shirts", "New"], "categories": "A &gt; B &amp; C"}
    (tmp_path / "a.json").write_text(json.dumps([product]))
    (read_product,) = read_catalog(tmp_path / "a.json", images_required=False)
    assert read_product.title == "Men’s"
    assert read_product.attributes == {"tags": ["Tops & Shirts", "New"], "categories": ["A > B & C"]}


def test_a_price_with_an_entity_is_a_number(tmp_path: Path) -> None:
    catalog = read(tmp_path, [{"id": "1", "price": "19,90&nbsp;&euro;"}])
    assert catalog.details["price"] == ("number", "EUR")
    assert catalog[0].attributes["price"] == 19.9


def test_a_table_of_changes_and_the_settings_read_entities_as_well(tmp_path: Path) -> None:
    rows = [{"id": "1", "title": "Men&#39;s", "brand": "H&amp;M"}, {"id": "2", "title": "Cap", "brand": "B"}]
    path = table(tmp_path / "catalog.csv", rows)
    (tmp_path / "catalog.toml").write_text('[leave_out]\nbrand = "H&M"\n')
    assert [one.id for one in read_catalog(path, images_required=False)] == ["2"]
    change = read_changes(path, {"brand": "text"}).changes[0]
    assert (change.title, change.values) == ("Men's", {"brand": "H&M"})


def test_nested_entities_are_resolved_to_a_limited_depth() -> None:
    assert unescaped("&amp;amp;amp;amp;lt;") == "&amp;amp;lt;"


@pytest.mark.parametrize("yes", ["✓", "✔", "✔\ufe0f", "✅", "☑"])
@pytest.mark.parametrize("no", ["✗", "✘", "✖\ufe0f", "❌", "☐", "no"])
def test_signs_are_yes_and_no(tmp_path: Path, yes: str, no: str) -> None:
    rows = [{"id": number, "organic": yes if number else no} for number in range(3)]
    catalog = read(tmp_path, rows)
    assert catalog.columns["organic"] == "flag"
    assert [one.attributes["organic"] for one in catalog] == [False, True, True]


@pytest.mark.parametrize(("column", "sold", "unsold"), [("In stock?", "✓", "✗"), ("discontinued", "❌", "✅")])
def test_signs_state_availability(tmp_path: Path, column: str, sold: str, unsold: str) -> None:
    rows = [{"id": number, "title": "a", column: sold if number else unsold} for number in range(3)]
    catalog = read(tmp_path, rows)
    assert [one.id for one in catalog] == ["1", "2"]
    assert [one.reason for one in catalog.left_out] == [f"{column} is {unsold}"]


def test_a_sign_lets_a_product_be_sold_without_stock(tmp_path: Path) -> None:
    rows = [{"id": number, "stock": 0, "backorders": "✓" if number else "✗"} for number in range(2)]
    assert [one.id for one in read(tmp_path, rows)] == ["1"]


def test_a_condition_of_the_operator_reads_signs(tmp_path: Path) -> None:
    path = table(tmp_path / "catalog.csv", [{"id": number, "vegan": "✓" if number else "✗"} for number in range(2)])
    (tmp_path / "catalog.toml").write_text("[leave_out]\nvegan = false\n")
    assert [one.id for one in read_catalog(path, images_required=False)] == ["1"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("<strong>Silk</strong> Blouse", "Silk Blouse"), ("H&amp;M Tee<br/>Basic", "H&M Tee Basic"),
        ('<span class="new">New</span>: <i>Cap</i>', "New: Cap"), ("<h2>Coat</h2><p>Wool</p>", "Coat Wool"),
        ("I <3 Cats", "I <3 Cats"), ("Size <M> tee", "Size <M> tee"), ("<b></b>", "<b></b>"),
    ],
)  # fmt: skip
def test_tags_are_removed_from_titles(tmp_path: Path, written: str, meant: str) -> None:
    assert read(tmp_path, [{"id": "1", "title": written, "price": "5"}])[0].title == meant
