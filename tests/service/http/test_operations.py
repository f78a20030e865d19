"""Health, metrics, and what only an operator may do."""

from __future__ import annotations

import httpx
import pytest
from PIL import Image

from indexer.generations.durable import replace_text
from indexer.generations.publication import current_id
from tests.service.conftest import Operator, Serve, Served, Shop, build, encoded


def test_live_reports_only_that_the_process_responds(served: Served) -> None:
    assert served.client.get("/health/live").json() == {"status": "live"}


def test_ready_names_what_is_served(served: Served, shop: Shop) -> None:
    assert served.client.get("/health/ready").json() == {
        "status": "ready", "generation": current_id(shop.index_root), "bundle": "toy 1.0.0", "products": 60,
        "cache": "memory", "refused": None,
    }  # fmt: skip


def test_metrics_count_requests_by_route_and_status(serve: Serve, shop: Shop) -> None:
    with serve(shop) as served:
        served.search(product_id="4", text="red")
        served.client.post("/search", json={})
        served.client.get("/products/4/image")
        served.client.get("/products/999")
        served.client.get("/nowhere/12345")
        metrics = served.client.get("/metrics").text
    for line in (
        'modiste_requests_total{method="POST",route="/search",status="200"} 1.0',
        'modiste_requests_total{method="POST",route="/search",status="422"} 1.0',
        'modiste_requests_total{method="GET",route="/products/{id:path}/image",status="200"} 1.0',
        'modiste_requests_total{method="GET",route="/products/{id:path}",status="404"} 1.0',
        'modiste_requests_total{method="GET",route="unmatched",status="404"} 1.0',
        'modiste_stage_seconds_count{stage="store"} 1.0',
        'modiste_stage_seconds_count{stage="query"} 1.0',
        "modiste_products 60.0",
        'bundle="toy 1.0.0"',
    ):
        assert line in metrics, line
    assert "12345" not in metrics


def test_stages_of_a_failed_search_are_counted(serve: Serve, shop: Shop) -> None:
    cut_short = encoded(Image.effect_noise((100, 100), 100).convert("RGB"))[:-200]
    with serve(shop) as served:
        assert served.client.post("/search", files={"image": cut_short}).status_code == 422
        metrics = served.client.get("/metrics").text
    assert 'modiste_stage_seconds_count{stage="decode"} 1.0' in metrics
    assert 'modiste_stage_seconds_count{stage="vision"}' not in metrics


def test_operations_are_off_without_keys(served: Served, operator: Operator) -> None:
    for headers in ({}, operator.key.headers):
        response = served.client.post("/operations/reload", headers=headers)
        assert response.status_code == 403
        assert "MODISTE_KEYS" in response.json()["hint"]


def test_generations_are_listed_with_what_serves_and_what_a_rollback_goes_to(
    serve: Serve, own_shop: Shop, operator: Operator
) -> None:
    first = str(current_id(own_shop.index_root))
    second = build(own_shop.catalog, own_shop.bundle, own_shop.index_root)
    with serve(own_shop, **operator.settings) as served:
        listed = served.client.get("/operations/generations", headers=operator.key.headers).json()
    assert listed["serving"] == second
    older, newer = listed["generations"]
    assert (older["id"], older["published"], older["rollback_target"]) == (first, False, True)
    assert (newer["id"], newer["published"], newer["damaged"]) == (second, True, False)
    assert (newer["products"], newer["bundle"], newer["recall"]) == (60, "toy 1.0.0", 1.0)


def reload(served: Served, operator: Operator) -> httpx.Response:
    return served.client.post("/operations/reload", headers=operator.key.headers)


def test_reload_serves_what_is_published_without_waiting_for_the_next_look(
    serve: Serve, own_shop: Shop, operator: Operator
) -> None:
    with serve(own_shop, poll_s=3600, **operator.settings) as served:
        first = current_id(own_shop.index_root)
        assert reload(served, operator).json() == {"generation": first, "changed": False, "refused": None}
        second = build(own_shop.catalog, own_shop.bundle, own_shop.index_root)
        assert reload(served, operator).json() == {"generation": second, "changed": True, "refused": None}
        assert served.search(text="red")["generation"] == second


def test_reload_looks_again_at_a_generation_that_was_refused(serve: Serve, own_shop: Shop, operator: Operator) -> None:
    first = str(current_id(own_shop.index_root))
    second = build(own_shop.catalog, own_shop.bundle, own_shop.index_root, publish=False)
    vectors = own_shop.index_root / "generations" / second / "vectors.f16"
    whole = vectors.read_bytes()
    vectors.write_bytes(whole[:-2])
    with serve(own_shop, poll_s=3600, **operator.settings) as served:
        replace_text(own_shop.index_root / "CURRENT", f"{second}\n")
        answer = reload(served, operator).json()
        assert (answer["generation"], answer["refused"]["generation"]) == (first, second)
        vectors.write_bytes(whole)
        assert reload(served, operator).json() == {"generation": second, "changed": True, "refused": None}


@pytest.mark.parametrize("whole", [True, False], ids=["an older generation is whole", "none is whole"])
def test_ready_does_not_reveal_where_the_index_is(serve: Serve, own_shop: Shop, whole: bool) -> None:
    published = str(current_id(own_shop.index_root))
    (own_shop.index_root / "CURRENT").write_text("20200101-000000-abcd\n")
    if not whole:
        (own_shop.index_root / "generations" / published / "vectors.f16").unlink()
    with serve(own_shop) as served:
        response = served.client.get("/health/ready")
    assert response.status_code == (200 if whole else 503)
    assert response.json()["refused"]["generation"] == "20200101-000000-abcd"
    assert str(own_shop.index_root) not in response.text
