"""No answer of one key, shop or picture reaches another, whatever happens meanwhile."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from indexer.generations.publication import current_id, publish
from tests.service.conftest import COLOURS, Redis, Serve, Shop, build, cloth, encoded, write_cloth_catalog
from tests.service.keys import Given, add_key

CLIENTS = 8
REQUESTS = 24
"""Of each client."""


def queries() -> list[dict[str, Any]]:
    """Searches that all have different answers: by text, by product, and by picture."""
    colours = list(COLOURS)[:4]
    asked: list[dict[str, Any]] = [{"json": {"text": colour, "k": 7}} for colour in colours]
    asked += [{"json": {"product_id": str(30 + at), "text": colour, "k": 7}} for at, colour in enumerate(colours)]
    asked += [
        {"files": {"image": encoded(cloth(colour, "navy", shade=0.9))}, "data": {"text": "white", "k": "7"}}
        for colour in colours
    ]
    return asked


def ask(url: str, key: Given, query: dict[str, Any]) -> dict[str, Any]:
    response = httpx.post(f"{url}/search", headers=key.headers, timeout=60, trust_env=False, **query)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_concurrent_answers_are_those_of_each_request_alone_through_swaps_and_faults_of_redis(
    serve: Serve, own_shop: Shop, redis_server: Redis, tmp_path: Path
) -> None:
    file = tmp_path / "keys.json"
    keys = [add_key(file, shop="north"), add_key(file, shop="south")]
    asked = queries()
    first = str(current_id(own_shop.index_root))
    second = build(write_cloth_catalog(tmp_path / "other", shade=0.6), own_shop.bundle, own_shop.index_root)
    alone: dict[tuple[str, int], Any] = {}
    for generation in (first, second):
        publish(own_shop.index_root, generation)
        with serve(own_shop, keys=file, cache_max_bytes=0) as served:
            for number, query in enumerate(asked):
                answer = ask(served.url, keys[0], query)
                assert answer["generation"] == generation
                alone[generation, number] = answer["results"]
        assert len({str(alone[generation, number]) for number in range(len(asked))}) == len(asked)

    shared = {"keys": file, "redis_url": redis_server.url, "cache_timeout_ms": 1000, "max_batch": 8}
    wrong: list[Any] = []
    caching = {key.id: 0 for key in keys}
    with serve(own_shop, **shared) as one, serve(own_shop, **shared) as two:
        halfway = threading.Barrier(CLIENTS + 1)

        def client(seed: int) -> None:
            choose = random.Random(seed)
            for request in range(REQUESTS):
                if request == REQUESTS // 2:
                    halfway.wait(60)
                number, key = choose.randrange(len(asked)), choose.choice(keys)
                answer = ask(choose.choice((one, two)).url, key, asked[number])
                caching[key.id] += answer["cached"]
                if answer["results"] != alone[answer["generation"], number]:
                    wrong.append((number, answer))

        with ThreadPoolExecutor(CLIENTS) as clients:
            running = [clients.submit(client, seed) for seed in range(CLIENTS)]
            publish(own_shop.index_root, first)
            halfway.wait(60)
            redis_server.kill()
            publish(own_shop.index_root, second)
            redis_server.start()
            for done in running:
                done.result()
    assert wrong == []
    assert all(caching.values()), caching
