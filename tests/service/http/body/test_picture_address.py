"""Searches that name their picture by its address: a real server of pictures with TLS, which misbehaves."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from catalog.fetch import FetchLimits, PictureClient
from tests.catalog.fetch.picture_server import PICTURE, PictureServer
from tests.service.conftest import Serve, Served, Shop
from tests.service.http.refusals import refusal
from tests.service.keys import add_key

HOSTS = "shop.test,*.images.test"
authority = trustme.CA()


@pytest.fixture(scope="module")
def pictures() -> Iterator[PictureServer]:
    """shop.test and all below images.test."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("shop.test", "*.images.test").configure_cert(context)
    with PictureServer(context=context) as server:
        yield server


def local_client(limits: FetchLimits) -> PictureClient:
    """The service's client, for a server on a free port of this machine."""
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    return PictureClient(
        replace(limits, default_port=False), resolver=lambda host, port: ["10.0.0.1" if host == "inside.images.test"
        else "127.0.0.1"], allowed=lambda address: address == "127.0.0.1", context=trusted,
    )  # fmt: skip


@pytest.fixture(scope="module")
def fetching(serve: Serve, shop: Shop, pictures: PictureServer) -> Iterator[Served]:
    """A service that may ask the server of pictures."""
    patch = pytest.MonkeyPatch()
    patch.setattr("service.http.body.picture_address.PictureClient", local_client)
    with serve(shop, image_url_hosts=HOSTS, max_image_bytes=100_000, image_url_ms=60_000) as served:
        patch.undo()
        yield served


def at(pictures: PictureServer, path: str, host: str = "shop.test") -> str:
    return f"https://{host}:{pictures.port}{path}"


@pytest.mark.parametrize("fields", [{}, {"text": "red"}, {"box": [0.1, 0.1, 0.9, 0.9], "k": 3}])
def test_a_picture_at_an_address_finds_what_its_upload_finds(
    fetching: Served, pictures: PictureServer, fields: dict[str, Any]
) -> None:
    named = fetching.search(image_url=at(pictures, "/1.jpg"), **fields)
    form = {name: str(value) for name, value in fields.items()}
    uploaded = fetching.client.post("/search", data=form, files={"image": PICTURE}).json()
    assert named["mode"] == uploaded["mode"]
    assert named["results"] == uploaded["results"]
    assert uploaded["cached"]  # The address is no part of the key.


def test_a_form_may_name_the_address(fetching: Served, pictures: PictureServer) -> None:
    url = at(pictures, "/to-1.jpg", "a.images.test")
    response = fetching.client.post("/search", files={"image_url": (None, url)})
    assert response.json()["results"] == fetching.search(image_url=at(pictures, "/1.jpg"))["results"]


def test_no_address_is_fetched_unless_hosts_are_allowed(served: Served, pictures: PictureServer) -> None:
    asked = len(pictures.asked)
    problem = refusal(served, json={"image_url": at(pictures, "/1.jpg")})
    assert (problem["type"], problem["field"]) == ("/problems/address-refused", "image_url")
    assert len(pictures.asked) == asked


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://elsewhere.test/1.jpg?key=secret", "host elsewhere.test is not allowed"),
        ("https://inside.images.test/1.jpg?key=secret", "not public"),
        ("http://shop.test/1.jpg?key=secret", "not https"),
        ("file:///etc/passwd?key=secret", "not https"),
        ("https://user:secret@shop.test/1.jpg", "a user name"),
        ("https://shop\x1b.test/1.jpg?key=secret", "not valid"),
        ("secret", "not https"),
    ],
)
def test_an_address_that_is_not_allowed_is_refused(fetching: Served, address: str, words: str) -> None:
    problem = refusal(fetching, json={"image_url": address})
    assert (problem["type"], problem["field"]) == ("/problems/address-refused", "image_url")
    assert words in problem["detail"]
    assert "secret" not in str(problem)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/404.jpg", "status 404"), ("/html.jpg", "not a picture"), ("/short.jpg", "an invalid response"),
        ("/loop.jpg", "too many redirects"), ("/to-private.jpg", "not https"), ("/not-http.jpg", "an invalid response"),
        ("/interim.jpg", "an invalid response"), ("/packed.jpg", "compressed"), ("/empty.jpg", "not a picture"),
        ("/unasked-304.jpg", "status 304"),
    ],
)  # fmt: skip
def test_faults_of_a_server_are_problems_of_the_address(
    fetching: Served, pictures: PictureServer, path: str, words: str
) -> None:
    problem = refusal(fetching, json={"image_url": at(pictures, path)})
    assert problem["type"] in ("/problems/picture-not-fetched", "/problems/address-refused")
    assert problem["field"] == "image_url"
    assert words in problem["detail"]


@pytest.mark.parametrize("path", ["/large.jpg", "/endless.jpg", "/claims-large.jpg"])
def test_a_picture_at_an_address_is_bounded_like_an_upload(
    fetching: Served, pictures: PictureServer, path: str
) -> None:
    problem = refusal(fetching, 413, json={"image_url": at(pictures, path)})
    assert (problem["type"], problem["field"]) == ("/problems/image-too-large", "image_url")


def test_a_search_ends_at_its_deadline_while_a_server_sends_slowly(fetching: Served, pictures: PictureServer) -> None:
    headers = {"X-Request-Timeout-Ms": "300"}
    try:
        problem = refusal(fetching, 504, json={"image_url": at(pictures, "/drip-head.jpg")}, headers=headers)
        assert problem["type"] == "/problems/deadline-passed"
        assert fetching.search(image_url=at(pictures, "/1.jpg"))["results"]  # Others are fetched meanwhile.
    finally:
        pictures.released.set()


def test_a_fetch_ends_at_its_own_limit(
    serve: Serve, shop: Shop, pictures: PictureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.http.body.picture_address.PictureClient", local_client)
    pictures.released.clear()
    with serve(shop, image_url_hosts=HOSTS, image_url_ms=300) as served:
        problem = refusal(served, json={"image_url": at(pictures, "/drip-body.jpg")})
    assert "too slow" in problem["detail"]


def test_the_exit_of_the_service_does_not_wait_for_an_abandoned_fetch(
    serve: Serve, shop: Shop, pictures: PictureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.http.body.picture_address.PictureClient", local_client)
    pictures.released.clear()
    pictures.dripping.clear()
    before = fetches()
    try:
        with serve(shop, image_url_hosts=HOSTS, image_url_ms=60_000) as served:
            timeout_ms = 300
            while not pictures.dripping.is_set():  # The deadline may pass before the picture is requested.
                headers = {"X-Request-Timeout-Ms": str(timeout_ms)}
                refusal(served, 504, json={"image_url": at(pictures, "/drip-body.jpg")}, headers=headers)
                timeout_ms *= 2
        abandoned = fetches() - before
        assert abandoned
        assert all(thread.daemon for thread in abandoned)  # The end of the program does not wait, either.
    finally:
        pictures.released.set()


def fetches() -> set[threading.Thread]:
    """The threads that fetch."""
    return {thread for thread in threading.enumerate() if thread.name.startswith("fetch-")}


def test_fetched_pictures_count_towards_the_memory_for_bodies(
    serve: Serve, shop: Shop, pictures: PictureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.http.body.picture_address.PictureClient", local_client)
    with serve(shop, image_url_hosts=HOSTS, max_held_bytes=len(PICTURE)) as served:
        refused = refusal(served, 503, json={"image_url": at(pictures, "/1.jpg")})
        assert refused["type"] == "/problems/overloaded"
        assert served.found(text="red")
    with serve(shop, image_url_hosts=HOSTS, max_held_bytes=2 * len(PICTURE)) as served:
        for _ in range(4):  # They are given back.
            assert served.found(image_url=at(pictures, "/1.jpg"))


def test_no_address_is_fetched_for_a_request_without_a_key(
    serve: Serve, shop: Shop, pictures: PictureServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.http.body.picture_address.PictureClient", local_client)
    key, asked = add_key(tmp_path / "keys.json"), len(pictures.asked)
    with serve(shop, image_url_hosts=HOSTS, keys=tmp_path / "keys.json") as served:
        refusal(served, 401, json={"image_url": at(pictures, "/1.jpg")})
        assert len(pictures.asked) == asked
        request = {"image_url": at(pictures, "/1.jpg")}
        assert served.client.post("/search", json=request, headers=key.headers).status_code == 200


def test_a_picture_at_an_address_is_one_of_at_most_one_reference(fetching: Served) -> None:
    problem = refusal(fetching, json={"image_url": "https://shop.test/1.jpg", "product_id": "4"})
    assert "more than one reference" in problem["detail"]


def test_the_client_of_the_service_refuses_addresses_of_this_machine(serve: Serve, shop: Shop) -> None:
    """Without a replaced resolver or check."""
    with serve(shop, image_url_hosts="127.0.0.1") as served:
        problem = refusal(served, json={"image_url": "https://127.0.0.1/1.jpg"})
        assert "an address that is not public" in problem["detail"]
        problem = refusal(served, json={"image_url": "https://127.0.0.1:8443/1.jpg"})
        assert "an address with a port" in problem["detail"]
