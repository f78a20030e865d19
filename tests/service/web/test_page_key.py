"""The page of a service that has keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import expect

from tests.service.conftest import Serve, Served, Shop
from tests.service.keys import Given, add_key
from tests.service.web.page import Visit, ask, shown


class Keyed(NamedTuple):
    """A service with keys."""

    served: Served
    key: Given


@pytest.fixture(scope="module")
def keyed(serve: Serve, shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyed]:
    file = tmp_path_factory.mktemp("keys") / "keys.json"
    key = add_key(file)
    with serve(shop, keys=file) as served:
        yield Keyed(served, key)


def test_the_page_takes_its_key_from_the_end_of_its_address_and_keeps_it_for_the_tab(
    visit: Visit, keyed: Keyed
) -> None:
    page = visit(f"/?product=0#key={keyed.key.key}", url=keyed.served.url)
    assert page.url == f"{keyed.served.url}/?product=0"
    assert shown(page)
    expect(page.locator("#reference-picture")).to_have_js_property("complete", True)
    page.reload()
    ask(page, "green")
    assert shown(page)


def test_the_page_without_a_key_explains_how_to_add_one(visit: Visit, keyed: Keyed, complaints: list[str]) -> None:
    page = visit("/", url=keyed.served.url)
    expect(page.get_by_role("alert")).to_contain_text("A key is needed")
    expect(page.get_by_role("alert")).to_contain_text("#key=")
    assert all("401" in complaint for complaint in complaints)
    complaints.clear()
