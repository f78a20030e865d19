"""Known columns and values that state whether a product is for sale, in several languages."""

from __future__ import annotations

import re
from collections.abc import Collection

from catalog.names import languages
from catalog.names.plain import group, plain_name

FLAGS = {
    "true": True, "false": False, "yes": True, "no": False, "ja": True, "nein": False, "oui": True, "non": False,
    "y": True, "n": False, "j": True, "wahr": True, "falsch": False, "sí": True, "vrai": True, "faux": False,
    "si": True, "sì": True, "verdadero": True, "falso": False, "vero": True, "waar": True, "onwaar": False,
    "nee": False, "nei": False, "có": True, "không": False, "ya": True, "tidak": False, "nu": False, "taip": True,
    "jā": True, "nē": False, "jah": True, "بله": True, "خیر": False, "ใช่": True, "ไม่": False,
    "sim": True, "não": False, "verdadeiro": True, "tak": True, "nie": False, "prawda": True, "fałsz": False,
    "sand": True, "falsk": False, "nej": False, "da": True, "да": True, "нет": False, "не": False,
    "истина": True, "ложь": False,
    "checked": True, "unchecked": False,
    "ano": True, "áno": True, "ne": False, "igen": True, "nem": False, "kyllä": True, "ei": False, "evet": True,
    "hayır": False, "ναι": True, "όχι": False, "так": True, "ні": False, "כן": True, "לא": False,
    "نعم": True, "لا": False,
    "はい": True, "いいえ": False, "是": True, "否": False, "예": True, "아니오": False,
}  # fmt: skip
"""Words for true and false; spreadsheets write them in their own language."""
SIGNS = {
    "✓": True, "✔": True, "☑": True, "✅": True, "✗": False, "✘": False, "✕": False, "✖": False, "☒": False,
    "❌": False, "☐": False,
}  # fmt: skip
"""Signs for true and false."""
_EMOJI_STYLE = "\ufe0f"

STATUS = group(
    "dispo live islive onsite imshop inshop inwebshop enboutique onlineverfügbar "
    "onlineflag availableflag isonline productisavailable status published publishedononlinestore active enabled "
    "productonline productvisible visible isactive isenabled isvisible ispublished online availablefororder "
    "visibility visibilityincatalog availability stockstatus productstatus salesstatus lifecycle aktiv statut "
    "état estado stato stan veröffentlicht publié publicado pubblicato gepubliceerd optionstatus variantstatus "
    "variationstatus actif activo attivo actief ativo aktywny aktivní aktív aktif aktiivinen activ активен "
    "опубликован sichtbar visibile zichtbaar visível synlig widoczny viditelný látható näkyvä görünür yayında "
    "видимость 公開 公开 是否上架 enligne enlínea sichtbarkeitimkatalog visibilitédanslecatalogue "
    "visibilidadenelcatálogo visibilitànelcatalogo zichtbaarheidincatalogus verfügbarkeit disponibilité "
    "disponibilidad disponibilità beschikbaarheid disponibilidade tillgänglighet tilgængelighed dostępność "
    "наличие 在庫状況 stokdurumu 状态 商品状态 库存状态 진열상태 판매상태 סטטוס الحالة κατάσταση publishtoecom "
    "webshop eshop onlineshop webwinkel tiendaonline poststatus "
    "منشور مفعل نشط ظاهر 表示 表示可否 商品表示可否 表示状態 表示ステータス 公開フラグ 公開区分 公開設定 掲載 "
    "掲載状態 展示 노출여부 진열여부 "
    "판매여부 전시여부 노출 진열 skuativo ativarsku mostrarproduto ativarskusepossível hiểnthị แสดง objavljeno "
    "публикация "
    "опубликовано опублікувати показывать активность активен вклвыкл dostępny widoczność zverejnené zveřejněno "
    "ενεργό δημοσιευμένο publish publicar publier pubblica veröffentlichen publicadoenweb отображать "
    "видимостьнавитрине "
    "showonsite showonstore showinstore showonline showonwebsite skuisactive skuactive mostrarentienda "
    "mostrarenlatienda exibirnaloja visívelnaloja situação situacao situación durum satışdurumu стан статус "
    "доступність" + languages.STATUS
)
FLAGS_OF_PUBLICATION = group("web internet ecommerce display anzeige affichage visualización visualizzazione weergave")
"""Columns of publication if they have only yes and no: the display of a watch is *analog*."""
STATES = group(
    "status state productstatus salesstatus lifecycle statut état estado stato stan stav статус 状态 "
    "商品状态 situação "
    "situación durum tila"
)
"""Columns with one of several words for the state of a product."""
STOCK_STATUS = group(
    "availability stockstatus verfügbarkeit disponibilité disponibilidad disponibilità beschikbaarheid "
    "disponibilidade tillgänglighet tilgængelighed dostępność наличие 在庫状況 stokdurumu 库存状态"
)
"""Columns of the stock among them. If one states that a product is in stock, counts are ignored."""
OUT_OF_STOCK = group(
    "outofstock soldout ausverkauft vergriffen nichtlieferbar nichtvorrätig nichtauflager épuisé rupturedestock "
    "enrupture enrupturedestock horsstock agotado sinexistencias sinstock fueradestock esaurito uitverkocht "
    "nietopvoorraad esgotado semestoque slutsåld slutilager ejilager udsolgt ikkepålager utsolgt wyprzedane "
    "brakwmagazynie vyprodáno nenískladem loppuunmyyty elfogyott nincskészleten tükendi stokyok stoktayok "
    "stoktayoktur нетвналичии распродано 在庫なし 在庫切れ 品切れ 売り切れ 缺货 无货 售罄 下架 已下架 품절 "
    "재고없음 판매중지 אזלמהמלאי نفدمنالمخزون غيرمتوفر εξαντλημένο" + languages.OUT_OF_STOCK
)
"""Values of any column that mean out of stock."""
IN_STOCK = group(
    "instock lowstock backorder preorder auflager lieferbar sofortlieferbar vorrätig enstock disponible opvoorraad "
    "leverbaar disponibile emestoque disponível ilager pålager dostępny dostępne wmagazynie skladem varastossa "
    "készleten raktáron stoktavar stokta вналичии подзаказ 在庫あり 有货 现货 在售 上架 재고있음 판매중 במלאי متوفر "
    "διαθέσιμο" + languages.IN_STOCK
)
"""Values that mean in stock."""
NOT_SOLD = OUT_OF_STOCK | frozenset({"0", "-1"}) | group(
    "sold verkauft vendu vendido venduto verkocht såld sålt solgt sprzedane prodáno eladva satıldı продано 売約済 "
    "已售 판매완료 draft drafts archived inactive disabled offline off private pending trash trashed deleted "
    "discontinued hidden unlisted unpublished expired retired withdrawn blocked suspended paused obsolete "
    "nolongeravailable false no n f notavailable unavailable notforsale endoflife eol notvisibleindividually none "
    "rejected unsold inaktiv entwurf nein falsch archiviert gelöscht gesperrt deaktiviert versteckt ausgelistet "
    "auslauf nichtverfügbar nichtaktiv nichtveröffentlicht unsichtbar brouillon inactif désactivé archivé supprimé "
    "zakończona zakończone wstrzymana nieaktywna szkic 仓库中 скрыт скрыто снятспубликации "
    "detailonly cashdeskonly internal "
    "unapproved notapproved nichtfreigegeben pausada pausado finalizada finalizado cerrada inactiva "
    "desactivada archivada agotada oculta inattiva disattivata "
    "privé indisponible rupture nondisponible nonpublié masqué caché nonvisible borrador inactivo desactivado "
    "archivado "
    "oculto nodisponible bozza disattivo disattivato inattivo nonattivo archiviato nascosto nondisponibile "
    "concept gearchiveerd inactief verborgen nietbeschikbaar rascunho inativo arquivado indisponível utkast "
    "inaktivt arkiverad kladde arkiveret szkic nieaktywny brak niedostępny niedostępne koncept nedostupné loppu "
    "черновик неактивен архив 下書き 非公開 販売終了 販売停止 廃盤 非表示 草稿 停售 未上架"
    + languages.NOT_SOLD
)  # fmt: skip
NOT_SOLD |= group(" ".join(word for word, says in FLAGS.items() if not says))
DRAFTS = group(
    "hidden draft drafts archived unpublished inactive discontinued entwurf archiviert inaktiv brouillon "
    "archivé borrador "
    "archivado bozza archiviato gearchiveerd rascunho utkast kladde szkic черновик 下書き 非公開 販売終了 草稿 未上架"
)
"""Words of ``NOT_SOLD`` that mark a column as one of states, whatever its name, if it also has words of ``LIVE``."""
LIVE = group(
    "active published live online visible enabled onsale forsale aktiv veröffentlicht freigegeben sichtbar publié "
    "actif enligne publicado activo pubblicato attivo gepubliceerd actief publicerad aktywny opublikowany "
    "активен 公開 "
    "販売中 已上架 上架 在售 publish pending scheduled geplant preorder comingsoon"
)
"""Words for products that are or will be for sale; the opposite of ``DRAFTS``."""
SEEN_OR_NOT = group(
    "visible hidden invisible shown concealed exposed sichtbar versteckt verdeckt unsichtbar masqué caché cachée "
    "oculto oculta invisibile nascosto nascosta visibile visível zichtbaar verborgen synlig dold skjult widoczny ukryty"
)
"""Words that also describe zips and seams. They mark a column as one of states only if its name does."""
NOT_SOLD_FLAGS = group(
    "discontinued archived deleted isdeleted disabled isdisabled draft isdraft outofstock soldout hidden ishidden "
    "isarchived hideproduct hideonsite ausverkauft versteckt gelöscht archiviert lvorm blocked isblocked salesblocked "
    "gesperrt verkaufgesperrt verkaufssperre bloqueado bloqué bloccato geblokkeerd zablokowany 倉庫指定 "
    "hide isnotforsale notforsale nichtonline versteckt masqué "
    "inactive isinactive obsolete isobsolete isdiscontinued isblocked suspended ausgelistet auslaufartikel "
    "abgekündigt "
    "inaktiv deaktiviert stillgelegt ensommeil sommeil misensommeil abandonné retiré supprimé archivé désactivé "
    "descatalogado obsoleto archivado desactivado fuoricatalogo fuoriproduzione dismesso archiviato disattivato "
    "descontinuado foradelinha inativo uitlopend gearchiveerd inactief utgått utgår utgången udgået "
    "eindeassortiment "
    "wycofany wycofane archiwalny nieaktywny vyřazeno vyřazený ukončeno poistunut kivezetett снятспроизводства "
    "архивный 廃番 廃盤 停产 已停产 단종"
)
"""Columns that are true if a product is not for sale."""
PUBLISHED_SINCE = group("publishedat publishedon publicationdate veröffentlichtam publiéle publicadoel")
"""Columns with the time since which a product is public, which drafts lack."""
SALE_PRICES = group(
    "saleprice specialprice angebotspreis tarifpromo preciorebajado prezzoinofferta actieprijs "
    "onlinesaleprice discountedprice promotionalprice promoprice aktionspreis sonderpreis"
)
"""Prices that are valid for a time."""
SALE_FLAGS = group("onsale isonsale")
"""Whether the sale price is the price."""
SALE_BEGINS = group(
    "datesalepricestarts salepricedatesfrom specialpricefromdate specialfromdate datumandemangebotspreisbeginnt "
    "datededébutdepromo"
)
SALE_ENDS = group(
    "datesalepriceends salepricedatesto specialpricetodate specialtodate datumandemangebotspreisendet datedefindepromo"
)
SALE_PERIODS = group("salepriceeffectivedate")
GONE_SINCE = group(
    "deletedat archivedat discontinuedat disabledat deletedon archivedon discontinuedon disabledon "
    "visibleuntil availableuntil onlineuntil activeuntil validuntil "
    "visibleto activeto publishedto unpublishat unpublishdate expirationdate expirydate offlinedate offlinefrom "
    "sichtbarbis onlinebis aktivbis gültigbis"
)
"""Columns with the time since which a product is not for sale."""
SOLD_FROM = group(
    "visiblefrom onlinefrom activefrom validfrom publishedfrom publishfrom publishat publishdate onlinedate sichtbarab "
    "sichtbarvon onlineab aktivab gültigab"
)
"""Columns with the time from which a product is for sale."""
SELLABLE = group(
    "canbesold saleok sellonline forsale sellable purchasable tekoop verkäuflich verkaufbar envente alaventa enventa "
    "invendita doprodeje sprzedawalny"
)
"""Flags that permit the sale of a product, whether or not it is in stock."""
STOCK_FLAGS = SELLABLE | group(
    "instock isinstock available isavailable availableforsale isavailableforsale verfügbar lieferbar "
    "vorrätig auflager "
    "enstock disponible existencias disponibile opvoorraad beschikbaar ilager"
)
STOCK_COUNTS = group(
    "stock quantity qty variantinventoryqty inventoryquantity inventoryqty inventory currentstock currentstocklevel "
    "stockquantity stockqty stocklevel stockonhand onhand inventorylevel availablequantity quantityavailable "
    "qtyavailable quantityinstock qtyinstock availablestock variantinventoryquantity totalinventory "
    "qtyonhand quantityonhand stanmagazynowy stanymagazynowe dostępnailość stavskladu skladem készlet raktárkészlet "
    "ilość množství mennyiség määrä stok stokadet ürünstokadedi cantitate ποσότητα 数量 库存数量 수량 在庫 "
    "stoc varastosaldo lagerstatus antal beholdning остаток количество остатки stokadedi stokmiktarı "
    "stockamount stockcount stocktotal stockavailable inventoryamount warehousestock "
    "totalstock currentquantity lagerbestandgesamt gesamtbestand verfügbarerbestand "
    "liczbasztuk ats availabletosell bestfrei freibestand bestand lagerbestand "
    "menge lager lagermenge existencias inventario cantidad quantité quantitéenstock giacenza "
    "magazzino quantità voorraad aantal quantidade estoque lagersaldo lagerantal ilośćsztuk zásoba 在庫数 库存 재고 "
    "재고수량 מלאי المخزون الكمية απόθεμα tồnkho จำนวน" + languages.STOCK
)
OVERSOLD = group(
    "variantinventorypolicy continuesellingwhenoutofstock backordersallowed backorders inventorypolicy "
    "allowbackorders preorder ispreorder vorbestellbar précommande allowbackorder lieferrückständeerlaubt "
    "lieferrückstandeerlaubt autoriserlescommandesdeproduitsenrupture permitirreservasdeproductosagotados "
    "vuoipermetteregliordiniarretrati nabestellingentoestaan"
)
TRACKED = group(
    "variantinventorytracker inventorytracker inventorytracking managestock trackinventory stocktrack trackstock "
    "isinventorytracked variantmanageinventory variantinventorytracked"
)
"""Columns that state whether the stock is counted."""
NOT_TRACKED = group("none no false 0 n off")
COUNTED_BY_DEFAULT = group("useconfigmanagestock")
"""Magento: if this is true, ``manage_stock`` of the row is ignored."""
MAY_BE_OVERSOLD = group("continue true yes 1 2 notify ja oui sí si sì allow allowed")
SALE_NAMES = (
    STATUS | STOCK_STATUS | NOT_SOLD_FLAGS | PUBLISHED_SINCE | GONE_SINCE | SOLD_FROM | STOCK_FLAGS | STOCK_COUNTS
    | OVERSOLD | TRACKED | COUNTED_BY_DEFAULT | SALE_PRICES | SALE_FLAGS | SALE_BEGINS | SALE_ENDS | SALE_PERIODS
)  # fmt: skip


def read_flag(text: str) -> bool | None:
    """Whether a whole cell is a word or sign for true or false; None if it is neither."""
    plain = text.removesuffix(_EMOJI_STYLE).casefold()
    return FLAGS.get(plain, SIGNS.get(plain))


def are_letters_of_flags(texts: Collection[str]) -> bool:
    """Whether all cells of a column are S or N, or t or f; S alone is a size."""
    return {text.casefold() for text in texts} in ({"s", "n"}, {"t", "f"})


_SHOWS = (
    r"(?:live|active|enabled|aktiv|actif|activo|attivo|actief|ativo|publicad[oa]|publié|pubblicat[oa]|gepubliceerd|veröffentlicht|vises|show(?:n)?|display(?:ed)?|visible|publish(?:ed)?|listed|visa|visas|vis|vises|mostrar|mostra|visibile|visível|"
    r"afficher?|anzeigen|zeigen|sichtbar|toon|tonen|zichtbaar|pokaż|widoczny|zobrazit|zobrazovat|exibir|synlig|näytä)"
)
_SHOPS = (
    r"(?:shop|webshop|onlineshop|onlinestore|webstore|store|storefront|site|website|web|butik|butiken|butikken|butikk|"
    r"nettbutikk|lesite|sito|sitio|elsitio|witrynie|сайте|витрине|boutique|tienda|negozio|loja|winkel|sklepie|sklep|obchodě|obchod|eshopu|eshop|verkkokaupassa|catalog)"
)
_SHOWS_IN_SHOP = re.compile(rf"{_SHOWS}[a-zà-ž]{{0,4}}{_SHOPS}|(?:im|in|en|on)?{_SHOPS}{_SHOWS}|{_SHOPS}status")


def shows_in_shop(column: str) -> bool:
    """Whether a column tells what the shop shows, by its name: ``Visa i butik``, ``Online Store Status``."""
    return _SHOWS_IN_SHOP.fullmatch(plain_name(column)) is not None


_STOCK_WORDS = (
    r"(?:stock|inventory|qty|quantity|qté|(?:lager)?bestand|lagermenge|voorraad|estoque|existencias|giacenza|esistenza|"
    r"stanmagazynowy|ilość|skladem|lagersaldo|lagerantal|quantité|cantidad|quantità|quantidade|zásoba|остаток|在庫|库存|재고)"
)
_OF_STOCK = (
    r"(?:of|in|de|en|em|on|net|netto|ks|vrije|vrij|beschikbare|units?|pcs|pieces|stück|stk|hand|real|réel|réelle|actual|actuel|actuelle|attuale|aktuelle?r?|"
    r"current|free|freie?r?|frei|verwendbar|available|verfügbare?r?|disponible|disponibile|disponível|total|totale|"
    r"gesamt|physical|physische?r?|physique|físico|fisico|effektiv)"
)
_COUNTS_STOCK = re.compile(rf"{_OF_STOCK}*{_STOCK_WORDS}(?:{_OF_STOCK}|{_STOCK_WORDS})*")


def counts_stock(plain: str) -> bool:
    """Whether a plain name is one of the stock with words such as *available* or *real*: ``stockréel``."""
    return _COUNTS_STOCK.fullmatch(plain) is not None


_IS_STATUS = re.compile(
    r"(?!.*(?:order|payment|tax|email|image|seo|sync|shipping|import|export|steuer|bestell|zahlung|versand|comment))"
    r"(?:\w*(?:status|visibility|státusz|статус|durumu|状态|狀態|ステータス|상태)|(?:stan|estado|stato|statut)(?:oferty|produktu|del?\w+|publica\w+))"
)


def is_status(plain: str) -> bool:
    """Whether a plain name may be one of the status of a product: ``termékstátusz``, but also ``veganstatus``
    and ``highvisibility``."""
    return _IS_STATUS.fullmatch(plain) is not None
