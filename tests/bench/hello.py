"""The least that this framework can answer, under the service's own server settings."""

from __future__ import annotations

import sys
from types import SimpleNamespace

from fastapi import FastAPI, Request

from service.execution.admission import Admission
from service.observability.metrics import Metrics
from service.server.server import listen, run
from service.settings import load_settings

app = FastAPI()
# The service's server tells its admission when it stops; nobody asks this one before.
app.state.context = SimpleNamespace(admission=Admission(slots=1, body_bytes=2**30, metrics=Metrics()))


@app.get("/hello")
async def greet() -> dict[str, str]:
    """Hello, world."""
    return {"hello": "world"}


@app.post("/hello")
async def greet_sender(request: Request) -> dict[str, str]:
    """Hello, world, after the whole body has been read."""
    await request.body()
    return {"hello": "world"}


if __name__ == "__main__":
    bound = listen("127.0.0.1", int(sys.argv[1]))
    run(app, load_settings(), bound)
