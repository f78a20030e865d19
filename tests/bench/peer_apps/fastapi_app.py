"""A plain FastAPI endpoint in its thread pool: ``uvicorn tests.bench.peer_apps.fastapi_app:app --workers 2``."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import FastAPI, Form, Response, UploadFile

from tests.bench.peer_apps.model import Model

app = FastAPI()
model = Model()


@app.get("/health")
def health() -> str:
    """Whether the model is loaded."""
    return "ok"


@app.post("/search")
def search(image: UploadFile, text: Annotated[str, Form()]) -> Response:
    """The products that fit."""
    [results] = model.search([image.file.read()], [text])
    return Response(orjson.dumps({"results": results}), media_type="application/json")
