"""A bundle is replaced while shoppers search: two services with two bundles on one index root."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from indexer.generations.publication import current_id
from tests.patience import PATIENCE_S
from tests.service.conftest import Serve, Served, Shop, build, eventually, write_cloth_catalog
from tests.toy_bundle import write_toy_bundle


class Balancer:
    """Shoppers behind a load balancer: they search without a pause at the service that it points to."""

    def __init__(self, served: Served) -> None:
        self.url = served.url
        self.answers: list[tuple[int, str, int, Any]] = []
        """Shopper, URL of the service, status and body of every answer."""

    @contextmanager
    def shoppers(self, count: int = 3) -> Iterator[None]:
        ended = threading.Event()
        threads = [threading.Thread(target=self._shop, args=[number, ended]) for number in range(count)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            ended.set()
            for thread in threads:
                thread.join()

    def more_answers(self) -> None:
        """Wait until every shopper has some more answers from the service that it points to."""
        before = len(self.answers)

        def enough() -> bool:
            new = [number for number, url, *_ in self.answers[before:] if url == self.url]
            return all(new.count(number) >= 3 for number in range(3))

        eventually(enough, "searches are answered")

    def _shop(self, number: int, ended: threading.Event) -> None:
        turn = 0
        with httpx.Client(timeout=PATIENCE_S, trust_env=False) as client:
            while not ended.is_set():
                turn += 1
                query = {"product_id": str((number * 7 + turn) % 60), "text": "in red", "offset": turn % 40}
                url = self.url
                response = client.post(f"{url}/search", json=query)
                self.answers.append((number, url, response.status_code, response.json()))


def generation_of(served: Served) -> str:
    return str(served.client.get("/health/ready").json().get("generation"))


def test_a_bundle_is_replaced_without_a_refused_request(serve: Serve, own_shop: Shop, tmp_path: Path) -> None:
    new = own_shop._replace(bundle=write_toy_bundle(tmp_path / "new", name="new", seed=1, attributes=True))
    tonight = write_cloth_catalog(tmp_path / "tonight", shade=0.8)
    root = own_shop.index_root
    old_first = str(current_id(root))
    with ExitStack() as services:
        old = services.enter_context(ExitStack())
        old_service = old.enter_context(serve(own_shop))
        balancer = Balancer(old_service)
        with balancer.shoppers():
            balancer.more_answers()
            new_first = build(new.catalog, new.bundle, root)
            new_service = services.enter_context(serve(new))
            assert (generation_of(old_service), generation_of(new_service)) == (old_first, new_first)
            balancer.more_answers()

            # The night between: both bundles index the new table, one after the other.
            old_second, new_second = build(tonight, own_shop.bundle, root), build(tonight, new.bundle, root)
            eventually(lambda: generation_of(old_service) == old_second, "the old bundle's generation is followed")
            eventually(lambda: generation_of(new_service) == new_second, "the new bundle's generation is followed")
            balancer.more_answers()

            balancer.url = new_service.url
            balancer.more_answers()
            old.close()
            balancer.more_answers()
    assert {status for _, _, status, _ in balancer.answers} == {200}
    served = [(url == old_service.url, answer["generation"]) for _, url, _, answer in balancer.answers]
    assert {generation for by_old, generation in served if by_old} == {old_first, old_second}
    assert {generation for by_old, generation in served if not by_old} == {new_second}


@pytest.mark.parametrize("published_last", ["old", "new"])
def test_a_replica_that_starts_during_the_upgrade_finds_its_own_generation(
    serve: Serve, own_shop: Shop, tmp_path: Path, published_last: str
) -> None:
    new = own_shop._replace(bundle=write_toy_bundle(tmp_path / "new", name="new", seed=1))
    order = [own_shop, new] if published_last == "new" else [new, own_shop]
    built = {shop.bundle: build(shop.catalog, shop.bundle, shop.index_root) for shop in order}
    for shop in order:
        with serve(shop) as served:
            ready = served.client.get("/health/ready")
            assert (ready.status_code, ready.json()["generation"]) == (200, built[shop.bundle])
            assert served.search(text="red")["results"]
