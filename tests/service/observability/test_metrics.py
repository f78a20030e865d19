"""Numbers for ``/metrics``, gathered and entered a few times a second."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

import pytest

from service.observability.metrics import COLUMNS, GATHERED_S, Passage, Telemetry


def test_metrics_tell_all_that_was_observed_before_they_were_asked_for() -> None:
    telemetry = Telemetry()
    telemetry.request("/search", "POST", 200, 0.02)
    telemetry.passages({"vision": Passage(0.5, 0.25), COLUMNS: Passage(0.0, 0.125)})
    told = telemetry.exposition()
    for line in (
        b'modiste_requests_total{method="POST",route="/search",status="200"} 1.0',
        b'modiste_stage_seconds_sum{stage="vision"} 0.25',
        b'modiste_stage_queue_seconds_sum{stage="vision"} 0.5',
        b'modiste_stage_seconds_sum{stage="columns"} 0.125',
    ):
        assert line in told
    assert b'modiste_stage_queue_seconds_sum{stage="columns"}' not in told
    assert telemetry.exposition() == told


def test_observations_of_several_threads_are_all_entered() -> None:
    telemetry = Telemetry()

    def observe() -> None:
        for _ in range(2000):
            telemetry.batch("vision", 1)

    threads = [threading.Thread(target=observe) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        telemetry.enter()
    assert b'modiste_batch_rows_count{stage="vision"} 8000.0' in telemetry.exposition()


def test_what_cannot_be_entered_is_told_and_keeps_nothing_else_out(caplog: pytest.LogCaptureFixture) -> None:
    telemetry = Telemetry()

    async def serve() -> None:
        entering = asyncio.create_task(telemetry.keep_entering())
        telemetry.stage("vision", "rubbish")  # type: ignore[arg-type]
        telemetry.stage("query", 0.5)
        await asyncio.sleep(5 * GATHERED_S)
        entering.cancel()
        with suppress(asyncio.CancelledError):
            await entering

    asyncio.run(serve())
    assert "An observation is missing in the metrics." in caplog.text
    assert not telemetry._pending
    assert b'modiste_stage_seconds_sum{stage="query"} 0.5' in telemetry.exposition()
