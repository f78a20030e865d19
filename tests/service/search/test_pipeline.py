"""The life of a query: what is cached, what is shared, and what is not."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from models.bundle import Bundle, VisionOutput
from models.bundle.images import Pixels
from models.bundle.manifest import read_manifest, write_manifest
from service.execution.single_flight import SingleFlight
from tests.patience import PATIENCE_S
from tests.service.conftest import Serve, Shop, build, cloth, encoded, eventually, write_cloth_catalog
from tests.toy_bundle import write_toy_bundle


@pytest.fixture
def held_vision(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Vision passes that begin (the first event) and wait for the second."""
    begun, go_on, vision = threading.Event(), threading.Event(), Bundle.vision

    def held(self: Bundle, pixels: Pixels) -> VisionOutput:
        begun.set()
        assert go_on.wait(PATIENCE_S)
        return vision(self, pixels)

    go_on.set()
    monkeypatch.setattr(Bundle, "vision", held)
    yield begun, go_on
    go_on.set()


def test_the_deadline_of_one_caller_does_not_fail_another_that_shares_its_search(
    serve: Serve, shop: Shop, held_vision: tuple[threading.Event, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = held_vision
    picture = {"image": ("cloth.png", encoded(cloth("red", "green")))}
    entered: list[str] = []
    answers: dict[str, httpx.Response] = {}
    run = SingleFlight.run

    async def counted(self: SingleFlight, key: str, work: Any) -> Any:
        entered.append(key)
        return await run(self, key, work)

    monkeypatch.setattr(SingleFlight, "run", counted)
    with serve(shop) as served:

        def search(caller: str, headers: dict[str, str]) -> None:
            with httpx.Client(base_url=served.url, timeout=PATIENCE_S, trust_env=False) as client:
                answers[caller] = client.post("/search", files=picture, headers=headers)

        begun.clear()
        go_on.clear()
        hurried = threading.Thread(target=search, args=["hurried", {"X-Request-Timeout-Ms": "1000"}])
        patient = threading.Thread(target=search, args=["patient", {}])
        hurried.start()
        assert begun.wait(PATIENCE_S)
        patient.start()
        eventually(lambda: len(entered) == 2, "both callers wait")
        # A caller that is the last one to leave waits for the work to end: so it is on a machine too slow for sharing.
        hurried.join(5)
        go_on.set()
        hurried.join()
        patient.join()
    assert entered[0] == entered[1]
    assert answers["hurried"].status_code == 504
    assert answers["patient"].status_code == 200
    assert answers["patient"].json()["results"][0]["title"] == "Red and green cloth"


@pytest.fixture
def local_shop(shop: Shop, tmp_path: Path) -> Shop:
    """A shop of its own with a bundle that composes local features: it reads the pictures of products again."""
    bundle = write_toy_bundle(tmp_path / "bundle", attributes=True)
    write_manifest(bundle, read_manifest(bundle).model_copy(update={"reference": "local"}))
    catalog = write_cloth_catalog(tmp_path / "catalog")
    build(catalog, bundle, tmp_path / "index")
    return Shop(bundle, catalog, tmp_path / "index")


def test_a_picture_that_was_replaced_is_not_cached_as_the_indexed_one(serve: Serve, local_shop: Shop) -> None:
    query = {"product_id": "20", "text": "blue", "k": 5}
    picture = local_shop.catalog.parent / "images" / "20.png"
    kept = picture.with_suffix(".kept")
    with serve(local_shop) as served:
        shutil.copy(picture, kept)
        cloth("yellow").save(picture)
        replaced = [served.search(**query) for _ in range(2)]
        shutil.move(kept, picture)
        original = served.search(**query)
        again = served.search(**query)
    assert [one["cached"] for one in (*replaced, original, again)] == [False, False, False, True]
    assert [one["timings_ms"]["vision"] > 0 for one in (*replaced, original)] == [True] * 3
    assert original["results"] != replaced[0]["results"]


def test_the_vision_output_of_an_upload_is_reused_for_the_next_modification(serve: Serve, shop: Shop) -> None:
    picture = {"image": ("cloth.png", encoded(cloth("purple", "white")))}
    with serve(shop) as served:
        first, second = (
            served.client.post("/search", files=picture, data={"text": text}).json() for text in ("red", "blue")
        )
    assert first["timings_ms"]["vision"] > 0
    assert second["timings_ms"]["vision"] == second["timings_ms"]["decode"] == 0
    assert not second["cached"]


def test_an_answer_from_the_cache_equals_the_computed_one(serve: Serve, shop: Shop) -> None:
    with serve(shop) as served:
        first, second = (served.search(product_id="5", text="in red", prefer=["Scarlet"], k=7) for _ in range(2))
    assert (first.pop("cached"), second.pop("cached")) == (False, True)
    assert first.pop("timings_ms")["store"] > 0
    assert second.pop("timings_ms")["store"] == 0
    assert first == second


def test_scores_of_equal_searches_are_equal_in_any_batch(serve: Serve, shop: Shop) -> None:
    with serve(shop, cache_max_bytes=0) as served:
        alone = [served.search(product_id=str(row), text="red", k=5)["results"] for row in range(12)]
        found: dict[int, list[dict[str, Any]]] = {}

        def search(row: int) -> None:
            with httpx.Client(base_url=served.url, timeout=PATIENCE_S, trust_env=False) as client:
                found[row] = client.post("/search", json={"product_id": str(row), "text": "red", "k": 5}).json()[
                    "results"
                ]

        threads = [threading.Thread(target=search, args=[row]) for row in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for row, results in found.items():
        assert [one["id"] for one in results] == [one["id"] for one in alone[row]]
        np.testing.assert_allclose([one["score"] for one in results], [one["score"] for one in alone[row]], atol=1e-5)
