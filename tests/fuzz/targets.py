"""What is fuzzed: each target reads bytes as the program does. Only errors made for users are let pass."""

from __future__ import annotations

import asyncio
import socket
import tempfile
import time
from collections.abc import Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import h11
from fastapi import Request

from catalog import ModisteError, read_catalog
from catalog.fetch import FetchLimits
from catalog.fetch.exchange import Exchange
from catalog.fetch.target import checked
from catalog.settings import read_settings
from indexer.generations.filters import AttributeColumn, filter_mask
from indexer.generations.manifest import MANIFEST_NAME, generation_folder
from indexer.generations.manifest import read_manifest as read_generation
from indexer.generations.tables.arrow import attribute_array
from models.bundle import UnreadableImage, decode_image, open_image
from models.bundle.images.container import memory_needed
from models.bundle.manifest import read_manifest as read_bundle
from service.execution.admission import Admission
from service.execution.threads import Threads
from service.http.body.picture_address import PictureAddresses
from service.http.body.search_body import search_query
from service.observability.metrics import Metrics
from service.search.query import Query
from service.search.uploads import read_picture
from service.settings import load_settings

SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".xml", ".parquet", ".xlsx")
GENERATION = "20260101-000000-0000"
BOUNDARY = b"boundary"
MAX_DECODED_BYTES = 32 * 2**20
"""Pictures that take more are only opened: the service decodes them in processes of bounded memory."""
MAX_SENT_BYTES = 50_000
"""Less than a socket holds before it is read."""

_FOLDER = tempfile.TemporaryDirectory(prefix="modiste-fuzz-")
_COLUMNS = {
    "colour": AttributeColumn("colour", "text", attribute_array(["Red", "Blue", None], "text")),
    "price": AttributeColumn("price", "number", attribute_array([1, 2.5, None], "number")),
    "day": AttributeColumn("day", "date", attribute_array(["2026-01-31", None, "2025"], "date")),
    "occasions": AttributeColumn("occasions", "list", attribute_array([["work"], [], None], "list")),
    "new": AttributeColumn("new", "flag", attribute_array([True, False, None], "flag")),
}
_METRICS = Metrics()
_CONTEXT = SimpleNamespace(
    addresses=PictureAddresses(
        (), seconds=1, max_bytes=1, queue=0, admission=Admission(max_wait_s=1, body_bytes=1, metrics=_METRICS)
    ),
    readers=Threads("read", threads=1, queue=1),
    settings=load_settings(),
)


def picture(data: bytes) -> None:
    """An upload."""
    with suppress(UnreadableImage):
        opened = open_image(data)
        if memory_needed(opened) <= MAX_DECODED_BYTES:
            assert decode_image(opened, about=(64, 80)).mode == "RGB"


def catalogue(data: bytes) -> None:
    """A table in the format that the first byte names."""
    path = _file(f"catalog{SUFFIXES[data[0] % len(SUFFIXES)]}" if data else "catalog.csv", data[1:])
    with suppress(ModisteError):
        read_catalog(path, images_required=False)
    path.unlink()


def settings(data: bytes) -> None:
    """A ``catalog.toml``."""
    with suppress(ModisteError):
        read_settings(_file("settings.toml", data))


def bundle(data: bytes) -> None:
    """The manifest of a bundle."""
    with suppress(ModisteError):
        read_bundle(_file("bundle/bundle.json", data).parent)


def generation(data: bytes) -> None:
    """The manifest of a generation."""
    folder = generation_folder(Path(_FOLDER.name), GENERATION)
    with suppress(ModisteError):
        read_generation(_file(str(folder / MANIFEST_NAME), data).parent)


def json_body(data: bytes) -> None:
    """A search in JSON, with its picture and its filters."""
    with suppress(ModisteError):
        query = asyncio.run(_query(data, b"application/json"))
        if query.picture is not None:
            read_picture(query.picture, 10_000)
        filter_mask(query.filters, _COLUMNS)


def form_body(data: bytes) -> None:
    """A search as a form."""
    with suppress(ModisteError):
        asyncio.run(_query(data, b"multipart/form-data; boundary=" + BOUNDARY))


def answer(data: bytes) -> None:
    """What a server of pictures answers."""
    ours, theirs = socket.socketpair()
    with ours, theirs, suppress(OSError, h11.RemoteProtocolError):
        theirs.sendall(data[:MAX_SENT_BYTES])
        theirs.shutdown(socket.SHUT_WR)
        exchange = Exchange(ours, time.monotonic() + 10)
        exchange.send(h11.Request(method="GET", target="/", headers=[("Host", "shop.test")]))
        exchange.head()
        for _ in exchange.body():
            pass


def address(data: bytes) -> None:
    """The address of a picture."""
    with suppress(ModisteError):
        checked(data.decode("utf-8", "surrogateescape"), FetchLimits(("*.test", "::1"), http=True))


TARGETS: dict[str, Callable[[bytes], None]] = {
    "picture": picture, "catalogue": catalogue, "settings": settings, "bundle": bundle, "generation": generation,
    "json": json_body, "form": form_body, "answer": answer, "address": address,
}  # fmt: skip


def _file(name: str, content: bytes) -> Path:
    path = Path(_FOLDER.name) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


async def _query(body: bytes, content_type: bytes) -> Query:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {"type": "http", "method": "POST", "path": "/search", "headers": [(b"content-type", content_type)]}
    async with asynccontextmanager(search_query)(Request(scope, receive), cast(Any, _CONTEXT)) as query:
        return query
