"""Words to prefer and to avoid."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.service.conftest import Serve, Served, Shop, build, drop_attributes
from tests.service.web.page import PAGE, Visit, add_word, ask, chips, expect_shown, settled, shown
from tests.toy_bundle import WORDS, write_toy_bundle


def test_preferred_and_avoided_words_change_the_results_and_are_part_of_the_link(visit: Visit, served: Served) -> None:
    page = visit("/?product=5&text=white")
    before = shown(page)

    add_word(page, "red", "Show")
    page.wait_for_url("**/?product=5&text=white&prefer=red")
    add_word(page, "black", "Not")
    page.wait_for_url("**/?product=5&text=white&prefer=red&avoid=black")

    wished = served.found(product_id="5", text="white", prefer=["red"], avoid=["black"], k=PAGE)
    assert wished != before
    expect_shown(page, wished)
    assert chips(page) == ["Prefer red, remove", "Avoid black, remove"]
    expect(page.get_by_role("combobox")).to_have_value("")
    expect(page.locator("#facts")).to_contain_text("preferring red · avoiding black · 59 products")
    page.reload()
    expect_shown(page, wished)
    assert chips(page) == ["Prefer red, remove", "Avoid black, remove"]
    assert shown(visit(page.url.removeprefix(served.url))) == wished


def test_a_click_removes_a_word_and_back_restores_it(visit: Visit, served: Served) -> None:
    page = visit("/?product=5&prefer=red&prefer=white&avoid=black")
    three = shown(page)

    page.get_by_role("button", name="Prefer red, remove").click()

    page.wait_for_url("**/?product=5&prefer=white&avoid=black")
    assert chips(page) == ["Prefer white, remove", "Avoid black, remove"]
    two = served.found(product_id="5", prefer=["white"], avoid=["black"], k=PAGE)
    assert two != three
    expect_shown(page, two)
    page.go_back()
    expect_shown(page, three)
    assert chips(page) == ["Prefer red, remove", "Prefer white, remove", "Avoid black, remove"]


def test_start_over_clears_the_words(visit: Visit) -> None:
    page = visit("/?product=5&prefer=red&avoid=black")
    page.get_by_role("combobox").fill("gre")

    page.get_by_role("button", name="Start over").click()

    page.wait_for_url(re.compile(r"/$"))
    settled(page)
    page.locator(".card a").first.click()
    expect(page.get_by_role("group", name="Words")).to_be_visible()
    assert chips(page) == []
    expect(page.get_by_role("combobox")).to_have_value("")


def test_words_apply_to_the_next_reference_and_the_trail_restores_them(visit: Visit, served: Served) -> None:
    page = visit("/?product=5&text=white&prefer=red&avoid=black")
    before = shown(page)

    page.locator(".card a").nth(1).click()

    page.wait_for_url(f"**/?product={before[1]}&prefer=red&avoid=black")
    expect_shown(page, served.found(product_id=before[1], prefer=["red"], avoid=["black"], k=PAGE))
    page.get_by_role("button", name="Prefer red, remove").click()
    page.get_by_role("navigation", name="Earlier steps").get_by_role("link", name="“white” + red − black").click()
    expect_shown(page, before)
    assert chips(page) == ["Prefer red, remove", "Avoid black, remove"]


def test_known_words_are_suggested_and_matched_in_any_spelling(visit: Visit, served: Served) -> None:
    page = visit("/?product=5")
    suggested = page.locator("#word").evaluate("field => [...field.list.options].map(option => option.value)")
    assert suggested == list(WORDS)

    add_word(page, " RED ", "Show")
    page.wait_for_url("**/?product=5&prefer=red")
    add_word(page, "Jet-Black", "Not")  # a spelling that is not listed

    page.wait_for_url("**/?product=5&prefer=red&avoid=Jet-Black")
    expect_shown(page, served.found(product_id="5", prefer=["red"], avoid=["black"], k=PAGE))
    expect(page.locator("#facts")).to_contain_text("avoiding black")


def test_avoiding_a_preferred_word_replaces_the_preference(visit: Visit, served: Served) -> None:
    page = visit("/?product=5&prefer=red&prefer=white")

    add_word(page, "red", "Not")

    page.wait_for_url("**/?product=5&prefer=white&avoid=red")
    expect_shown(page, served.found(product_id="5", prefer=["white"], avoid=["red"], k=PAGE))


def test_an_unknown_word_shows_the_problem_of_the_service_and_can_be_removed(
    visit: Visit, served: Served, complaints: list[str]
) -> None:
    page = visit("/?product=5&prefer=gren")

    problem = served.client.post("/search", json={"product_id": "5", "prefer": ["gren"]}).json()
    for words in (problem["title"], problem["detail"], 'Did you mean "green"?'):
        expect(page.get_by_role("alert")).to_contain_text(words)
    add_word(page, "green", "Show")
    expect(page.get_by_role("alert")).to_contain_text(problem["detail"])
    page.get_by_role("button", name="Prefer gren, remove").click()

    expect(page.get_by_role("alert")).to_be_hidden()
    expect_shown(page, served.found(product_id="5", prefer=["green"], k=PAGE))
    assert all("422" in complaint for complaint in complaints)
    complaints.clear()


def test_words_are_hidden_until_there_is_a_query(visit: Visit, served: Served) -> None:
    page = visit("/?prefer=red")
    expect(page.get_by_role("group", name="Words")).to_be_hidden()

    ask(page, "white")

    expect(page.get_by_role("group", name="Words")).to_be_visible()
    assert shown(page) == served.found(text="white", prefer=["red"], k=PAGE)


@pytest.mark.parametrize("silent_part", ["bundle", "generation"])
def test_words_are_hidden_if_the_bundle_or_the_generation_has_none(
    visit: Visit, shop: Shop, serve: Serve, tmp_path: Path, complaints: list[str], silent_part: str
) -> None:
    bundle = write_toy_bundle(tmp_path / "bundle") if silent_part == "bundle" else shop.bundle
    id = build(shop.catalog, bundle, tmp_path / "index")
    if silent_part == "generation":
        drop_attributes(tmp_path / "index", id)

    with serve(Shop(bundle, shop.catalog, tmp_path / "index")) as silent:
        page = visit("/?product=5&text=white", url=silent.url)
        expect(page.locator("#filters")).to_be_visible()
        expect(page.get_by_role("group", name="Words")).to_be_hidden()

        page.goto(f"{silent.url}/?product=5&prefer=red")  # a link from elsewhere
        expect(page.get_by_role("alert")).to_contain_text("Preferred words are not supported")
        expect(page.get_by_role("combobox")).to_be_hidden()
        page.get_by_role("button", name="Prefer red, remove").click()
        expect_shown(page, silent.found(product_id="5", k=PAGE))
        expect(page.get_by_role("group", name="Words")).to_be_hidden()
        page.close()
    assert all("422" in complaint for complaint in complaints)
    complaints.clear()


def test_words_can_be_added_and_removed_by_keyboard(visit: Visit, served: Served) -> None:
    page = visit("/?product=5")
    page.get_by_role("combobox").focus()
    page.keyboard.type("red")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?product=5&prefer=red")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("black")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?product=5&prefer=red&avoid=black")

    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Prefer red, remove")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/?product=5&avoid=black")
    expect_shown(page, served.found(product_id="5", avoid=["black"], k=PAGE))
    expect(page.get_by_role("button", name="Avoid black, remove")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/?product=5")

    expect_shown(page, served.found(product_id="5", k=PAGE))
    expect(page.get_by_role("button", name="Show this word")).to_be_focused()
