"""The page as a shopper uses it: a real browser, the real service, the small shop."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Error, FilePayload, Page, Request, Route, expect

from tests.service.conftest import Serve, Served, Shop, build, cloth, drop_attributes, encoded, write_cloth_catalog
from tests.toy_bundle import WORDS, write_toy_bundle

DESKTOP, PHONE = (1280, 860), (375, 740)
PAGE = 24

WORDY = "/?product=10&" + "&".join(f"prefer={word}&avoid=jet-black" for word in ("red", "white", "blue", "Scarlet"))

Visit = Callable[..., Page]


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What the browser's console complained about; a test that causes complaints takes them out."""
    heard: list[str] = []
    yield heard
    assert heard == []


@pytest.fixture
def visit(browser: Browser, served: Served, complaints: list[str]) -> Iterator[Visit]:
    """``visit("/?product=0")`` opens the page in a fresh profile and waits for its products."""
    pages = []

    def opened(path: str = "/", *, size: tuple[int, int] = DESKTOP, url: str = served.url, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        context.set_default_timeout(10_000)
        page = context.new_page()
        pages.append(page)
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url + path)
        settled(page)
        return page

    yield opened
    for page in pages:
        page.context.close()


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


def bring(page: Page, picture: Image.Image) -> None:
    """Choose a picture file."""
    page.set_input_files("#file", FilePayload(name="cloth.png", mimeType="image/png", buffer=encoded(picture)))
    expect(page.locator("#reference-title")).to_have_text("Your picture")
    settled(page)


def wish(page: Page, word: str, button: str) -> None:
    """Type a word and press ``Show`` or ``Not``."""
    page.get_by_role("combobox").fill(word)
    page.get_by_role("button", name=f"{button} this word", exact=True).click()


def inputs(page: Page) -> list[str]:
    """What the chips of the chosen words are called, in their order."""
    names: list[str] = page.locator("#chosen-words button").evaluate_all("chips => chips.map(chip => chip.ariaLabel)")
    return names


HANDED_OVER = """([data, type]) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const files = new DataTransfer();
    files.items.add(new File([bytes], "cloth.png", {type: "image/png"}));
    const options = {bubbles: true, cancelable: true, dataTransfer: files, clipboardData: files};
    document.body.dispatchEvent(type === "paste" ? new ClipboardEvent(type, options) : new DragEvent(type, options));
}"""


def test_the_first_page_offers_products_to_start_from(visit: Visit, served: Served) -> None:
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
        assert page.url == f"{served.url}/modiste/?product=0&text=blue"
        assert shown(page) == served.found(product_id="0", text="blue", k=PAGE)
        image = page.locator("#reference-picture")
        assert image.evaluate("async image => { await image.decode(); return image.naturalWidth }") == 60
        page.close()


def test_surprise_me_shuffles_and_back_restores(visit: Visit) -> None:
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
    assert page.url.endswith("/?product=0&text=blue")
    expect(page.locator("#facts")).to_contain_text("Picture and words · 59 products")


def test_picking_a_product_makes_it_the_reference_and_the_field_ready_to_type(visit: Visit, served: Served) -> None:
    page = visit()
    title = page.locator(".card img").nth(4).get_attribute("alt")
    picked = shown(page)[4]

    card(page, str(title))

    assert shown(page) == served.found(product_id=picked, k=PAGE)
    expect(page.get_by_label("What should be different?")).to_be_focused()


def test_a_result_goes_on_from_there_and_the_trail_leads_back(visit: Visit, served: Served) -> None:
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


def test_back_and_forward_walk_through_the_steps(visit: Visit) -> None:
    page = visit("/?product=0")
    ask(page, "blue")
    blue = shown(page)
    card(page, str(page.locator(".card img").nth(1).get_attribute("alt")))
    further = shown(page)

    page.go_back()
    expect_shown(page, blue)
    expect(page.get_by_role("textbox")).to_have_value("blue")

    page.go_forward()
    expect_shown(page, further)


def test_going_back_lands_where_one_was(visit: Visit) -> None:
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


def test_typing_searches_after_a_pause_and_leaves_one_entry_in_the_history(visit: Visit) -> None:
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


def test_a_new_search_gives_up_the_one_on_its_way(visit: Visit, served: Served) -> None:
    page = visit("/?product=0")
    given_up: list[Request] = []
    page.on("requestfailed", lambda request: given_up.append(request))
    held: list[Route] = []
    page.route("**/search", lambda route: held.append(route) if not held else route.continue_())

    page.get_by_role("textbox").fill("green")
    page.get_by_role("textbox").press("Enter")
    expect(page.locator("#products")).to_have_attribute("aria-busy", "true")
    ask(page, "blue")

    assert shown(page) == served.found(product_id="0", text="blue", k=PAGE)
    assert ['"green"' in str(request.post_data) for request in given_up] == [True]


def test_words_alone_find_products(visit: Visit, served: Served) -> None:
    page = visit()

    ask(page, "red")

    assert shown(page) == served.found(text="red", k=PAGE)
    expect(page.locator("#facts")).to_contain_text("Words alone")


def test_a_chosen_picture_finds_its_like_and_words_change_it(visit: Visit, served: Served) -> None:
    page = visit()
    bring(page, cloth("yellow", "navy"))
    title = str(page.locator(".card img").first.get_attribute("alt"))
    assert title == "Yellow and navy cloth"

    ask(page, "red")

    picture = base64.b64encode(encoded(cloth("yellow", "navy"))).decode()
    assert shown(page) == served.found(image_base64=picture, text="red", k=PAGE)


@pytest.mark.parametrize("type", ["drop", "paste"])
def test_a_picture_can_be_dropped_or_pasted(visit: Visit, type: str) -> None:
    page = visit()

    page.evaluate(HANDED_OVER, [base64.b64encode(encoded(cloth("green"))).decode(), type])

    expect(page.locator("#heading")).to_have_text("Closest to your picture")
    expect(page.locator(".card img").first).to_have_attribute("alt", "Green cloth")


def test_a_large_picture_travels_small(visit: Visit) -> None:
    page = visit()
    with page.expect_request("**/search") as sent:
        bring(page, cloth("blue", size=(3000, 2000)))

    data = json.loads(str(sent.value.post_data))["image_base64"].partition(",")[2]
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (1024, 683)
    expect(page.locator(".card img").first).to_have_attribute("alt", "Blue cloth")


def test_a_picture_outlives_a_reload_but_is_not_part_of_a_link(visit: Visit, served: Served) -> None:
    page = visit()
    bring(page, cloth("pink"))
    page.reload()
    settled(page)
    expect(page.locator(".card img").first).to_have_attribute("alt", "Pink cloth")

    other = visit(page.url.removeprefix(served.url))

    expect(other.get_by_role("alert")).to_contain_text("The picture of this step is gone")


def test_removing_the_reference_keeps_the_words(visit: Visit, served: Served) -> None:
    page = visit("/?product=0&text=blue")

    page.get_by_role("button", name="Remove the picture").click()

    page.wait_for_url("**/?text=blue")
    expect_shown(page, served.found(text="blue", k=PAGE))


def boxed(page: Page) -> list[float]:
    """The box in the page's address."""
    page.wait_for_url(re.compile("box="))
    found = re.search(r"box=([\d.]+)%2C([\d.]+)%2C([\d.]+)%2C([\d.]+)", page.url)
    assert found
    return [float(corner) for corner in found.groups()]


def test_a_part_of_the_picture_can_be_drawn_with_the_mouse(visit: Visit, served: Served) -> None:
    page = visit("/?product=18")  # Red over navy.
    page.get_by_role("button", name="Select a part").click()
    assert boxed(page) == [0.2, 0.2, 0.8, 0.8]

    tile = page.locator("#reference-tile").bounding_box()
    assert tile is not None
    left, top, width, height = (tile[name] for name in ("x", "y", "width", "height"))
    page.mouse.move(left + 0.05 * width, top + 0.99 * height)
    page.mouse.down()
    page.mouse.move(left + 0.5 * width, top + 0.7 * height)
    page.mouse.move(left + 0.55 * width, top + 0.55 * height)
    page.mouse.up()
    page.wait_for_url(re.compile("box=0.0"))

    box = boxed(page)
    assert box == pytest.approx([0.05, 0.55, 0.55, 0.99], abs=0.02)
    expect_shown(page, served.found(product_id="18", box=box, k=PAGE))
    assert page.locator(".card img").first.get_attribute("alt") == "Navy cloth"
    assert shown(visit(page.url.removeprefix(served.url))) == shown(page)


def test_a_part_of_an_upload_can_be_drawn_with_a_finger(visit: Visit) -> None:
    page = visit(size=PHONE, is_mobile=True, has_touch=True)
    bring(page, cloth("yellow", "navy"))
    page.get_by_role("button", name="Select a part").tap()
    boxed(page)
    tile = page.locator("#reference-tile").bounding_box()
    assert tile is not None

    finger = page.context.new_cdp_session(page)
    for kind, x, y in (("Start", 0.1, 0.02), ("Move", 0.3, 0.3), ("Move", 0.6, 0.48), ("End", None, None)):
        point = (
            []
            if x is None or y is None
            else [{"x": tile["x"] + x * tile["width"], "y": tile["y"] + y * tile["height"]}]
        )
        finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": point})
    page.wait_for_url(re.compile("box=0.1"))

    assert boxed(page) == pytest.approx([0.1, 0.02, 0.6, 0.48], abs=0.03)
    expect(page.locator(".card img").first).to_have_attribute("alt", "Yellow cloth")
    assert page.evaluate("scrollY") == 0


def test_a_part_of_the_picture_can_be_selected_by_keyboard(visit: Visit, served: Served) -> None:
    page = visit("/?product=18&box=0.25,0.1,0.75,0.6")
    part = page.get_by_role("application")
    expect(part).to_have_attribute("aria-label", re.compile("25 to 75% across, 10 to 60% down"))

    part.focus()
    for _ in range(30):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("box=0.25%2C0.5%2C0.73%2C1$"))

    expect_shown(page, served.found(product_id="18", box=[0.25, 0.5, 0.73, 1], k=PAGE))
    expect(part).to_be_focused()
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile(r"\?product=18$"))
    expect_shown(page, served.found(product_id="18", k=PAGE))
    expect(page.get_by_role("button", name="Select a part")).to_be_focused()


def test_a_box_does_not_go_on_to_the_next_reference(visit: Visit, served: Served) -> None:
    page = visit("/?product=18&box=0.25,0.1,0.75,0.6")
    page.get_by_role("button", name="Whole picture").click()
    expect_shown(page, served.found(product_id="18", k=PAGE))

    page.goto(f"{served.url}/?product=18&box=0.25,0.1,0.75,0.6")
    settled(page)
    page.locator(".card a").first.click()
    expect(page.locator("#reference-title")).not_to_have_text("Red and navy cloth")

    assert "box" not in page.url
    expect(page.get_by_role("application")).to_be_hidden()


def test_suggestions_change_the_reference_to_what_it_is_not(visit: Visit, served: Served) -> None:
    page = visit("/?product=0")
    offered = page.locator("#suggestions button").all_inner_texts()
    assert {"in black", "in pink", "work occasions"} <= set(offered)
    assert not {"in red", "party occasions"} & set(offered)

    page.get_by_role("button", name="in black").click()
    expect(page.get_by_role("textbox")).to_have_value("in black")
    expect_shown(page, served.found(product_id="0", text="in black", k=PAGE))

    page.get_by_role("button", name="in pink").click()
    expect(page.get_by_role("textbox")).to_have_value("in pink")
    expect(page.get_by_role("button", name="in black")).to_have_attribute("aria-pressed", "false")


def test_filters_of_every_kind_narrow_the_results_and_are_part_of_the_link(visit: Visit, served: Served) -> None:
    page = visit("/?text=red")
    page.locator("summary").click()

    page.get_by_role("group", name="colour", exact=True).get_by_label("Green").check()
    page.get_by_role("group", name="new").get_by_label("yes").check()
    page.get_by_label("price to").fill("45")
    page.get_by_label("price to").press("Enter")

    wanted = {"colour": ["Green"], "new": [True], "price": {"max": 45}}
    page.wait_for_url("**/?text=red&is.colour=Green&max.price=45&is.new=true")
    expect_shown(page, served.found(text="red", filters=wanted, k=PAGE))
    linked = visit(page.url.removeprefix(served.url))
    assert shown(linked) == shown(page)
    linked.locator("summary").click()
    expect(linked.get_by_role("group", name="colour", exact=True).get_by_label("Green")).to_be_checked()

    linked.get_by_role("button", name="Clear all filters").click()
    expect_shown(linked, served.found(text="red", k=PAGE))


def test_filters_that_nothing_passes_say_so_and_can_be_cleared(visit: Visit, served: Served) -> None:
    page = visit("/?text=red&min.price=1000")
    expect(page.get_by_text("No product passes these filters.")).to_be_visible()

    page.locator("#empty").get_by_role("button").click()

    expect_shown(page, served.found(text="red", k=PAGE))


def test_words_to_show_or_not_change_the_results_and_are_part_of_the_link(visit: Visit, served: Served) -> None:
    page = visit("/?product=5&text=white")
    before = shown(page)

    wish(page, "red", "Show")
    page.wait_for_url("**/?product=5&text=white&prefer=red")
    wish(page, "black", "Not")
    page.wait_for_url("**/?product=5&text=white&prefer=red&avoid=black")

    wished = served.found(product_id="5", text="white", prefer=["red"], avoid=["black"], k=PAGE)
    assert wished != before
    expect_shown(page, wished)
    assert inputs(page) == ["Prefer red, remove", "Avoid black, remove"]
    expect(page.get_by_role("combobox")).to_have_value("")
    expect(page.locator("#facts")).to_contain_text("preferring red · avoiding black · 59 products")
    page.reload()
    expect_shown(page, wished)
    assert inputs(page) == ["Prefer red, remove", "Avoid black, remove"]
    assert shown(visit(page.url.removeprefix(served.url))) == wished


def test_a_click_takes_a_word_off_and_back_brings_it_again(visit: Visit, served: Served) -> None:
    page = visit("/?product=5&prefer=red&prefer=white&avoid=black")
    three = shown(page)

    page.get_by_role("button", name="Prefer red, remove").click()

    page.wait_for_url("**/?product=5&prefer=white&avoid=black")
    assert inputs(page) == ["Prefer white, remove", "Avoid black, remove"]
    two = served.found(product_id="5", prefer=["white"], avoid=["black"], k=PAGE)
    assert two != three
    expect_shown(page, two)
    page.go_back()
    expect_shown(page, three)
    assert inputs(page) == ["Prefer red, remove", "Prefer white, remove", "Avoid black, remove"]


def test_start_over_clears_the_words(visit: Visit) -> None:
    page = visit("/?product=5&prefer=red&avoid=black")
    page.get_by_role("combobox").fill("gre")

    page.get_by_role("button", name="Start over").click()

    page.wait_for_url(re.compile(r"/$"))
    settled(page)
    page.locator(".card a").first.click()
    expect(page.get_by_role("group", name="Words")).to_be_visible()
    assert inputs(page) == []
    expect(page.get_by_role("combobox")).to_have_value("")


def test_words_go_on_with_a_result_and_the_trail_leads_back_to_them(visit: Visit, served: Served) -> None:
    page = visit("/?product=5&text=white&prefer=red&avoid=black")
    before = shown(page)

    page.locator(".card a").nth(1).click()

    page.wait_for_url(f"**/?product={before[1]}&prefer=red&avoid=black")
    expect_shown(page, served.found(product_id=before[1], prefer=["red"], avoid=["black"], k=PAGE))
    page.get_by_role("button", name="Prefer red, remove").click()
    page.get_by_role("navigation", name="Earlier steps").get_by_role("link", name="“white” + red − black").click()
    expect_shown(page, before)
    assert inputs(page) == ["Prefer red, remove", "Avoid black, remove"]


def test_the_words_that_are_known_are_suggested_and_understood_however_they_are_typed(
    visit: Visit, served: Served
) -> None:
    page = visit("/?product=5")
    suggested = page.locator("#word").evaluate("field => [...field.list.options].map(option => option.value)")
    assert suggested == list(WORDS)

    wish(page, " RED ", "Show")
    page.wait_for_url("**/?product=5&prefer=red")
    wish(page, "Jet-Black", "Not")  # a spelling that is not listed

    page.wait_for_url("**/?product=5&prefer=red&avoid=Jet-Black")
    expect_shown(page, served.found(product_id="5", prefer=["red"], avoid=["black"], k=PAGE))
    expect(page.locator("#facts")).to_contain_text("avoiding black")


def test_a_word_that_is_wished_for_the_other_way_round_changes_sides(visit: Visit, served: Served) -> None:
    page = visit("/?product=5&prefer=red&prefer=white")

    wish(page, "red", "Not")

    page.wait_for_url("**/?product=5&prefer=white&avoid=red")
    expect_shown(page, served.found(product_id="5", prefer=["white"], avoid=["red"], k=PAGE))


def test_an_unknown_word_is_refused_in_the_words_of_the_service_and_can_be_taken_off(
    visit: Visit, served: Served, complaints: list[str]
) -> None:
    page = visit("/?product=5&prefer=gren")

    problem = served.client.post("/search", json={"product_id": "5", "prefer": ["gren"]}).json()
    for words in (problem["title"], problem["detail"], 'Did you mean "green"?'):
        expect(page.get_by_role("alert")).to_contain_text(words)
    wish(page, "green", "Show")
    expect(page.get_by_role("alert")).to_contain_text(problem["detail"])
    page.get_by_role("button", name="Prefer gren, remove").click()

    expect(page.get_by_role("alert")).to_be_hidden()
    expect_shown(page, served.found(product_id="5", prefer=["green"], k=PAGE))
    assert all("422" in complaint for complaint in complaints)
    complaints.clear()


def test_words_wait_for_something_to_go_beside(visit: Visit, served: Served) -> None:
    page = visit("/?prefer=red")
    expect(page.get_by_role("group", name="Words")).to_be_hidden()

    ask(page, "white")

    expect(page.get_by_role("group", name="Words")).to_be_visible()
    assert shown(page) == served.found(text="white", prefer=["red"], k=PAGE)


@pytest.mark.parametrize("silent_part", ["bundle", "generation"])
def test_words_are_not_offered_where_the_bundle_or_the_generation_knows_none(
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
        expect(page.get_by_role("alert")).to_contain_text("This service does not search by preferred words")
        expect(page.get_by_role("combobox")).to_be_hidden()
        page.get_by_role("button", name="Prefer red, remove").click()
        expect_shown(page, silent.found(product_id="5", k=PAGE))
        expect(page.get_by_role("group", name="Words")).to_be_hidden()
        page.close()
    assert all("422" in complaint for complaint in complaints)
    complaints.clear()


def test_show_more_goes_on_to_the_last_product_without_repeating_one(visit: Visit, served: Served) -> None:
    page = visit("/?product=0&text=blue")

    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".card")).to_have_count(48)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".card")).to_have_count(59)

    assert shown(page) == served.found(product_id="0", text="blue", k=59)
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    expect(page.get_by_role("status")).to_have_text("59 of 59 products shown.")


def test_an_answer_from_the_cache_says_so(visit: Visit) -> None:
    visit("/?product=7&text=white")

    again = visit("/?product=7&text=white")

    expect(again.locator("#facts")).to_contain_text("from the cache")


def test_a_problem_of_the_service_is_told_in_its_own_words(visit: Visit, served: Served, complaints: list[str]) -> None:
    page = visit("/?product=nowhere&text=red")

    problem = served.client.post("/search", json={"product_id": "nowhere", "text": "red"}).json()
    for words in (problem["title"], problem["detail"], problem["hint"]):
        expect(page.get_by_role("alert")).to_contain_text(words)
    expect(page.locator(".card")).to_have_count(0)
    assert all("404" in complaint for complaint in complaints)
    complaints.clear()


def test_a_file_that_is_no_picture_is_refused_kindly_and_the_products_stay(visit: Visit) -> None:
    page = visit("/?product=0")
    before = shown(page)

    page.set_input_files("#file", FilePayload(name="notes.jpg", mimeType="image/jpeg", buffer=b"just words"))

    expect(page.get_by_role("alert")).to_contain_text("“notes.jpg” could not be opened.")
    assert shown(page) == before


def test_a_service_that_is_away_can_be_asked_again(visit: Visit, served: Served, complaints: list[str]) -> None:
    page = visit("/?product=0")
    page.context.set_offline(True)
    page.get_by_role("textbox").fill("green")
    page.get_by_role("textbox").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("The shop cannot be reached")

    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_role("alert")).to_be_hidden()
    expect_shown(page, served.found(product_id="0", text="green", k=PAGE))
    assert all("ERR_INTERNET_DISCONNECTED" in complaint for complaint in complaints)
    complaints.clear()


def test_words_of_the_catalogue_never_become_markup(visit: Visit, serve: Serve, tmp_path: Path) -> None:
    catalog = write_cloth_catalog(tmp_path / "catalog")
    sly = "<img src=/assets/nowhere onerror=alert(1)>"
    table = catalog.read_text(encoding="utf-8").replace("0,Red cloth", f"0,{sly}", 1)
    catalog.write_text(table.replace(",Blue,", f",{sly},"), encoding="utf-8")
    bundle = write_toy_bundle(tmp_path / "bundle")
    build(catalog, bundle, tmp_path / "index")

    with serve(Shop(bundle, catalog, tmp_path / "index")) as served:
        page = visit("/?product=0&text=blue", url=served.url)
        expect(page.locator("#reference-title")).to_have_text(sly)
        expect(page.locator(".card-words", has_text=sly).first).to_be_visible()
        assert page.locator("[onerror]").count() == 0
        page.close()


def test_the_whole_way_can_be_gone_by_keyboard(visit: Visit, served: Served) -> None:
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


def test_words_can_be_chosen_and_taken_off_by_keyboard(visit: Visit, served: Served) -> None:
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


def test_every_control_and_picture_has_a_name(visit: Visit) -> None:
    page = visit("/?product=0&text=blue&prefer=red&avoid=black&is.new=true")
    page.locator("summary").click()

    unnamed = page.evaluate("""() => [...document.querySelectorAll("input, textarea, button, a, main img")]
        .filter((thing) => thing.checkVisibility())
        .filter((thing) => ![thing.ariaLabel, thing.alt, thing.textContent, thing.labels?.[0]?.textContent,
                             thing.querySelector?.("img")?.alt].some((name) => name?.trim()))
        .map((thing) => thing.outerHTML)""")

    assert unnamed == []


@pytest.mark.parametrize("path", ["/", "/?product=10&text=blue", "/?text=red&min.price=1000", WORDY])
def test_a_phone_never_scrolls_sideways(visit: Visit, path: str) -> None:
    page = visit(path, size=PHONE, is_mobile=True, has_touch=True)
    if path != "/":
        page.locator("summary").tap()

    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]


def test_a_phone_offers_its_camera_and_shows_two_products_in_a_row(visit: Visit) -> None:
    page = visit(size=PHONE, is_mobile=True, has_touch=True)

    expect(page.get_by_text("Take a photo")).to_be_visible()
    tops = page.locator(".card").evaluate_all("cards => cards.slice(0, 3).map(card => card.offsetTop)")
    assert tops[0] == tops[1] < tops[2]


def test_the_page_is_dark_where_the_shopper_prefers_it(visit: Visit) -> None:
    def brightness(scheme: str) -> int:
        colour = visit(color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        return max(int(part) for part in re.findall(r"\d+", colour)[:3])

    assert brightness("light") > 240
    assert brightness("dark") < 40


def test_the_page_holds_still_where_the_shopper_prefers_it(visit: Visit) -> None:
    page = visit(reduced_motion="reduce")

    moving = page.evaluate("""() => [...document.querySelectorAll("*")].filter((thing) => {
        const {transitionDuration, animationName} = getComputedStyle(thing);
        return animationName !== "none" || transitionDuration !== "0s";
    }).length""")

    assert moving == 0


def test_the_page_runs_nothing_that_is_written_into_it(visit: Visit, complaints: list[str]) -> None:
    page = visit()

    with pytest.raises(Error, match="Content Security Policy"):
        page.add_script_tag(content="document.title = 'taken over'")

    assert page.title() == "Modiste"
    assert all("Content Security Policy" in complaint for complaint in complaints)
    complaints.clear()
