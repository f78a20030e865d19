"""Known names of the columns with the id, the title, the pictures and the product of a variant, and of kinds of values.

They cover Shopify, WooCommerce, Magento, BigCommerce, PrestaShop, Google Merchant Center and the data sets of Kaggle,
and the plain names in the languages in which these systems export.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from catalog.names.plain import group, order, plain_name
from catalog.names.sale import STATUS, STOCK_COUNTS

ID_ORDER = order(
    "id productid idproduct sku itemid itemsku articleid asin code productsku productcode productcodesku variantsku "
    "reference artikelnummer artikelnr artnr artikelno artikelid produktnummer produktnr produktid bestellnummer "
    "bestellnr articlenumber articleno itemnumber itemno itemcode materialnumber productreference idproduit ugs "
    "référence réf referencia idproducto código codigo codiceprodotto codicearticolo codice cod idprodotto artikelcode "
    "varenummer varenr produktkod kodproduktu indeks kódproduktu cikkszám tuotenumero tuotekoodi ürünkodu stokkodu "
    "артикул кодтовара 商品コード 商品番号 品番 货号 商品编码 货品编号 상품코드 variantid handle gtin ean"
)
ID_NAMES = frozenset(ID_ORDER)
WEAK_IDS = order(
    "uuid objectid externalid upc barcode ean13 isbn mpn stylecode styleno stylenumber modelnumber modelno pid key "
    "item number no nr nummer numero número"
)
"""Ambiguous names; they count only if the values of all rows are different."""
VARIANT_ID_ORDER = ("variantsku", "variantid", "sku")
GROUP_ORDER = order(
    "parentproduct itemgroupid handle urlhandle parent parentsku parentid parentproductid groupid "
    "übergeordnetesprodukt "
    "superior genitore hoofd artikelgruppenid artikelgruppeid identifiantgroupe idgrupoartículos idgruppoarticoli"
)
PARENTS = group("parentproduct parent parentsku parentid parentproductid übergeordnetesprodukt superior genitore hoofd")
"""Columns that refer to the row of the whole product, which is not a variant itself."""
NO_PARENT = frozenset({"0", "-", "--", "none", "null", "no", "n/a"})
"""Values of such a column that mean no product."""
HANDLES = group("handle urlhandle")
WEAK_GROUPS = order(
    "group productgroup stylegroup masterid mastersku master modelid styleid model modelnumber modell modellnummer "
    "modellnr modèle modelo modello stylecode stylenumber hauptartikel vaterartikel masterartikel parentasin familyid"
)
"""Ambiguous names; they count only if the rows of a group have the same title."""
TITLE_ORDER = order(
    "title name productdisplayname productname producttitle displayname prodname itemname bezeichnung "
    "artikelbezeichnung artikelname produktname titel nom titre nomduproduit nombre titolo título nome naam "
    "productnaam "
    "navn namn produktnavn produktnamn nazwa nazwaproduktu název názov tuotenimi nimi terméknév denumire ürünadı "
    "désignation libellé intitulé denominación denominazione benämning betegnelse "
    "название наименование 商品名 商品名称 상품명"
)
PICTURE_ORDER = order(
    "image imagepath imagefile imagename imagelink imageurl imagesrc productimageurl mainimage mainimageurl "
    "primaryimage featuredimage heroimage frontimage baseimage images imageurls pictures photos picture photo img bild "
    "bilder bildurl bildlink hauptbild produktbild artikelbild foto fotos imagen imágenes immagine immagini afbeelding "
    "afbeeldingen lienimage enlaceimagen enlacedeimagen linkimmagine afbeeldingslink zdjęcie zdjęcia obrázek kép kuva "
    "billede bilde resim görsel фото изображение картинка 画像 商品画像 图片 主图 이미지 filename file path"
)
_PICTURE_WORDS = group(
    "image images picture pictures photo photos img imgs pic pics bild bilder foto fotos imagen imágenes immagine "
    "immagini afbeelding afbeeldingen zdjęcie zdjęcia фото изображения 画像 图片 이미지 productimage productimages "
    "additionalimage additionalimages moreimages otherimage otherimages galleryimage galleryimages variantimage "
    "mediagallery mediagalleryentries internalimage weiterebilder zusatzbilder zusätzlicherbild zusätzlichebilder "
    "imagessecondaires imágenesadicionales altreimmagini extraafbeeldingen lienimagesupplémentaire"
)
VARIANT_PICTURES = group("variantimage variantimageurl variantfeaturedimage")
GALLERY_PICTURES = group("imagesrc productimageurl")
"""Pictures of the whole product, one in each of its rows, independent of the row's variant."""
_ASIDE = re.compile(r"thumb|swatch|^small|logo|icon|sizechart|sizeguide|grössentabelle|video|label|alttext|qrcode")
"""Names of columns with pictures of something else than the product, or of the same in another size."""
BYTES_NAMES = group("imagebase64 imagebytes")

LIST_NAMES = group(
    "tags tag keywords labels categories category collections collection colours colors sizes materials features "
    "größen tailles tallas taglie maten "
    "occasions styles schlagwörter schlagworte kategorien kategorie größen farben materialien étiquettes catégories "
    "catégorie etiquetas categorías categoría categorie categoria categorieën parole producttags"
)
PATH_NAMES = group(
    "categories category producttype googleproductcategory productcategory categorypath kategorie kategorien "
    "breadcrumb "
    "breadcrumbs catégorie catégories categoría categorías categoria categorie categorieën produkttyp taxonomy"
)
LOOKS = group(
    "colour color farbe couleur colore kleur färg farve farge kolor barva szín renk цвет 色 カラー 颜色 색상 "
    "basecolour "
    "basecolor colourname colorname pattern muster motif material"
)
"""Options that change how a product looks: each of their values is a separate result."""
SIZES = group(
    "size größe groesse taille talla taglia maat storlek størrelse rozmiar velikost sizename shoesize размер "
    "サイズ 尺码 尺寸 사이즈"
)
"""Sizes are text even if they are numbers: a product has several, and the smallest has no special meaning."""
PRICES = group(
    "price preis prix precio prezzo prijs pris preço cena цена 価格 价格 saleprice regularprice specialprice "
    "variantprice variantcompareatprice compareatprice listprice rrp msrp uvp retailprice pricetaxincluded "
    "pricetaxexcluded currentprice verkaufspreis vkpreis vk bruttopreis angebotspreis regulärerpreis tarifpromo "
    "tarifrégulier prixttc prixht preciorebajado precionormal pvp prezzoinofferta prezzodilistino actieprijs "
    "reguliereprijs"
)
CODES = re.compile(
    r"(?:sku|ean\d*|gtin\d*|upc|barcode|isbn|mpn|asin|hscode|harmonized\w*|zip|postcode|plz|phone|tel|"
    r"stylecode|stylenumber|style|modelnumber|articlenumber|artikelnummer|artikelnr|itemnumber|reference|ref)$|"
    r"(?:code|sku|barcode|gtin|ean|number|nummer|nr|id)$|^gtin"
)
"""Columns of codes, which stay text even if every cell could be a number."""
NOT_CODES = group("number numberofitems yearnumber")
TEXTS = re.compile(r"(?:body|description|beschreibung|descripci|descrizione|omschrijving|longtext|details|bodyhtml)")


def known(name: str) -> bool:
    """Whether a plain name is a known column name."""
    return (
        is_special(name) or name in PRICES or name in LOOKS or name in SIZES or name in STATUS or name in LIST_NAMES
        or name in STOCK_COUNTS
    )  # fmt: skip


def is_special(name: str) -> bool:
    """Whether a plain name says that a column is the id, the title, a picture or the product of a variant."""
    return name in ID_NAMES or name in TITLE_ORDER or name in PICTURE_ORDER or name in GROUP_ORDER


def pick(columns: Iterable[str], names: Iterable[str]) -> list[str]:
    """The columns with one of ``names``, in the order of ``names``."""
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(plain_name(column), column)
    return [by_name[name] for name in names if name in by_name]


def is_code(column: str) -> bool:
    """Whether the name of a column indicates codes."""
    name = plain_name(column)
    return name not in NOT_CODES and bool(CODES.search(name))


def is_picture(column: str) -> bool:
    """Whether the name of a column indicates further pictures: ``image_2``, ``Image 2 URL``, ``Zusatzbilder``."""
    name = plain_name(column)
    return (
        name in VARIANT_PICTURES or re.sub(r"(?:urls?|links?|files?|src)?\d*$|\d+(?=url)", "", name) in _PICTURE_WORDS
    )


def is_aside(column: str) -> bool:
    """Whether a column with pictures shows something else than the product, or the same again in another size."""
    return bool(_ASIDE.search(plain_name(column)))
