"""Products with several pictures."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.service.conftest import Serve, Shop, build, write_views_catalog
from tests.service.web.page import Visit


def test_a_person_steps_through_the_pictures_of_a_product(
    visit: Visit, serve: Serve, shop: Shop, tmp_path: Path
) -> None:
    catalog = write_views_catalog(tmp_path / "catalog")
    build(catalog, shop.bundle, tmp_path / "index")
    with serve(shop._replace(catalog=catalog, index_root=tmp_path / "index")) as served:
        page = visit("/?text=black", url=served.url)
        several = page.locator(".card[data-id='4']")
        image, button = several.locator("img"), several.get_by_role("button")
        expect(button).to_have_text("1 / 3")
        for number in (1, 2, 0):
            button.click()
            expect(button).to_have_accessible_name(re.compile(f"^{button.inner_text()}, next picture of "))
            expect(button).to_have_text(f"{number + 1} / 3")
            wanted = f"/products/4/image?w=320{f'&n={number}' if number else ''}"
            page.wait_for_function(
                "([image, wanted]) => image.complete && image.naturalWidth && image.currentSrc.endsWith(wanted)",
                arg=[image.element_handle(), wanted],
            )
        expect(page.locator("#heading")).to_have_text("“black”")
        assert page.locator(".card .card-next:visible").count() == 1
