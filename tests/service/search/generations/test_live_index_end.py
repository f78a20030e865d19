"""The end of a service while a generation is being opened."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from indexer.generations.manifest import GenerationError
from models.bundle import Bundle
from service.observability.metrics import Metrics
from service.search.live_index import LiveIndex
from tests.patience import PATIENCE_S
from tests.service.conftest import Shop


def test_a_generation_that_is_being_verified_does_not_delay_the_end(
    shop: Shop, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def verify(*_: Any, **__: Any) -> None:
        begun.set()
        go_on.wait(PATIENCE_S)
        ended.set()
        raise GenerationError("It is damaged.")

    async def scenario() -> None:
        live = LiveIndex(shop.index_root, bundle, device="cpu", poll_s=0.01, metrics=Metrics())
        with monkeypatch.context() as damaged:
            damaged.setattr(live, "_open", verify)
            reload = asyncio.create_task(live.reload())
            await asyncio.to_thread(begun.wait, 10)
            reload.cancel()
            await live.stop()

    asyncio.run(scenario())  # It waits for the threads of asyncio.to_thread.
    assert not ended.is_set()
    go_on.set()
    assert ended.wait(PATIENCE_S)
