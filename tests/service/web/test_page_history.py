"""The address, the browser's history, and the trail of earlier steps."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.service.conftest import Served
from tests.service.web.page import PAGE, Visit, ask, card, expect_shown, settled, shown


def test_a_result_becomes_the_next_reference_and_the_trail_leads_back(visit: Visit, served: Served) -> None:
    page = visit("/?product=0")
    ask(page, "blue")
    composed = shown(page)
    title = str(page.locator(".card img").nth(1).get_attribute("alt"))

    card(page, title)

    expect(page.get_by_role("textbox")).to_have_value("")
    assert shown(page) == served.found(product_id=composed[1], k=PAGE)
    page.get_by_role("navigation", name="Earlier steps").get_by_role("link", name="“blue”").click()
    expect_shown(page, composed)
    expect(page.get_by_role("navigation", name="Earlier steps")).to_be_hidden()


def test_an_address_is_never_too_long_for_the_service(visit: Visit) -> None:
    page = visit()
    ask(page, "blue")
    for letter in ("赤", "青"):
        ask(page, letter * 600)

    answer = page.reload()

    assert answer is not None
    assert answer.status == 200
    settled(page)
    expect(page.locator("#heading")).to_have_text(f"“{'青' * 600}”")


def test_back_and_forward_restore_the_steps(visit: Visit) -> None:
    page = visit("/?product=0")
    ask(page, "blue")
    blue = shown(page)
    card(page, str(page.locator(".card img").nth(1).get_attribute("alt")))
    further = shown(page)

    page.go_back()
    expect_shown(page, blue)
    expect(page.locator("#heading")).to_have_text("“blue”")

    page.go_forward()
    expect_shown(page, further)


def test_going_back_restores_the_scroll_position(visit: Visit) -> None:
    page = visit()
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".card")).to_have_count(2 * PAGE)
    page.locator(".card a").nth(40).click()
    expect(page.locator("#heading")).to_have_text("More like this")
    settled(page)
    assert page.evaluate("scrollY") == 0

    page.go_back()

    expect(page.locator(".card")).to_have_count(2 * PAGE)
    expect(page.locator(".card").nth(40)).to_be_in_viewport()


def test_typing_searches_after_a_pause_and_adds_one_history_entry(visit: Visit) -> None:
    page = visit("/?product=0")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(str(request.post_data)) if request.method == "POST" else None)

    page.get_by_role("textbox").press_sequentially("green", delay=20)
    expect(page.locator("#heading")).to_have_text("“green”")
    page.get_by_role("textbox").press_sequentially(" white", delay=20)
    expect(page.locator("#heading")).to_have_text("“green white”")

    assert len(asked) == 2
    page.go_back()
    expect(page.locator("#heading")).to_have_text("More like this")
