"""XML feeds of other systems than Google's."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog import Address, Catalog, ModisteError, read_catalog

NAMESPACES = 'xmlns:g="http://base.google.com/ns/1.0" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'


def of_xml(folder: Path, root: str, items: str) -> Catalog:
    (folder / "feed.xml").write_text(f"<{root} {NAMESPACES}>{items}</{root}>", encoding="utf-8")
    return read_catalog(folder / "feed.xml")


def test_a_link_of_atom_is_a_picture_only_if_its_type_is(tmp_path: Path) -> None:
    items = "".join(
        f'<entry><g:id>T{n}</g:id><title>Boot {n}</title><link rel="self" href="https://s.example/f/{n}"/>'
        f'<link rel="alternate" type="text/html" href="https://s.example/{n}"/>'
        f'<link rel="enclosure" type="image/jpeg" href="https://s.example/{n}b.jpg"/>'
        f"<g:image_link>https://s.example/{n}.jpg</g:image_link></entry>"
        for n in range(2)
    )
    catalog = of_xml(tmp_path, "feed", items)
    assert {one.url[-6:] for one in catalog[0].images if isinstance(one, Address)} == {"/0.jpg", "0b.jpg"}
    assert len(catalog[0].images) == 2
    assert catalog[1].attributes["link"] == "https://s.example/1"


def test_a_table_in_a_description_is_not_the_catalogue(tmp_path: Path) -> None:
    sizes = "<table><tr><th>Size</th><th>Color</th><th>Price</th></tr><tr><td>S</td><td>red</td><td>9</td></tr></table>"
    items = "".join(
        f"<item><g:id>T{n}</g:id><title>Boot {n}</title><g:image_link>https://s.example/{n}.jpg</g:image_link>"
        f"<description>{sizes}</description></item>"
        for n in range(2)
    )
    assert [one.title for one in of_xml(tmp_path, "rss", f"<channel>{items}</channel>")] == ["Boot 0", "Boot 1"]


def test_named_values_in_a_list_of_attributes_are_columns(tmp_path: Path) -> None:
    items = "".join(
        f'<o id="{n}" price="99.99" avail="1"><cat>Moda/Sukienki</cat><name>Sukienka {n}</name>'
        f'<imgs><main url="https://s.example/{n}.jpg"/><i url="https://s.example/{n}b.jpg"/></imgs>'
        f'<attrs><a name="Producent">Mohito</a><a name="Kolor">czerwony</a></attrs></o>'
        for n in range(3)
    )
    catalog = of_xml(tmp_path, "offers", items)
    assert (catalog[0].attributes["Producent"], catalog[0].attributes["Kolor"]) == ("Mohito", "czerwony")
    assert len(catalog[0].images) == 2


def test_a_sitemap_with_pictures_lists_products(tmp_path: Path) -> None:
    items = "".join(
        f"<url><loc>https://s.example/p/{n}</loc><lastmod>2026-01-01</lastmod><image:image>"
        f"<image:loc>https://s.example/{n}.jpg</image:loc><image:title>Red Tee {n}</image:title></image:image></url>"
        for n in range(3)
    )
    catalog = of_xml(tmp_path, "urlset", items)
    assert [(one.id[-4:], one.title, len(one.images)) for one in catalog] == [
        (f"/p/{n}", f"Red Tee {n}", 1) for n in range(3)
    ]


def test_products_whose_values_are_attributes_alone_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(
        '<zbozi><polozka kod="10" nazev="Pyjama" cena="1990" skladem="5"/>'
        '<polozka kod="20" nazev="Robe" cena="2990" skladem="0"/></zbozi>'
    )
    (pyjama,) = read_catalog(tmp_path / "a.xml", images_required=False)
    assert (pyjama.id, pyjama.title, pyjama.attributes["cena"]) == ("10", "Pyjama", 1990)


@pytest.mark.parametrize("name", ["item", "part"])
def test_elements_without_end_within_a_product_are_refused(tmp_path: Path, name: str) -> None:
    deep = f"<{name}>" * 100_000 + f"</{name}>" * 100_000
    with pytest.raises(ModisteError, match="nested more than 50 deep"):
        of_xml(tmp_path, "rss", f"<channel><item><id>1</id>{deep}</item></channel>")


def test_variants_in_german_elements_are_variants(tmp_path: Path) -> None:
    sizes = "".join(
        f"<Variante><Nummer>A-{size}</Nummer><Groesse>{size}</Groesse><Bestand>{stock}</Bestand></Variante>"
        for size, stock in (("S", 0), ("M", 3), ("L", 1))
    )
    item = "<Artikel><Artikelnummer>{}</Artikelnummer><Bezeichnung>Hut</Bezeichnung><Varianten>{}</Varianten></Artikel>"
    text = f"<Liste>{item.format('A', sizes)}{item.format('B', sizes.replace('A-', 'B-'))}</Liste>"
    (tmp_path / "artikel.xml").write_text(text)
    catalog = read_catalog(tmp_path / "artikel.xml", images_required=False)
    assert [[one.id for one in product.variants] for product in catalog] == [["A-M", "A-L"], ["B-M", "B-L"]]


def test_a_bmecat_has_short_names_prices_by_kind_and_no_files_beside_the_pictures(tmp_path: Path) -> None:
    def media(kind: str, name: str, purpose: str = "normal") -> str:
        return (
            f"<MIME><MIME_TYPE>{kind}</MIME_TYPE><MIME_SOURCE>https://s.example/{name}</MIME_SOURCE>"
            f"<MIME_PURPOSE>{purpose}</MIME_PURPOSE></MIME>"
        )

    def price(kind: str, amount: str) -> str:
        return (
            f'<PRODUCT_PRICE price_type="{kind}"><PRICE_AMOUNT>{amount}</PRICE_AMOUNT>'
            "<PRICE_CURRENCY>EUR</PRICE_CURRENCY><TAX>0.19</TAX></PRODUCT_PRICE>"
        )

    titles = ["Polo shirt", "Rain jacket"]
    items = "".join(
        f"<PRODUCT><SUPPLIER_PID>A-{n}</SUPPLIER_PID><PRODUCT_DETAILS><DESCRIPTION_SHORT>{title}</DESCRIPTION_SHORT>"
        "<MANUFACTURER_NAME>Acme</MANUFACTURER_NAME></PRODUCT_DETAILS><PRODUCT_FEATURES><FEATURE><FNAME>Fabric</FNAME>"
        "<FVALUE>Wool</FVALUE><FVALUE>Silk</FVALUE></FEATURE></PRODUCT_FEATURES><PRODUCT_PRICE_DETAILS>"
        f"{price('net_customer', '8.50')}{price('nrp', '29.90')}</PRODUCT_PRICE_DETAILS><MIME_INFO>"
        f"{media('image/jpeg', f'{n}.jpg')}{media('application/pdf', f'{n}.pdf')}{media('image/png', 'l.png', 'logo')}"
        "</MIME_INFO></PRODUCT>"
        for n, title in enumerate(titles)
    )
    catalog = of_xml(tmp_path, "BMECAT", f"<T_NEW_CATALOG>{items}</T_NEW_CATALOG>")
    assert [(one.title, one.images) for one in catalog] == [
        (title, (Address(f"https://s.example/{n}.jpg"),)) for n, title in enumerate(titles)
    ]
    assert catalog[0].attributes == {"MANUFACTURER_NAME": "Acme", "Fabric": ["Wool", "Silk"], "RRP": 29.9}
    assert catalog.details["RRP"].currency == "EUR"
    assert catalog.roles["PRODUCT_PRICE net_customer"] == "hidden"


def test_articles_of_tradebyte_are_variants_with_prices_and_stock(tmp_path: Path) -> None:
    def article(n: int, size: str) -> str:
        values = "".join(
            f'<A_VARIANT identifier="{name}"><VALUE xml:lang="x-default">{value}</VALUE></A_VARIANT>'
            for name, value in (("color", "Red"), ("size", size))
        )
        price = '<A_PRICE channel="de" currency="EUR"><A_VK>29.95</A_VK><A_EK>9.1</A_EK></A_PRICE>'
        return (
            f"<ARTICLE><A_NR>{n}-{size}</A_NR><A_VARIANTDATA>{values}</A_VARIANTDATA>"
            f"<A_PRICEDATA>{price}</A_PRICEDATA><A_STOCK>4</A_STOCK></ARTICLE>"
        )

    items = "".join(
        f'<PRODUCT><P_NR>{n}</P_NR><P_NAME><VALUE xml:lang="x-default">{title}</VALUE></P_NAME><P_MEDIADATA>'
        f'<P_MEDIA type="image">https://s.example/{n}.jpg</P_MEDIA></P_MEDIADATA><ARTICLEDATA>{article(n, "S")}'
        f"{article(n, 'M')}</ARTICLEDATA></PRODUCT>"
        for n, title in ((10, "Polo shirt"), (11, "Rain jacket"))
    )
    catalog = of_xml(tmp_path, "TBCATALOG", f"<PRODUCTDATA>{items}</PRODUCTDATA>")
    assert [(one.id, one.title, [variant.id for variant in one.variants]) for one in catalog] == [
        ("10", "Polo shirt", ["10-S", "10-M"]), ("11", "Rain jacket", ["11-S", "11-M"]),
    ]  # fmt: skip
    shown = {name: value for name, value in catalog[0].attributes.items() if name.startswith("variant ")}
    assert shown == {"variant color": "Red", "variant size": ["S", "M"], "variant VK": 29.95, "variant STOCK": 4}


def test_categories_that_a_feed_lists_before_its_products_are_paths(tmp_path: Path) -> None:
    categories = '<category id="1">Одежда</category><category id="2" parentId="1">Платья</category>'
    offers = "".join(
        f'<offer id="{n}"><name>Платье {n}</name><categoryId>{n}</categoryId>'
        f"<picture>https://s.example/{n}.jpg</picture></offer>"
        for n in (1, 2)
    )
    catalog = of_xml(tmp_path, "shop", f"<categories>{categories}</categories><offers>{offers}</offers>")
    assert [one.attributes["category"] for one in catalog] == [["Одежда"], ["Одежда > Платья"]]
