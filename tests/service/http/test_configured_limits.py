"""Limits that a service lowers are enforced, named in refusals and stated in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from catalog.errors import ModisteError
from service.settings import load_settings
from tests.models.pictures import photograph, saved
from tests.service.conftest import Serve, Served, Shop
from tests.service.http.refusals import refusal

LIMITS: dict[str, Any] = {
    "max_pixels": 40_000, "max_scans": 4, "image_formats": ("jpeg", "png"),
    "max_text": 10, "max_k": 30, "max_offset": 5, "max_filters": 1, "max_depth": 2, "max_parts": 3,
}  # fmt: skip


@pytest.fixture(scope="module")
def limited(serve: Serve, shop: Shop) -> Iterator[Served]:
    with serve(shop, **LIMITS) as served:
        yield served


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({"text": "red", "k": 31}, "k", "k must be 30 or less."),
        ({"text": "red", "offset": 6}, "offset", "offset must be 5 or less."),
        ({"text": "red " * 3}, "text", "text must have at most 10 characters"),
        ({"text": "red", "history": ["", "blue" * 3]}, "history[1]", "history[1] must have at most 10 characters."),
        ({"text": "red", "filters": {"a": 1, "b": 2}}, "filters", "filters must have at most 1 entries."),
        (
            {"text": "red", "filters": {"colour": ["Red"]}},
            "body",
            "The body is not valid JSON: it is nested too deeply.",
        ),
    ],
)
def test_a_field_beyond_a_lowered_limit_is_refused(
    limited: Served, body: dict[str, Any], field: str, message: str
) -> None:
    refused = refusal(limited, json=body)
    assert (refused["type"], refused["field"]) == ("/problems/invalid-request", field)
    assert refused["detail"].startswith(message)


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"filters": '{"colour": ["Red"]}'}, "filters", "filters is not valid JSON: it is nested too deeply."),
        ({"exclude": ["1", "2", "3"]}, "body", "The body cannot be read as a form: it has more than 3 parts."),
    ],
)
def test_a_form_beyond_a_lowered_limit_is_refused(
    limited: Served, fields: dict[str, Any], field: str, message: str
) -> None:
    refused = refusal(limited, data={"text": "red", **fields}, files={"image": saved(photograph(100, 80), "JPEG")})
    assert (refused["type"], refused["field"]) == ("/problems/invalid-request", field)
    assert refused["detail"].startswith(message)


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (saved(photograph(300, 200), "PNG"), "300 x 200 pixels, which is too large"),
        (saved(photograph(100, 80), "JPEG", progressive=True), "scans, which is too many"),
        (saved(photograph(100, 80), "WEBP"), "is WEBP, which this service does not accept"),
        (saved(photograph(100, 80), "GIF"), "is GIF, which this service does not accept"),
        (saved(photograph(100, 80), "TIFF"), "is TIFF, which this service does not accept"),
    ],
)
def test_a_picture_beyond_a_lowered_limit_is_refused(limited: Served, picture: bytes, message: str) -> None:
    refused = refusal(limited, files={"image": picture})
    assert (refused["type"], refused["field"]) == ("/problems/unreadable-image", "image")
    assert message in refused["detail"]


def test_a_picture_that_takes_longer_to_decode_than_allowed_is_refused(serve: Serve, shop: Shop) -> None:
    with serve(shop, decode_ms=0.001) as served:
        refused = refusal(served, 413, files={"image": saved(photograph(100, 80), "GIF")})
        assert refused["detail"] == "The picture takes too much time to decode."
        picture = {"image": saved(photograph(100, 80), "JPEG")}  # It needs no process.
        assert served.client.post("/search", files=picture).status_code == 200


def test_requests_within_lowered_limits_are_answered(limited: Served) -> None:
    picture = {"image": saved(photograph(190, 200), "JPEG")}
    assert limited.client.post("/search", files=picture, data={"text": "red", "k": "30"}).status_code == 200
    body = {"product_id": "4", "filters": {"colour": "Red"}, "exclude": ["1"]}
    assert limited.client.post("/search", json=body).status_code == 200


def test_the_document_states_lowered_limits(limited: Served, served: Served) -> None:
    def stated(served: Served) -> tuple[Any, ...]:
        fields = served.client.get("/openapi.json").json()["components"]["schemas"]["SearchRequest"]["properties"]
        text = fields["text"]["anyOf"][0]["maxLength"]
        names = (fields["k"]["maximum"], fields["offset"]["maximum"], fields["filters"]["maxProperties"])
        return (*names, text, fields["history"]["items"]["maxLength"])

    catalog = limited.client.get("/catalog").json()
    assert (catalog["max_offset"], catalog["image_formats"]) == (5, ["jpeg", "png"])
    assert stated(limited) == (30, 5, 1, 10, 10)
    assert stated(served) == (200, 10_000, 32, 2_000, 2_000)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_pixels", "50000001"), ("max_scans", "0"), ("image_formats", "jpeg,pdf"), ("decode_ms", "0"),
        ("max_text", "2001"), ("max_k", "23"), ("max_offset", "-1"), ("max_filters", "33"),
        ("max_depth", "5"), ("max_depth", "0"), ("max_parts", "0"), ("max_parts", "257"),
    ],
)  # fmt: skip
def test_a_limit_out_of_its_bounds_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"MODISTE_{name.upper()}", value)
    with pytest.raises(ModisteError, match=f"MODISTE_{name.upper()} cannot be '{value}'"):
        load_settings()


def test_formats_are_a_list_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODISTE_IMAGE_FORMATS", "JPEG, webp")
    assert load_settings().picture_limits.formats == ("jpeg", "webp")
