"""What was understood of a text, as chips on the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.service.conftest import Serve, Served, Shop
from tests.service.web.page import settled


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


def test_another_text_takes_nothing_back(understanding: Served, page: Page) -> None:
    page.goto(f"{understanding.url}/?product=5&text=in+red&ignore=red")
    assert understood(page) == []

    page.get_by_role("textbox").fill("in red, please")
    page.get_by_role("textbox").press("Enter")

    expect(page.locator("#understood button")).to_have_count(1)
    assert understood(page) == ["red"]
