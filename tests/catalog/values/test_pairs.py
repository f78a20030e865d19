"""Pairs of names and values within one cell become columns."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.catalog.shops import read

WORDS = st.sampled_from(["Rot", "Blau", "Wolle", "S", "M", "XL", "38", "100% Baumwolle", "Off white", "레드"])
NAMES = ["Farbe", "Material", "Größe", "Couleur", "Taille", "Fit type", "사이즈"]


@settings(max_examples=40, deadline=None)
@given(
    cells=st.lists(st.dictionaries(st.sampled_from(NAMES), WORDS, min_size=1), min_size=2, max_size=4),
    between=st.sampled_from(["|", ";", ", ", " | ", "\n"]), sign=st.sampled_from([": ", ":", "=", " = "]),
)  # fmt: skip
def test_pairs_in_a_column_with_any_name_are_columns(cells: list[dict[str, str]], between: str, sign: str) -> None:
    written = [between.join(f"{name}{sign}{value}" for name, value in cell.items()) for cell in cells] * 9
    rows = [{"sku": f"A{at}", "title": f"Hat {at}", "Zusatz": text} for at, text in enumerate(written)]
    with tempfile.TemporaryDirectory() as folder:
        catalog = read(Path(folder), rows)
    for one, cell in zip(catalog, cells * 9, strict=True):
        found = {name: str(one.attributes[name]) for name in NAMES if name in one.attributes}
        assert found == cell
        assert "Zusatz" not in one.attributes


def test_values_in_braces_are_columns(tmp_path: Path) -> None:
    rows = [{"sku": f"A{at}", "title": f"Hat {at}", "옵션입력": "색상{레드}//사이즈{S|M}"} for at in range(4)]
    assert next(iter(read(tmp_path, rows))).attributes == {"색상": "레드", "사이즈": ["S", "M"]}


def test_a_word_for_no_pairs_is_no_obstacle(tmp_path: Path) -> None:
    cells = ["Kleur: Rood, Maat: S", "Kleur: Rood, Maat: M", "Kleur: Blauw, Maat: S", "Default"]
    rows = [{"sku": f"A{at}", "title": f"Hat {at}", "NL_Variant": cell} for at, cell in enumerate(cells)]
    assert [one.attributes.get("Kleur") for one in read(tmp_path, rows)] == ["Rood", "Rood", "Blauw", None]


@pytest.mark.parametrize(
    "text", ["https://shop.example/{}", r"C:\Bilder\{}", "12:{}0", "See also: page {} and: more", "Note {}: soft"]
)
def test_other_texts_with_colons_are_kept(tmp_path: Path, text: str) -> None:
    rows = [{"sku": f"A{at}", "title": f"Hat {at}", "Zusatz": text.format(at)} for at in range(6)]
    assert [one.attributes["Zusatz"] for one in read(tmp_path, rows)] == [text.format(at) for at in range(6)]


def test_kinds_of_values_of_cs_cart_are_removed(tmp_path: Path) -> None:
    rows = [{"id": at, "title": f"Hat {at}", "Features": "Color: S[Red]; Brand: E[Acme]"} for at in range(4)]
    assert next(iter(read(tmp_path, rows))).attributes == {"Color": "Red", "Brand": "Acme"}


@pytest.mark.parametrize(
    "text", ["a: b" + " " * 50_000 + "c: d", "a" + "_a" * 20_000 + "!", "x" + " " * 50_000 + "=", "{" * 9_999]
)
def test_long_texts_are_read_in_linear_time(tmp_path: Path, text: str) -> None:
    rows = [{"sku": f"A{at}", "title": f"Hat {at}", text[:60]: text} for at in range(3)]
    assert len(read(tmp_path, rows)) == 3
