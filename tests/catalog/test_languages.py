"""Exports in the languages of shops: their columns, what is for sale, and what is not public."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from catalog import read_catalog
from catalog.names.hidden import is_hidden
from tests.catalog.shops import read, table

WOOCOMMERCE = {
    "German": "ID|Typ|Artikelnummer|Name|Veröffentlicht|Sichtbarkeit im Katalog|Steuerstatus|Vorrätig?|Lager|"
    "Lieferrückstande erlaubt?|Regulärer Preis|Kategorien|Schlagwörter|Versandklasse|Bilder|Übergeordnetes Produkt|"
    "Position|Attribut 1 Name|Attribut 1 Wert(e)|Attribut 1 Sichtbar|Attribut 1 Global",
    "French": "ID|Type|UGS|Nom|Publié|Visibilité dans le catalogue|État de la TVA|En stock ?|Stock|"
    "Autoriser les commandes de produits en rupture ?|Tarif régulier|Catégories|Étiquettes|Classe d’expédition|Images|"
    "Parent|Position|Nom de l’attribut 1|Valeur(s) de l’attribut 1 |Attribut 1 visible|Attribut 1 global",
    "Spanish": "ID|Tipo|SKU|Nombre|Publicado|Visibilidad en el catálogo|Estado del impuesto|¿Existencias?|Inventario|"
    "¿Permitir reservas de productos agotados?|Precio normal|Categorías|Etiquetas|Clase de envío|Imágenes|Superior|"
    "Posición|Nombre del atributo 1|Valor(es) del atributo 1|Atributo visible 1|Atributo global 1",
    "Italian": "ID|Tipo|COD|Nome|Pubblicato|Visibilità nel catalogo|Stato delle imposte|In stock?|Magazzino|"
    "Vuoi permettere gli ordini arretrati?|Prezzo di listino|Categorie|Tag|Classe di spedizione|Immagine|Genitore|"
    "Posizione|Nome dell'attributo 1|Valore dell'attributo 1|Attributo 1 visibile|Attributo 1 globale",
    "Dutch": "ID|Type|SKU|Naam|Gepubliceerd|Zichtbaarheid in catalogus|Belastingstatus|Op voorraad?|Voorraad|"
    "Nabestellingen toestaan?|Reguliere prijs|Categorieën|Tags|Verzendklasse|Afbeeldingen|Hoofd|Positie|"
    "Naam eigenschap 1|Waarde(n) eigenschap 1|Eigenschap 1 zichtbaar|Eigenschap 1 globaal",
}
FIELDS = [
    "id",
    "type",
    "sku",
    "name",
    "published",
    "visibility",
    "tax",
    "instock",
    "stock",
    "backorders",
    "price",
    "categories",
    "tags",
    "shipping",
    "images",
    "parent",
    "position",
    "attribute",
    "values",
    "visible",
    "global",
]


def woocommerce(language: str) -> list[dict[str, object]]:
    """A hoodie in two colours, a cap without stock that may be ordered, and three products that are not for sale."""
    names = WOOCOMMERCE[language].split("|")
    usual = {"published": 1, "visibility": "visible", "instock": 1, "tax": "taxable", "type": "simple", "price": "9,00"}
    rows: list[dict[str, object]] = [
        {"id": 44, "type": "variable", "sku": "hoodie", "name": "Hoodie", "price": "", "attribute": "Cut",
         "categories": "Clothing > Hoodies, Clothing > Sale", "tags": "warm, winter", "values": "Slim, Wide",
         "images": "https://s.example/1.jpg, https://s.example/2.jpg", "visible": 1},
        {"id": 45, "type": "variation", "sku": "h-s", "name": "Hoodie Slim", "parent": "hoodie", "price": "45,00",
         "stock": 4, "attribute": "Cut", "values": "Slim", "position": 1},
        {"id": 46, "type": "variation", "sku": "h-w", "name": "Hoodie Wide", "parent": "id:44", "price": "48,00",
         "stock": 2, "attribute": "Cut", "values": "Wide", "position": 2},
        {"id": 60, "sku": "cap", "name": "Cap", "stock": 0, "backorders": "notify", "images": "https://s.example/3.jpg"},
        {"id": 61, "sku": "belt", "name": "Belt", "published": -1, "images": "https://s.example/4.jpg"},
        {"id": 62, "sku": "sock", "name": "Sock", "instock": 0, "images": "https://s.example/4.jpg"},
        {"id": 63, "sku": "shoe", "name": "Shoe", "visibility": "hidden", "images": "https://s.example/4.jpg"},
    ]  # fmt: skip
    return [{name: {**usual, **row}.get(field, "") for name, field in zip(names, FIELDS, strict=True)} for row in rows]


@pytest.mark.parametrize("language", WOOCOMMERCE)
def test_an_export_of_woocommerce_is_read_in_its_own_language(tmp_path: Path, language: str) -> None:
    names = dict(zip(FIELDS, WOOCOMMERCE[language].split("|"), strict=True))
    catalog = read_catalog(table(tmp_path / "catalog.csv", woocommerce(language)))
    assert [(one.title, len(one.images), len(one.variants)) for one in catalog] == [("Hoodie", 2, 2), ("Cap", 1, 0)]
    attributes = catalog[0].attributes
    assert attributes["Cut"] == ["Slim", "Wide"]
    assert attributes[names["categories"].strip()] == ["Clothing > Hoodies", "Clothing > Sale"]
    assert attributes[names["tags"]] == ["warm", "winter"]
    assert attributes[names["price"]] == 45
    technical = {" ".join(names[field].split()) for field in ("tax", "shipping", "position", "visible", "global")}
    assert not technical & catalog.columns.keys()


NOT_FOR_SALE = {
    "Status": "inaktiv Entwurf gesperrt gelöscht brouillon archivé borrador bozza gearchiveerd utkast rascunho "
    "szkic EOL "
    "trashed 'Not_for_sale'",
    "Active": "0 N nein FALSCH FAUX FALSO ONWAAR não nie нет off 0.0 f",
    "Availability": "OutOfStock http://schema.org/OutOfStock https://schema.org/SoldOut nicht_auf_Lager vergriffen "
    "rupture_de_stock indisponible agotado sin_existencias non_disponibile niet_op_voorraad slutsåld udsolgt esgotado "
    "нет_в_наличии 在庫なし 缺货",
    "Stock": "0 0,00 -1 0_Stk out_of_stock ausverkauft no",
    "Aktiv": "nein 0 FALSCH", "Publié": "0 non", "Estado": "borrador", "Verfügbarkeit": "ausverkauft",
    "Lieferbar": "nein", "En stock": "non 0", "is_available": "false", "stock_on_hand": "0",
    "deleted_at": "2026-01-01T10:00:00", "hidden": "true yes 1",
}  # fmt: skip
FOR_SALE = {
    "Status": "active aktiv publish enabled actif activo 1 new", "Active": "1 Y Ja WAHR VRAI VERDADERO VERO WAAR да",
    "Availability": "in_stock https://schema.org/InStock preorder auf_Lager disponible en_stock 1-3_Tage",
    "Stock": "5 10+ >10 in_stock yes 2_Stk low", "discontinued": "no FALSE 0", "deleted_at": "- NULL 9999-12-31",
    "Verfügbarkeit": "lieferbar", "Published": "TRUE 2026-01-01",
}  # fmt: skip


@pytest.mark.parametrize("sold", [False, True])
def test_availability_is_read_in_each_language(tmp_path: Path, sold: bool) -> None:
    for column, words in (FOR_SALE if sold else NOT_FOR_SALE).items():
        cells = [word.strip("'").replace("_", " ") for word in words.split()]
        rows = [{"id": place, "title": f"Shirt {place}", column: cell} for place, cell in enumerate(cells)]
        catalog = read(tmp_path, [*rows, {"id": "last", "title": "Cap"}])
        assert [cells[one.row - 2] for one in catalog.left_out] == ([] if sold else cells), column
        assert len(catalog) == (len(cells) + 1 if sold else 1)


HIDDEN = """
Einkaufspreis|EK|EK netto|EK-Preis|HEK|Netto-EK|Einstandspreis|Händlerpreis|Haendlerpreis|Großhandelspreis|Spanne
Handelsspanne|Aufschlag|Kalkulation|Selbstkosten|Wareneinsatz|Provision|Lieferant|Zulieferer|Kreditor|Lagerplatz
coût|COÛT|cout|Coût unitaire|Prix d'achat|prix_achat|Prix de revient|PA HT|Marge brute|Prix de gros|Fournisseur
Precio de coste|Coste unitario|Precio mayorista|Ganancia|Proveedor|Costo|Prezzo d'acquisto|Prezzo all'ingrosso|Ricarico
Inkoopprijs|Kostprijs|Groothandelsprijs|Leverancier|Indkøbspris|Dækningsbidrag|Innkjøpspris|Inköpspris|Leverandør
Koszt|Cena zakupu|Cena hurtowa|Dostawca|Nákupní cena|Dodavatel|Beszerzési ár|Beszállító|Furnizor|Preț de achiziție
Preço de custo|Fornecedor|Ostohinta|Toimittaja|maliyet|Alış fiyatı|Tedarikçi|Закупочная цена|Себестоимость|Поставщик
Κόστος|Τιμή αγοράς|Προμηθευτής|仕入価格|原価|进价|成本价|供应商|매입가|공급업체
Cost per item|cost_price|costPerItem|unit cost|COGS|landed cost|FOB price|dealer price|reseller price|b2b price|margin %
Letzter EK-Preis|Ø EK|letzter_ek|International cost|Internet purchase price|internal material cost
GP %|WSP|WHS EUR|MAP|Min. advertised price|Floor price|Vendor SKU|Warehouse location|Bin|Shelf|Reorder point|Min stock
Lead time|Units sold|Last sold|Sales last 30 days|Revenue|Turnover|Created by|Umsatz 2026|Verkäufe 30 Tage
Mindestbestand|internal notes|vendor email|buyer|api_key|Meta: _wc_cog_cost|meta_title
""".strip().replace("\n", "|")
PUBLIC = """
Costume|Kostüm|Internet price|International size|Customer rating|Costa|Marke|Marque|Vendor|Hersteller|Metallic|Metal
Internal pockets|Internal material|Einkaufstasche|Position of print|Aufschlagshose|Spannweite|Kostenloser Versand
Streckbar|Zweck|Absatz|Absatzhöhe|Salesman bag|Shelf bra|Turnover collar|Map print|Binding|Sales price|Stock
""".strip().replace("\n", "|")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_purchase_prices_and_suppliers_are_hidden_in_every_language(form: str) -> None:
    shown = [name for name in HIDDEN.split("|") if not is_hidden(unicodedata.normalize(form, name))]  # type: ignore[arg-type]
    assert shown == []
    assert [name for name in PUBLIC.split("|") if is_hidden(name)] == []


@pytest.mark.parametrize(
    "name",
    [
        "Art.-Nr.",
        "Artikel-Nr.",
        "ArtNr",
        "Bestellnummer",
        "Item No.",
        "Réf.",
        "Código",
        "Codice articolo",
        "Kod produktu",
        "Varenummer",
        "Артикул",
        "品番",
        "货号",
        "Item #",
        "EAN13",
        "UPC",
        "objectID",
        "external_id",
        "Style Code",
        "Nr.",
    ],
)
def test_an_id_is_known_by_its_name(tmp_path: Path, name: str) -> None:
    rows = [{name: f"A{number}", "title": "Shirt", "no": "No"} for number in range(3)]
    assert [one.id for one in read(tmp_path, rows)] == ["A0", "A1", "A2"]


def test_ids_that_a_program_read_as_numbers_are_whole(tmp_path: Path) -> None:
    assert [one.id for one in read(tmp_path, [{"id": f"{number}.0", "title": "a"} for number in (1001, 1002)])] == [
        "1001", "1002",
    ]  # fmt: skip
    assert [one.id for one in read(tmp_path, [{"id": "1.0", "title": "a"}, {"id": "1.1", "title": "b"}])] == [
        "1.0",
        "1.1",
    ]


def test_a_google_feed_with_german_columns_is_read(tmp_path: Path) -> None:
    rows = [
        {"ID": number, "Titel": f"Kleid {model}", "Bildlink": f"https://s.example/{model}.jpg", "Größe": size,
         "Zusätzlicher Bildlink": f"https://s.example/{model}b.jpg", "Verfügbarkeit": stock, "Preis": "19,90 EUR",
         "Artikelgruppen-ID": model}
        for number, (model, size, stock) in enumerate(
            [("A", "S", "auf Lager"), ("A", "M", "auf Lager"), ("B", "S", "nicht auf Lager")]
        )
    ]  # fmt: skip
    (dress,) = read_catalog(table(tmp_path / "feed.txt", rows, delimiter="\t"))
    assert (dress.title, dress.attributes["Größe"], dress.attributes["Preis"]) == ("Kleid A", ["S", "M"], 19.9)
    assert len(dress.images) == 2


def test_rows_of_rakuten_with_one_number_are_variants(tmp_path: Path) -> None:
    names = ["商品管理番号", "商品名", "販売価格", "サイズ", "在庫数", "公開状態"]
    cells = [
        "TS-1 Tシャツ 2980 S 3 公開", "TS-1 Tシャツ 2980 M 0 公開", "TS-2 パンツ ¥5,980 L 1 公開",
        "TS-3 ニット 6980 L 1 非公開",
    ]  # fmt: skip
    rows = [dict(zip(names, row.split(), strict=True)) for row in cells]
    catalog = read(tmp_path, rows)
    assert [(one.id, one.title, one.attributes["サイズ"]) for one in catalog] == [
        ("TS-1", "Tシャツ", "S"),
        ("TS-2", "パンツ", "L"),
    ]
    assert catalog.details["販売価格"] == ("number", "JPY")
