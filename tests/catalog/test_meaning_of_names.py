"""What column names mean by their words, in many languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.names.columns import PRICES, standard_name
from catalog.names.hidden import is_hidden
from catalog.names.meaning import concepts_of, states_no, states_yes
from tests.properties import properties
from understanding.words.concepts import families_of_columns

PRICE_WORDS = ["Preis", "price", "prix", "precio", "prezzo", "preço", "pris", "hinta", "cena", "цена", "fiyat", "السعر"]
PURCHASES = [
    "Einkauf",
    "purchase",
    "achat",
    "compra",
    "acquisto",
    "inköp",
    "innkjøp",
    "zakup",
    "закупочная",
    "alış",
    "شراء",
]
STOCKS = [
    "Lagerbestand",
    "stock",
    "Bestand",
    "existencias",
    "giacenza",
    "estoque",
    "Lagersaldo",
    "остаток",
    "stok",
    "庫存",
]
MINIMA = ["min.", "minimum", "Mindest", "alert", "reserved", "минимальный"]


@pytest.mark.parametrize(
    ("name", "standard"),
    [
        ("Preço Promocional", "saleprice"), ("Акционная цена", "saleprice"), ("Kampanjepris inkl. mva", "saleprice"),
        ("Listino 1 (ivato)", "price"), ("Розничная цена, ₽", "price"), ("Kassapris inkl moms", "price"),
        ("Предыдущая цена", "wasprice"), ("Q.tà giacenza", "stock"), ("Qtd. em Estoque", "stock"),
        ("Остаток на складе", "stock"), ("Stock dispo", "stock"), ("Best.", "stock"), ("Tamanhos", "size"),
        ("Størrelser", "size"), ("Размеры", "size"), ("Größenlauf", "size"), ("Para Birimi", "currency"),
        ("units_available", "stock"), ("eu_sizes", "size"), ("Kolory", "colours"), ("ATS Qty", "stock"),
        ("Mots-clés", "tags"),
        ("In vendita fino al", "visibleuntil"),
        ("promo_from", "salepricedatesfrom"), ("Aktion bis", "salepricedatesto"), ("Publiseres fra", "visiblefrom"),
    ],
)  # fmt: skip
def test_names_of_known_words_have_a_standard_name(name: str, standard: str) -> None:
    assert standard_name(name) == standard


@pytest.mark.parametrize(
    "name",
    [
        "Forn.", "Cod. forn.", "Note forn.", "Lief.-ArtNr", "Avanse %", "Coef.", "Obs.", "Bem.", "Mind.-Best.",
        "KDV Oranı", "Scorta min.", "Quantity Committed", "Income Account", "更新日", "销量", "메모", "Ubicazione",
        "Комментарий менеджера", "ملاحظات داخلية", "Zolltarif", "stock_warnlevel", "percentVat", "HK", "trade_gbp",
        "LastSuppliedBy", "SaleTaxRule", "Qty. on Purch. Order", "Inventory Posting Group", "Stock reservado",
        "Incoming", "Not", "Safety stock", "Reorder",
        "seller_fee", "Sperrgrund", "Lev. code", "Ink-prijs", "Laatst gewijzigd", "Mva-kode", "Prix professionnel HT",
        "Prix pro HT",
        "Vendor Item No.", "Max Stock Alert Level", "In Aufträgen", "Comisión por venta", "p_tax", "หมายเหตุ",
    ],
)  # fmt: skip
def test_names_of_internal_words_are_hidden(name: str) -> None:
    assert is_hidden(name)


@pytest.mark.parametrize(
    "name",
    [
        "Stockwerk", "Quantity per pack", "Stock 1", "stock_code", "International size", "Einkaufstasche",
        "Best seller", "Fair trade", "Notes of the scent", "Gewicht netto", "Hersteller", "Location of print",
        "Display", "Verkaufsfläche", "Lieferzeit", "Number of pockets", "Pack size", "Made to order", "Web width",
        "View",
        "Warnings", "Safety standard", "Alarm", "Popularity", "Beliebtheit", "Popularité", "Grundpreis",
        "Not in stores", "Anzahl Stück",
        "Hidden pockets", "Low rise", "Deadstock", "Reason to love", "Special edition", "Volume utile",
    ],
)  # fmt: skip
def test_names_with_an_unknown_word_mean_nothing(name: str) -> None:
    assert standard_name(name) not in {"stock", "price", "saleprice", "wasprice", "size", "category"}
    assert not is_hidden(name)


@given(
    st.sampled_from(PRICE_WORDS), st.sampled_from(PURCHASES), st.sampled_from(["{} {}", "{}_{}", "{}-{}", "{} ({})"])
)
@properties(60)
def test_a_price_is_hidden_if_any_word_says_that_it_is_a_purchase_price(price: str, purchase: str, form: str) -> None:
    assert standard_name(price) in PRICES
    assert is_hidden(form.format(purchase, price))
    assert is_hidden(form.format(price, purchase))


@given(st.sampled_from(STOCKS), st.sampled_from(MINIMA))
@properties(40)
def test_a_minimum_of_the_stock_is_hidden_and_no_stock(stock: str, minimum: str) -> None:
    name = f"{minimum} {stock}"
    assert is_hidden(name)
    assert standard_name(name) != "stock"


@given(st.text(max_size=80))
@properties(200)
def test_any_name_has_concepts(name: str) -> None:
    assert all(isinstance(one, frozenset) for one in concepts_of(name))


@pytest.mark.parametrize(
    "text",
    ["Снят с продажи", "掲載しない", "판매대기", "nicht verfügbar", "Kladd", "Slutsåld", "Ei saatavilla", "Wyprzedane"],
)
def test_states_of_known_words_mean_not_for_sale(text: str) -> None:
    assert states_no(text)
    assert not states_yes(text)


@pytest.mark.parametrize("text", ["В продаже", "掲載する", "Im Verkauf", "Tillgänglig", "In stock"])
def test_states_of_known_words_mean_for_sale(text: str) -> None:
    assert states_yes(text)
    assert not states_no(text)


@pytest.mark.parametrize("text", ["Not archived", "nicht ausverkauft", "In progress", "nuevo", "Only online", ""])
def test_other_states_mean_nothing(text: str) -> None:
    assert not states_no(text)


def test_prices_in_any_language_are_asked_for() -> None:
    assert families_of_columns(["판매가", "소비자가", "원가"]) == {"판매가": "price", "소비자가": "", "원가": ""}
    assert set(families_of_columns(["Myyntihinta (sis. alv)", "Pris (kr)", "Hinta (tarjous!)"]).values()) == {"price"}


def test_a_preorder_is_no_reorder() -> None:
    assert not is_hidden("Pre-Order")
    assert is_hidden("Reorder level")


def test_a_price_for_one_piece_is_public() -> None:
    assert not is_hidden("Preis pro Stück")
