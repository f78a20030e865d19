"""The OpenAPI document: what it shows is true."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from service.http.problems import KINDS
from service.http.wire import SearchRequest
from tests.service.conftest import Operator, Serve, Served, Shop

ROOT = Path(__file__).parents[3]


def document(served: Served) -> dict[str, Any]:
    described: dict[str, Any] = served.client.get("/openapi.json").json()
    return described


def test_every_example_of_a_search_is_answered(served: Served) -> None:
    body = document(served)["paths"]["/search"]["post"]["requestBody"]["content"]
    examples = body["application/json"]["examples"]
    assert set(examples) == {"composed", "text", "image", "preferred", "upload"}
    for name, example in examples.items():
        response = served.client.post("/search", json=example["value"])
        assert response.status_code == 200, name
        modes = {"upload": "composed", "preferred": "image"}
        assert response.json()["mode"] == modes.get(name, name)


def test_a_form_is_described_with_the_fields_of_json(served: Served) -> None:
    content = document(served)["paths"]["/search"]["post"]["requestBody"]["content"]
    form = set(content["multipart/form-data"]["schema"]["properties"])
    assert form - {"image"} == SearchRequest.model_fields.keys() - {"image_base64"}


def test_every_reference_leads_somewhere(served: Served) -> None:
    described = document(served)
    references = set(re.findall(r'"\$ref":\s*"#/components/schemas/(\w+)"', json.dumps(described)))
    assert "SearchRequest" in references
    assert references <= set(described["components"]["schemas"])


def test_answers_have_the_fields_that_are_described(served: Served) -> None:
    schemas = document(served)["components"]["schemas"]
    answer = served.search(product_id="4", text="red")
    assert set(answer) == set(schemas["SearchAnswer"]["properties"])
    assert set(answer["results"][0]) == set(schemas["Result"]["properties"])
    problem = served.client.post("/search", json={}).json()
    assert set(problem) == set(schemas["Problem"]["properties"])


def test_every_described_operation_answers_its_example(serve: Serve, shop: Shop, operator: Operator) -> None:
    with serve(shop, **operator.settings) as served:
        described = document(served)["paths"]
        assert "/operations/reload" in described
        for path, methods in described.items():
            for method, operation in methods.items():
                response = served.client.request(
                    method, path.replace("{id}", "4"), headers=operator.key.headers, json=example_of(operation)
                )
                assert response.status_code == 200, (method, path, response.text)


def example_of(operation: dict[str, Any]) -> Any:
    """A body that the document gives for an operation; None where it takes none."""
    body = operation.get("requestBody")
    if body is None:
        return None
    examples = body["content"]["application/json"]["examples"]
    return next(iter(examples.values()))["value"]


def test_the_document_is_made_once(served: Served) -> None:
    app: FastAPI = served.app
    assert app.openapi() is app.openapi()


def test_every_type_of_problem_is_documented() -> None:
    documented = set(re.findall(r"\| `(/problems/[a-z-]+)` \| (\d+) \|", (ROOT / "docs" / "http.md").read_text()))
    kinds = {(f"/problems/{kind.slug}", str(kind.status)) for kind in KINDS.values()}
    assert documented == kinds | {("/problems/internal", "500")}
