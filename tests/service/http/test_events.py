"""``POST /events``: counts within limits, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from service.http.body.events_body import MAX_BODY_BYTES, MAX_EVENTS
from tests.service.conftest import Serve, Served, Shop

CLICK = {"type": "click", "position": 3}


def test_events_are_counted_by_type_and_position(serve: Serve, shop: Shop) -> None:
    with serve(shop) as served:
        response = served.client.post("/events", json={"events": [CLICK, CLICK, {"type": "purchase", "position": 40}]})
        assert (response.status_code, response.content) == (204, b"")
        metrics = served.client.get("/metrics").text
    for line in (
        'modiste_event_position_bucket{le="2.0",type="click"} 0.0',
        'modiste_event_position_bucket{le="3.0",type="click"} 2.0',
        'modiste_event_position_count{type="purchase"} 1.0',
    ):
        assert line in metrics, line


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "events"),
        ({"events": []}, "events"),
        ({"events": [CLICK] * (MAX_EVENTS + 1)}, "events"),
        ({"events": [CLICK, {"type": "stare", "position": 1}]}, "events[1].type"),
        ({"events": [{"type": "click"}]}, "events[0].position"),
        ({"events": [{"type": "click", "position": 0}]}, "events[0].position"),
        ({"events": [{"type": "click", "position": 10**9}]}, "events[0].position"),
        ({"events": [{**CLICK, "shopper": "Ada"}]}, "events[0].shopper"),
        ([CLICK], "body"),
        ({"events": [CLICK], "note": "x" * MAX_BODY_BYTES}, "body"),
    ],
)
def test_an_invalid_event_is_refused_with_its_field(served: Served, body: Any, field: str) -> None:
    response = served.client.post("/events", json=body)
    assert (response.status_code, response.json()["field"]) == (422, field)


def test_events_of_another_type_or_compressed_are_refused(served: Served) -> None:
    assert served.client.post("/events", data={"events": "1"}).json()["field"] == "Content-Type"
    assert served.client.post("/events", json={}, headers={"Content-Encoding": "gzip"}).status_code == 415
