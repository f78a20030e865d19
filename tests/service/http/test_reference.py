"""``/docs``: everything that the OpenAPI document says, without a script and without another host."""

from __future__ import annotations

import re
from html import unescape

import pytest

from service.http.openapi import openapi_document
from service.http.reference import reference_page
from tests.service.conftest import Served


@pytest.fixture(scope="module")
def page(served: Served) -> str:
    return served.client.get("/docs").text


def test_nothing_is_loaded_from_elsewhere_and_nothing_is_executed(served: Served, page: str) -> None:
    assert "<script" not in page
    loaded = re.findall(r'<link[^>]*href="([^"]+)"', page)
    assert loaded
    for address in loaded:
        assert served.client.get(address).status_code == 200, address
    assert not re.search(r'(src|href)="(https?:)?//', page)


def test_every_operation_and_every_schema_has_its_section(served: Served, page: str) -> None:
    document = openapi_document(served.app)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert f"<code>{method.upper()} {path}</code>" in page
            assert operation["summary"] in unescape(page)
    for name in document["components"]["schemas"]:
        assert f'id="schema-{name}"' in page


def test_every_link_within_the_page_leads_somewhere(page: str) -> None:
    sections = set(re.findall(r'id="([^"]+)"', page))
    for target in re.findall(r'href="#([^"]+)"', page):
        assert target in sections


def test_examples_are_commands_to_copy(page: str) -> None:
    assert "curl localhost:8000/search -H 'Content-Type: application/json'" in unescape(page)
    assert "Picture and words" in page
    assert "like product 12, but red" in page


def test_what_a_document_says_is_never_markup() -> None:
    hostile = {
        "info": {"title": "<b>", "version": "<i>"}, "components": {"schemas": {}},
        "paths": {"/<u>": {"get": {"summary": "<script>", "description": "<s> and `<q>`", "responses": {}}}},
    }  # fmt: skip
    page = reference_page(hostile)
    for markup in ("<b><", "<i>", "<u>", "<script>", "<s>", "<q>"):
        assert markup not in page
