"""What browsers and proxies need: CORS, HEAD, a root path, compressed answers, security headers."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.service.conftest import Serve, Served, Shop

ORIGIN = "https://shop.example"
PATHS = ["/", "/docs", "/openapi.json", "/assets/page.js", "/products", "/products/4", "/products/4/image", "/catalog",
         "/health/live", "/health/ready", "/metrics", "/nowhere", "/products/nowhere"]  # fmt: skip


@pytest.fixture(scope="module")
def open_to_a_shop(serve: Serve, shop: Shop) -> Iterator[Served]:
    with serve(shop, cors_origins=(ORIGIN, "http://localhost:3000"), max_image_bytes=1000) as served:
        yield served


@pytest.fixture(scope="module")
def below_a_path(serve: Serve, shop: Shop) -> Iterator[Served]:
    with serve(shop, root_path="/modiste") as served:
        yield served


def preflight(served: Served, origin: str, headers: str) -> httpx.Response:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": headers}
    return served.client.options("/search", headers={"Origin": origin, **asked})


def test_an_allowed_origin_may_search_and_read_the_answer(open_to_a_shop: Served) -> None:
    allowed = preflight(open_to_a_shop, ORIGIN, "content-type,x-request-timeout-ms")
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == ORIGIN
    answer = open_to_a_shop.client.post("/search", json={"text": "red"}, headers={"Origin": ORIGIN})
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "Retry-After" in answer.headers["access-control-expose-headers"]


def test_an_allowed_origin_may_read_refusals_too(open_to_a_shop: Served) -> None:
    for response in (
        open_to_a_shop.client.post("/search", json={}, headers={"Origin": ORIGIN}),
        open_to_a_shop.client.post("/search", content=bytes(3 * 2**20), headers={"Origin": ORIGIN}),
        open_to_a_shop.client.get("/nowhere", headers={"Origin": ORIGIN}),
    ):
        assert response.status_code >= 400
        assert response.headers["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize("origin", ["https://evil.example", "https://shop.example.evil.example", "null"])
def test_another_origin_may_not(open_to_a_shop: Served, origin: str) -> None:
    assert preflight(open_to_a_shop, origin, "content-type").status_code == 400
    answer = open_to_a_shop.client.post("/search", json={"text": "red"}, headers={"Origin": origin})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/docs", "/assets/page.js"])
@pytest.mark.parametrize("range", ["bytes=0-1", "bytes=x", "bytes=99999999-"])
def test_ranges_are_ignored(served: Served, path: str, range: str) -> None:
    whole, part = served.client.get(path), served.client.get(path, headers={"Range": range})
    assert (part.status_code, part.content) == (200, whole.content)
    assert part.headers["accept-ranges"] == "none"


@pytest.mark.parametrize("path", ["/search/", "/docs/", "/catalog/", "/assets", "/health/live/"])
def test_no_request_is_sent_on_to_the_host_that_it_names(served: Served, path: str) -> None:
    response = served.client.get(path, headers={"Host": "evil.example"})
    assert (response.status_code, "location" in response.headers) == (404, False)


def test_without_the_setting_no_origin_may(served: Served) -> None:
    assert preflight(served, ORIGIN, "content-type").status_code == 405
    answer = served.client.post("/search", json={"text": "red"}, headers={"Origin": ORIGIN})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", PATHS)
def test_head_is_like_get_without_the_body(served: Served, path: str) -> None:
    get, head = served.client.get(path), served.client.head(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    for name in ("content-type", "etag", "cache-control", "allow"):
        assert head.headers.get(name) == get.headers.get(name), name
    if path not in ("/metrics", "/openapi.json"):  # Their length varies, or is not declared.
        assert head.headers.get("content-length") == get.headers.get("content-length")


@pytest.mark.parametrize(("path", "allowed"), [("/catalog", "GET, HEAD"), ("/search", "POST")])
def test_a_refused_method_is_answered_with_those_of_the_path(served: Served, path: str, allowed: str) -> None:
    response = served.client.delete(path)
    assert (response.status_code, response.headers["allow"]) == (405, allowed)
    assert response.json()["detail"] == f"This path supports {allowed}."


def test_head_on_a_search_is_refused(served: Served) -> None:
    assert served.client.head("/search").status_code == 405


@pytest.mark.parametrize("prefix", ["", "/modiste"], ids=["stripped by the proxy", "kept by the proxy"])
def test_the_root_path_is_part_of_every_link(below_a_path: Served, prefix: str) -> None:
    client = below_a_path.client
    results = client.post(f"{prefix}/search", json={"text": "red"}).json()["results"]
    products = client.get(f"{prefix}/products").json()["products"]
    assert results[0]["matched_image"] == results[0]["image"]
    for product in (results[0], products[0], client.get(f"{prefix}/products/4").json()):
        assert product["image"] == f"/modiste/products/{product['id']}/image"
        assert client.get(product["image"]).headers["content-type"] == "image/png"
    assert client.get(f"{prefix}/openapi.json").json()["servers"] == [{"url": "/modiste"}]
    assert client.get(f"{prefix}/docs").status_code == 200


def test_a_search_below_the_root_path_is_bounded_like_any_other(below_a_path: Served) -> None:
    response = below_a_path.client.post(
        "/modiste/search", json={"text": "red"}, headers={"X-Request-Timeout-Ms": "soon"}
    )
    assert response.status_code == 422
    assert response.json()["field"] == "X-Request-Timeout-Ms"


def test_the_root_path_without_a_slash_leads_to_the_page(below_a_path: Served) -> None:
    response = below_a_path.client.get("/modiste", follow_redirects=True)
    assert response.url.path == "/modiste/"
    assert "<title>Modiste</title>" in response.text
    link = below_a_path.client.get("/modiste?product=5&text=in%20red%0d%0aX:1").headers["location"]
    assert link == "/modiste/?product=5&text=in%20red%0d%0aX:1"


def test_long_answers_are_compressed_for_clients_that_accept_it(served: Served) -> None:
    def length(path: str, encoding: str) -> tuple[str | None, int]:
        with served.client.stream("GET", path, headers={"Accept-Encoding": encoding}) as response:
            return response.headers.get("content-encoding"), sum(len(chunk) for chunk in response.iter_raw())

    for path in ("/products?limit=60", "/assets/page.js"):
        compressed, plain = length(path, "gzip"), length(path, "identity")
        assert (compressed[0], plain[0]) == ("gzip", None)
        assert compressed[1] < plain[1] / 2
    assert length("/products/4/image", "gzip")[0] is None
    assert length("/health/live", "gzip")[0] is None


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"), ("br, gzip;q=0.1", "gzip"), ("x-gzip", "gzip"), ("gzip;q=0", None),
        ("br, gzip; q=0.000", None), ("nogzip", None), ("identity", None),
    ],
)  # fmt: skip
def test_a_response_is_compressed_only_if_gzip_is_accepted(served: Served, accepted: str, encoding: str | None) -> None:
    response = served.client.get("/openapi.json", headers={"Accept-Encoding": accepted})
    assert response.headers.get("content-encoding") == encoding


@pytest.mark.parametrize("path", ["/", "/docs", "/assets/page.js", "/products/4/image", "/nowhere"])
def test_browsers_may_load_only_the_services_own_files_and_nothing_inline(served: Served, path: str) -> None:
    headers = served.client.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", PATHS)
def test_no_header_of_an_answer_is_sent_twice(served: Served, path: str) -> None:
    names = [name for name, _ in served.client.get(path).headers.multi_items()]
    assert len(names) == len(set(names))
