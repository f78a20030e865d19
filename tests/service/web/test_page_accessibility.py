"""Keyboard, screen readers, phones, dark and still pages."""

from __future__ import annotations

import re
from typing import Literal

from playwright.sync_api import expect

from tests.service.conftest import Served
from tests.service.web.page import PAGE, PHONE, Visit, expect_shown, settled, shown

WORDY = "/?product=10&" + "&".join(f"prefer={word}&avoid=jet-black" for word in ("red", "white", "blue", "Scarlet"))


def test_a_search_needs_no_mouse(visit: Visit, served: Served) -> None:
    page = visit()
    first = shown(page)[0]
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the products")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#heading")).to_have_text("More like this")

    page.keyboard.type("green")
    page.keyboard.press("Enter")

    expect(page.locator("#heading")).to_have_text("“green”")
    expect_shown(page, served.found(product_id=first, text="green", k=PAGE))


def test_every_control_and_picture_has_a_name(visit: Visit) -> None:
    page = visit("/?product=0&text=blue&prefer=red&avoid=black&is.new=true")
    page.locator("summary").click()

    unnamed = page.evaluate("""() => [...document.querySelectorAll("input, textarea, button, a, main img")]
        .filter((thing) => thing.checkVisibility())
        .filter((thing) => ![thing.ariaLabel, thing.alt, thing.textContent, thing.labels?.[0]?.textContent,
                             thing.querySelector?.("img")?.alt].some((name) => name?.trim()))
        .map((thing) => thing.outerHTML)""")

    assert unnamed == []


def test_a_phone_never_scrolls_sideways(visit: Visit, served: Served) -> None:
    page = visit(size=PHONE, is_mobile=True, has_touch=True)
    for path in ("/", "/?product=10&text=blue", "/?text=red&min.price=1000", WORDY):
        page.goto(served.url + path)
        settled(page)
        if path != "/":
            page.locator("summary").tap()
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0], path


def test_a_phone_offers_its_camera_and_shows_two_products_in_a_row(visit: Visit) -> None:
    page = visit(size=PHONE, is_mobile=True, has_touch=True)

    expect(page.get_by_text("Take a photo")).to_be_visible()
    tops = page.locator(".card").evaluate_all("cards => cards.slice(0, 3).map(card => card.offsetTop)")
    assert tops[0] == tops[1] < tops[2]


def test_the_page_follows_the_preferred_colour_scheme(visit: Visit) -> None:
    page = visit()

    def brightness(scheme: Literal["light", "dark"]) -> int:
        page.emulate_media(color_scheme=scheme)
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return max(int(part) for part in re.findall(r"\d+", colour)[:3])

    assert brightness("light") > 240
    assert brightness("dark") < 40


def test_nothing_moves_if_reduced_motion_is_preferred(visit: Visit) -> None:
    page = visit(reduced_motion="reduce")

    moving = page.evaluate("""() => [...document.querySelectorAll("*")].filter((thing) => {
        const {transitionDuration, animationName} = getComputedStyle(thing);
        return animationName !== "none" || transitionDuration !== "0s";
    }).length""")

    assert moving == 0
