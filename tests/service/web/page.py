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


def low_contrast(page: Page) -> list[str]:
    """Visible texts and placeholders with less contrast than WCAG 2.2 requires (level AA)."""
    found: list[str] = page.evaluate(LOW_CONTRAST)
    return found


LOW_CONTRAST = """() => {
    const pixel = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
    const over = (colour, [r, g, b]) => {
        pixel.fillStyle = `rgb(${r}, ${g}, ${b})`;
        pixel.fillRect(0, 0, 1, 1);
        pixel.fillStyle = colour;
        pixel.fillRect(0, 0, 1, 1);
        return [...pixel.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const linear = (part) => part <= 10.3 ? part / 3294.6 : ((part / 255 + 0.055) / 1.055) ** 2.4;
    const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    const found = new Set();
    for (const thing of document.querySelectorAll("body *")) {
        const worded = [...thing.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
        const empty = thing.placeholder && !thing.value;
        const {width, height} = thing.getBoundingClientRect();
        if (!(worded || empty) || !thing.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
        if (thing.disabled || Math.min(width, height) < 3 || thing.closest("svg, script, style, datalist")) continue;
        const style = getComputedStyle(thing, empty ? "::placeholder" : null);
        let back = [255, 255, 255];
        let opacity = Number(style.opacity);
        const line = [];
        for (let one = thing; one; one = one.parentElement) line.unshift(getComputedStyle(one));
        for (const {backgroundColor, opacity: share} of line) {
            back = over(backgroundColor, back);
            opacity *= Number(share);
        }
        const front = over(style.color, back).map((part, at) => part * opacity + back[at] * (1 - opacity));
        const [low, high] = [luminance(front), luminance(back)].sort((one, other) => one - other);
        const size = Number.parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
        const ratio = (high + 0.05) / (low + 0.05);
        if (ratio < (large ? 3 : 4.5)) {
            const text = (empty ? thing.placeholder : thing.textContent).trim().slice(0, 40);
            found.add(`${ratio.toFixed(2)} ${thing.tagName.toLowerCase()}.${thing.className} ${text}`);
        }
    }
    return [...found];
}"""
