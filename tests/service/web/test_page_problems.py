"""Refusals, failures and hostile content."""

from __future__ import annotations

from pathlib import Path

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


def test_a_product_that_is_gone_has_a_hint_for_shoppers(visit: Visit, complaints: list[str]) -> None:
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
