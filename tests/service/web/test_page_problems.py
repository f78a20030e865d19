"""Refusals, failures and hostile content."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, expect

from tests.service.conftest import Serve, Served, Shop, build, write_cloth_catalog
from tests.service.web.page import PAGE, Visit, expect_shown
from tests.toy_bundle import write_toy_bundle


def test_a_problem_document_is_shown_in_full(visit: Visit, served: Served, complaints: list[str]) -> None:
    page = visit("/?text=red&prefer=nonsense")

    problem = served.client.post("/search", json={"text": "red", "prefer": ["nonsense"]}).json()
    for words in (problem["title"], problem["detail"], problem["hint"]):
        expect(page.get_by_role("alert")).to_contain_text(words)
    expect(page.locator(".card")).to_have_count(0)
    assert all("422" in complaint for complaint in complaints)
    complaints.clear()


def test_a_missing_product_has_a_hint_for_shoppers(visit: Visit, complaints: list[str]) -> None:
    page = visit("/?product=nowhere&text=red")

    expect(page.get_by_role("alert")).to_contain_text("There is no product 'nowhere'")
    expect(page.locator("#problem-hint")).to_have_text("It may be sold out. Start over, or choose a picture.")
    expect(page.get_by_role("button", name="Select a part")).to_be_hidden()
    assert all("404" in complaint for complaint in complaints)
    complaints.clear()


def test_a_failed_request_can_be_repeated(visit: Visit, served: Served, complaints: list[str]) -> None:
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


def test_after_a_failure_nothing_of_an_earlier_answer_is_shown_and_retrying_loads_all(
    visit: Visit, serve: Serve, shop: Shop, complaints: list[str]
) -> None:
    with serve(shop, understand_text=True) as served:
        page = visit("/?text=red,+under+11", url=served.url)
        expect(page.locator("#understood button")).to_have_count(2)
        page.context.set_offline(True)
        page.locator(".card a").last.click()
        expect(page.get_by_role("alert")).to_contain_text("The shop cannot be reached")
        expect(page.locator("#reference")).to_have_class(re.compile("missing"))
        expect(page.locator("#understood button")).to_have_count(0)
        expect(page.locator("#note")).to_be_hidden()

        page.context.set_offline(False)
        page.get_by_role("button", name="Try again").click()

        expect(page.locator("#reference")).not_to_have_class(re.compile("missing"))
        expect(page.get_by_role("button", name="Select a part")).to_be_visible()
        page.close()
    assert all("ERR_INTERNET_DISCONNECTED" in complaint for complaint in complaints)
    complaints.clear()


PORTAL = {"status": 200, "content_type": "text/html", "body": "<h1>Hotel network</h1>"}
CUT = {"status": 200, "content_type": "application/json", "body": '{"results": ['}
PROXY = {"content_type": "text/html", "body": "<h1>Sorry</h1>"}
BUSY = {"status": 429, "content_type": "application/problem+json", "body": '{"title": "Too many requests"}'}
NEVER: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("answer", "words", "retry"),
    [
        (PORTAL, "The shop cannot be reached", True),
        (CUT, "The shop cannot be reached", True),
        (NEVER, "The service did not answer in time.", True),
        ({**BUSY, "headers": {"Retry-After": "3"}}, "Try again in 3 s.", True),
        ({**PROXY, "status": 503, "headers": {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}}, "in a moment", True),
        ({**PROXY, "status": 413}, "The shop refused the search (413)", False),
    ],
)
def test_an_answer_that_no_program_expects_is_a_problem_in_plain_words(
    visit: Visit, complaints: list[str], answer: dict[str, Any], words: str, retry: bool
) -> None:
    page = visit("/?product=0")
    page.clock.install()
    page.route("**/search", lambda route: route.fulfill(**answer) if answer else None)

    page.get_by_role("textbox").fill("green")
    page.get_by_role("textbox").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Looking…" if answer is NEVER else "")
    page.clock.fast_forward(60_000)

    expect(page.get_by_role("alert")).to_contain_text(words)
    expect(page.get_by_role("button", name="Try again")).to_be_visible(visible=retry)
    assert all("Failed to load resource" in complaint for complaint in complaints)
    complaints.clear()


def test_catalogue_values_are_never_interpreted_as_markup(visit: Visit, serve: Serve, tmp_path: Path) -> None:
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


def test_an_injected_script_does_not_run(visit: Visit, complaints: list[str]) -> None:
    page = visit()

    with pytest.raises(Error, match="TrustedScript"):
        page.add_script_tag(content="document.title = 'taken over'")

    assert page.title() == "Modiste"
    assert all("TrustedScript" in complaint for complaint in complaints)
    complaints.clear()


def test_no_element_is_made_from_text(visit: Visit, complaints: list[str]) -> None:
    page = visit()

    with pytest.raises(Error, match="TrustedHTML"):
        page.evaluate("() => { document.body.innerHTML = '<b>x</b>' }")

    expect(page.locator("b")).to_have_count(0)
    assert all("TrustedHTML" in complaint for complaint in complaints)
    complaints.clear()
