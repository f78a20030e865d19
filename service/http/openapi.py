"""What the OpenAPI document has beyond what FastAPI derives: the two bodies of a search, and problem documents."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, get_args

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from models.bundle.style_search import DEFAULT_STYLE, Style
from service.http.problems import PROBLEM_TYPE
from service.http.wire import EXAMPLES, Problem, SearchRequest
from service.search.arrangement import PRODUCT

_REFERENCE = "#/components/schemas/{model}"

_REPEATED = {"type": "array", "items": {"type": "string"}, "description": "Repeated, or one JSON array."}
_FORM: dict[str, Any] = {
    "type": "object",
    "description": "Fields are as in JSON; empty ones count as not given.",
    "properties": {
        "image": {"type": "string", "format": "binary", "description": "The reference: a JPEG, PNG or WebP file."},
        "product_id": {"type": "string"},
        "box": {"type": "string", "description": "JSON.", "examples": ["[0.25, 0.4, 0.75, 1.0]"]},
        "text": {"type": "string"},
        "k": {"type": "integer", "default": 20},
        "offset": {"type": "integer", "default": 0},
        "filters": {"type": "string", "description": "JSON.", "examples": ['{"colour": "Red"}']},
        "group_by": {"type": "string", "default": PRODUCT},
        "sort": {"type": "string", "examples": ["price", "-price"]},
        "exclude": _REPEATED,
        "prefer": _REPEATED,
        "avoid": _REPEATED,
        "style": {"type": "string", "enum": list(get_args(Style)), "default": DEFAULT_STYLE},
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
    """The document of ``app``, with the models that only bodies and problems refer to. It is made once."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        if root_path:
            document["servers"] = [{"url": root_path}]
        _, extra = models_json_schema([(SearchRequest, "validation"), (Problem, "validation")], ref_template=_REFERENCE)
        document["components"]["schemas"].update(extra["$defs"])
        app.openapi_schema = document
    return app.openapi_schema
