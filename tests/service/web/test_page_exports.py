"""A catalogue as a shop system exports it: what of its many columns the page shows."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.service.conftest import COLOURS, Serve, Served, Shop, build, cloth
from tests.service.web.page import Visit, card
from tests.toy_bundle import write_toy_bundle


@pytest.fixture(scope="module")
def shopify(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Ten pieces of cloth of one seller, in two sizes each."""
    folder = tmp_path_factory.mktemp("export")
    rows = []
    for at, colour in enumerate(COLOURS):
        cloth(colour).save(folder / f"{colour}.png")
        for size in "SM":
            rows.append({
                "Handle": f"{colour}-cloth", "Title": f"{colour.title()} cloth", "Body (HTML)": f"<p>{colour}</p>",
                "Vendor": "Acme", "Type": "Shirts" if at % 2 else "Trousers", "Option1 Name": "Size",
                "Option1 Value": size, "Variant SKU": f"C{at}-{size}", "Variant Price": f"{10 + at}.50 EUR",
                "Colour": colour.title(), "Variant Compare At Price": "99 EUR", "Image Src": f"{colour}.png",
            })  # fmt: skip
    with (folder / "products_export.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    shop = Shop(write_toy_bundle(folder / "bundle"), folder / "products_export.csv", folder / "index")
    build(shop.catalog, shop.bundle, shop.index_root)
    with serve(shop) as served:
        yield served


def test_the_price_that_is_paid_is_shown_in_its_currency(visit: Visit, shopify: Served) -> None:
    page = visit("/", url=shopify.url, locale="en-GB")
    prices = page.locator(".card-price").all_inner_texts()
    assert sorted(prices) == [f"€{10 + at}.50" for at in range(10)]


def test_a_card_states_differences_in_words_of_shoppers(visit: Visit, shopify: Served) -> None:
    page = visit("/", url=shopify.url)
    card(page, "Red cloth")
    blue = page.locator(".card", has=page.get_by_role("link", name="Blue cloth", exact=True))
    expect(blue.locator(".card-words")).to_have_text("blue")
    green = page.locator(".card", has=page.get_by_role("link", name="Green cloth", exact=True))
    expect(green.locator(".card-words")).to_have_text("shirts · green")


def test_only_filters_that_narrow_are_offered(visit: Visit, shopify: Served) -> None:
    page = visit("/?text=red", url=shopify.url)
    page.locator("summary").click()
    names = page.locator("#filter-fields legend").all_inner_texts()
    assert [name.casefold() for name in names] == ["type", "variant price"]


def test_a_filter_of_a_link_has_a_control_whatever_it_is(visit: Visit, shopify: Served) -> None:
    page = visit("/?text=red&is.Vendor=Acme", url=shopify.url)
    page.locator("summary").click()
    expect(page.get_by_role("group", name="Vendor").get_by_label("Acme")).to_be_checked()
