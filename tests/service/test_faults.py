"""Faults of one process, with the real thing; ``server/test_worker_faults.py`` has those of several."""

from __future__ import annotations

import json
import resource
import shutil
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from indexer.generations.publication import current_id
from models.bundle.checksums import file_digest
from models.bundle.manifest import MANIFEST_NAME
from tests.patience import PATIENCE_S
from tests.service.conftest import Redis, Serve, Shop, build, cloth, encoded, eventually, write_cloth_catalog

POISON = "poison"
"""A word whose number is beyond the rows of the toy bundle's text graph."""


def with_a_word_that_fails(shop: Shop, folder: Path) -> Shop:
    """The shop with a bundle whose text graphs fail for ``POISON``, and a generation of its own."""
    bundle = Path(shutil.copytree(shop.bundle, folder / "bundle"))
    tokenizer = json.loads((bundle / "tokenizer.json").read_text())
    tokenizer["model"]["vocab"][POISON] = 9999
    (bundle / "tokenizer.json").write_text(json.dumps(tokenizer))
    manifest = json.loads((bundle / MANIFEST_NAME).read_text())
    manifest["files"]["tokenizer.json"] = file_digest(bundle / "tokenizer.json").model_dump()
    (bundle / MANIFEST_NAME).write_text(json.dumps(manifest))
    build(shop.catalog, bundle, folder / "index")
    return Shop(bundle, shop.catalog, folder / "index")


def test_a_graph_that_fails_for_one_input_under_load(serve: Serve, shop: Shop, tmp_path: Path) -> None:
    with (
        serve(with_a_word_that_fails(shop, tmp_path), workers=1, max_batch=8) as served,
        ThreadPoolExecutor(8) as clients,
    ):  # fmt: skip

        def status(number: int) -> int:
            text = f"red {POISON}" if number % 8 == 0 else ("red", "blue", "white", "green")[number % 4]
            fields = {"text": text, "exclude": [str(number)]}  # No answer is cached.
            return served.client.post("/search", json=fields).status_code

        statuses = list(clients.map(status, range(160)))
        problem = served.client.post("/search", json={"text": POISON}).json()
    assert [number for number, status in enumerate(statuses) if status == 500] == list(range(0, 160, 8))
    assert set(statuses) == {200, 500}
    assert problem["type"] == "/problems/internal"


def test_a_clock_that_jumps(
    serve: Serve, own_shop: Shop, redis_server: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, jump = time.time, 0.0
    monkeypatch.setattr(time, "time", lambda: now() + jump)
    with serve(own_shop, redis_url=redis_server.url, cache_key="a secret", cache_timeout_ms=1000) as served:
        expected = served.found(text="red")
        for hours in (1, -1, 24 * 400, -24 * 400, 0):
            jump = hours * 3600.0
            assert served.found(text="red") == expected
            assert served.found(text="red", image_base64=None, k=20 + hours % 7) != []
        jump = -24 * 3600.0
        published = build(write_cloth_catalog(tmp_path / "next"), own_shop.bundle, own_shop.index_root)
        assert current_id(own_shop.index_root) == published
        eventually(lambda: served.search(text="red")["generation"] == published, "the new generation serves")


def test_an_index_root_that_is_gone_and_comes_back(serve: Serve, own_shop: Shop, tmp_path: Path) -> None:
    root, away = own_shop.index_root, tmp_path / "away"
    with serve(own_shop) as served:
        expected = served.found(product_id="4", text="red")
        root.rename(away)
        for number in range(50):
            assert served.search(product_id="4", text="red", exclude=[f"none {number}"])["results"]
        eventually(lambda: served.client.get("/health/ready").json()["refused"] is not None, "the refusal is reported")
        assert served.client.get("/health/ready").status_code == 200
        away.rename(root)
        eventually(lambda: served.client.get("/health/ready").json()["refused"] is None, "no refusal is reported")
        assert served.found(product_id="4", text="red") == expected
        published = build(own_shop.catalog, own_shop.bundle, root)
        eventually(lambda: served.search(text="red")["generation"] == published, "the new generation serves")


def test_a_read_only_index_root_is_enough_to_serve(serve: Serve, own_shop: Shop) -> None:
    """Root may write to read-only folders, so this looks whether anything is written."""

    def state() -> dict[str, tuple[int, int]]:
        return {
            str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(own_shop.index_root.rglob("*"))
        }

    before = state()
    with serve(own_shop) as served:
        assert served.found(text="red")
        assert served.client.post("/search", files={"image": encoded(cloth("red"))}).status_code == 200
        assert served.client.get("/products/4/image?w=32").status_code == 200
        assert served.client.get("/catalog").status_code == 200
    assert state() == before


@pytest.mark.slow
def test_other_clients_are_served_beside_thousands_of_silent_connections(serve: Serve, shop: Shop) -> None:
    """From three addresses, each with as many as it may have."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    each = min(1000, hard // 8)  # Both ends are in this process.
    with serve(shop, max_connections_per_address=each) as served, ExitStack() as opened:
        url = httpx.URL(served.url)
        for last in (2, 3, 4):
            for _ in range(each):
                opened.enter_context(
                    socket.create_connection(
                        (url.host, url.port or 80), timeout=PATIENCE_S, source_address=(f"127.0.0.{last}", 0)
                    )
                )
        for number in range(20):
            assert httpx.post(
                f"{served.url}/search", json={"text": "red", "k": number + 1}, timeout=PATIENCE_S, trust_env=False
            ).is_success
