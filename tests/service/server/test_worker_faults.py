"""Faults that end worker processes, with the real thing."""

from __future__ import annotations

import os
import resource
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from indexer.generations.manifest import VECTORS_NAME, generation_folder
from indexer.generations.publication import current_id
from tests.patience import PATIENCE_S
from tests.service.conftest import Shop, build, encoded, eventually
from tests.service.programs import Service, serving

pytestmark = pytest.mark.slow


def status(service: Service, **request: object) -> int:
    """The status of a search on a new connection; 0 where the connection breaks."""
    try:
        return httpx.post(f"{service.url}/search", timeout=PATIENCE_S, trust_env=False, **request).status_code  # type: ignore[arg-type]
    except httpx.TransportError:
        return 0


def serves(service: Service, generation: str) -> bool:
    """Whether twenty searches in a row are answered from a generation."""
    try:
        return all(service.search(f"red {turn}").json()["generation"] == generation for turn in range(20))
    except (httpx.TransportError, KeyError):
        return False


def test_a_generation_truncated_while_it_is_served(own_shop: Shop) -> None:
    earlier = current_id(own_shop.index_root)
    published = build(own_shop.catalog, own_shop.bundle, own_shop.index_root)
    assert earlier is not None
    with serving(own_shop, processes=2) as service:
        assert service.search().json()["generation"] == published
        before = service.workers
        os.truncate(generation_folder(own_shop.index_root, published) / VECTORS_NAME, 0)  # Reading the map is SIGBUS.

        def served() -> bool:
            status(service, json={"text": "blue", "k": 60})
            return not before & service.workers and serves(service, earlier)

        eventually(served, "all workers serve the generation before")


def test_memory_that_runs_out_in_a_worker(shop: Shop) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1400, 1400, 3), dtype=np.uint8)
    picture = encoded(Image.fromarray(noise), "PNG")
    with serving(shop, "--workers", "1", processes=2) as service, ThreadPoolExecutor(16) as clients:
        assert status(service, files={"image": picture}) == 200
        limited = service.workers
        for pid in limited:
            used = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
            resource.prlimit(pid, resource.RLIMIT_AS, (used, resource.RLIM_INFINITY))

        def runs_out() -> bool:
            """How much a worker has left depends on what it freed earlier and on which of them gets the uploads."""
            # Each is another picture, so that no cache has its answer.
            pictures = [{"image": picture + os.urandom(8)} for _ in range(32)]
            uploads = [clients.submit(status, service, files=files) for files in pictures]
            return bool({upload.result() for upload in uploads} - {200})

        eventually(runs_out, "the memory runs out")
        for pid in limited & service.workers:
            resource.prlimit(pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

        def as_before() -> bool:
            return len(service.workers) == 2 and {status(service, files={"image": picture}) for _ in range(8)} == {200}

        eventually(as_before, "all is as before")


def test_more_unfinished_requests_than_a_worker_may_have_files(shop: Shop) -> None:
    """From four addresses, each with fewer than it may have."""
    with serving(shop, files=200) as service, ExitStack() as opened:
        url = httpx.URL(service.url)
        before = service.workers
        for number in range(400):
            source = (f"127.0.0.{2 + number % 4}", 0)
            connection = opened.enter_context(
                socket.create_connection((url.host, url.port or 80), timeout=PATIENCE_S, source_address=source)
            )
            with suppress(OSError):  # Connections that were closed for others.
                connection.sendall(b"POST /search HTTP/1.1\r\nHost: shop\r\nContent-Length: 9\r\n\r\n{")
        for number in range(20):
            assert service.search(f"red {number}").status_code == 200
        assert service.workers == before
