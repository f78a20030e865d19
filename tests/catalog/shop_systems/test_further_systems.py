"""Small exports of further shop systems: which products, titles, prices and stock they state."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from catalog import read_catalog
from tests.catalog.shops import accounted, read

ECWID = """type,product_internal_id,product_sku,product_name,product_price,product_cost_price,\
product_is_available,product_is_inventory_tracked,\
product_quantity,product_media_main_image_url,\
product_media_gallery_image_url_1
product,501,E1,Raincoat,89.9,40,true,true,7,https://s.example/1.jpg,https://s.example/2.jpg
product_option,501,E1,,,,,,,,
product,502,E2,Umbrella,19.9,,true,false,,https://s.example/3.jpg,
product,503,E3,Off,19.9,,false,,,https://s.example/3.jpg,
"""
ETSY = """TITLE,DESCRIPTION,PRICE,CURRENCY_CODE,QUANTITY,TAGS,MATERIALS,IMAGE1,IMAGE2,SKU
Hand knitted hat,"Long, text",24.00,GBP,12,"hat,knit","wool,cotton",https://s.example/1.jpg,https://s.example/2.jpg,H
Linen bag,text,18.00,GBP,0,"bag,linen",linen,https://s.example/3.jpg,,B
"""
AKENEO = """sku;categories;enabled;family;parent;name-en_US;name-de_DE;color;price-EUR;price-USD;picture
11;men,shirts;1;clothing;;Tee red;Shirt rot;red;25.00;28.00;https://s.example/1.jpg
12;men;0;clothing;;Tee off;;blue;26.00;29.00;https://s.example/2.jpg
"""
JTL = """Artikelnummer;Artikelname;Brutto-VK;Durchschnittlicher Einkaufspreis (netto);Lagerbestand Gesamt;\
Vaterartikel;Bild 1 Pfad/URL
A-1;Kleid Lena;1.079,90;31,20;5;;https://s.example/1.jpg
A-2;Bluse weg;59,00;20,00;0;;https://s.example/2.jpg
"""
SHOPWARE = """id;parent_id;product_number;active;stock;name;price_net;price_gross;purchase_prices_net;cover_media_url
a1;;SW1;1;10;Main tee;16.8;19.99;10;https://s.example/1.jpg
b1;a1;SW1.1;1;10;;;;;
c1;a1;SW1.2;1;3;;18.48;21.99;;
d1;;SW2;0;3;Inactive;18.48;21.99;10;https://s.example/2.jpg
"""
SQUARE = """Reference Handle,Token,Item Name,Variation Name,SKU,Price,Archived,Option Name 1,Option Value 1,\
Default Unit Cost
#tee,T1,Tee,Small,TE-S,20.00,N,Size,Small,8
#tee,T2,Tee,Large,TE-L,22.00,N,Size,Large,8
#bag,T3,Bag,Regular,BG,50.00,Y,,,8
"""
MEDUSA = """Product Id;Product Handle;Product Title;Product Status;Product Thumbnail;Variant Id;\
Variant SKU;Variant Price EUR;Variant Option 1 Name;Variant Option 1 Value;\
Product Image 1 Url
p1;tee;Coffee tee;published;https://s.example/0.jpg;v1;CT-S;10;Size;S;https://s.example/1.jpg
p1;tee;Coffee tee;published;https://s.example/0.jpg;v2;CT-M;12;Size;M;https://s.example/1.jpg
p2;sweat;Sweat;draft;https://s.example/0.jpg;v3;SW;30;Size;S;https://s.example/2.jpg
"""
AMAZON = """TemplateType=fptcustom,Version=2023,,,,,,,
Product Type,Seller SKU,Product Name,Standard Price,Main Image URL,Parentage,Parent SKU,Color,Quantity
feed_product_type,item_sku,item_name,standard_price,main_image_url,parent_child,parent_sku,color_name,quantity
shirt,T-P,Everyday tee,,,parent,,,
shirt,T-B,Everyday tee black,15.99,https://s.example/1.jpg,child,T-P,Black,10
shirt,T-N,Everyday tee navy,16.99,https://s.example/2.jpg,child,T-P,Navy,3
"""
LIGHTSPEED = """id,handle,sku,name,variant_option_one_name,variant_option_one_value,supply_price,retail_price,active
u1,polo,PS-S,Polo shirt,Size,S,11.00,35.00,1
u2,polo,PS-M,,Size,M,11.00,35.00,1
u3,cap,CP,Cap,,,4.00,15.00,0
"""
ECWID_VARIATIONS = """type;product_sku;product_name;product_price;product_quantity;product_is_available;\
product_option_name;product_option_1_value;product_variation_sku;product_variation_option_{Size};\
product_variation_price;product_variation_quantity
product;E-1;Raincoat;89.90;5;true;;;;;;
product_option;E-1;;;;;Size;S;;;;
product_variation;E-1;;;;;;;E-1-S;S;89.90;2
product_variation;E-1;;;;;;;E-1-M;M;95.90;3
product;E-2;Umbrella;25;0;true;;;;;;
"""
MAGENTO_1 = """sku,_store,_attribute_set,_product_websites,name,cost,price,status,_media_image,_super_products_sku
dress-s,,Default,base,Dress S,10,50,1,/d/1.jpg,
dress,,Default,base,Dress,10,50,1,/d/1.jpg,dress-s
,,,,,,,,/d/2.jpg,
,de,,,Kleid,,,,,
off,,Default,base,Off,3,15,2,/d/1.jpg,
"""
BIGCOMMERCE = """Item Type,Product ID,Product Name,Product Code/SKU,Price,Cost Price,Product Visible?
Product,80,Lamp,OTL,89.00,40,Y
  SKU,14,[S]Color=Silver,OTL-S,,,
  Rule,15,[S]Color=Silver,OTL-S,[FIXED]95,,
  Rule,16,[S]Color=Silver,OTL-S,[ADD]5,,
Product,81,Gone,GON,89.00,40,N
"""
OXID = """OXID;OXPARENTID;OXACTIVE;OXARTNUM;OXTITLE;OXPRICE;OXBPRICE;OXVARNAME;OXPIC1
a1;;1;1001;Kleid;59.9;31;Größe;1.jpg
a2;a1;1;1001-38;;61.9;31;;
a3;;0;1003;Alt;39.9;12;;1.jpg
"""


@pytest.mark.parametrize(
    ("export", "products", "price", "hidden"),
    [
        (ECWID, [("E1", "Raincoat", 89.9), ("E2", "Umbrella", 19.9)], "product_price", "product_cost_price"),
        (ETSY, [("H", "Hand knitted hat", 24.0)], "PRICE", ""),
        (AKENEO, [("11", "Tee red", 25.0)], "price-EUR", ""),
        (JTL, [("A-1", "Kleid Lena", 1079.9)], "Brutto-VK", "Durchschnittlicher Einkaufspreis (netto)"),
        (SHOPWARE, [("a1", "Main tee", 19.99)], "price_gross", "purchase_prices_net"),
        (SQUARE, [("#tee", "Tee", 20.0)], "Price", "Default Unit Cost"),
        (MEDUSA, [("tee", "Coffee tee", 10)], "Variant Price EUR", ""),
        (AMAZON, [("T-B", "Everyday tee", 15.99), ("T-N", "Everyday tee", 16.99)], "standard_price", ""),
        (LIGHTSPEED, [("polo", "Polo shirt", 35.0)], "retail_price", "supply_price"),
        (ECWID_VARIATIONS, [("E-1", "Raincoat", 89.9)], "product_price", ""),
        (MAGENTO_1, [("dress", "Dress", 50)], "price", "cost"),
        (BIGCOMMERCE, [("80", "Lamp", 89.0)], "Price", "Cost Price"),
        (OXID, [("a1", "Kleid", 61.9)], "OXPRICE", "OXBPRICE"),
    ],
    ids=[
        "ecwid", "etsy", "akeneo", "jtl", "shopware", "square", "medusa", "amazon", "lightspeed", "ecwid variations",
        "magento 1", "bigcommerce", "oxid",
    ],
)  # fmt: skip
def test_the_export_of_a_system_is_read(
    tmp_path: Path, export: str, products: list[tuple[str, str, float]], price: str, hidden: str
) -> None:
    (tmp_path / "export.csv").write_text(export, encoding="utf-8")
    catalog = read_catalog(tmp_path / "export.csv", images_required="https" in export)
    assert [(one.id, one.title, one.attributes[price]) for one in catalog] == products
    assert catalog.problems == ()
    assert accounted(catalog)
    assert not hidden or catalog.roles[hidden] == "hidden"
    header = next(csv.reader(io.StringIO(export)))
    assert catalog.left_out or "TemplateType" in header[0]


def test_custom_fields_of_bigcommerce_and_infos_of_wix_are_columns(tmp_path: Path) -> None:
    rows = [
        {"id": "1", "name": "Scarf", "Custom Fields": "Material=Wool;Care=30 degrees", "additionalInfoTitle1": "Origin",
         "additionalInfoDescription1": "Made in Como; by hand"},
    ]  # fmt: skip
    assert read(tmp_path, rows)[0].attributes == {
        "Material": "Wool", "Care": "30 degrees", "Origin": "Made in Como; by hand",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["On Sale", "product_url", "slug", "size system", "sale_price_effective_date"])
def test_facts_of_shop_systems_are_no_wishes(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, [{"id": "1", "name": "Scarf", name: "yes"}]).roles[name] == "fact"


def test_the_colourways_of_a_line_sheet_are_products(tmp_path: Path) -> None:
    rows = [
        {"Style #": "10021", "Style Name": "Oslo Coat", "Colorway": colour, "WSP": "$140", "MSRP": "$320",
         "Image": f"https://s.example/{colour}.jpg"}
        for colour in ("Camel", "Black")
    ]  # fmt: skip
    catalog = read(tmp_path, rows, images=True)
    assert [(one.attributes["Colorway"], one.group) for one in catalog] == [("Camel", "10021"), ("Black", "10021")]
    assert catalog.roles["WSP"] == "hidden"


def test_names_that_are_codes_are_no_titles_beside_display_names(tmp_path: Path) -> None:
    rows = [
        {
            "Internal ID": at,
            "Name": f"TEE-{at} : TEE-{at}-S",
            "Display Name": f"Red tee {at}",
            "Preferred Vendor": "Mill",
        }
        for at in range(3)
    ]
    catalog = read(tmp_path, rows)
    assert [one.title for one in catalog] == ["Red tee 0", "Red tee 1", "Red tee 2"]
    assert "Preferred Vendor" not in catalog.columns


def test_prices_of_end_customers_of_shopware_5_are_public(tmp_path: Path) -> None:
    rows = [
        {"ordernumber": f"A{at}", "name": f"Hut {at}", "price_EK": "19,90", "baseprice_EK": "7,00"} for at in range(3)
    ]
    assert next(iter(read(tmp_path, rows))).attributes == {"price_EK": 19.9}


def test_attachments_of_airtable_are_pictures(tmp_path: Path) -> None:
    cell = "a.jpg (https://dl.airtable.example/1/a.jpg),b.jpg (https://dl.airtable.example/2/b.jpg)"
    rows = [{"SKU": f"A{at}", "Name": f"Hat {at}", "Attachments": cell} for at in range(3)]
    product = next(iter(read(tmp_path, rows, images=True)))
    assert [getattr(one, "url", "") for one in product.images] == [
        "https://dl.airtable.example/1/a.jpg", "https://dl.airtable.example/2/b.jpg",
    ]  # fmt: skip


def test_a_description_in_html_is_one_text(tmp_path: Path) -> None:
    text = "<p>Robe &ndash; coton</p><ul><li>doux</li></ul>"
    rows = [{"SKU": f"A{at}", "Name": f"Hat {at}", "Descrição": text} for at in range(9)]
    assert next(iter(read(tmp_path, rows))).attributes["Descrição"] == text


def test_options_of_jumpseller_are_columns_of_variants_with_the_same_permalink(tmp_path: Path) -> None:
    rows = [
        {"Permalink": f"hat-{at}", "Name": f"Hat {at}", "SKU": f"A{at}-{size}", "Variant 1 Option Name": "Talla",
         "Variant 1 Option Value": size, "Custom Field 1 Label": "Color", "Custom Field 1 Value": "Rojo"}
        for at in range(3) for size in ("S", "M")
    ]  # fmt: skip
    catalog = read(tmp_path, rows)
    assert [(one.attributes["Color"], one.attributes["Talla"]) for one in catalog] == [("Rojo", ["S", "M"])] * 3


def test_purchase_prices_and_memos_are_hidden_and_small_pictures_are_left_out(tmp_path: Path) -> None:
    rows = [
        {"Artikelnr": f"A{at}", "Name": f"Hut {at}", "PA": "7,50", "Memo": "anrufen",
         "BildGross": f"https://cdn.example/{at}.jpg", "BildKlein": f"https://cdn.example/s/{at}.jpg"}
        for at in range(3)
    ]  # fmt: skip
    catalog = read(tmp_path, rows, images=True)
    assert not {"PA", "Memo"} & set(catalog.columns)
    assert [len(one.images) for one in catalog] == [1, 1, 1]
