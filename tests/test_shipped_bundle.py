"""The bundle that comes with the repository, on drawn garments: what a fresh clone can check of its quality."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from catalog import Catalog, Product, read_catalog
from indexer.build import build_generation
from models.bundle import SHIPPED_BUNDLE, Bundle
from models.evaluation.tables import metrics_table
from service.app import create_app
from service.settings import load_settings
from tests.drawn import Draw

SHOWN = 3
"""Results that are judged; a shop of this size has few products of one kind and colour."""


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle(SHIPPED_BUNDLE, device="cpu")


@pytest.fixture(scope="module")
def shop(drawn: Draw) -> Catalog:
    return read_catalog(drawn(300, 17))


@pytest.fixture(scope="module")
def client(bundle: Bundle, shop: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    root = tmp_path_factory.mktemp("index")
    build_generation(shop, bundle, root)
    with TestClient(create_app(load_settings(index_root=root))) as client:
        yield client


def test_the_bundle_is_under_15_megabytes() -> None:
    assert sum(path.stat().st_size for path in SHIPPED_BUNDLE.iterdir()) < 15_000_000


def test_the_model_card_shows_the_figures_of_the_manifest(bundle: Bundle) -> None:
    card = (SHIPPED_BUNDLE / "MODEL_CARD.md").read_text()
    exported = [metric for metric in bundle.manifest.metrics if f"## Figures of {metric.protocol}" not in card]
    assert {metric.edit for metric in exported} >= {"strict-colour", "type"}
    assert metrics_table(exported) in card
    assert "## Figures of photos" in card
    assert "modiste models evaluate" in card


def test_int8_loses_at_most_half_a_point_of_recall(bundle: Bundle) -> None:
    loss = bundle.manifest.variants["int8"].trial.loss
    assert loss
    assert max(loss.values()) <= 0.5


def test_a_picture_finds_its_own_product(client: TestClient, shop: Catalog) -> None:
    asked = list(shop)[::10]
    first = [ask(client, product, "")[0]["id"] for product in asked]
    assert np.mean([id == product.id for id, product in zip(first, asked, strict=True)]) >= 0.9


def test_products_are_found_by_kind_and_colour(client: TestClient, shop: Catalog) -> None:
    asked = sorted(kinds(shop))
    assert len(asked) >= 10
    right = 0
    for kind, colour in asked:
        results = client.post("/search", json={"text": f"a {colour} {kind}", "k": SHOWN}).json()["results"]
        right += sum(kind_of(one["attributes"]) == (kind, colour) for one in results)
    assert right / (SHOWN * len(asked)) >= 0.65


def test_a_change_of_colour_is_found_and_the_kind_is_kept(client: TestClient, shop: Catalog) -> None:
    right, asked = 0, 0
    for product in list(shop)[::4]:
        kind, own = kind_of(product.attributes)
        for colour in sorted(colour for one, colour in kinds(shop) if one == kind and colour != own)[:1]:
            asked += 1
            results = ask(client, product, f"in {colour}")[:SHOWN]
            right += sum(kind_of(one["attributes"]) == (kind, colour) for one in results)
    assert asked >= 30
    assert right / (SHOWN * asked) >= 0.5, f"{right} of {SHOWN * asked}"


def kind_of(attributes: Mapping[str, Any]) -> tuple[str, str]:
    return str(attributes["type"]), str(attributes["colour"])


def kinds(shop: Catalog) -> set[tuple[str, str]]:
    """Types and colours of which the shop has enough products to fill what is judged."""
    counts = Counter(kind_of(product.attributes) for product in shop)
    return {kind for kind, count in counts.items() if count >= SHOWN}


def ask(client: TestClient, product: Product, text: str) -> list[dict[str, Any]]:
    """The results for an upload of the product's picture and ``text``."""
    data = {"k": "10"} | ({"text": text} if text else {})
    answer = client.post("/search", files={"image": product.read_image()}, data=data)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results
