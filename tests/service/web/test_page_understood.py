"""What was understood of a text, as chips on the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.service.conftest import Serve, Served, Shop
from tests.service.web.page import ask, settled


@pytest.fixture(scope="module")
def understanding(shop: Shop, serve: Serve) -> Iterator[Served]:
    with serve(shop, understand_text=True) as served:
        yield served


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_page() as page:
        yield page


def understood(page: Page) -> list[str]:
    settled(page)
    chips: list[str] = page.locator("#understood button").all_text_contents()
    return chips


def test_wishes_are_chips_that_take_them_back(understanding: Served, page: Page) -> None:
    page.goto(f"{understanding.url}/?product=5&text=not+red,+under+30,+frobnicated")
    assert understood(page) == ["not red", "price up to 30"]
    expect(page.locator("#not-understood")).to_have_text("Not understood: frobnicated")

    page.get_by_role("button", name="price up to 30, take back").click()

    page.wait_for_url("**ignore=under+30")
    expect(page.locator("#understood button")).to_have_count(1)
    assert understood(page) == ["not red"]
    page.go_back()
    expect(page.locator("#understood button")).to_have_count(2)


def test_the_focus_stays_among_the_chips_when_one_is_taken_back(understanding: Served, page: Page) -> None:
    page.goto(f"{understanding.url}/?product=5&text=not+red,+under+30")
    settled(page)

    page.get_by_role("button", name="not red, take back").press("Enter")

    expect(page.locator("#understood button")).to_have_count(1)
    expect(page.get_by_role("button", name="price up to 30, take back")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#understood button")).to_have_count(0)
    expect(page.locator("#heading")).to_be_focused()


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("red, under 5", "Nothing has all of it. These come closest."),
        ("red, under 11", "1 product has all of it; the others come close."),
        ("under 20", "11 products have all of it; the others come close."),
        ("over 5", ""),
        ("frobnicated", ""),
        ("red&ignore=red", ""),
        ("red&is.colour=red", ""),
        ("newer", "The catalogue states no year, so “newer” has no effect."),
    ],
)
def test_the_page_shows_how_many_products_satisfy_all_wishes(
    understanding: Served, page: Page, text: str, note: str
) -> None:
    page.goto(f"{understanding.url}/?text={text}")
    settled(page)
    expect(page.locator("#note")).to_have_text(note)


def test_another_text_takes_nothing_back(understanding: Served, page: Page) -> None:
    page.goto(f"{understanding.url}/?product=5&text=in+red&ignore=red")
    assert understood(page) == []

    page.get_by_role("textbox").fill("in red, please")
    page.get_by_role("textbox").press("Enter")

    expect(page.locator("#understood button")).to_have_count(1)
    assert understood(page) == ["red"]


def test_a_text_is_a_further_turn_and_the_trail_leads_back(understanding: Served, page: Page) -> None:
    page.goto(f"{understanding.url}/?product=5")
    ask(page, "in red, under 30")
    ask(page, "no, in blue")

    assert understood(page) == ["blue", "price up to 30"]
    expect(page.get_by_role("textbox")).to_have_value("")
    expect(page.get_by_role("status")).to_contain_text("Understood: blue, price up to 30.")
    page.reload()
    assert understood(page) == ["blue", "price up to 30"]

    ask(page, "go back")
    assert understood(page) == ["red", "price up to 30"]
    trail = page.get_by_role("navigation", name="Earlier steps").get_by_role("link")
    assert trail.all_inner_texts() == ["“in red, under 30”", "“no, in blue”"]
    trail.last.click()
    expect(page.locator("#heading")).to_have_text("“no, in blue”")
    assert understood(page) == ["blue", "price up to 30"]


def test_a_wish_that_was_taken_back_returns_when_a_later_turn_repeats_it(understanding: Served, page: Page) -> None:
    page.goto(f"{understanding.url}/?product=5&turn=in+red,+under+30&ignore=under+30")

    ask(page, "in blue")
    assert understood(page) == ["blue"]
    ask(page, "under 30")
    assert understood(page) == ["blue", "price up to 30"]
