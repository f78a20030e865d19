"""The cache key of an answer covers every field of a request."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from indexer.generations.generation import Generation
from models.bundle import Bundle
from service.http.body.search_body import query_of
from service.http.wire import SearchRequest
from service.search.cache_key import answer_key
from service.search.uploads import read_picture
from service.search.words.stated import stated_words
from tests.service.conftest import cloth, encoded

RED, BLUE = (base64.b64encode(encoded(cloth(colour))).decode() for colour in ("red", "blue"))

# For each field of a request: a request, and another value of the field that must have another answer.
CHANGES: dict[str, tuple[dict[str, Any], Any]] = {
    "image_base64": ({"image_base64": RED}, BLUE),
    "product_id": ({"product_id": "5"}, "6"),
    "box": ({"product_id": "5", "box": [0, 0, 0.5, 0.5]}, [0, 0.5, 0.5, 1]),
    "text": ({"text": "red"}, "blue"),
    "k": ({"text": "red"}, 21),
    "offset": ({"text": "red"}, 1),
    "filters": ({"text": "red", "filters": {"colour": "Red"}}, {"colour": "Blue"}),
    "group_by": ({"text": "red"}, "colour"),
    "sort": ({"text": "red", "sort": "price"}, "-price"),
    "exclude": ({"text": "red", "exclude": ["1", "2"]}, ["1"]),
    "prefer": ({"text": "cloth", "prefer": ["red"]}, ["red", "blue"]),
    "avoid": ({"text": "cloth", "avoid": ["red"]}, ["blue"]),
    "style": ({"text": "cloth", "prefer": ["red"]}, "filter"),
    "history": ({"text": "red"}, ["blue"]),
    "ignore": ({"text": "red"}, ["red"]),
}
IRRELEVANT = {"image_url": "the picture at the address is fetched before, and becomes the query's picture"}
"""Fields of a request that do not change its answer, each with the reason."""


@pytest.fixture
def key(bundle: Bundle, generation: Generation) -> Any:
    def of(fields: dict[str, Any], **others: Any) -> str:
        query = query_of(SearchRequest.model_validate(fields))
        stated = stated_words(query.prefer, query.avoid, query.style, bundle, generation)
        picture = None if query.picture is None else read_picture(query.picture, 2**20)
        parts: dict[str, Any] = {"generation": generation.id, "bundle": bundle.fingerprint, "expect_words": True}
        parts |= {"understood_by": "x", **others}
        return answer_key(query, picture, stated, **parts)

    return of


def test_every_field_of_a_request_is_tested_here_or_listed_as_irrelevant() -> None:
    assert set(SearchRequest.model_fields) == CHANGES.keys() | IRRELEVANT.keys()


@pytest.mark.parametrize("field", CHANGES)
def test_another_value_of_a_field_is_another_key(key: Any, field: str) -> None:
    request, other = CHANGES[field]
    assert key(request) == key(dict(request))
    assert key(request) != key({**request, field: other})


@pytest.mark.parametrize(
    "other", [{"generation": "another"}, {"bundle": "another"}, {"expect_words": False}, {"understood_by": ""}]
)
def test_everything_else_that_an_answer_depends_on_changes_the_key(key: Any, other: dict[str, Any]) -> None:
    assert key({"text": "red"}, **other) != key({"text": "red"})


@pytest.mark.parametrize(
    ("one", "same"),
    [
        pytest.param({"text": " in  red\n"}, {"text": "in red"}, id="white space"),
        pytest.param({"text": "a", "exclude": ["1", "2"]}, {"text": "a", "exclude": ["2", "1", "1"]}, id="order"),
        pytest.param(
            {"text": "a", "prefer": ["scarlet", "Blue"]}, {"text": "a", "prefer": ["blue", "red"]}, id="spelling"
        ),
        pytest.param({"text": "a", "style": "filter"}, {"text": "a"}, id="a style without words"),
        pytest.param({"image_base64": RED}, {"image_base64": f"data:image/png;base64,{RED}"}, id="encoding"),
        pytest.param({"product_id": "1", "box": [0, 0, 1, 1]}, {"product_id": "1"}, id="the whole picture"),
    ],
)
def test_equivalent_requests_share_a_key(key: Any, one: dict[str, Any], same: dict[str, Any]) -> None:
    assert key(one) == key(same)
