"""The parts of the OpenAPI document that FastAPI does not derive: the bodies of a search, and problem documents."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from service.http.body.events_body import Events
from service.http.body.search_body import FORM_FIELDS, IMAGE, JSON_FIELDS, LISTS, NUMBERS
from service.http.middleware.deadline import TIMEOUT_HEADER
from service.http.problems import PROBLEM_TYPE
from service.http.wire import Problem, SearchRequest, search_examples
from service.settings import Settings

_REFERENCE = "#/components/schemas/{model}"

_IMAGE = {"type": "string", "format": "binary", "description": "The reference: a picture file, such as a JPEG."}


def _form_field(name: str) -> dict[str, Any]:
    """A field with its default, which Swagger UI sends unless it is changed; without one it would send "string"."""
    field = SearchRequest.model_fields[name]
    description = field.description
    if name in LISTS:
        items = {"type": "string"}
        return {
            "type": "array", "items": items, "default": [], "description": f"{description} Repeated, or a JSON array.",
        }  # fmt: skip
    if name in NUMBERS:
        return {"type": "integer", "default": field.default, "description": description}
    default = field.default if isinstance(field.default, str) else ""
    description = f"{description} In JSON." if name in JSON_FIELDS else description
    return {"type": "string", "default": default, "description": description}


_FORM: dict[str, Any] = {
    "type": "object",
    "description": "The fields of the JSON body; empty ones are ignored.",
    "properties": {
        IMAGE: _IMAGE,
        **{name: _form_field(name) for name in SearchRequest.model_fields if name in FORM_FIELDS},
    },
}

SEARCH_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {"schema": {"$ref": _REFERENCE.format(model="SearchRequest")}, "examples": {}},
        "multipart/form-data": {"schema": _FORM},
    },
}

EVENTS_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"$ref": _REFERENCE.format(model="Events")},
            "examples": {
                "bought": {
                    "summary": "The third result was looked at, and bought",
                    "value": {"events": [{"type": "click", "position": 3}, {"type": "purchase", "position": 3}]},
                }
            },
        }
    },
}

SEARCH_PARAMETERS: list[dict[str, Any]] = [
    {
        "name": TIMEOUT_HEADER, "in": "header", "required": False, "schema": {"type": "number", "exclusiveMinimum": 0},
        "description": "The longest time of this search, in milliseconds; after it the search is cancelled with 504.",
    }
]  # fmt: skip

_RETRY_AFTER = {"Retry-After": {"description": "Seconds until the next try.", "schema": {"type": "integer"}}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route that can fail with these statuses."""
    schema = {"$ref": _REFERENCE.format(model="Problem")}
    return {
        status: {
            "description": HTTPStatus(status).phrase, "content": {PROBLEM_TYPE: {"schema": schema}},
            **({"headers": _RETRY_AFTER} if status in (429, 503) else {}),
        }
        for status in statuses
    }  # fmt: skip


def openapi_document(app: FastAPI, settings: Settings, example_id: Callable[[], str]) -> dict[str, Any]:
    """The document of ``app``, with the models that are used only by bodies and problems. Only the examples, which have
    the id of a product, are created more than once."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        if settings.root_path:
            document["servers"] = [{"url": settings.root_path}]
        _, extra = models_json_schema(
            [(SearchRequest, "validation"), (Events, "validation"), (Problem, "validation")], ref_template=_REFERENCE
        )
        document["components"]["schemas"].update(extra["$defs"])
        _state_limits(document["components"]["schemas"]["SearchRequest"]["properties"], settings)
        _drop_validation_errors(document)
        app.openapi_schema = document
    body = app.openapi_schema["paths"]["/search"]["post"]["requestBody"]["content"]["application/json"]
    body["examples"] = search_examples(example_id())
    return app.openapi_schema


def _state_limits(fields: dict[str, Any], settings: Settings) -> None:
    """Replace the built-in limits of a search with those of the service."""
    limits = settings.request_limits
    fields["k"]["maximum"] = limits.k
    fields["offset"]["maximum"] = limits.offset
    fields["filters"]["maxProperties"] = limits.filters
    fields["text"]["anyOf"][0]["maxLength"] = limits.text
    fields["history"]["items"]["maxLength"] = limits.text


def _drop_validation_errors(document: dict[str, Any]) -> None:
    """Remove FastAPI's own error format, which it adds to routes with parameters. Routes declare their problems."""
    for methods in document["paths"].values():
        for operation in methods.values():
            content = operation["responses"].get("422", {}).get("content", {})
            if content and PROBLEM_TYPE not in content:
                del operation["responses"]["422"]
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)
