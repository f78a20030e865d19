"""The first commands of ``docs/your-catalogue.md``, from an export to answers."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.indexer.test_your_catalogue import commands, export
from tests.patience import PATIENCE_S
from tests.service.conftest import Shop
from tests.service.programs import modiste, serving


@pytest.mark.slow
def test_three_commands_lead_from_an_export_to_answers(tmp_path: Path, shop: Shop) -> None:
    export(tmp_path, "Shopify")
    inspect, build, serve = commands("")[:3]
    assert [inspect[1], build[1], serve[0]] == ["inspect", "build", "serve"]
    table, index = tmp_path / "products_export.csv", tmp_path / "index"
    for command in (inspect, build):
        given = [str(table) if word == table.name else word for word in command]
        done = modiste(*given, MODISTE_INDEX_ROOT=str(index), MODISTE_BUNDLE=str(shop.bundle))
        assert done.returncode == 0, done.stderr
    with serving(shop._replace(catalog=table, index_root=index)) as service:
        assert [one["title"] for one in service.get("/products").json()["products"]] == ["Red tee", "Navy tee"]
        answer = service.search("red").json()
        assert {one["id"] for one in answer["results"]} == {"tee-red", "tee-navy"}
        pictures = [
            httpx.get(service.url + one["image"], timeout=PATIENCE_S, trust_env=False) for one in answer["results"]
        ]
        assert {picture.headers["content-type"] for picture in pictures} == {"image/jpeg"}
        assert "modiste" in service.get("/").text.casefold()
