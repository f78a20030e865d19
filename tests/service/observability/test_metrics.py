"""Numbers for ``/metrics``, gathered and entered a few times a second."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

import pytest

from service.observability.metrics import COLUMNS, GATHERED_S, Metrics, StageTime


def test_metrics_tell_all_that_was_observed_before_they_were_asked_for() -> None:
    metrics = Metrics()
    metrics.request("/search", "POST", 200, 0.02)
    metrics.stage_times({"vision": StageTime(0.5, 0.25), COLUMNS: StageTime(0.0, 0.125)})
    told = metrics.exposition()
    for line in (
        b'modiste_requests_total{method="POST",route="/search",status="200"} 1.0',
        b'modiste_stage_seconds_sum{stage="vision"} 0.25',
        b'modiste_stage_queue_seconds_sum{stage="vision"} 0.5',
        b'modiste_stage_seconds_sum{stage="columns"} 0.125',
    ):
        assert line in told
    assert b'modiste_stage_queue_seconds_sum{stage="columns"}' not in told
    assert metrics.exposition() == told


def test_observations_of_several_threads_are_all_entered() -> None:
    metrics = Metrics()

    def observe() -> None:
        for _ in range(2000):
            metrics.batch("vision", 1)

    threads = [threading.Thread(target=observe) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        metrics.enter()
    assert b'modiste_batch_rows_count{stage="vision"} 8000.0' in metrics.exposition()


def test_what_cannot_be_entered_is_told_and_keeps_nothing_else_out(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()

    async def serve() -> None:
        entering = asyncio.create_task(metrics.keep_entering())
        metrics.stage("vision", "rubbish")  # type: ignore[arg-type]
        metrics.stage("query", 0.5)
        await asyncio.sleep(5 * GATHERED_S)
        entering.cancel()
        with suppress(asyncio.CancelledError):
            await entering

    asyncio.run(serve())
    assert "An observation is missing in the metrics." in caplog.text
    assert not metrics._pending
    assert b'modiste_stage_seconds_sum{stage="query"} 0.5' in metrics.exposition()
