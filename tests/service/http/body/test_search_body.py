"""The body of ``POST /search``: fields, filters, JSON and forms that are refused, each by name."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from service.http.body import json_body, search_body
from service.http.wire import SearchRequest
from tests.service.conftest import Served, cloth, encoded
from tests.service.http.refusals import refusal


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"k": 0}, "k must be 1 or more"),
        ({"k": -1}, "k must be 1 or more"),
        ({"k": 1_000_000_000}, "k must be 200 or less"),
        ({"k": 10**30}, "k must be"),
        ({"k": "ten"}, "k must be a whole number"),
        ({"k": "10"}, "k must be a whole number"),
        ({"k": 1.5}, "k must be a whole number"),
        ({"k": True}, "k must be a whole number"),
        ({"offset": -1}, "offset must be 0 or more"),
        ({"offset": 10_001}, "offset must be 10000 or less"),
        ({"text": 5}, "text must be text"),
        ({"text": "red " * 250_000}, "text must have at most 2,000 characters"),
        ({"text": "\ufdfa" * 200}, "text must have at most 2,000 characters"),  # One is eighteen in the form NFKC.
        ({"history": ["in red " * 280] * 6}, "text and history have more than 10,000 characters"),
        ({"history": ["\ufdfa" * 100] * 6}, "text and history have more than 10,000 characters"),
        ({"colour": "red"}, "colour is not a field"),
        ({"exclude": "12"}, "exclude must be a list"),
        ({"exclude": ["12", 13]}, "exclude[1] must be text"),
        ({"exclude": ["12"] * 1001}, "exclude must have at most 1,000 entries"),
        ({"product_id": ""}, "product_id must not be empty"),
        ({"product_id": 12}, "product_id must be text"),
        ({"filters": "red"}, "filters must be an object"),
        ({"filters": {f"n{number}": {} for number in range(33)}}, "filters is not valid: it has more than 32 filters"),
        ({"filters": {"a": ["x" * 500] * 30, "b": ["y" * 500] * 11}}, "its values have more than 20,000 characters"),
        ({"filters": {"colour": {"like": "re.*"}}}, "filters.colour is not a valid filter"),
        ({"filters": {"price": {"min": "cheap"}}}, "filters.price is not a valid filter"),
        ({"filters": {"colour": [["Red"]]}}, "filters.colour is not a valid filter"),
        ({"product_id": "4", "image_base64": "AAAA"}, "more than one reference"),
    ],
)
def test_an_invalid_field_is_refused_by_name(served: Served, fields: dict[str, Any], words: str) -> None:
    problem = refusal(served, json={"text": "red", **fields})
    assert problem["type"] == "/problems/invalid-request"
    assert words in problem["detail"]
    named = problem["field"].partition("[")[0].partition(".")[0]
    assert named in fields


def test_a_misspelt_field_is_corrected_in_the_hint(served: Served) -> None:
    problem = refusal(served, json={"text": "red", "filter": {}})
    assert (problem["field"], problem["hint"]) == ("filter", "Did you mean filters?")


def test_a_picture_in_json_is_refused_with_the_two_ways_to_send_one(served: Served) -> None:
    problem = refusal(served, json={"text": "red", "image": "aGVsbG8="})
    assert problem["field"] == "image"
    assert "multipart/form-data" in problem["hint"]
    assert "image_url" in problem["hint"]


def test_a_whole_number_may_have_a_fraction_of_zero(served: Served) -> None:
    assert served.found(text="red", k=3.0, offset=2.0) == served.found(text="red", k=3, offset=2)
    assert refusal(served, json={"text": "red", "k": 1e300})["detail"] == "k must be 200 or less."


def test_nulls_count_as_not_given(served: Served) -> None:
    fields = dict.fromkeys(SearchRequest.model_fields.keys() - {"text"})
    assert served.found(text="red", **fields) == served.found(text="red")
    filters = {"colour": None, "price": {"min": 20, "max": None}}
    assert served.found(text="red", filters=filters) == served.found(text="red", filters={"price": {"min": 20}})


def test_empty_form_fields_count_as_not_given(served: Served) -> None:
    empty = [(name, (None, "")) for name in sorted(SearchRequest.model_fields.keys() - {"text", "image_base64"})]
    response = served.client.post("/search", files=[("text", (None, "red")), ("image", ("", b"")), *empty])
    assert response.status_code == 200, response.text
    assert [result["id"] for result in response.json()["results"]] == served.found(text="red")


@pytest.mark.parametrize("k", ["ten", "1e1", "\u0663", "5" * 5000])
def test_a_number_of_a_form_is_written_as_in_json(served: Served, k: str) -> None:
    problem = refusal(served, files=[("text", (None, "red")), ("k", (None, k))])
    assert (problem["field"], problem["detail"]) == ("k", "k must be a whole number.")


def test_a_form_and_json_find_the_same(served: Served) -> None:
    form = [
        ("product_id", "4"), ("text", "red"), ("k", "7"), ("offset", "2"), ("filters", '{"price": {"max": 40}}'),
        ("exclude", "1"), ("exclude", "2"), ("prefer", '["white"]'), ("avoid", "blue"), ("style", "filter"),
        ("box", "0.1,0.1,0.9,0.9"),
    ]  # fmt: skip
    response = served.client.post("/search", files=[(name, (None, value)) for name, value in form])
    assert response.status_code == 200, response.text
    fields = {
        "product_id": "4", "text": "red", "k": 7, "offset": 2, "filters": {"price": {"max": 40}},
        "exclude": ["1", "2"], "prefer": ["white"], "avoid": ["blue"], "style": "filter", "box": [0.1, 0.1, 0.9, 0.9],
    }  # fmt: skip
    assert [result["id"] for result in response.json()["results"]] == served.found(**fields)


def test_a_file_may_have_its_name_in_extended_form_only(served: Served) -> None:
    body = b"--x\r\nContent-Disposition: form-data; name=image; filename*=utf-8''a.jpg\r\n\r\n%b\r\n--x--\r\n"
    response = served.client.post(
        "/search", content=body % encoded(cloth("blue")), headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert response.json()["results"][0]["title"] == "Blue cloth"


@pytest.mark.parametrize("fields", [{}, {"text": ""}, {"text": " \u200b\x00 "}, {"k": 5}])
def test_a_search_for_nothing_is_refused(served: Served, fields: dict[str, Any]) -> None:
    assert "nothing to search for" in refusal(served, json=fields)["detail"]


def test_an_upload_and_a_product_together_are_refused(served: Served) -> None:
    problem = refusal(served, files={"image": encoded(cloth("red"))}, data={"product_id": "4"})
    assert problem["detail"] == "There is more than one reference."


def test_an_unknown_product_is_not_found(served: Served) -> None:
    for id in ("no such", "\x00", "../../etc/passwd", "4 "):
        assert refusal(served, 404, json={"product_id": id})["type"] == "/problems/unknown-product"


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ({"color": "Red"}, "no attribute 'color'"),
        ({"price": {"min": 50, "max": 10}}, "min of 50 above its max of 10"),
        ({"colour": {"min": 1}}, "not a number"),
        ({"price": "cheap"}, "takes numbers"),
        ({"price": {}}, "needs min, max or both"),
        ({"colour": []}, "has no value"),
        ({"colour": ["Red"] * 300}, "300 values"),
    ],
)
def test_a_filter_that_cannot_be_applied_is_refused(served: Served, filters: dict[str, Any], words: str) -> None:
    problem = refusal(served, json={"text": "red", "filters": filters})
    assert problem["type"] == "/problems/unknown-filter"
    assert words in problem["detail"]
    assert problem["hint"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b'{"text": "red"', id="cut short"),
        pytest.param(b'{"text": "red", "k": NaN}', id="NaN"),
        pytest.param(b'{"text": "red", "filters": {"price": {"min": Infinity}}}', id="Infinity"),
        pytest.param(b'{"text": "\\ud800"}', id="a lone surrogate"),
        pytest.param(b'{"text": "\xff"}', id="no UTF-8"),
        pytest.param(b"[" * 100_000, id="nested without end"),
        pytest.param(b'["text"]', id="a list"),
        pytest.param(b"null", id="null"),
    ],
)
def test_a_body_that_is_not_a_json_object_is_refused(served: Served, body: bytes) -> None:
    problem = refusal(served, content=body, headers={"Content-Type": "application/json"})
    assert problem["type"] == "/problems/invalid-request"
    assert "JSON" in problem["detail"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "image/png", "nonsense"])
def test_a_body_of_another_type_is_refused_with_the_types_that_are_read(served: Served, kind: str) -> None:
    problem = refusal(served, content=b"text=red", headers={"Content-Type": kind})
    assert kind in problem["detail"]
    assert "application/json" in problem["hint"]


FORM = [("text", (None, "red"))]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param([("text", (None, "blue"))], "text is given 2 times", id="a field twice"),
        pytest.param([("colour", (None, "red"))], "colour is not a field", id="an unknown field"),
        pytest.param([("k", (None, "ten"))], "k must be a whole number", id="k in words"),
        pytest.param([("k", (None, "1e9"))], "k must be a whole number", id="k with an exponent"),
        pytest.param([("k", (None, "0"))], "k must be 1 or more", id="k of zero"),
        pytest.param([("filters", (None, "{"))], "filters is not valid JSON", id="broken filters"),
        pytest.param([("exclude", (None, "[1"))], "exclude is not valid JSON", id="broken exclusions"),
        pytest.param([("image", (None, "abc"))], "image is a field of text", id="text for a picture"),
        pytest.param([("k", ("k.txt", b"5"))], "k is a file", id="a file for a number"),
        pytest.param([("image", ("a", b"1")), ("image", ("b", b"2"))], "more than 1 file", id="two pictures"),
        pytest.param([("exclude", (None, "1"))] * 2000, "more than 256 parts", id="thousands of fields"),
    ],
)
def test_an_invalid_form_is_refused_by_name(served: Served, fields: list[Any], words: str) -> None:
    problem = refusal(served, files=[*FORM, *fields])
    assert problem["type"] == "/problems/invalid-request"
    assert words in problem["detail"]
    assert problem["field"] in (fields[0][0], "body")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b"no boundary here"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nred'),
    ],
    ids=["no boundary", "another boundary", "cut short"],
)
def test_a_broken_form_is_refused(served: Served, kind: str, body: bytes) -> None:
    assert refusal(served, content=body, headers={"Content-Type": kind})["type"] == "/problems/invalid-request"


@pytest.mark.parametrize(("field", "other"), [("prefer", "avoid"), ("avoid", "prefer")])
def test_an_unknown_word_is_refused_with_the_field_that_has_it(served: Served, field: str, other: str) -> None:
    problem = refusal(served, json={"text": "red", field: ["xylophone"], other: ["red"]})
    assert (problem["type"], problem["field"]) == ("/problems/unknown-word", field)


def test_a_filter_on_an_unknown_attribute_is_refused_by_name(served: Served) -> None:
    problem = refusal(served, json={"text": "red", "filters": {"colour": "Red", "color": "Red"}})
    assert (problem["type"], problem["field"]) == ("/problems/unknown-filter", "filters.color")


def test_a_large_body_is_parsed_beside_the_event_loop(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    parse = json_body.parse_json

    def recorded(data: bytes, **options: Any) -> Any:
        threads.append(threading.current_thread().name)
        return parse(data, **options)

    monkeypatch.setattr(search_body, "parse_json", recorded)
    assert served.client.post("/search", json={"text": "red"}).status_code == 200
    large = {"image_base64": "A" * 300_000}
    assert refusal(served, json=large)["field"] == "image_base64"
    assert refusal(served, json={**large, "k": 0})["field"] == "k"
    assert [name.startswith("read-") for name in threads] == [False, True, True]
