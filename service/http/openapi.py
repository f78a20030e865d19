"""The parts of the OpenAPI document that FastAPI does not derive: the bodies of a search, and problem documents."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from service.http.body.search_body import FORM_FIELDS, IMAGE, JSON_FIELDS, LISTS, NUMBERS
from service.http.problems import PROBLEM_TYPE
from service.http.wire import EXAMPLES, Problem, SearchRequest

_REFERENCE = "#/components/schemas/{model}"

_IMAGE = {"type": "string", "format": "binary", "description": "The reference: a picture file, such as a JPEG."}


def _form_field(name: str) -> dict[str, Any]:
    description = SearchRequest.model_fields[name].description
    if name in LISTS:
        return {
            "type": "array",
            "items": {"type": "string"},
            "description": f"{description} Repeated, or a JSON array.",
        }
    if name in NUMBERS:
        return {"type": "integer", "description": description}
    return {"type": "string", "description": f"{description} In JSON." if name in JSON_FIELDS else description}


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
        "application/json": {"schema": {"$ref": _REFERENCE.format(model="SearchRequest")}, "examples": EXAMPLES},
        "multipart/form-data": {"schema": _FORM},
    },
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route that can fail with these statuses."""
    schema = {"$ref": _REFERENCE.format(model="Problem")}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {PROBLEM_TYPE: {"schema": schema}}}
        for status in statuses
    }


def openapi_document(app: FastAPI, root_path: str = "") -> dict[str, Any]:
    """The document of ``app``, with the models that are used only by bodies and problems. It is created once."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        if root_path:
            document["servers"] = [{"url": root_path}]
        _, extra = models_json_schema([(SearchRequest, "validation"), (Problem, "validation")], ref_template=_REFERENCE)
        document["components"]["schemas"].update(extra["$defs"])
        app.openapi_schema = document
    return app.openapi_schema
