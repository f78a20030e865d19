"""Internal columns of shop systems, which neither shoppers nor front ends need."""

from __future__ import annotations

import re

from catalog.names.plain import group, shorter_names

_SYSTEMS = {
    "Shopify": """
        publishedscope templatesuffix admingraphqlapiid taxable weightunit grams fulfillmentservice
        inventorymanagement inventoryitemid oldinventoryquantity legacyresourceid storefrontid
        hasonlydefaultvariant requiressellingplan isgiftcard giftcardtemplatesuffix totalvariants
        tracksinventory hasoutofstockvariants onlinestoreurl onlinestorepreviewurl includedprimary
        includedinternational
    """,
    "WooCommerce": """
        taxstatus taxclass menuorder reviewsallowed totalsales shippingrequired shippingtaxable
        shippingclassid hasoptions pricehtml relatedids upsellids crosssellids groupedproducts virtual
        downloadable downloads downloadlimit downloadexpiry purchasenote swatchesattributes tagids
        categoryids lowstockamount globaluniqueid postid postauthor
        postparent menuposition
    """,
    "Magento": """
        attributesetid attributesetcode attributesetname taxclassname taxclassid websiteid websiteids
        storeid storeviewcode optionscontainer productoptionscontainer pagelayout customdesign
        customdesignfrom customdesignto customlayout customlayoutupdate msrpdisplayactualpricetype
        displayproductoptionsin mapenabled giftmessageavailable giftwrappingavailable isqtydecimal
        qtyusesdecimals isdecimaldivided outofstockqty mincartqty maxcartqty notifyonstockbelow
        enableqtyincrements qtyincrements relatedposition crosssellposition upsellposition
        hidefromproductpage requiredoptions urlpath urlrewrites smallimagelabel baseimagelabel
        thumbnailimagelabel swatchimagelabel imagelabel mediagallerylabels additionalimagelabels entityid
        typeid linksexist linkstitle linkspurchasedseparately bundlepricetype bundleskutype bundleweighttype
        bundlepriceview bundleshipmenttype associatedskus newsfromdate newstodate newfromdate newtodate
        isreturnable hasweight
    """,
    "BigCommerce": """
        sortorder producttaxclass tracking lowstocklevel inventorywarninglevel fixedshippingcost
        fixedcostshippingprice freeshipping isfreeshipping allowpurchases showproductcondition
        isconditionshown avalaraproducttaxcode searchkeywords searchenginetitle searchenginedescription
        layoutfile templatelayoutfile orderquantityminimum orderquantitymaximum preorderreleasedate
        preordermessage ispreorderonly ispricehidden pricehiddenlabel isfeatured eventdaterequired
        eventdatename giftwrappingoptionstype basevariantid optionsetid optionsetdisplay viewcount totalsold
        reviewsratingsum
    """,
    "PrestaShop": """
        dateadd dateupd idtaxrulesgroup idshopdefault idmanufacturer idcategorydefault idsupplier
        advancedstockmanagement quantitydiscount customizable uploadablefiles textfields redirecttype
        idtyperedirected idtyperedirect idnameofshop cachedefaultattribute cacheispack cachehasattachments
        indexed onlineonly showprice showcondition packstocktype additionaldeliverytimes linkrewrite
        urlrewritten friendlyurl isvirtual idshop unity availabledate lowstockthreshold lowstockalert
        displaywhenunavailable dependsonstock
    """,
    "Google": """
        identifierexists isbundle multipack adult adsredirect adslabels adsgrouping shippingweight
        shippinglabel shippinglength shippingwidth shippingheight taxcategory mobilelink canonicallink
        promotionid externalsellerid transittimelabel minhandlingtime maxhandlingtime unitpricingmeasure
        unitpricingbasemeasure shoppingadsexcludedcountry includedcountry excludedcountry linktemplate
        mobilelinktemplate pause loyaltypoints
    """,
    "Shopware": """
        versionid parentversionid taxid unitid deliverytimeid coverid cmspageid cmspageversionid
        canonicalproductid canonicalproductversionid autoincrement markastopseller iscloseout minpurchase
        purchasesteps maxpurchase purchaseunit referenceunit shippingfree restocktime childcount
        categorytree streamids propertyids optionids productmanufacturerid manufacturerid productmediaid
        apialias translated states displaygroup variantlistingconfig configuratorgroupconfig mainvariantid
        packunit packunitplural ratingaverage customfieldsetselectionactive covermediaid covermediatitle
        taxname featuresetid laststock pseudosales
    """,
    "OpenCart": """
        dateadded datemodified taxclassid stockstatusid weightclassid weightclass lengthclassid lengthclass
        lengthunit manufacturerid viewed subtract storeids layoutid seokeyword minimum languageid layout
    """,
    "Heureka": """
        deliveryid deliveryprice deliverypricecod deliverydeliveryid deliverydeliveryprice deliverydeliverypricecod
    """,
    "BMEcat": """
        mimemimetype mimemimedescr mimemimepurpose mimemimeorder mimemimealt
        orderunit contentunit nocuperou priceunit quantitymin
        quantityinterval referencefeaturesystemname referencefeaturegroupid referencefeaturegroupname
    """,
    "Odoo": """
        createdate writedate createuid writeuid lastupdate taxesid suppliertaxesid uomid uompoid uom
        unitofmeasure invoicepolicy invoicingpolicy responsible responsibleid companyid routeids saledelay
        purchaseok canbepurchased messagefollowerids activityids customertaxes vendortaxes
    """,
    "Lightspeed": """
        hasseo hasvariantstock managestocktype taxrate taxrates taxname deepestcategory outletid
        accountspecific systemcreated loyaltyvalue
    """,
    "Squarespace": """
        productpage pagename hidecustomform subscriptioneligible
    """,
    "Wix": """
        fieldtype ribbonurl surcharge discountmode discountvalue collectionids numericid inventoryitem
        managevariants lastupdated
    """,
    "Ecwid": """
        defaultcategoryid isshippingrequired shippingtype shippingmethodmarkup shippingfreight
        shippingflatrate shippingdisabledmethods shippingenabledmethods producttaxclasscode
        customsorderposition custompricetier hasbundles
    """,
    "Etsy": """
        shopsectionid shippingprofileid returnpolicyid listingtype processingmin processingmax whomade
        whenmade issupply iscustomizable ispersonalizable personalizationisrequired
        personalizationinstructions statetimestamp creationtimestamp creationtsz endingtimestamp
        originalcreationtimestamp lastmodifiedtimestamp shouldautorenew nonaxable numfavorers userid shopid
    """,
    "Square": """
        stockable selfserveordering
    """,
    "OXID": """
        oxinsert oxtimestamp timestamp oxvat oxmanufacturerid oxvendorid oxsort oxrating oxratingcnt
        oxsoldamount
    """,
    "Medusa": """
        discountable midcode hscode
    """,
    "any": """
        salsifysystemid
        views pageviews コントロールカラム
        rowpointer row rownumber sorting sortierung
        created updated modified changed lastmodified lastupdated lastupdate lastchanged mimetype featured
        taxonomyid rowversion etag rowid syncstatus importid exportid lastsync version revision locked
        sitemap robots canonicalurl canonical urlalias weightunit dimensionunit dimensionsunit weightunits
        sizeunit lengthunits taxcode taxgroup taxable vat vatrate vatclass vatid mwst mwstsatz steuersatz
        steuerklasse tva tauxtva iva tipoiva aliquotaiva btw btwtarief moms stawkavat
    """,
}
_NAMES = frozenset().union(*map(group, _SYSTEMS.values()))
_FORMS = re.compile(
    r"(?:(?:created|updated|modified|changed|edited|added|imported|exported|synced|synchronised|indexed|inserted|creation|"
    r"modification|lastmodified|lastchange|lastupdate|lastedit)(?:at|on|by|date|datetime|time|timestamp|gmt|utc|ts|user)+"
    r"|date(?:created|added|modified|updated|changed|add|upd|creation)(?:gmt|utc)?|tax(?:class|rule|status|group|rate|code)\w*"
    r"|translated\w*|\w*(?:shipping|ordering|delivery|pickup|alert)(?:enabled|count)\w*|taxvalue|vatpercent"
    r"|(?:erstellt|geändert|angelegt|aktualisiert)(?:am|von)?|(?:erstell|änderungs|anlage)datum|letzteänderung"
    r"|(?:créé|modifié)(?:le|par)|datede(?:création|modification)|fechade(?:creación|modificación)"
    r"|data(?:di)?(?:creazione|modifica)|(?:aanmaak|wijzigings)datum)"
)
"""When a row was made or changed, by whom, how it is taxed, where it is sold, and Shopware's copies of all texts."""


def is_of_system(column: str) -> bool:
    """Whether a column is an internal one of a shop system."""
    return any(name in _NAMES or _FORMS.fullmatch(name) for name in shorter_names(column))
