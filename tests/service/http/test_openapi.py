"""The OpenAPI document: what it shows is true."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from models.datasets.garments import COLUMNS
from service.http.problems import KINDS
from service.http.wire import EXAMPLE_ID, SearchRequest
from tests.service.conftest import Operator, Serve, Served, Shop, cloth, encoded
from understanding.words.concepts import concepts, families_of_columns

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


def test_the_examples_have_a_product_of_the_shop_if_anyone_may_search(
    served: Served, serve: Serve, shop: Shop, operator: Operator
) -> None:
    def ids(served: Served) -> set[str]:
        content = document(served)["paths"]["/search"]["post"]["requestBody"]["content"]
        return {one["value"].get("product_id", "0") for one in content["application/json"]["examples"].values()}

    assert ids(served) == {"0"}
    with serve(shop, **operator.settings) as public:
        assert ids(public) == {"0"}
    with serve(shop, **{**operator.settings, "public_search": False}) as keyed:
        assert ids(keyed) == {"0", EXAMPLE_ID}


def test_every_example_of_the_pages_is_answered(served: Served) -> None:
    # They are for the shop of `make demo`, whose ids are G00000 and so on.
    pages = [(ROOT / name).read_text() for name in ("README.md", "docs/http.md")]
    examples = [json.loads(body) for page in pages for body in re.findall(r"^\{\".*\}$|(?<=-d ').*(?=')", page, re.M)]
    assert len(examples) >= 4
    for example in examples:
        assert example.pop("filters", {}).keys() <= set(COLUMNS)
        if "image_url" in example:  # The service fetches no pictures by default.
            continue
        assert re.fullmatch(r"G00\d{3}", example.pop("product_id"))
        assert served.client.post("/search", json={**example, "product_id": "4"}).status_code == 200


def test_a_form_is_described_with_the_fields_of_json(served: Served) -> None:
    content = document(served)["paths"]["/search"]["post"]["requestBody"]["content"]
    form = set(content["multipart/form-data"]["schema"]["properties"])
    assert form - {"image"} == SearchRequest.model_fields.keys() - {"image_base64"}


def test_a_form_with_the_described_defaults_is_answered_as_without_them(served: Served) -> None:
    content = document(served)["paths"]["/search"]["post"]["requestBody"]["content"]
    fields = content["multipart/form-data"]["schema"]["properties"]
    defaults = {name: field["default"] for name, field in fields.items() if name != "image"}
    picture = {"image": encoded(cloth("red"))}
    answer = served.client.post("/search", files=picture, data=defaults)
    assert answer.status_code == 200, answer.text
    assert answer.json()["results"] == served.client.post("/search", files=picture).json()["results"]


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


def test_every_error_is_described_as_a_problem(served: Served) -> None:
    described = document(served)
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"], (method, path, status)
                    assert ("Retry-After" in response.get("headers", {})) == (status in ("429", "503"))


def test_the_headers_and_fields_of_a_search_are_described(served: Served) -> None:
    described = document(served)
    search = described["paths"]["/search"]["post"]
    assert [one["name"] for one in search["parameters"]] == ["X-Request-Timeout-Ms"]
    schemas = described["components"]["schemas"]
    for name in ("SearchRequest", "SearchAnswer", "Understanding", "UnderstoodWish", "UnderstoodRelative"):
        nothing = [field for field, one in schemas[name]["properties"].items() if not one.get("description")]
        assert nothing == [], name


def test_every_family_of_a_column_is_described(served: Served) -> None:
    families = document(served)["components"]["schemas"]["ChoiceFilter"]["properties"]["family"]["description"]
    named = families_of_columns(concepts().columns) | families_of_columns(["listprice"])
    assert set(named.values()) - {""} == set(re.findall(r"`([a-z ]+)`", families)) - {"understood"}


def test_every_described_operation_answers_its_example(serve: Serve, shop: Shop, operator: Operator) -> None:
    with serve(shop, **operator.settings) as served:
        described = document(served)["paths"]
        assert "/operations/reload" in described
        for path, methods in described.items():
            for method, operation in methods.items():
                response = served.client.request(
                    method, path.replace("{id}", "4"), headers=operator.key.headers, json=example_of(operation)
                )
                assert response.status_code in (200, 204), (method, path, response.text)


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
