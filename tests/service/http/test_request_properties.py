"""Generated requests: what is valid is answered, and nothing makes the service fail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.properties import properties
from tests.service.conftest import COLOURS, Serve, Served, Shop, cloth, encoded

QUICK = properties(120)
FIELDS = (
    "text", "product_id", "image_base64", "image_url", "box", "k", "offset", "filters", "exclude", "prefer", "avoid",
    "style", "group_by", "sort", "no",
)  # fmt: skip
PICTURE = encoded(cloth("red", "navy"))

ids = st.integers(0, 59).map(str)
words = st.sampled_from(["red", "white", "blue"])
texts = st.text(max_size=60)
corners = st.floats(0, 1, allow_subnormal=False)
boxes = st.tuples(corners, corners, corners, corners).filter(
    lambda box: box[2] - box[0] > 0.2 and box[3] - box[1] > 0.2  # 8 pixels and more of 60 x 80.
)
ranges = st.fixed_dictionaries({}, optional={"min": st.integers(-5, 40), "max": st.integers(40, 99)}).filter(bool)
filters = st.fixed_dictionaries(
    {},
    optional={
        "colour": st.sampled_from(list(COLOURS)) | st.lists(texts, min_size=1, max_size=3),
        "price": ranges | st.integers(0, 99) | st.floats(-1e9, 1e9),
        "new": st.booleans(),
        "occasions": st.none() | texts,
    },
)
common = {
    "k": st.integers(1, 200), "offset": st.integers(0, 10_000), "filters": filters,
    "exclude": st.lists(st.text(min_size=1, max_size=5), max_size=5),
    "style": st.sampled_from(["arithmetic", "filter", "joint"]),
    "group_by": st.sampled_from(["product", "group", "colour"]), "sort": st.sampled_from(["price", "-price"]),
}  # fmt: skip
valid_requests = st.fixed_dictionaries(
    {"product_id": ids}, optional={**common, "text": texts, "box": boxes, "prefer": st.lists(words, max_size=2)}
) | st.fixed_dictionaries({"text": texts.map(lambda text: f"red {text}")}, optional=common)

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
any_requests = anything | st.fixed_dictionaries(
    {}, optional={name: anything | st.just("12") | st.just("red") | st.just([0.1, 0.2, 0.9, 0.8]) for name in FIELDS}
)
form_names = st.sampled_from([*FIELDS, "image"]) | st.text(min_size=1, max_size=9)
form_values = texts | st.sampled_from(
    ["", "[", "[1]", "{}", '{"colour": "Red"}', '{"price": {"min": 1e999}}', "0,0,1,1", "[null]", "9" * 30, "null"]
)


@pytest.fixture(scope="module")
def served(serve: Serve, shop: Shop) -> Iterator[Served]:
    """A service of its own, because the requests fill its cache."""
    with serve(shop) as served:
        yield served


def checked(response: httpx.Response) -> httpx.Response:
    """An answer, or a refusal that is a problem document and names a field."""
    if response.status_code != 200:
        assert response.status_code in (404, 422), response.text
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["type"].startswith("/problems/")
        assert response.json()["field"]
        assert len(response.content) < 1500
    return response


@QUICK
@given(request=valid_requests)
def test_every_valid_request_is_answered(served: Served, request: dict[str, Any]) -> None:
    response = served.client.post("/search", content=json.dumps(request))
    assert response.status_code == 422  # No Content-Type.
    response = served.client.post("/search", json=request)
    assert response.status_code == 200, response.text
    assert len(response.json()["results"]) <= request.get("k", 20)


@QUICK
@given(request=any_requests)
def test_no_json_makes_the_service_fail(served: Served, request: Any) -> None:
    body = json.dumps(request).encode("utf-8", "surrogatepass")
    checked(served.client.post("/search", content=body, headers={"Content-Type": "application/json"}))


@QUICK
@given(body=st.binary(max_size=200), kind=st.sampled_from(["application/json", "multipart/form-data; boundary=x", "*"]))
def test_no_body_makes_the_service_fail(served: Served, body: bytes, kind: str) -> None:
    assert checked(served.client.post("/search", content=body, headers={"Content-Type": kind})).status_code == 422


@QUICK
@given(
    fields=st.lists(st.tuples(form_names, form_values), max_size=5),
    picture=st.none() | st.just(PICTURE) | st.binary(max_size=50),
    name=st.sampled_from(["image", "image", "text", "picture"]),
)  # fmt: skip
def test_no_form_makes_the_service_fail(
    served: Served, fields: list[tuple[str, str]], picture: bytes | None, name: str
) -> None:
    parts: list[Any] = [(field, (None, value.encode("utf-8", "replace"))) for field, value in fields]
    if picture is not None:
        parts.append((name, ("a.png", picture)))
    checked(served.client.post("/search", files=parts or [("k", (None, ""))]))


@QUICK
@given(
    path=st.text(max_size=40),
    query=st.text(max_size=20),
    accept=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
)
def test_no_address_makes_the_service_fail(served: Served, path: str, query: str, accept: str) -> None:
    target = httpx.URL(f"{served.url}/products/{_quoted(path)}?{_quoted(query)}&w={_quoted(query)}")
    response = served.client.get(target, headers={"Accept": accept.strip()})
    assert response.status_code in (200, 404, 422), response.text


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="/")
