"""Known column names of shop systems' exports, and their meaning.

They cover Shopify, WooCommerce, Magento, BigCommerce, PrestaShop, Google Merchant Center and the data sets of Kaggle,
and the plain names in English, German, French, Spanish, Italian and Dutch. Names are compared without case, spaces,
punctuation and text in brackets: ``Price (net)`` is ``price``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

Role = Literal["wish", "fact", "stock", "hidden", "text"]
"""The role of a column: an attribute that shoppers ask for, a fact, availability, hidden data, or running text."""


@lru_cache(maxsize=10_000)
def plain_name(name: str) -> str:
    """A column name in the form that is compared."""
    name = re.sub(r"^g:", "", name.strip().casefold())
    bare = re.sub(r"\([^()]*\)", "", name)
    return re.sub(r"[\W_]+", "", bare) or re.sub(r"[\W_]+", "", name)


def _names(names: str) -> tuple[str, ...]:
    return tuple(names.split())


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


ID_ORDER = _names(
    "id productid sku itemid articleid asin code productsku productcode productcodesku variantsku reference "
    "artikelnummer artikelnr articlenumber itemnumber productreference referencia référence codice variantid "
    "handle gtin ean"
)
ID_NAMES = frozenset(ID_ORDER)
VARIANT_ID_ORDER = ("variantsku", "variantid", "sku")
GROUP_ORDER = _names("parentproduct itemgroupid handle urlhandle parent parentsku parentid parentproductid groupid")
PARENTS = _set("parentproduct parent parentsku parentid parentproductid")
"""Columns that refer to the row of the whole product, which is not a variant itself."""
HANDLES = _set("handle urlhandle")
WEAK_GROUPS = ("group", "productgroup", "stylegroup", "masterid", "mastersku", "master", "modelid", "styleid")
"""Ambiguous names; they count only if the rows of a group have the same title."""
TITLE_ORDER = _names(
    "title name productdisplayname productname producttitle displayname prodname itemname bezeichnung "
    "artikelbezeichnung produktname titel nom titre nombre titolo nome naam"
)
PICTURE_ORDER = _names(
    "image imagepath imagefile imagename imagelink imageurl imagesrc productimageurl mainimage mainimageurl "
    "baseimage images imageurls pictures photos picture photo img bild bilder bildurl foto fotos imagen "
    "imagenes immagine filename file path"
)
MORE_PICTURES = _set(
    "additionalimagelink additionalimagelinks additionalimages additionalimage moreimages otherimages galleryimages "
    "variantimage variantimageurl mediagallery"
)
ALL_PICTURES = _set("images imageurls pictures photos bilder fotos imagenes")
"""Further pictures beside a column with one picture."""
GALLERY_PICTURES = _set("imagesrc productimageurl")
"""Pictures of the whole product, one in each of its rows, independent of the row's variant."""
NUMBERED_PICTURE = re.compile(
    r"(?:product|additional)?(?:image|picture|photo|img|bild|foto|imagen)(?:url|link|file|src)?\d+"
)
OTHER_PICTURES = _set("smallimage thumbnail thumbnailimage swatchimage")
"""The same pictures again in another size."""
BYTES_NAMES = _set("imagebase64 imagebytes")

STATUS = _set(
    "status published publishedononlinestore active enabled productonline productvisible visible isactive online "
    "availablefororder visibility visibilityincatalog availability stockstatus"
)
NOT_SOLD = _set(
    "draft archived inactive disabled offline private pending trash deleted discontinued hidden unlisted "
    "unpublished expired retired withdrawn blocked suspended obsolete false no n 0 -1 outofstock soldout "
    "notvisibleindividually none ausverkauft nichtverfügbar inaktiv entwurf nein agotado épuisé esaurito "
    "uitverkocht nonvisible"
)
NOT_SOLD_FLAGS = _set(
    "discontinued archived deleted isdeleted disabled isdisabled draft isdraft outofstock soldout ishidden isarchived"
)
"""Columns that are true if a product is not for sale."""
STOCK_FLAGS = _set("instock isinstock available verfügbar")
STOCK_COUNTS = _set(
    "stock quantity qty variantinventoryqty inventoryquantity inventoryqty inventory currentstock currentstocklevel "
    "stockquantity stockqty stocklevel availablequantity quantityavailable availablestock variantinventoryquantity "
    "bestand lagerbestand menge lager existencias cantidad quantité giacenza voorraad"
)
OVERSOLD = _set("variantinventorypolicy continuesellingwhenoutofstock backordersallowed backorders inventorypolicy")
TRACKED = _set("variantinventorytracker inventorytracker inventorytracking")
MAY_BE_OVERSOLD = _set("continue true yes 1 notify ja oui allow")

LIST_NAMES = _set(
    "tags tag keywords labels categories category collections collection colours colors sizes materials features "
    "occasions styles schlagwörter schlagworte kategorien größen farben materialien étiquettes catégories etiquetas "
    "categorías parole producttags"
)
PATH_NAMES = _set(
    "categories category producttype googleproductcategory productcategory categorypath kategorie breadcrumb"
)
LOOKS = _set(
    "colour color farbe couleur colore kleur färg basecolour basecolor colourname colorname pattern muster motif "
    "material"
)
"""Options that change how a product looks: each of their values is a separate result."""
SIZES = _set("size größe grösse groesse taille talla taglia maat storlek sizename shoesize")
"""Sizes are text even if they are numbers: a product has several, and the smallest has no special meaning."""
PRICES = _set(
    "price preis prix precio prezzo prijs saleprice regularprice specialprice variantprice variantcompareatprice "
    "compareatprice listprice rrp msrp uvp retailprice pricetaxincluded pricetaxexcluded"
)
CODES = re.compile(
    r"(?:sku|ean\d*|gtin\d*|upc|barcode|isbn|mpn|asin|hscode|harmonized\w*|zip|postcode|plz|phone|tel|"
    r"stylecode|stylenumber|style|modelnumber|articlenumber|artikelnummer|artikelnr|itemnumber|reference|ref)$|"
    r"(?:code|sku|barcode|gtin|ean|number|nummer|nr|id)$"
)
"""Columns of codes, which stay text even if every cell could be a number."""
NOT_CODES = _set("number numberofitems yearnumber")
TEXTS = re.compile(r"(?:body|description|beschreibung|descripci|descrizione|omschrijving|longtext|details|bodyhtml)")

_HIDDEN = re.compile(
    r"cost|margin|supplier|wholesale|purchase|markup|profit|dealer|internal|confidential|secret|private|commission|"
    r"landed|buyprice|buyingprice|tradeprice|factory|einkauf|einstand|deckungsbeitrag|rohertrag|^ek$|ekpreis|"
    r"kostpri|koszt|dostawca|marża|custo\b|fornecedor|margem|indkøb|revient|lieferant|marge|intern|gewinn|fournisseur|achat|coût|coute|prixdachat|"
    r"proveedor|coste|compra|fornitore|costo|acquisto|leverancier|inkoop|leverantör|inköp|vendorprice|vendorcode|"
    r"vendornote|cogs|employee|email|customer|notes?$|notiz|remark|comment|bemerkung|password|userid"
)
_NOT_HIDDEN = re.compile(
    r"costume|customerrating|customerreview|customized|international|customizable|purchasenote$|marget|internet"
)
_TECHNICAL = re.compile(
    r"^(?:seo|meta|googleshopping(?!gender|agegroup|color|material|size|mpn)|variant(?:taxable|taxcode|requiresshipping|"
    r"fulfillmentservice|inventory(?:tracker|policy)|grams|weightunit|position)|giftcard|image(?:position|alttext|alttexts|id)|"
    r"attribute\d+(?:visible|global|default)|tax(?:status|class|rulesid|classname)|"
    r"download(?:limit|expirydays)|position|soldindividually|allowcustomerreviews|upsells|crosssells|groupedproducts|"
    r"externalurl|buttontext|lowstockamount|shippingclass|attributesetcode|storeviewcode|productwebsites|"
    r"relatedskus|crosssellskus|upsellskus|configurablevariation(?:s|labels)|minimalquantity|ecotax|"
    r"unityfor\w*|useconfig\w*|productimage(?:id|description|isthumbnail|sort|index)\d*|deleteexistingimages|"
    r"binpickingnumber|optionset\w*|adwords\w*|customlabel\d|excludeddestination|includeddestination|shipping|tax)"
)


def known(name: str) -> bool:
    """Whether a plain name is a known column name."""
    return (
        name in ID_NAMES or name in TITLE_ORDER or name in PICTURE_ORDER or name in GROUP_ORDER or name in PRICES
        or name in LOOKS or name in SIZES or name in STATUS or name in LIST_NAMES or name in STOCK_COUNTS
    )  # fmt: skip


def pick(columns: Iterable[str], names: Iterable[str]) -> list[str]:
    """The columns with one of ``names``, in the order of ``names``."""
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(plain_name(column), column)
    return [by_name[name] for name in names if name in by_name]


def is_hidden(column: str) -> bool:
    """Whether a column is hidden unless a role is stated: cost, margin, supplier and similar."""
    name = plain_name(column)
    whole = re.sub(r"[\W_]+", "", column.casefold())
    if name == "purchasenote" or _NOT_HIDDEN.search(name):
        return False
    return bool(_HIDDEN.search(name) or _HIDDEN.search(whole) or _TECHNICAL.match(name))


def is_code(column: str) -> bool:
    """Whether the name of a column indicates codes."""
    name = plain_name(column)
    return name not in NOT_CODES and bool(CODES.search(name))


def is_picture(column: str) -> bool:
    """Whether a column contains further pictures."""
    name = plain_name(column)
    return name in MORE_PICTURES or name in ALL_PICTURES or bool(NUMBERED_PICTURE.fullmatch(name))
