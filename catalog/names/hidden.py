"""Columns that are hidden unless a role is stated: purchase prices, suppliers, and columns of the shop system."""

from __future__ import annotations

import re
from functools import lru_cache

from catalog.names import languages
from catalog.names.columns import known, standard_name
from catalog.names.meaning import is_internal
from catalog.names.plain import expanded, folded, group, order, plain_name, whole_name
from catalog.names.system import is_of_system

_HIDDEN = re.compile(
    r"cost(?!ume|a$|iera)|margin|supplier|supplyprice|^trade$|^defaultvendor|^(?:preferred|main|primary|default)vendor|^distributor|^vendor(?:id|name)$|^vendors|wholesale|purchase|markup|profit|"
    r"dealer|reseller|distributorp|internal|stock(?:min|alert)$|"
    r"confidential|secret|private|commission|landed|buyprice|buyingprice|^buyer|tradeprice|b2bp|factory|fobp|^fob$|"
    r"exworks|vendorprice|vendorcode|vendornote|cogs|employee|email|customer|notes?$|^not$|remark|comment|password|userid|"
    r"apikey|token$|^assign|^memo$|^pa(?:ht)?$|binlocation|"
    r"^gp$|grossprofit|^(?:wsp?|whs|whsl)(?:price|eur|usd|gbp|cad|aud)?$|^vendor(?:no|nr|nummer|number)$|^valuation|^gldpreis|cpc$|^(?:max)?cpc|^map(?:price)?$|advertisedprice|floorprice|lowestprice|"
    r"^minimumprice|^minimumseller|vendorsku|vendorpart|warehouse|^bin$|^shelf$|kommentar|comentario|opmerking|kommentti|uwagi|poznámk|megjegyz|заметк|примечан|приміт|備考|비고|备注|"
    r"(?<!p)reorder|restock|^min(?:imum)?stock|safetystock|leadtime|lastsold|unitssold|"
    r"soldunits|^sales(?:last|rank|count|volume)|revenue$|^turnover$|(?:created|modified|updated)by$|"
    r"umsatz|verkäufe|mindestbestand|meldebestand|wiederbeschaffung|chiffredaffaires|entrepôt|^ventas|^vendite|"
    r"einkauf|einstand|deckungsbeitrag|rohertrag|^h?ek(?:preis|netto|brutto)|netto?ek$|"
    r"kosten(?!los)|spanne$|"
    r"^aufschlag$|kalkulation$|wareneinsatz|h(?:ä|ae)ndlerpreis|wiederverk(?:ä|ae)uferpreis|gro(?:ß|ss)handelspreis|"
    r"lieferant|zulieferer|kreditor|bezugsquelle|marge|intern|gewinn|provision$|notiz|bemerkung|lagerort|lagerplatz|"
    r"fournisseur|achat|coût|^cout|coute|revient|^paht$|^pmp$|prixdegros|prixpro(?!mo)|"
    r"proveedor|coste|compra|mayorista|ganancia|"
    r"fornitore|costo|acquisto|ingrosso|ricarico|^margine|"
    r"leverancier|inkoop|kostpri|groothandel|"
    r"leverantör|inköp|leverandør|indkøb|innkjøp|^innpris|dækningsbidrag|toimittaja|hankintahinta|ostohinta|"
    r"koszt|dostawca|kontrahent|marża|zakup|hurtow|nákup|dodavatel|dodávate|marže|beszerzés|beszállító|nagyker|furnizor|achizi|"
    r"custo\b|fornecedor|margem|maliyet|alışfiyat|tedarikçi|komisyon|комисси|комісі|"
    r"закуп|себестоимость|собівартість|поставщик|постачальник|наценка|оптов|αγορά|κόστο|προμηθευτή|"
    r"仕入|原価|成本|进价|進價|采购|採購|供应商|供應商|매입|원가|공급업체|공급사|공급가|도매|批发|供货|卸価格|卸売|עלות|ספק|تكلفة|المورد|^ox(?:b|ek)price|"
    + "|".join(order(languages.HIDDEN))
)
_CUSTOMERS = re.compile(
    r"kund(?:e|in|en)(?:name|nr|nummer|konto)?|kundennotiz|clien(?:t|te|ti|tes)(?:e|name|nom|no|id)?|nomduclient|"
    r"klant(?:naam|nr|nummer)?|klient(?:nr)?|zákazník|vásárló|vevő(?:név)?|клиент|клієнт|покупатель|покупець|顧客名?|"
    r"客户|客戶|고객명?|müşteri(?:adı)?|(?:contact)?(?:tel|phone|mobile|mobil|handy|telefon|telephone|téléphone|teléfono|"
    r"telefono|telefoon|puhelin|телефон|電話|电话|전화)(?:no|nr|nummer|number|番号)?|(?:shipping|billing|liefer|rechnungs)?"
    r"(?:address|adresse|anschrift|dirección|indirizzo|adres|osoite|адрес|住所|地址|주소)|"
    r"reserv(?:edfor|edby|iertfür|épour|adopara)|iban|birthday|dateofbirth|geburtsdatum"
)
"""Columns with data of customers, as whole names."""
_NOT_HIDDEN = re.compile(
    r"couture|costume|customerrating|customerreview|customized|international|customizable|marget|internet|"
    r"internal(?:pocket|material|lining|size)|einkaufs?(?:tasche|korb|netz|beutel)",
    re.IGNORECASE,
)
_HIDDEN_FOLDED = re.compile(folded(_HIDDEN.pattern))
"""The same without accents, as technical exports write names: ``nakupni_cena``."""
_TECHNICAL = re.compile(
    r"^(?:command$|discountmode$|super(?:products|attribute)|media(?:attributeid|position|isdisabled|lable)$|rootcategory$|ox(?:shopid|stockflag|mapid|skipdiscounts|var(?:count|stock|minprice|maxprice))$|toprow$|fieldtype|productoptiontype\d|seo|googleshopping(?!gender|agegroup|color|material|size|mpn)|variant(?:taxable|taxcode|requiresshipping|"
    r"fulfillmentservice|inventory(?:tracker|policy)|grams|weightunit|position)|giftcard|"
    r"image(?:position|alttext|alttexts|id|sortorder|description|isthumbnail)|"
    r"attribute\d+(?:visible|global|default)|tax(?:status|class|code|rulesid|classname)|"
    r"download(?:limit|expirydays)|position$|soldindividually|allowcustomerreviews|upsells|crosssells|groupedproducts|"
    r"externalurl|buttontext|lowstockamount|shippingclass|attributeset(?:code|id)?$|urlkey$|storeviewcode|"
    r"productwebsites|relatedskus|crosssellskus|upsellskus|configurablevariation(?:s|labels)|minimalquantity|ecotax|"
    r"unityfor\w*|useconfig\w*|productimage(?:id|description|isthumbnail|sort|index)\d*|deleteexistingimages|"
    r"binpickingnumber|optionset\w*|adwords\w*|customlabel\d|excludeddestination|includeddestination|shipping|tax|"
    r"chargetax|requiresshipping|fulfillmentservice|inventorytracker|inventorypolicy|continuesellingwhenoutofstock|"
    r"weightvalue|weightunitfordisplay|unitpricetotalmeasure|option\d+linkedto|indexlevel\d|unnamed\d|column\d+$)"
)
_OF_END_CUSTOMERS = group("priceek pseudopriceek")
"""Prices of the group of customers that Shopware 5 calls EK, which elsewhere means a purchase price."""
_PURCHASE = re.compile(r"(?<![^\W_])h?ek(?![^\W_])|(?<![^\W_])h?ek(?:preis|netto|brutto)")
"""The German abbreviation of a purchase price, as a word: ``letzter EK-Preis``."""
_META = re.compile(r"^\s*meta(?:[\s:_-]|title|desc|keyword|data|field(?!:\s*\w+\.))|^\s*included\s*/")
_TRANSLATED = group(
    "steuerstatus steuerklasse geringelagermenge nureinzelnverkaufen kundenrezensionenerlauben versandklasse "
    "ablauftagedesdownloads gruppierteprodukte zusatzverkäufe crosssells externeurl "
    "étatdelatva classedetva montantdestockfaible vendreindividuellement autoriserlesavisclients classedexpédition "
    "limitedetéléchargement joursdexpirationdutéléchargement groupedeproduits produitssuggérés ventescroisées "
    "urlexterne "
    "libellédubouton "
    "estadodelimpuesto clasedeimpuesto cantidaddebajoinventario vendidoindividualmente permitirvaloracionesdeclientes "
    "clasedeenvío límitededescargas díasdecaducidaddeladescarga productosagrupados ventasdirigidas ventascruzadas "
    "urlexterna textodelbotón posición "
    "statodelleimposte aliquotadiimposta quantitàbassainmagazzino vendutosingolarmente abilitarelerecensioniclienti "
    "classedispedizione limitedidownload giornidiscadenzadeldownload prodottiraggruppati upsell crosssell urlesterno "
    "testodelpulsante posizione "
    "belastingstatus belastingklasse hoeveelheidlagevoorraad wordtindividueelverkocht klantenbeoordelingentoestaan "
    "verzendklasse downloadlimiet dagenvervaltijddownload gegroepeerdeproducten knoptekst positie"
)
"""The technical columns of WooCommerce in German, French, Spanish, Italian and Dutch."""
_FLAGS_OF_ATTRIBUTES = re.compile(
    r"(?:attribut[eo]?|atributo|eigenschap)\d*(?:visible|visibile|sichtbar|zichtbaar|global|globale|"
    r"globaal|default|standard|standaard|pardéfaut|pordefecto|predeterminado|predefinito)\d*"
)


@lru_cache(maxsize=10_000)
def is_hidden(column: str) -> bool:
    """Whether a column is hidden unless a role is stated: cost, margin, supplier, and columns of shop systems."""
    name, whole = plain_name(column), whole_name(column)
    if name == "purchasenote" or name in _OF_END_CUSTOMERS:
        return False
    written = column.casefold()
    if (full := expanded(column)) != column and full != written and is_hidden(full):
        return True
    if written[:1] in ("_", "@") and not known(standard_name(column)):  # Of databases: ``_version``, ``@type``.
        return True
    return (
        name in _TRANSLATED or _CUSTOMERS.fullmatch(name) is not None or any(
            pattern.search(_NOT_HIDDEN.sub(" ", one)) for one in (name, whole) for pattern in (_HIDDEN, _HIDDEN_FOLDED)
        )
        or bool(_TECHNICAL.match(name) or _META.match(written) or _PURCHASE.search(written))
        or bool(_FLAGS_OF_ATTRIBUTES.fullmatch(name)) or is_of_system(column)
        or is_internal(_NOT_HIDDEN.sub(" ", column))
    )  # fmt: skip


def is_of_customer(column: str) -> bool:
    """Whether a column has data of customers."""
    return _CUSTOMERS.fullmatch(plain_name(column)) is not None
