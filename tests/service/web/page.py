"""What the tests of the page do and look at."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from tests.service.conftest import encoded

DESKTOP, PHONE = (1280, 860), (375, 740)
PAGE = 24
"""Products that the page asks for at a time."""

Visit = Callable[..., Page]


def settled(page: Page) -> None:
    """Wait until the page has shown what it asked for."""
    expect(page.locator("#products")).to_have_attribute("aria-busy", "false")


def shown(page: Page) -> list[str]:
    """The ids of the products on the page, in their order."""
    ids: list[str] = page.locator(".card").evaluate_all("cards => cards.map(card => card.dataset.id)")
    return ids


def expect_shown(page: Page, ids: list[str]) -> None:
    """Wait until the page shows these products."""
    expect(page.locator(".card").first).to_have_attribute("data-id", ids[0])
    settled(page)
    assert shown(page) == ids


def ask(page: Page, text: str) -> None:
    """Type a modification and press Enter."""
    page.get_by_role("textbox").fill(text)
    page.get_by_role("textbox").press("Enter")
    expect(page.locator("#heading")).to_have_text(f"“{text}”")
    settled(page)


def card(page: Page, title: str) -> None:
    """Click on the product with this title."""
    page.get_by_role("link", name=title, exact=True).click()
    expect(page.locator("#reference-title")).to_have_text(title)
    settled(page)


def upload(page: Page, picture: Image.Image) -> None:
    """Choose a picture file."""
    page.set_input_files("#file", FilePayload(name="cloth.png", mimeType="image/png", buffer=encoded(picture)))
    expect(page.locator("#reference-title")).to_have_text("Your picture")
    settled(page)


def add_word(page: Page, word: str, button: str) -> None:
    """Type a word and press ``Show`` or ``Not``."""
    page.get_by_role("combobox").fill(word)
    page.get_by_role("button", name=f"{button} this word", exact=True).click()


def chips(page: Page) -> list[str]:
    """What the chips of the chosen words are called, in their order."""
    names: list[str] = page.locator("#chosen-words button").evaluate_all("chips => chips.map(chip => chip.ariaLabel)")
    return names
