"""Searching on the page: products, text, suggestions and pages of results."""

from __future__ import annotations

import re

from playwright.sync_api import Request, Route, expect

from tests.service.conftest import Serve, Served, Shop
from tests.service.web.page import PAGE, Visit, ask, card, expect_shown, settled, shown


def test_the_first_page_shows_products_of_the_catalogue(visit: Visit, served: Served) -> None:
    page = visit()

    assert len(shown(page)) == PAGE
    expect(page.locator("#facts")).to_contain_text("60 products")
    image = page.locator(".card img").first
    assert image.evaluate("async image => { await image.decode(); return image.currentSrc }").endswith("?w=320")


def test_the_page_works_below_a_path_of_another_site(visit: Visit, serve: Serve, shop: Shop) -> None:
    with serve(shop, root_path="/modiste") as served:
        page = visit("/modiste/", url=served.url)
        card(page, "Red cloth")
        ask(page, "blue")
        assert page.url == f"{served.url}/modiste/?product=0&turn=blue"
        assert shown(page) == served.found(product_id="0", text="blue", k=PAGE)
        image = page.locator("#reference-picture")
        assert image.evaluate("async image => { await image.decode(); return image.naturalWidth }") == 60
        page.close()


def test_no_more_products_are_offered_beyond_the_largest_offset(visit: Visit, serve: Serve, shop: Shop) -> None:
    with serve(shop, max_offset=PAGE) as served:
        page = visit("/", url=served.url)
        page.get_by_role("button", name="More").click()
        expect(page.locator(".card")).to_have_count(2 * PAGE)
        settled(page)
        expect(page.locator("#more")).to_be_hidden()
        page.close()


def test_surprise_me_shuffles_and_back_restores_the_order(visit: Visit) -> None:
    page = visit()
    first = shown(page)

    page.get_by_role("button", name="Surprise me").click()
    page.wait_for_url(re.compile(r"seed=\d+"))
    settled(page)
    assert shown(page) != first

    page.go_back()
    expect_shown(page, first)


def test_a_product_and_a_change_show_the_products_that_fit_both(visit: Visit, served: Served) -> None:
    page = visit("/?product=0")
    assert shown(page) == served.found(product_id="0", k=PAGE)

    ask(page, "blue")

    assert shown(page) == served.found(product_id="0", text="blue", k=PAGE)
    assert page.url.endswith("/?product=0&turn=blue")
    expect(page.locator("#facts")).to_contain_text("Picture and words · 59 products")


def test_picking_a_product_makes_it_the_reference_and_focuses_the_text_field(visit: Visit, served: Served) -> None:
    page = visit()
    title = page.locator(".card img").nth(4).get_attribute("alt")
    picked = shown(page)[4]

    card(page, str(title))

    assert shown(page) == served.found(product_id=picked, k=PAGE)
    expect(page.get_by_label("What should be different?")).to_be_focused()


def test_words_alone_find_products(visit: Visit, served: Served) -> None:
    page = visit()

    ask(page, "red")

    assert shown(page) == served.found(text="red", k=PAGE)
    expect(page.locator("#facts")).to_contain_text("Words alone")


def test_a_new_search_cancels_the_pending_one(visit: Visit, served: Served) -> None:
    page = visit("/?product=0")
    given_up: list[Request] = []
    page.on("requestfailed", lambda request: given_up.append(request))
    held: list[Route] = []
    page.route("**/search", lambda route: held.append(route) if not held else route.continue_())

    page.get_by_role("textbox").fill("green")
    page.get_by_role("textbox").press("Enter")
    expect(page.locator("#products")).to_have_attribute("aria-busy", "true")
    ask(page, "blue")

    assert shown(page) == served.found(product_id="0", history=["green"], text="blue", k=PAGE)
    assert ['"green"' in str(request.post_data) for request in given_up] == [True]


def test_suggestions_are_values_that_the_reference_does_not_have(visit: Visit, served: Served) -> None:
    page = visit("/?product=0")
    offered = page.locator("#suggestions button").all_inner_texts()
    assert {"in black", "in pink", "work"} <= set(offered)
    assert not {"in red", "party"} & set(offered)

    page.get_by_role("button", name="in black").click()
    expect(page.get_by_role("textbox")).to_have_value("in black")
    expect_shown(page, served.found(product_id="0", text="in black", k=PAGE))

    page.get_by_role("button", name="in pink").click()
    expect(page.get_by_role("textbox")).to_have_value("in pink")
    expect(page.get_by_role("button", name="in black")).to_have_attribute("aria-pressed", "false")


def test_show_more_appends_products_until_the_last_one(visit: Visit, served: Served) -> None:
    page = visit("/?product=0&text=blue")

    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".card")).to_have_count(48)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".card")).to_have_count(59)

    assert shown(page) == served.found(product_id="0", text="blue", k=59)
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    expect(page.get_by_role("status")).to_have_text("59 of 59 products shown.")


def test_a_cached_answer_is_labelled(visit: Visit) -> None:
    visit("/?product=7&text=white")

    again = visit("/?product=7&text=white")

    expect(again.locator("#facts")).to_contain_text("from the cache")
