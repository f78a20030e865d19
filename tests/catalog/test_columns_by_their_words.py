"""Tables whose columns are recognised by the words of their names, and by their cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog.inspection import starting_settings
from catalog.values.dates import read_date
from tests.catalog.shops import read


def test_the_condition_of_used_clothes_is_an_attribute(tmp_path: Path) -> None:
    rows = [
        {"Referencia": f"V-{at}", "Título": f"Bolso {at}", "Estado": state, "Publicado": at % 2, "Vendido": sold}
        for at, (state, sold) in enumerate([("nuevo", "no"), ("usado", "no"), ("como nuevo", "sí"), ("nuevo", "sí")])
    ]
    catalog = read(tmp_path, rows)
    assert [one.id for one in catalog] == ["V-1"]
    assert catalog.roles["Estado"] == "wish"
    assert {one.reason for one in catalog.left_out} == {"Publicado is 0", "Vendido is sí"}


@pytest.mark.parametrize(
    ("name", "no"), [("publish_status", "0"), ("Dostępny w sklepie", "nie"), ("Visas i webbutik", "nej")]
)
def test_flags_of_publication_are_known_by_their_words(tmp_path: Path, name: str, no: str) -> None:
    rows = [{"sku": f"A{at}", "title": "Hat", name: state} for at, state in enumerate([no, "1" if no == "0" else "ja"])]
    catalog = read(tmp_path, rows)
    assert [one.id for one in catalog] == ["A1"]
    assert catalog.roles[name] == "stock"


def test_s_and_n_are_yes_and_no_only_together(tmp_path: Path) -> None:
    rows = [{"sku": f"A{at}", "Ativo": active, "Tam": "S"} for at, active in enumerate("SNS")]
    catalog = read(tmp_path, rows)
    assert [one.id for one in catalog] == ["A0", "A2"]
    assert catalog.columns == {"Ativo": "flag", "Tam": "text"}


def test_s_and_n_are_sizes_in_a_column_of_sizes(tmp_path: Path) -> None:
    catalog = read(tmp_path, [{"sku": f"A{at}", "title": "Hat", "Size": size} for at, size in enumerate("SN")])
    assert [one.attributes["Size"] for one in catalog] == ["S", "N"]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("1er avril 2026", "2026-04-01"), ("2026. március 4.", None), ("2026. 03. 04.", "2026-03-04"),
        ("4 mart 2026", "2026-03-04"), ("12. marraskuuta 2026", "2026-11-12"), ("15 июля 2026", "2026-07-15"),
        ("Wed Mar 04 2026 10:00:00 GMT+0100 (Central European Time)", "2026-03-04T10:00:00"),
    ],
)  # fmt: skip
def test_dates_are_read_in_further_languages(text: str, date: str | None) -> None:
    assert read_date(text, None) == date


@pytest.mark.parametrize("sign", [" : ", "::", ":", "|", " - ", " > ", "/"])
def test_categories_are_paths_with_any_sign(tmp_path: Path, sign: str) -> None:
    paths = [("Apparel", "Coats"), ("Apparel", "Tops", "Tees"), ("Shoes", "Boots"), ("Shoes", "Trail")]
    rows = [{"sku": f"A{at}", "title": "Hat", "Item Category": sign.join(path)} for at, path in enumerate(paths)]
    catalog = read(tmp_path, rows)
    assert catalog.columns["Item Category"] == "path"
    assert [one.attributes["Item Category"] for one in catalog] == [[" > ".join(path)] for path in paths]


def test_words_between_bars_that_are_no_tree_are_a_list(tmp_path: Path) -> None:
    cells = ["Red|Summer", "Summer|Red", "Blue|Red"]
    catalog = read(tmp_path, [{"sku": f"A{at}", "title": "Hat", "Category": cell} for at, cell in enumerate(cells)])
    assert catalog.columns["Category"] == "list"


@pytest.mark.parametrize("barcodes", [[4006381333931, 4006381333948], ["8001234500011", "8001234500028"]])
def test_barcodes_are_codes_whatever_their_column_is_called(tmp_path: Path, barcodes: list[object]) -> None:
    catalog = read(tmp_path, [{"sku": f"A{at}", "title": "Hat", "الباركود": one} for at, one in enumerate(barcodes)])
    assert catalog.columns == {"الباركود": "text"}


@pytest.mark.parametrize("name", ["price_pence", "price_in_pence", "price_minor", "PriceInCents", "pris_øre"])
def test_prices_in_the_smallest_unit_are_prices(tmp_path: Path, name: str) -> None:
    (product,) = catalog = read(tmp_path, [{"sku": "A", "title": "Hat", name: "2450"}])
    (column,) = catalog.columns
    assert product.attributes[column] == 24.5


@pytest.mark.parametrize(
    ("name", "price", "currency"),
    [
        ("Price (USD)", "$98.00", "USD"),
        ("价格(元)", "¥1,280", "CNY"),
        ("سعر المنتج", "٤٥٠ ر.س", "SAR"),
    ],
)
def test_signs_of_currencies_are_those_of_the_names(tmp_path: Path, name: str, price: str, currency: str) -> None:
    catalog = read(tmp_path, [{"sku": "A", "title": "Hat", name: price}])
    assert catalog.details[name].currency == currency


def test_a_sale_ends_on_the_date_in_a_column_that_is_named_in_any_language(tmp_path: Path) -> None:
    sale = {"Akciós ár": "9990", "Ár": "12990", "Akció kezdet": "2025-01-01"}
    rows = [
        {"kód": f"H{at}", "název": "Hat", **sale, "Akció vége": end}
        for at, end in enumerate(["2025-01-31", "2099-01-31"])
    ]
    assert [one.attributes.get("Akciós ár") for one in read(tmp_path, rows)] == [None, 9990]


@pytest.mark.parametrize(
    "name", ["Vásárolható, ha nincs raktáron", "Backorder OK", "Nachbestellbar", "Vorbestellung erlaubt"]
)
def test_products_that_may_be_oversold_are_for_sale_without_stock(tmp_path: Path, name: str) -> None:
    rows = [{"sku": f"A{at}", "title": "Hat", "stock": 0, name: allowed} for at, allowed in enumerate(["yes", "no"])]
    assert [one.id for one in read(tmp_path, rows)] == ["A0"]


def test_counts_in_a_column_named_like_a_flag_are_counts(tmp_path: Path) -> None:
    rows = [
        {"sku": f"A{at}", "title": "Hat", "In Stock": count, "Backorder": allowed}
        for at, (count, allowed) in enumerate([(0, "yes"), (3, "no")])
    ]
    assert [one.id for one in read(tmp_path, rows)] == ["A0", "A1"]


def test_a_column_of_states_in_known_words_is_one_whatever_its_name(tmp_path: Path) -> None:
    states = ["In stock", "Temporarily out of stock", "Limited availability", "In stock"]
    rows = [{"sku": f"A{at}", "title": f"Hat {at}", "Remark X": state} for at, state in enumerate(states)]
    assert [one.id for one in read(tmp_path, rows)] == ["A0", "A2", "A3"]


def test_years_of_two_digits_are_read_in_columns_of_dates(tmp_path: Path) -> None:
    row = {"title": "Hat", "Sizes": "8/10/12"}
    rows = [{"sku": f"A{at}", **row, "Arrival date": day} for at, day in enumerate(["3/4/26", "3/14/26"])]
    catalog = read(tmp_path, rows)
    assert catalog[0].attributes == {"Sizes": ["8", "10", "12"], "Arrival date": "2026-03-04"}


@pytest.mark.parametrize(
    "ratings", [["4.6 out of 5", "5 out of 5"], ["4,5/5", "4/5"], ["4,5 von 5 Sternen", "3 von 5 Sternen"]]
)
def test_ratings_with_the_best_one_are_numbers(tmp_path: Path, ratings: list[str]) -> None:
    catalog = read(tmp_path, [{"sku": f"A{at}", "title": "Hat", "Avis": one} for at, one in enumerate(ratings)])
    assert catalog.columns == {"Avis": "number"}
    assert catalog[1].attributes["Avis"] == float(ratings[1][0])


@pytest.mark.parametrize("cells", [["6/5", "4/5"], ["3/5", "4/5"]])
def test_numbers_with_a_slash_are_no_ratings(tmp_path: Path, cells: list[str]) -> None:
    catalog = read(tmp_path, [{"sku": f"A{at}", "title": "Hat", "Teile": one} for at, one in enumerate(cells)])
    assert catalog.columns == {"Teile": "text"}


def test_short_lists_of_few_rows_are_lists(tmp_path: Path) -> None:
    cells = ["new,organic", "organic", "new,summer", "", "organic", "summer"]
    catalog = read(tmp_path, [{"sku": f"A{at}", "title": "Hat", "Badges": cell} for at, cell in enumerate(cells)])
    assert catalog[0].attributes["Badges"] == ["new", "organic"]
    assert catalog.columns["Badges"] == "list"


def test_the_currency_of_prices_without_one_can_be_stated(tmp_path: Path) -> None:
    (tmp_path / "catalog.toml").write_text('[table]\ncurrency = "€"\n', encoding="utf-8")
    row = {"Handle": "hat", "Title": "Hat", "Variant Price": "19.90", "Price / US": "$25.00", "Variant Grams": "80"}
    catalog = read(tmp_path, [row])
    assert {name: one.currency for name, one in catalog.details.items()}["Variant Price"] == "EUR"
    assert catalog.details["Price / US"].currency in ("$", "USD")


def test_inspect_asks_for_the_currency_of_prices_without_one(tmp_path: Path) -> None:
    bare = read(tmp_path, [{"sku": "A", "title": "Hat", "Price": "19.90"}])
    stated = read(tmp_path, [{"sku": "A", "title": "Hat", "Price": "19.90 EUR"}])
    assert '# currency = "EUR"' in starting_settings(bare)
    assert '# currency = "EUR"' not in starting_settings(stated)


def test_flags_of_what_is_not_for_sale_keep_their_meaning_with_the_settings_that_inspect_writes(tmp_path: Path) -> None:
    rows = [{"sku": f"A{at}", "title": "Hat", "Sperrkz": blocked} for at, blocked in enumerate("NJN")]
    catalog = read(tmp_path, rows)
    (tmp_path / "catalog.toml").write_text(starting_settings(catalog), encoding="utf-8")
    again = read(tmp_path, rows)
    assert [one.id for one in again] == [one.id for one in catalog] == ["A0", "A2"]
    assert again.roles == catalog.roles == {"Sperrkz": "stock"}


def test_a_column_named_like_a_sale_has_its_prices(tmp_path: Path) -> None:
    rows = [
        {"Nr": f"A{at}", "Name": "Hat", "Preis": "€ 19,–", "Aktion": "€ 9,90", "Aktion gültig bis": end}
        for at, end in enumerate(["31.01.2025", "31.12.2099"])
    ]
    assert [one.attributes.get("Aktion") for one in read(tmp_path, rows)] == [None, 9.9]


def test_sizes_between_dashes_are_lists_if_any_cell_has_three(tmp_path: Path) -> None:
    cells = ["S-M-L-XL", "36-38-40", "85-95", "XS-S"]
    catalog = read(tmp_path, [{"sku": f"A{at}", "title": "Hat", "Talles": cell} for at, cell in enumerate(cells)])
    sizes = [["S", "M", "L", "XL"], ["36", "38", "40"], ["85-95"], ["XS-S"]]
    assert [one.attributes["Talles"] for one in catalog] == sizes


def test_the_state_on_a_marketplace_does_not_count_beside_that_of_the_shop(tmp_path: Path) -> None:
    rows = [
        {"sku": f"A{at}", "title": "Hat", "Veröffentlicht": shown, "Status Amazon": state}
        for at, (shown, state) in enumerate([(1, "aktiv"), (1, "inaktiv"), (0, "aktiv")])
    ]
    assert [one.id for one in read(tmp_path, rows)] == ["A0", "A1"]


def test_a_column_of_products_that_are_not_in_the_shop_is_a_flag(tmp_path: Path) -> None:
    rows = [{"sku": f"A{at}", "title": "Hat", "Niet op web": hidden} for at, hidden in enumerate("NJ")]
    assert [one.id for one in read(tmp_path, rows)] == ["A0"]


def test_a_product_is_not_for_sale_before_its_date_of_publication(tmp_path: Path) -> None:
    rows = [
        {"sku": f"A{at}", "title": "Hat", "Data pubblicazione": f"01/03/{year}"} for at, year in enumerate((2025, 2099))
    ]
    assert [one.id for one in read(tmp_path, rows)] == ["A0"]


@pytest.mark.parametrize("title", ["[]", "{}", "[] {}"])
def test_a_title_of_brackets_is_a_title(tmp_path: Path, title: str) -> None:
    assert [one.title for one in read(tmp_path, [{"sku": "A", "title": title, "price": "1"}])] == [title]


@pytest.mark.parametrize(
    "name",
    ["Available in stores", "In store", "Sold in stores", "Sold online", "Not in stores", "Disponible en boutique",
     "Catalogue", "Search", "Linea", "Channel", "Vendu en ligne"],
)  # fmt: skip
def test_flags_of_places_beside_the_web_shop_leave_nothing_out(tmp_path: Path, name: str) -> None:
    rows = [{"sku": f"A{at}", "title": "Hat", name: state} for at, state in enumerate(["yes", "no"])]
    catalog = read(tmp_path, rows)
    assert [one.id for one in catalog] == ["A0", "A1"]
    assert catalog.roles[name] == "wish"


@pytest.mark.parametrize("name", ["発売日", "Release date", "Launch date"])
def test_a_date_of_release_leaves_nothing_out(tmp_path: Path, name: str) -> None:
    rows = [{"sku": f"A{at}", "title": "Hat", name: f"{year}-03-01"} for at, year in enumerate((2025, 2099))]
    assert len(read(tmp_path, rows)) == 2
