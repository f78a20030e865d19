"""Rows that are not for sale are left out and counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from catalog import read_catalog
from tests.catalog.shops import accounted, read


@pytest.mark.parametrize(
    ("column", "sold", "unsold"),
    [
        ("Status", "active", "archived"), ("Published", "TRUE", "FALSE"), ("In stock?", "1", "0"), ("stock", "3", "0"),
        ("availability", "in stock", "out of stock"), ("enabled", "yes", "no"), ("quantity", "1.5", "-1"),
        ("visibility", "visible", "hidden"), ("product_online", "1", "2"), ("Stock réel", "4", "0"),
        ("Bestand verfügbar", "2", "0"), ("Available stock", "5", "0"), ("Units in stock", "5", "0"),
        ("Utgått", "Nej", "Ja"), ("En sommeil", "Non", "Oui"), ("Descatalogado", "no", "sí"), ("Web?", "Y", "N"),
        ("Live on site", "Y", "N"), ("post_status", "publish", "private"),
        ("Square Item Visibility", "visible", "hidden"), ("منشور", "نعم", "لا"), ("商品表示可否", "Y", "N"),
        ("p_status", "1", "0"), ("_SKUAtivo (Não alterável)", "SIM", "NÃO"), ("hide", "0", "1"), ("Status", "A", "D"),
        ("default-channel (channel published)", "True", "False"), ("Estado", "Activa", "Pausada"),
        ("Qté en stock", "3", "0"), ("main (warehouse quantity)", "3", "0"), ("Status", "published", "rejected"),
        ("Termék Státusz", "aktív", "inaktív"), ("Stan oferty", "Aktywna", "Zakończona"), ("Publish?", "Yes", "No"),
        ("Publicado en web", "SÍ", "NO"), ("Vises i nettbutikk", "Ja", "Nei"), ("ATS", "3", "0"),
        ("Satış Kanalı:Mağaza", "VISIBLE", "HIDDEN"), ("ACTV_FLG", "Y", "N"), ("OH_QTY", "3", "0"),
        ("Stok:Ana Depo", "3", "0"), ("Shop aktiv", "Ja", "Nein"), ("Skladem ks", "3", "0"), ("display", "1", "0"),
        ("vrije_voorraad", "3", "0"), ("Ενεργό", "Ναι", "Όχι"),
        ("availability.availableQuantity", "3", "0"), ("approvalStatus(code)", "approved", "unapproved"),
    ],
)  # fmt: skip
def test_products_that_are_not_for_sale_are_left_out_and_counted(
    tmp_path: Path, column: str, sold: str, unsold: str
) -> None:
    rows = [{"id": number, "title": f"Shirt {number}", column: unsold if number % 2 else sold} for number in range(6)]
    catalog = read(tmp_path, rows)
    assert [one.id for one in catalog] == ["0", "2", "4"]
    assert [one.reason for one in catalog.left_out] == [f"{column} is {unsold}"] * 3
    assert accounted(catalog)


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("Vegan status", ["Yes", "No"]), ("Sustainability status", ["Certified", "None"]),
        ("Hide", ["Cow", "Calf"]), ("Fit status", ["Runs small", "No"]), ("High visibility", ["Yes", "No"]),
    ],
)  # fmt: skip
def test_a_column_with_a_name_of_states_and_other_cells_is_an_attribute(
    tmp_path: Path, column: str, cells: list[str]
) -> None:
    catalog = read(tmp_path, [{"id": at, "title": f"Hat {at}", column: cells[at % 2]} for at in range(4)])
    assert (len(catalog), catalog.roles[column]) == (4, "wish")


@pytest.mark.parametrize(
    ("cell", "sold"), [("ja", True), ("nein", False), ("0", False), ("3", True), ("gesperrt", False)]
)
def test_a_column_with_the_role_stock_states_what_is_for_sale(tmp_path: Path, cell: str, sold: bool) -> None:
    (tmp_path / "catalog.toml").write_text('[columns."Im Laden"]\nrole = "stock"\n')
    catalog = read(tmp_path, [{"id": 1, "title": "Hat", "Im Laden": "ja"}, {"id": 2, "title": "Cap", "Im Laden": cell}])
    assert len(catalog) == 1 + sold


def test_a_column_of_states_has_the_role_stock(tmp_path: Path) -> None:
    catalog = read(tmp_path, [{"id": 1, "title": "Hat", "phase": "live"}, {"id": 2, "title": "Cap", "phase": "draft"}])
    assert (len(catalog), catalog.roles["phase"]) == (1, "stock")


@pytest.mark.parametrize(("column", "unsold"), [("discontinued", "yes"), ("archived", "TRUE"), ("is_deleted", "1")])
def test_flags_of_discontinued_products_leave_them_out(tmp_path: Path, column: str, unsold: str) -> None:
    rows = [{"id": number, "title": f"Shirt {number}", column: unsold if number else "no"} for number in range(3)]
    catalog = read(tmp_path, rows)
    assert [one.id for one in catalog] == ["0"]


def test_a_variant_states_its_own_stock_beside_that_of_the_product(tmp_path: Path) -> None:
    variants = [{"sku": "A-S", "size": "S", "available": True}, {"sku": "A-M", "size": "M", "available": False}]
    product = {"id": "1", "title": "Tee", "available": True, "variants": variants}
    (tmp_path / "products.json").write_text(json.dumps([product]))
    catalog = read_catalog(tmp_path / "products.json", images_required=False)
    assert [one.id for one in catalog[0].variants] == ["A-S"]
    assert [one.id for one in catalog.left_out] == ["A-M"]


@pytest.mark.parametrize("name", ["Stock", "Available for sale"])
def test_a_product_in_one_of_several_warehouses_is_for_sale(tmp_path: Path, name: str) -> None:
    stock = [(0, 1), (1, 0), (0, 0)]
    rows = [{"sku": f"A{n}", f"{name} [Berlin]": a, f"{name} [Bonn]": b} for n, (a, b) in enumerate(stock)]
    assert [one.id for one in read(tmp_path, rows)] == ["A0", "A1"]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("Zichtbaar", "nee"),
        ("ilość", "0"),
        ("In stock?", "Sold"),
        ("Dispo", "non"),
        ("Live?", "No"),
        ("STOCK AMOUNT", "0"),
        ("Ürün Stok Adedi", "0"),
        ("Widoczny", "nie"),
    ],
)
def test_columns_of_other_languages_state_what_is_for_sale(tmp_path: Path, column: str, cell: str) -> None:
    rows: list[dict[str, object]] = [{"sku": "A", column: cell}, {"sku": "B", column: "1"}]
    assert [one.id for one in read(tmp_path, rows)] == ["B"]


@pytest.mark.parametrize(
    ("live", "drafts"), [("aktiv", "Entwurf"), ("公開", "非公開"), ("published", "Archived"), ("Publié", "brouillon")]
)
def test_a_column_of_states_alone_states_availability(tmp_path: Path, live: str, drafts: str) -> None:
    rows = [{"sku": f"A{n}", "title": f"Shirt {n}", "Zustand": drafts if n == 1 else live} for n in range(3)]
    assert [one.id for one in read(tmp_path, rows)] == ["A0", "A2"]


def test_a_column_of_states_and_other_words_omits_no_product(tmp_path: Path) -> None:
    rows = [{"sku": f"A{n}", "title": f"Shirt {n}", "fit": fit} for n, fit in enumerate(["draft", "active", "slim"])]
    assert len(read(tmp_path, rows)) == 3


@pytest.mark.parametrize(
    ("column", "sold", "unsold"),
    [
        ("Наличие", "+", "-"), ("In stock?", "checked", ""), ("Te koop", "Ja", "Nee"), ("Blocked", "FALSE", "TRUE"),
        ("_ShowOnSite", "YES", "NO"), ("Situação", "Ativo", "Inativo"), ("Mostrar en tienda", "SÍ", "NO"),
    ],
)  # fmt: skip
def test_availability_is_recognised(tmp_path: Path, column: str, sold: str, unsold: str) -> None:
    rows = [{"sku": f"A{n}", "title": f"Coat {n}", column: said} for n, said in enumerate([sold, unsold, sold])]
    catalog = read(tmp_path, rows)
    assert [one.id for one in catalog] == ["A0", "A2"]
    assert [one.reason for one in catalog.left_out] == [f"{column} is {unsold or 'empty'}"]


def test_yes_beside_a_word_for_no_stock_states_the_stock(tmp_path: Path) -> None:
    rows = [{"sku": f"A{n}", "title": f"Sari {n}", "Avl": said} for n, said in enumerate(["Yes", "Sold out", "Yes"])]
    assert [one.id for one in read(tmp_path, rows)] == ["A0", "A2"]


def test_permission_to_sell_does_not_replace_the_stock(tmp_path: Path) -> None:
    rows = [{"id": at, "title": f"Hat {at}", "For sale": "yes", "Stock": at} for at in range(3)]
    assert [one.id for one in read(tmp_path, rows)] == ["1", "2"]


def test_a_product_without_a_date_of_publication_is_a_draft(tmp_path: Path) -> None:
    rows = [{"id": at, "title": f"Hat {at}", "publishedAt": "2026-01-02" if at else ""} for at in range(3)]
    assert [one.id for one in read(tmp_path, rows)] == ["1", "2"]


def test_a_text_for_the_page_that_says_sold_out_in_every_row_states_nothing(tmp_path: Path) -> None:
    rows = [{"id": at, "title": f"Hat {at}", "Hinweistext": "ausverkauft", "Stock": at} for at in range(3)]
    assert [one.id for one in read(tmp_path, rows)] == ["1", "2"]


def test_the_stock_of_a_variant_counts_beside_a_flag_of_its_product(tmp_path: Path) -> None:
    sizes = [{"size": size, "stock": stock, "sku": f"A-{size}"} for size, stock in (("S", 0), ("M", 2))]
    (tmp_path / "catalog.json").write_text(
        json.dumps([{"id": at, "title": f"Hat {at}", "in_stock": True, "sizes": sizes} for at in range(2)])
    )
    catalog = read_catalog(tmp_path / "catalog.json", images_required=False)
    assert [[one.id for one in product.variants] for product in catalog] == [["A-M"], ["A-M"]]


def test_words_of_a_status_without_a_known_meaning_are_a_remark(tmp_path: Path) -> None:
    words = ["Live", "Live", "In progress", "Archived"]
    catalog = read(tmp_path, [{"id": at, "title": f"Hat {at}", "Status": word} for at, word in enumerate(words)])
    assert len(catalog) == 3
    assert [one.reason for one in catalog.remarks] == [
        'Status is In progress, which is taken as for sale; otherwise: [leave_out] Status = ["In progress"]'
    ]


def test_the_display_of_a_watch_is_an_attribute(tmp_path: Path) -> None:
    rows = [
        {"id": at, "title": f"Watch {at}", "Display": kind} for at, kind in enumerate(("Analog", "Digital", "Hidden"))
    ]
    catalog = read(tmp_path, rows)
    assert len(catalog) == 3
    assert catalog.roles["Display"] == "wish"
