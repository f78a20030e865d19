"""Known columns and values that state whether a product is for sale, in several languages."""

from __future__ import annotations

from catalog.names.plain import group

FLAGS = {
    "true": True, "false": False, "yes": True, "no": False, "ja": True, "nein": False, "oui": True, "non": False,
    "y": True, "n": False, "j": True, "wahr": True, "falsch": False, "sí": True, "vrai": True, "faux": False,
    "si": True, "sì": True, "verdadero": True, "falso": False, "vero": True, "waar": True, "onwaar": False,
    "nee": False,
    "sim": True, "não": False, "verdadeiro": True, "tak": True, "nie": False, "prawda": True, "fałsz": False,
    "sand": True, "falsk": False, "nej": False, "da": True, "да": True, "нет": False, "истина": True, "ложь": False,
}  # fmt: skip
"""Words for true and false; spreadsheets write them in their own language."""
SIGNS = {
    "✓": True, "✔": True, "☑": True, "✅": True, "✗": False, "✘": False, "✕": False, "✖": False, "☒": False,
    "❌": False, "☐": False,
}  # fmt: skip
"""Signs for true and false."""
_EMOJI_STYLE = "\ufe0f"

STATUS = group(
    "status published publishedononlinestore active enabled productonline productvisible visible isactive isenabled "
    "isvisible ispublished online availablefororder visibility visibilityincatalog availability stockstatus "
    "productstatus salesstatus lifecycle aktiv statut état estado stato stan veröffentlicht publié publicado "
    "pubblicato "
    "gepubliceerd actif activo attivo actief sichtbarkeitimkatalog visibilitédanslecatalogue visibilidadenelcatálogo "
    "visibilitànelcatalogo zichtbaarheidincatalogus verfügbarkeit disponibilité disponibilidad disponibilità "
    "beschikbaarheid disponibilidade tillgänglighet tilgængelighed dostępność наличие 在庫状況"
)
STOCK_STATUS = group(
    "availability stockstatus verfügbarkeit disponibilité disponibilidad disponibilità beschikbaarheid disponibilidade "
    "tillgänglighet tilgængelighed dostępność наличие 在庫状況"
)
"""Columns of the stock among them. If one states that a product is in stock, counts are ignored."""
NOT_SOLD = frozenset({"0", "-1"}) | group(
    "draft drafts archived inactive disabled offline off private pending trash trashed deleted discontinued hidden "
    "unlisted unpublished expired retired withdrawn blocked suspended paused obsolete nolongeravailable false no n f "
    "outofstock soldout notavailable unavailable notforsale endoflife eol notvisibleindividually none unsold "
    "inaktiv entwurf nein falsch archiviert gelöscht gesperrt deaktiviert versteckt ausverkauft vergriffen ausgelistet "
    "auslauf nichtverfügbar nichtlieferbar nichtvorrätig nichtauflager nichtaktiv nichtveröffentlicht unsichtbar "
    "brouillon inactif désactivé archivé supprimé privé épuisé indisponible rupture rupturedestock enrupture "
    "enrupturedestock horsstock nondisponible nonpublié masqué caché nonvisible "
    "borrador inactivo desactivado archivado oculto agotado sinexistencias sinstock fueradestock nodisponible "
    "bozza disattivo disattivato inattivo nonattivo archiviato nascosto esaurito nondisponibile "
    "concept gearchiveerd inactief verborgen uitverkocht nietopvoorraad nietbeschikbaar "
    "rascunho inativo arquivado esgotado indisponível semestoque "
    "utkast inaktivt arkiverad slutsåld slutilager ejilager kladde inaktiv arkiveret udsolgt ikkepålager utsolgt "
    "szkic nieaktywny wyprzedane brak niedostępny niedostępne koncept vyprodáno nedostupné loppu loppuunmyyty "
    "elfogyott "
    "tükendi stokyok черновик неактивен архив нетвналичии распродано 下書き 非公開 在庫なし 在庫切れ 品切れ "
    "売り切れ 缺货 售罄 下架 품절"
)
NOT_SOLD |= group(" ".join(word for word, says in FLAGS.items() if not says))
NOT_SOLD_FLAGS = group(
    "discontinued archived deleted isdeleted disabled isdisabled draft isdraft outofstock soldout hidden ishidden "
    "isarchived ausverkauft versteckt gelöscht archiviert"
)
"""Columns that are true if a product is not for sale."""
SALE_PRICES = group("saleprice specialprice angebotspreis tarifpromo preciorebajado prezzoinofferta actieprijs")
"""Prices that are valid for a time."""
SALE_BEGINS = group(
    "datesalepricestarts salepricedatesfrom specialpricefromdate specialfromdate datumandemangebotspreisbeginnt "
    "datededébutdepromo"
)
SALE_ENDS = group(
    "datesalepriceends salepricedatesto specialpricetodate specialtodate datumandemangebotspreisendet datedefindepromo"
)
SALE_PERIODS = group("salepriceeffectivedate")
GONE_SINCE = group("deletedat archivedat discontinuedat disabledat")
"""Columns with the time since which a product is not for sale."""
STOCK_FLAGS = group(
    "instock isinstock available isavailable availableforsale isavailableforsale forsale sellable purchasable "
    "verfügbar lieferbar vorrätig auflager enstock disponible existencias disponibile opvoorraad beschikbaar ilager"
)
STOCK_COUNTS = group(
    "stock quantity qty variantinventoryqty inventoryquantity inventoryqty inventory currentstock currentstocklevel "
    "stockquantity stockqty stocklevel stockonhand onhand inventorylevel availablequantity quantityavailable "
    "qtyavailable quantityinstock qtyinstock availablestock variantinventoryquantity totalinventory "
    "bestand lagerbestand menge lager lagermenge existencias inventario cantidad quantité quantitéenstock giacenza "
    "magazzino quantità voorraad aantal quantidade estoque lagersaldo lagerantal ilośćsztuk zásoba 在庫数 库存 재고"
)
OVERSOLD = group(
    "variantinventorypolicy continuesellingwhenoutofstock backordersallowed backorders inventorypolicy "
    "allowbackorders preorder "
    "ispreorder vorbestellbar précommande "
    "allowbackorder lieferrückständeerlaubt lieferrückstandeerlaubt autoriserlescommandesdeproduitsenrupture "
    "permitirreservasdeproductosagotados vuoipermetteregliordiniarretrati nabestellingentoestaan"
)
TRACKED = group("variantinventorytracker inventorytracker inventorytracking managestock")
"""Columns that state whether the stock is counted."""
NOT_TRACKED = group("none no false 0 n off")
COUNTED_BY_DEFAULT = group("useconfigmanagestock")
"""Magento: if this is true, ``manage_stock`` of the row is ignored."""
MAY_BE_OVERSOLD = group("continue true yes 1 2 notify ja oui sí si sì allow allowed")


def read_flag(text: str) -> bool | None:
    """Whether a whole cell says true or false, as a word or a sign; None if it says neither."""
    plain = text.removesuffix(_EMOJI_STYLE).casefold()
    return FLAGS.get(plain, SIGNS.get(plain))
