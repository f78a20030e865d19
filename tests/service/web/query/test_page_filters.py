"""Filters."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.service.conftest import Served
from tests.service.web.page import PAGE, Visit, expect_shown, shown


def test_filters_of_every_kind_narrow_the_results_and_are_part_of_the_link(visit: Visit, served: Served) -> None:
    page = visit("/?text=red")
    page.locator("summary").click()

    page.get_by_role("group", name="colour", exact=True).get_by_label("Green").check()
    page.get_by_role("group", name="new").get_by_label("yes").check()
    page.get_by_label("price to").fill("45")
    page.get_by_label("price to").press("Enter")

    wanted = {"colour": ["Green"], "new": [True], "price": {"max": 45}}
    page.wait_for_url("**/?turn=red&is.colour=Green&is.new=true&max.price=45")
    expect_shown(page, served.found(text="red", filters=wanted, k=PAGE))
    linked = visit(page.url.removeprefix(served.url))
    assert shown(linked) == shown(page)
    linked.locator("summary").click()
    expect(linked.get_by_role("group", name="colour", exact=True).get_by_label("Green")).to_be_checked()

    linked.get_by_role("button", name="Clear all filters").click()
    expect_shown(linked, served.found(text="red", k=PAGE))


@pytest.mark.parametrize("written", ["neckLine", "neck_line"])
def test_names_of_columns_are_shown_as_words(visit: Visit, written: str) -> None:
    page = visit("/?text=red")
    page.route("**/catalog", lambda route: route.fulfill(json=renamed(route.fetch().json(), written)))
    page.reload()
    page.locator("summary").click()

    expect(page.get_by_role("group", name="neck line", exact=True)).to_be_visible()


def renamed(catalog: dict[str, Any], name: str) -> dict[str, Any]:
    """``/catalog`` with another name for the column ``colour``."""
    filters = {name if old == "colour" else old: filter for old, filter in catalog["filters"].items()}
    return {**catalog, "filters": filters}


def test_filters_without_matches_can_be_cleared(visit: Visit, served: Served) -> None:
    page = visit("/?text=red&min.price=1000")
    expect(page.get_by_text("No product passes these filters.")).to_be_visible()

    page.locator("#empty").get_by_role("button").click()

    expect_shown(page, served.found(text="red", k=PAGE))
