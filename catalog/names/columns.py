"""Known names of the columns with the id, the title, the pictures and the product of a variant, and of kinds of values.

They cover Shopify, WooCommerce, Magento, BigCommerce, PrestaShop, Google Merchant Center and the data sets of Kaggle,
and the plain names in the languages in which these systems export.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from functools import lru_cache

from catalog.names import languages
from catalog.names.meaning import mentions, standard_meaning
from catalog.names.plain import MAX_COMPARED, folded, group, order, plain_name, shorter_names
from catalog.names.sale import SALE_NAMES, STATUS, STOCK_COUNTS, counts_stock

ID_ORDER = order(
    "id productid idproduct sku itemid itemsku articleid asin code productsku productcode productcodesku "
    "variantsku reference artikelnummer artikelnr artnr artikelno artikelid produktnummer produktnr produktid "
    "bestellnummer bestellnr articlenumber articleno itemnumber itemno itemcode materialnumber productreference "
    "idproduit ugs référence réf referencia idproducto código codigo codiceprodotto codicearticolo codice cod "
    "idprodotto artikelcode varenummer varenr produktkod kodproduktu indeks kódproduktu cikkszám tuotenumero "
    "tuotekoodi ürünkodu stokkodu артикул кодтовара 商品コード 商品番号 品番 货号 商品编码 货品编号 상품코드 "
    "anr productsmodel itemsku sellersku customlabel productnumber articlecode listingid variantid "
    "internalvariantid internalid "
    "internereferentie internereferenz interneartikelnummer référenceinterne referenciainterna referênciainterna "
    "identifier internalreference supplieraid supplierpid matnr productmodelid "
    "رقمالمنتج رمزالمنتج כודמוצר מקט רשמקט κωδικόςπροϊόντος mãsảnphẩm รหัสสินค้า кодтовару артикулпродавца "
    "handle handleid 商品管理番号 gtin ean" + languages.IDS
)
ID_NAMES = frozenset(ID_ORDER)
BARCODES = order(
    "gtin ean upc barcode ean13 isbn jan strichcode codebarres códigodebarras codiceabarre vonalkód viivakoodi "
    "streckkod stregkode strekkode kodkreskowy čárovýkód barkod штрихкод 条码 条形码 바코드"
)
"""Barcodes; they are the id only if a table has no article number, because shops leave them empty."""
WEAK_IDS = order(
    "uuid objectid externalid systemid mpn stylecode styleno stylenumber modelnumber modelno pid key "
    "symbol item number no nr nummer numero número loc"
)
"""Ambiguous names; they are the id only if the values of all rows are different."""
VARIANT_ID_ORDER = order("variantsku variantid sku sku管理番号 token")
GROUP_ORDER = order(
    "parentproduct identifizierungsspaltevaterartikel itemgroupid handle urlhandle handleid referencehandle "
    "identificadordeurl identificadorurl "
    "商品管理番号 parent parentsku parentid parentproductid groupid übergeordnetesprodukt superior genitore hoofd "
    "hovedvarenr pnr matrixid matrixdescription artikelgruppenid artikelgruppeid identifiantgroupe idgrupoartículos "
    "idgruppoarticoli"
)
PARENTS = group(
    "parentproduct identifizierungsspaltevaterartikel parent parentsku parentid parentproductid übergeordnetesprodukt "
    "superior genitore hoofd"
)
"""Columns that refer to the row of the whole product, which is not a variant itself."""
NO_PARENT = frozenset({"0", "-", "--", "none", "null", "no", "n/a"})
"""Values of such a column that mean no product."""
PRODUCT_IDS, ROW_IDS = ("productid", "internalid"), ("variantid", "internalvariantid")
"""In a table with both, rows with the same first one are variants of one product."""
FORM_OF_ROWS = group("fieldtype")
"""Columns that are "product" in the row of a product, above those of its variants."""
HANDLES = group("handle urlhandle handleid referencehandle identificadordeurl identificadorurl 商品管理番号")
"""Columns that repeat the handle of a product in each of its rows, as in Shopify and Rakuten."""
WEAK_GROUPS = order(
    "producttoken permalink slug group productgroup stylegroup masterid mastersku master modelid styleid model "
    "modelnumber modell modellnummer style modellnr modèle modelo modello stylecode stylenumber styleno "
    "hauptartikel vaterartikel masterartikel parentasin familyid configsku produktreferenz artikelreferenz "
    "stylesku modelkodu paircode"
)
"""Ambiguous names; they are the group only if the rows of a group have the same title."""
TITLE_ORDER = order(
    "title name productdisplayname productname producttitle displayname prodname itemname bezeichnung "
    "artikelbezeichnung articlename artikelname produktname titel nom titre nomduproduit nombre titolo título "
    "nome naam productnaam navn namn produktnavn produktnamn nazwa nazwaproduktu název názov tuotenimi nimi "
    "terméknév denumire ürünadı titleshort titlelong fulltitle stylename modelname désignation libellé intitulé "
    "denominación itemtextname textname name1 bezeichnung1 artikelbezeichnung1 kurzbezeichnung kurztext "
    "artikelbez artbez artikelbezeichn bez "
    "varetekst benevnelse isim ürünismi 등록상품명 노출상품명 宝贝标题 商品标题 названиетовараилиуслуги tytułoferty "
    "materialkurztext denominazione benämning betegnelse название наименование 商品名 商品名称 상품명 שםמוצר שםהמוצר "
    "اسمالمنتج όνομαπροϊόντος номенклатура tênsảnphẩm ชื่อสินค้า названиепозиции назва назватовару maktx imagetitle"
    + languages.TITLES
)
WEAK_TITLES = order(
    "caption label item artikel produkt product article artículo articolo artigo description itemdescription "
    "articledescription shortdescription descriptionshort "
    "artikeltext beschreibung descripción descrizione omschrijving descrição opis "
    "popis leírás beskrivelse beskrivning kuvaus descriere описание açıklama modell model modèle modelo modello"
)
"""Texts that are titles if a table has no other titles and they are short."""
PICTURE_ORDER = order(
    "image imagepath imagefile imagename imagelink imageurl imagesrc productimageurl mainimage mainimageurl "
    "primaryimage featuredimage heroimage frontimage baseimage images imageurls pictures photos picture photo img "
    "bild bilder bildurl bildlink hauptbild produktbild artikelbild foto fotos imagen imágenes immagine immagini "
    "afbeelding afbeeldingen lienimage enlaceimagen enlacedeimagen linkimmagine afbeeldingslink zdjęcie zdjęcia "
    "visuel visuels "
    "obrázek kép kuva billede bilde resim görsel фото изображение картинка 画像 商品画像 图片 主图 이미지 "
    "الصورة صورة תמונה εικόνα hìnhảnh รูปภาพ ссылкаизображения coverimage "
    "filename file path" + languages.PICTURES
)
_PICTURE_WORDS = group(
    "image images picture pictures photo photos img imgs pic pics bild bilder foto fotos imagen imágenes immagine "
    "immagini afbeelding afbeeldingen zdjęcie zdjęcia фото изображения 画像 图片 이미지 productimage productimages "
    "visuel visuels görsel görseller resim obrázek obrázky الصور itemimage coverimage 商品画像パス "
    "additionalimage additionalimages moreimages otherimage otherimages galleryimage galleryimages variantimage "
    "variantimages mediagallery mediagalleryentries internalimage weiterebilder zusatzbilder zusätzlicherbild "
    "zusätzlichebilder imagessecondaires imágenesadicionales altreimmagini extraafbeeldingen lienimagesupplémentaire"
    + languages.PICTURES
)
UNSURE_PICTURES = group("filename file path")
"""Names in ``PICTURE_ORDER`` that have pictures only if their cells name some: a ``path`` may be one of categories."""
VARIANT_PICTURES = group("variantimage variantimageurl variantfeaturedimage")
GALLERY_PICTURES = group("imagesrc productimageurl")
"""Pictures of the whole product, one in each of its rows, independent of the row's variant."""
_ASIDE = re.compile(
    r"thumb|klein$|vignette|miniatur|swatch|^small|^medium|logo|icon|sizechart|sizeguide|grössentabelle|video|label|alttext|qrcode"
)
"""Names of columns with pictures that do not show the product, or show it in another size."""
BYTES_NAMES = group("imagebase64 imagebytes")

LIST_NAMES = group(
    "tags tag keywords labels categorytext categories category collections collection colours colors sizes materials "
    "features größen tailles tallas taglie maten occasions styles schlagwörter schlagworte kategorien kategorie größen "
    "farben materialien étiquettes catégories catégorie etiquetas categorías categoría categorie categoria "
    "categorieën parole producttags rayon rayons kategori kategorier kategoria kategória kategorija категория "
    "категории カテゴリ カテゴリー 分类 类目 카테고리"
)
PATH_NAMES = group(
    "categories category producttype googleproductcategory productcategory productgroup categorytext "
    "categorypath kategorie kategorien "
    "breadcrumb warengruppe produktgruppe artikelgruppe shopkategorie breadcrumbs catégorie catégories categoría "
    "categorías categoria categorie categorieën produkttyp taxonomy merchantcategory maincategory "
    "primarycategory shopcategory storecategory rayon rayons kategori kategorier kategoria "
    "kategória kategorija категория категории カテゴリ カテゴリー 分类 类目 카테고리"
)
LOOKS = group(
    "צבע اللون χρώμα 컬러 색깔 colour color farbe couleur colore kleur färg farve farge kolor barva szín renk цвет 色 "
    "カラー 颜色 색상 cor väri culoare farba колір värv krāsa spalva boja rengi ürünrengi basecolour basecolor "
    "colourname colorname colourway colorway pattern muster motif material" + languages.LOOKS
)
"""Options that change how a product looks: each of their values is a separate result."""
SIZES = group(
    "gr tallasdisponibles taillesdisponibles availablesizes sizesavailable verfügbaregrößen lieferbaregrößen "
    "tagliedisponibili beschikbarematen str variantencode variantcode size größe groesse schuhgröße "
    "konfektionsgröße kleidergröße ringgröße ringsize "
    "pointure taille talla taglia "
    "maat storlek størrelse rozmiar velikost beden koko méret mărime розмір veľkosť tamanho sizename shoesize "
    "размер サイズ 尺码 尺寸 사이즈 מידה المقاس μέγεθος" + languages.SIZES
)
"""Sizes are text even if they are numbers: a product has several, and the smallest has no special meaning."""
_OF_SIZES = group("eu eur uk us usa fr it de au jp cn br int intl shoe clothing")
"""Names of systems of sizes: ``EU Size``, ``Shoe Size (US)``."""
PRICES = group(
    "markdownprice utpris 一口价 판매가격 priceek pseudopriceek price prices priceamount preis prix precio "
    "prezzo prijs pris preço cena цена 価格 "
    "价格 saleprice regularprice "
    "specialprice variantprice variantcompareatprice compareatprice listprice rrp msrp uvp retailprice "
    "pricetaxincluded pricetaxexcluded currentprice verkaufspreis vkpreis vk bruttopreis nettopreis angebotspreis "
    "regulärerpreis tarifpromo tarifrégulier prixttc prixht preciorebajado precionormal pvp prezzoinofferta "
    "prezzodilistino actieprijs reguliereprijs standardprice pricegross pricenet grossprice netprice bruttovk "
    "vkbrutto vknetto salesprice sellingprice unitprice startprice baseprice originalprice oldprice priceold "
    "pricevat finalprice endpreis ladenpreis unitretailprice bruttoverkaufspreis buyitnowprice onlinesaleprice "
    "discountedprice promotionalprice promoprice aktionspreis sonderpreis retail mrp searchprice netpr "
    "precioventa preciodeventa prixdevente prezzodivendita verkoopprijs cenabrutto cenanetto cenasdph cenabezdph "
    "satışfiyatı hinta satılacakfiyat piyasasatışfiyatı 販売価格 売価 售价 판매가 מחיר السعر τιμή pricereduced "
    "reducedprice discountprice wasprice prixpromo prixréduit prixbarré prixremisé prixdebase streichpreis altpreis "
    "statt stattpreis ordpris ordinariepris kampanjpris normalpris tilbudspris førpris udsalgspris "
    "cenapromocyjna cenaregularna cenasprzedaży cenakatalogowa stáracena původnícena akčnícena precioanterior "
    "preciooferta preciooriginal prezzoscontato prezzooriginale prezzopieno adviesprijs vanprijs "
    "стараяцена ценасоскидкой 定価 通常価格 セール価格 税込価格 原价 促销价 市场价 할인가 정가" + languages.PRICES
)
CURRENCY_COLUMNS = group(
    "waers pricecurrency currency currencycode currencyid currencyiso währung waehrung devise moneda valuta moeda "
    "měna waluta"
)
"""Columns with the currency of the prices beside them."""
CODES = re.compile(
    r"(?:sku|ean\d*|gtin\d*|upc|barcode|isbn|mpn|asin|hscode|harmonized\w*|zip|postcode|plz|phone|tel|"
    r"symbol|stylecode|stylenumber|style|modelnumber|articlenumber|artikelnummer|artikelnr|itemnumber|reference|ref)$|"
    r"(?:code|sku|barcode|gtin|ean|number|nummer|nr|id|kodu?|kód)$|^gtin|^(?:codice|c[oó]digo)"
)
"""Columns of codes, which stay text even if every cell could be a number."""
NOT_CODES = group("number numberofitems yearnumber")
TEXTS = re.compile(r"(?:body|description|beschreibung|descripci|descrizione|omschrijving|longtext|details|bodyhtml)")


def known(name: str) -> bool:
    """Whether a plain name is a known column name."""
    return (
        is_special(name) or name in PRICES or name in LOOKS or name in SIZES or name in STATUS or name in LIST_NAMES
        or name in PATH_NAMES or name in STOCK_COUNTS
    )  # fmt: skip


_KNOWN = (
    ID_NAMES | set(WEAK_IDS) | set(BARCODES) | set(TITLE_ORDER) | set(PICTURE_ORDER) | set(GROUP_ORDER)
    | set(WEAK_GROUPS) | VARIANT_PICTURES | GALLERY_PICTURES | BYTES_NAMES | LIST_NAMES | PATH_NAMES | LOOKS | SIZES
    | PRICES | SALE_NAMES | CURRENCY_COLUMNS | set(WEAK_TITLES)
)  # fmt: skip
_WITH_ACCENTS = {
    bare: name for name in sorted(_KNOWN) if (bare := folded(name)) != name and len(bare) > 2 and bare not in _KNOWN
}
"""Known names that are written with accents, by what they are without them."""
_AMBIGUOUS = group(
    "path file filename number no nr key item label caption artikel produkt product article artículo articolo artigo "
    "model modell modèle modelo modello"
)
"""Known names that have no meaning at the end of another name: ``product_path`` is no picture."""


@lru_cache(maxsize=10_000)
def standard_name(column: str) -> str:
    """The known name of a column: its plain name, or else a shorter one, such as ``price`` for ``product_price``."""
    column = column[:MAX_COMPARED]  # Before the caches of these functions.
    if of_channel := re.search(r"\((?:channel|warehouse) (.+)\)$", column):  # Saleor
        return standard_name(of_channel[1])
    plain = plain_name(column)
    shorter = (name for name in shorter_names(column) if name in _KNOWN and name not in _AMBIGUOUS)
    if plain in _KNOWN:
        return plain
    words = [word for word in re.split(r"[\W_]+", column.casefold()) if word not in _OF_SIZES]
    if any(map(counts_stock, shorter_names(column))):
        return "stock"
    bare = plain_name("".join(words))
    if bare in SIZES or (bare and standard_meaning(bare) == "size"):
        return bare if bare in SIZES else "size"
    # Of a nested field, as pandas names it, and of an attribute: ``attributes.color``, ``Merkmal: Farbe``.
    last = plain_name(re.split("[.:]", column.partition("|")[0])[-1])
    named = re.fullmatch(r"(.+?)(?:names?|bezeichnung|text|description|nom|nombre|nome|naam|namn|navn)", plain)
    for stem in (named[1], f"{named[1]}e") if named else ():  # Farbbezeichnung
        last = stem if stem in LOOKS or stem in SIZES else last
    is_last = last in LOOKS or last in SIZES or (last in STOCK_COUNTS and not mentions(column, "minimum"))
    if found := next(shorter, last if is_last else ""):
        return found
    return _WITH_ACCENTS.get(plain) or standard_meaning(column) or plain


def is_special(name: str) -> bool:
    """Whether a plain name is that of an id, a title, a picture or the product of a variant."""
    return name in ID_NAMES or name in TITLE_ORDER or name in PICTURE_ORDER or name in GROUP_ORDER


def pick(columns: Iterable[str], names: Iterable[str]) -> list[str]:
    """The columns with one of ``names``, in the order of ``names``; then those for which one is the standard name."""
    exact: dict[str, str] = {}
    standard: dict[str, str] = {}
    for column in columns:
        exact.setdefault(plain_name(column), column)
        standard.setdefault(standard_name(column), column)
    order = tuple(names)
    return list(dict.fromkeys(found[name] for found in (exact, standard) for name in order if name in found))


def is_called(column: str | None, names: Container[str]) -> bool:
    """Whether the standard name of a column is one of ``names``."""
    return column is not None and standard_name(column) in names


def is_price(column: str) -> bool:
    """Whether the name of a column indicates prices."""
    return standard_name(column) in PRICES


def is_code(column: str) -> bool:
    """Whether the name of a column indicates codes."""
    name = plain_name(column)
    return name not in NOT_CODES and bool(CODES.search(name))


def is_look(column: str) -> bool:
    """Whether each value of a column is a separate result."""
    return standard_name(column) in LOOKS


def is_picture(column: str) -> bool:
    """Whether the name of a column indicates further pictures: ``image_2``, ``Image 2 URL``, ``Zusatzbilder``."""
    name = plain_name(column)
    return (
        name in VARIANT_PICTURES or re.sub(r"(?:urls?|links?|files?|src)?\d*$|\d+(?=url)", "", name) in _PICTURE_WORDS
    )


def has_picture_name(column: str) -> bool:
    """Whether the name of a column or field indicates pictures, main or further ones."""
    return is_picture(column) or plain_name(column) in PICTURE_ORDER


def is_aside(column: str) -> bool:
    """Whether a column has pictures that do not show the product, or show it in another size."""
    return bool(_ASIDE.search(plain_name(column)))
