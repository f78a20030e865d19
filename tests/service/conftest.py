"""A small shop to test the service with: sixty pieces of cloth, the toy bundle, and a generation of both."""

from __future__ import annotations

import io
import json
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image

from indexer.build import BuildOptions, build_generation
from indexer.generations.generation import Generation
from indexer.generations.manifest import ATTRIBUTES_NAME, MANIFEST_NAME, SEEN_NAME
from models.bundle import Bundle
from service.app import create_app
from service.server.listening import listen
from service.server.serve import running
from service.settings import Settings
from tests.patience import PATIENCE_S
from tests.ports import free_port
from tests.service.keys import Given, add_key
from tests.toy_bundle import write_toy_bundle

COLOURS = {
    "red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255), "black": (0, 0, 0),
    "pink": (255, 128, 128), "purple": (128, 0, 128), "yellow": (255, 255, 0), "maroon": (128, 0, 0),
    "navy": (0, 0, 128),
}  # fmt: skip


def cloth(top: str, bottom: str | None = None, *, shade: float = 1.0, size: tuple[int, int] = (60, 80)) -> Image.Image:
    """A picture of one colour, or of one over another."""
    upper, lower = (tuple(round(part * shade) for part in COLOURS[colour]) for colour in (top, bottom or top))
    picture = Image.new("RGB", size, upper)
    picture.paste(lower, (0, size[1] // 2, *size))
    return picture


def encoded(picture: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    """The picture as a file."""
    stream = io.BytesIO()
    picture.save(stream, format, **options)
    return stream.getvalue()


def write_cloth_catalog(folder: Path, *, shade: float = 1.0) -> Path:
    """Sixty products: ids 0-9 of one colour in the order of ``COLOURS``, 10-54 of two, 55-59 of one, darker.

    Attributes: colour, second colour (of the two-coloured), price (10 to 69), occasions (a list), new (a flag).
    """
    pairs: list[tuple[str, str | None, float]] = [(colour, None, shade) for colour in COLOURS]
    names = list(COLOURS)
    pairs += [(top, bottom, shade) for at, top in enumerate(names) for bottom in names[at + 1 :]]
    pairs += [(colour, None, shade * 0.9) for colour in [*names[:4], "pink"]]
    (folder / "images").mkdir(parents=True)
    lines = ["id,title,image,colour,second colour,price,occasions,new"]
    for at, (top, bottom, darkness) in enumerate(pairs):
        cloth(top, bottom, shade=darkness).save(folder / "images" / f"{at}.png")
        title = f"{top.title()} and {bottom} cloth" if bottom else f"{top.title()} cloth"
        occasions = "work|party" if at % 2 else "party"
        new = "yes" if at % 3 == 0 else "no"
        lines.append(f"{at},{title},images/{at}.png,{top.title()},{bottom or ''},{10 + at},{occasions},{new}")
    (folder / "catalog.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "catalog.csv"


def write_views_catalog(folder: Path) -> Path:
    """As ``write_cloth_catalog``; product 4 has the pictures of 4, 0 and 1."""
    catalog = write_cloth_catalog(folder)
    rows = catalog.read_text(encoding="utf-8")
    catalog.write_text(rows.replace("images/4.png", "images/4.png|images/0.png|images/1.png"), encoding="utf-8")
    return catalog


class Shop(NamedTuple):
    """Where the parts of a shop lie."""

    bundle: Path
    catalog: Path
    index_root: Path


class Served(NamedTuple):
    """A running service."""

    url: str
    client: httpx.Client
    app: FastAPI

    def search(self, **fields: Any) -> dict[str, Any]:
        """The answer to a search in JSON that must succeed."""
        response = self.client.post("/search", json=fields)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def found(self, **fields: Any) -> list[str]:
        """The ids of the products that a search finds."""
        return [result["id"] for result in self.search(**fields)["results"]]


Serve = Callable[..., AbstractContextManager[Served]]


def build(catalog: Path, bundle: Path, index_root: Path, *, publish: bool = True) -> str:
    """Build a generation; its id."""
    loaded = Bundle(bundle, device="cpu", threads=1)
    return build_generation(catalog, loaded, index_root, BuildOptions(publish=publish, device="cpu", threads=1))


def drop_attributes(index_root: Path, id: str) -> None:
    """Make a generation one from before there were attributes."""
    folder = index_root / "generations" / id
    raw = json.loads((folder / MANIFEST_NAME).read_text())
    del raw["attributes"], raw["told"], raw["valued"]
    for name in (ATTRIBUTES_NAME, SEEN_NAME):
        del raw["files"][name]
        (folder / name).unlink()
    (folder / MANIFEST_NAME).write_text(json.dumps(raw))


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop with one published generation; tests leave it as it is."""
    folder = tmp_path_factory.mktemp("shop")
    bundle = write_toy_bundle(folder / "bundle", attributes=True)
    catalog = write_cloth_catalog(folder / "catalog")
    build(catalog, bundle, folder / "index")
    return Shop(bundle, catalog, folder / "index")


@pytest.fixture(scope="session")
def bundle(shop: Shop) -> Bundle:
    """The shop's bundle."""
    return Bundle(shop.bundle, device="cpu", threads=1)


@pytest.fixture(scope="session")
def generation(shop: Shop) -> Generation:
    """The shop's generation."""
    return Generation.open(shop.index_root)


@pytest.fixture
def own_shop(shop: Shop, tmp_path: Path) -> Shop:
    """A copy of the shop's index that a test may change."""
    shutil.copytree(shop.index_root, tmp_path / "index")
    return shop._replace(index_root=tmp_path / "index")


@contextmanager
def _serve(shop: Shop, **changes: Any) -> Iterator[Served]:
    usual: dict[str, Any] = {
        "index_root": shop.index_root, "bundle": shop.bundle, "device": "cpu", "threads": 1, "poll_s": 0.05,
        "max_wait_ms": 60_000,
        # The toy bundle's vectors say what a text is about; ``search/test_wishes.py`` tests texts that are understood.
        "understand_text": False,
    }  # fmt: skip
    settings = Settings(**{**usual, **changes})
    app = create_app(settings)
    with (
        running(app, settings, listen("127.0.0.1", 0)) as url,
        httpx.Client(base_url=url, timeout=PATIENCE_S, trust_env=False) as client,
    ):
        yield Served(url, client, app)


@pytest.fixture(scope="session")
def serve() -> Serve:
    """``with serve(shop, **settings) as served``: a real server on a free port."""
    return _serve


@pytest.fixture(scope="session")
def served(shop: Shop) -> Iterator[Served]:
    """The shop, served for the whole session; tests leave it as it is."""
    with _serve(shop) as served:
        yield served


class Operator(NamedTuple):
    """A key for everything, and settings with it under which anybody may search."""

    key: Given
    settings: dict[str, Any]


@pytest.fixture(scope="session")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    """``with serve(shop, **operator.settings) as served``: a service that can be operated."""
    file = tmp_path_factory.mktemp("keys") / "keys.json"
    return Operator(add_key(file, "search", "events", "operations"), {"keys": file, "public_search": True})


class Redis:
    """A real Redis on a free port, without a disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        """Start it, or start it again."""
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(command, cwd=self._folder, stdout=subprocess.DEVNULL)
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        pytest.fail(f"redis-server did not start within {PATIENCE_S} s.")

    def freeze(self) -> None:
        """Let it accept and say nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._process.wait()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[Redis]:
    """A real Redis of the test's own."""
    if shutil.which("redis-server") is None:
        pytest.fail("These tests need the program redis-server: install it (Debian: apt install redis-server).")
    server = Redis(tmp_path)
    yield server
    server.kill()


def is_ready(url: str) -> bool:
    """Whether a service that runs as a process answers searches."""
    try:
        return httpx.get(f"{url}/health/ready", timeout=5, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def eventually(check: Callable[[], bool], what: str) -> None:
    """Wait until ``check`` holds; fail otherwise."""
    until = time.monotonic() + PATIENCE_S
    while not check():
        assert time.monotonic() < until, f"Not within {PATIENCE_S} s: {what}."
        time.sleep(0.02)
