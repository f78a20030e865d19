"""Keyboard, screen readers, phones, dark and still pages."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from playwright.sync_api import expect

from tests.service.conftest import Served
from tests.service.web.page import PAGE, PHONE, Visit, add_word, ask, expect_shown, low_contrast, settled, shown

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


@pytest.mark.parametrize("control", ["#trail a", "#restart", "#remove", "#empty-clear"])
def test_the_focus_goes_to_the_heading_when_what_had_it_disappears(visit: Visit, control: str) -> None:
    page = visit("/?product=0&turn=blue&turn=red&min.price=1000")

    page.locator(control).press("Enter")

    expect(page.locator(control)).to_be_hidden()
    expect(page.locator("#heading")).to_be_focused()


def test_every_control_and_picture_has_a_name(visit: Visit) -> None:
    page = visit("/?product=0&text=blue&prefer=red&avoid=black&is.new=true")
    page.locator("summary").click()

    unnamed = page.evaluate("""() => [...document.querySelectorAll("input, textarea, button, a, main img")]
        .filter((thing) => thing.checkVisibility())
        .filter((thing) => ![thing.ariaLabel, thing.alt, thing.textContent, thing.labels?.[0]?.textContent,
                             thing.querySelector?.("img")?.alt].some((name) => name?.trim()))
        .map((thing) => thing.outerHTML)""")

    assert unnamed == []


def test_texts_are_shown_in_the_direction_of_their_script(visit: Visit) -> None:
    page = visit()

    ask(page, "باللون الأحمر")

    expect(page.locator("#heading")).to_have_css("direction", "rtl")
    page.get_by_role("textbox").fill("أزرق")
    expect(page.get_by_role("textbox")).to_have_css("direction", "rtl")
    expect(page.locator(".card-title").first).to_have_attribute("dir", "auto")


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


def test_no_field_is_so_small_that_a_phone_zooms_in_on_it(visit: Visit) -> None:
    page = visit("/?product=10", size=PHONE, is_mobile=True, has_touch=True)
    page.locator("summary").tap()

    sizes = page.locator("textarea, input[list], input[type=number]").evaluate_all(
        "fields => fields.map((field) => Number.parseFloat(getComputedStyle(field).fontSize))"
    )

    assert len(sizes) >= 4
    assert min(sizes) >= 16


def test_a_search_on_a_phone_shows_its_results_and_closes_the_keyboard(visit: Visit) -> None:
    page = visit("/?product=0", size=PHONE, is_mobile=True, has_touch=True)
    page.get_by_role("textbox").tap()

    ask(page, "blue")

    expect(page.locator("#heading")).to_be_focused()
    expect(page.locator(".card").first).to_be_in_viewport()
    page.go_back()
    settled(page)
    assert page.evaluate("scrollY") == 0


def test_the_next_turn_needs_no_scrolling_on_a_phone(visit: Visit) -> None:
    page = visit("/?product=0", size=(360, 740), is_mobile=True, has_touch=True)
    field = page.get_by_role("textbox")
    ask(page, "blue")
    for thing in (
        field,
        page.get_by_role("button", name="Search"),
        page.locator("#heading"),
        page.locator(".card").first,
    ):
        expect(thing).to_be_in_viewport(ratio=0.5)
    box, heading = field.bounding_box(), page.locator("#heading").bounding_box()
    assert box is not None
    assert heading is not None
    assert box["y"] + box["height"] <= heading["y"]

    page.evaluate("scrollTo(0, 2000)")
    expect(field).to_be_in_viewport(ratio=1)
    top = page.evaluate("scrollY")
    page.touchscreen.tap(box["x"] + 5, box["y"] + 5)
    page.keyboard.type("red")
    assert page.evaluate("scrollY") == top


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_have_enough_contrast(visit: Visit, scheme: Literal["light", "dark"]) -> None:
    page = visit("/", color_scheme=scheme, reduced_motion="reduce")
    assert low_contrast(page) == []
    ask(page, "blue")
    add_word(page, "red", "Show")
    page.locator("summary").click()
    settled(page)

    assert low_contrast(page) == []


def test_a_long_title_of_the_reference_leaves_the_field_in_view(visit: Visit) -> None:
    page = visit("/?product=10", size=PHONE, is_mobile=True, has_touch=True)

    page.locator("#reference-title").evaluate("(title) => { title.textContent = 'A very long title. '.repeat(40); }")

    expect(page.get_by_role("textbox")).to_be_in_viewport(ratio=1)


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
