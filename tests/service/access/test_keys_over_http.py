"""Keys over HTTP: which routes need one, for what, and that nothing of one shop's caches answers another."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from service.access.keys import Scope, change_key_file
from tests.patience import PATIENCE_S
from tests.service.conftest import Redis, Serve, Served, Shop, cloth, encoded, eventually
from tests.service.keys import Given, add_key

OPEN = {"/health/live", "/health/ready", "/products/{id}/image"}
"""Described routes that need no key: probes, and pictures, which browsers load without one."""
BODIES: dict[str, dict[str, Any]] = {
    "/search": {"json": {"text": "red"}}, "/events": {"json": {"events": [{"type": "click", "position": 1}]}},
}  # fmt: skip
OF_OPERATIONS = {"/operations/generations", "/operations/reload", "/metrics"}


class Keyed(NamedTuple):
    """A service with keys."""

    served: Served
    north: Given
    south: Given
    operator: Given
    page: Given
    expired: Given

    def status(self, method: str, path: str, key: Given | None = None, **request: Any) -> int:
        headers = key.headers if key else {}
        return self.served.client.request(method, path, headers=headers, **request).status_code


@pytest.fixture(scope="module")
def keyed(serve: Serve, shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyed]:
    file = tmp_path_factory.mktemp("keys") / "keys.json"
    keys = (
        add_key(file, "search", shop="north"), add_key(file, "search", shop="south"), add_key(file, "operations"),
        add_key(file, "events"),
        add_key(file, "search", "events", "operations", expires=datetime(2020, 1, 1, tzinfo=UTC)),
    )  # fmt: skip
    with serve(shop, keys=file, cors_origins=("https://shop.example",)) as served:
        yield Keyed(served, *keys)


def described(served: Served) -> list[tuple[str, str]]:
    paths = served.client.get("/openapi.json").json()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def test_every_route_but_probes_and_pictures_needs_a_key(keyed: Keyed) -> None:
    routes = described(keyed.served)
    assert {path for _, path in routes} >= OPEN | OF_OPERATIONS | {"/search"}
    for method, path in routes:
        for key in (None, Given("0" * 12, f"modiste_{'0' * 12}_{'x' * 43}"), keyed.expired):
            status = keyed.status(method, path.replace("{id}", "4"), key)
            assert status == (200 if path in OPEN else 401), (method, path, key)


def test_a_key_opens_the_routes_of_its_scopes_and_no_others(keyed: Keyed) -> None:
    keys: dict[Scope, Given] = {"search": keyed.north, "events": keyed.page, "operations": keyed.operator}
    for method, path in described(keyed.served):
        if path not in OPEN:
            needed = "operations" if path in OF_OPERATIONS else "events" if path == "/events" else "search"
            for scope, key in keys.items():
                expected = (200, 204) if scope == needed else (403,)
                status = keyed.status(method, path.replace("{id}", "4"), key, **BODIES.get(path, {}))
                assert status in expected, (method, path, scope)


def test_a_refusal_says_which_key_is_needed(keyed: Keyed) -> None:
    missing = keyed.served.client.get("/products")
    assert missing.headers["www-authenticate"] == 'Bearer realm="modiste"'
    assert missing.headers["content-type"] == "application/problem+json"
    assert (missing.json()["type"], missing.json()["field"]) == ("/problems/key-needed", "Authorization")
    wrong = keyed.served.client.get("/products", headers=keyed.operator.headers)
    assert wrong.json()["type"] == "/problems/not-allowed"
    assert wrong.json()["detail"] == "This key is for operations, not for search."


@pytest.mark.parametrize("header", ["{key}", "Basic {key}", "Bearer", "Bearer \xff\xfe", "Bearer {key}, Bearer {key}"])
def test_a_malformed_authorization_is_refused(keyed: Keyed, header: str) -> None:
    given = header.format(key=keyed.north.key).encode("latin-1")
    response = keyed.served.client.get("/products", headers=[(b"Authorization", given)])
    assert response.status_code == 401


def test_a_search_without_a_key_is_refused_before_its_body_is_read(keyed: Keyed) -> None:
    url = httpx.URL(keyed.served.url)
    with socket.create_connection((url.host, url.port or 80), timeout=PATIENCE_S) as connection:
        connection.sendall(
            b"POST /search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000000\r\n\r\n"
        )
        assert connection.recv(1000).startswith(b"HTTP/1.1 401 ")


def test_a_product_whose_id_ends_like_the_address_of_a_picture_needs_a_key(keyed: Keyed) -> None:
    assert keyed.status("GET", "/products/4/image") == 200
    assert keyed.status("GET", "/products/4%2Fimage") == 401
    assert keyed.status("GET", "/products/4%2Fimage", keyed.north) == 404


def test_the_page_and_its_files_are_open(keyed: Keyed) -> None:
    for path in ("/", "/docs", "/assets/page.js"):
        assert keyed.status("GET", path) == 200


def test_pages_of_other_origins_may_send_a_key_and_read_refusals(keyed: Keyed) -> None:
    origin = {"Origin": "https://shop.example"}
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    assert keyed.served.client.options("/search", headers=origin | asked).status_code == 200
    refused = keyed.served.client.post("/search", json={"text": "red"}, headers=origin)
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == "https://shop.example"


def test_requests_are_logged_with_the_id_of_their_key_and_without_the_key(
    keyed: Keyed, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    answered, refused = "/catalog", "/operations/generations"
    assert keyed.status("GET", answered, keyed.north) == 200
    assert keyed.status("GET", refused, keyed.north) == 403

    def logged() -> list[str]:
        fields = [getattr(record, "fields", {}) for record in caplog.records]
        return [one.get("key", "") for one in fields if one.get("path") in (answered, refused)]

    eventually(lambda: len(logged()) == 2, "both are logged")
    assert logged() == [keyed.north.id] * 2
    assert all(keyed.north.key not in str(vars(one)) for one in caplog.records)


def test_keys_are_created_and_revoked_without_a_restart(serve: Serve, shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    first = add_key(file)

    def status(key: Given) -> int:
        return served.client.get("/products", headers=key.headers).status_code

    with serve(shop, keys=file) as served:
        assert status(first) == 200
        second = add_key(file)
        eventually(lambda: status(second) == 200, "the new key is accepted")
        assert status(first) == 200
        change_key_file(file, lambda keys: tuple(key for key in keys if key.id != first.id))
        eventually(lambda: status(first) == 401, "the old key is refused")
        assert status(second) == 200


def test_search_can_be_public_although_there_are_keys_and_docs_can_be_switched_off(
    serve: Serve, shop: Shop, tmp_path: Path
) -> None:
    file = tmp_path / "keys.json"
    key = add_key(file)
    with serve(shop, keys=file, public_search=True, docs=False) as served:
        assert served.client.get("/products").status_code == 200
        assert served.client.get("/products", headers=key.headers).status_code == 200
        assert served.client.get("/products", headers={"Authorization": "Bearer wrong"}).status_code == 401
        assert served.client.get("/metrics").status_code == 401
        assert served.client.post("/operations/reload").status_code == 401
        assert served.client.get("/").status_code == 200
        for path in ("/docs", "/openapi.json", "/swagger/swagger-ui.css"):
            assert served.client.get(path).status_code == 404


def search(served: Served, key: Given, **request: Any) -> dict[str, Any]:
    response = served.client.post("/search", headers=key.headers, **request)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_the_cached_answers_of_one_shop_never_answer_another(keyed: Keyed) -> None:
    ask = {"json": {"text": "red for each shop"}}
    first = search(keyed.served, keyed.north, **ask)
    assert not first["cached"]
    assert search(keyed.served, keyed.north, **ask)["cached"]
    other = search(keyed.served, keyed.south, **ask)
    assert (other["cached"], other["results"]) == (False, first["results"])
    assert search(keyed.served, keyed.south, **ask)["cached"]


def test_features_cached_for_one_shop_are_never_used_for_another(keyed: Keyed) -> None:
    picture = {"image": encoded(cloth("red", "navy", shade=0.7))}

    def vision_ms(key: Given, text: str) -> float | None:
        timings = search(keyed.served, key, files=picture, data={"text": text})["timings_ms"]
        spent: float | None = timings["vision"]
        return spent

    assert vision_ms(keyed.north, "blue")
    assert not vision_ms(keyed.north, "white")  # Its picture is known.
    assert vision_ms(keyed.south, "white")


def test_replicas_keep_shops_apart_in_redis(serve: Serve, shop: Shop, redis_server: Redis, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    north, south = add_key(file, shop="north"), add_key(file, shop="south")
    shared = {"keys": file, "redis_url": redis_server.url, "cache_timeout_ms": 1000, "cache_key": "secret"}
    ask = {"json": {"text": "red"}}
    with serve(shop, **shared) as one, serve(shop, **shared) as two:
        search(one, north, **ask)
        eventually(lambda: bool(search(two, north, **ask)["cached"]), "the other replica has the answer")
        assert not search(two, south, **ask)["cached"]
