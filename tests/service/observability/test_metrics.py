"""Metrics of one worker, and of all workers behind one port."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from pathlib import Path

import pytest

from service.observability.metrics import COLUMNS, Metrics, StageTime
from service.observability.snapshots import STALE_S, Snapshots
from tests.service.conftest import eventually


def values(exposition: bytes) -> dict[str, float]:
    lines = [line for line in exposition.decode().splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_observations_show_in_the_exposition() -> None:
    metrics = Metrics()
    metrics.request("/search", "POST", 200, 0.02)
    metrics.stage_times({"vision": StageTime(0.5, 0.25), COLUMNS: StageTime(0.0, 0.125)})
    found = values(metrics.exposition())
    assert found['modiste_requests_total{method="POST",route="/search",status="200"}'] == 1
    assert found['modiste_stage_seconds_sum{stage="vision"}'] == 0.25
    assert found['modiste_stage_queue_seconds_sum{stage="vision"}'] == 0.5
    assert found['modiste_stage_seconds_sum{stage="columns"}'] == 0.125
    assert 'modiste_stage_queue_seconds_sum{stage="columns"}' not in found


def test_observations_of_several_threads_are_all_counted() -> None:
    metrics = Metrics()

    def observe() -> None:
        for _ in range(2000):
            metrics.batch("vision", 1)

    threads = [threading.Thread(target=observe) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert values(metrics.exposition())['modiste_batch_rows_count{stage="vision"}'] == 8000


def test_a_generation_that_is_no_longer_served_is_not_exposed() -> None:
    metrics = Metrics()
    metrics.serving("first", "toy 1.0.0", 60)
    metrics.serving("second", "toy 1.0.0", 61)
    found = values(metrics.exposition())
    assert [name for name in found if name.startswith("modiste_generation_info")] == [
        'modiste_generation_info{bundle="toy 1.0.0",generation="second"}'
    ]
    assert found["modiste_products"] == 61


def _another_worker(folder: Path) -> None:
    metrics = Metrics()
    metrics.request("/search", "POST", 200, 0.02)
    metrics.serving("first", "toy 1.0.0", 60)
    metrics.in_flight(2, 0.25)
    snapshots = Snapshots(folder, metrics)
    snapshots.start()
    snapshots.stop()


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder with the snapshot of another worker."""
    other = multiprocessing.get_context("spawn").Process(target=_another_worker, args=(tmp_path,))
    other.start()
    other.join()
    assert other.exitcode == 0
    return tmp_path


def test_counters_and_gauges_of_all_workers_are_added_up_or_their_largest_is_taken(shared: Path) -> None:
    metrics = Metrics()
    metrics.request("/search", "POST", 200, 0.04)
    metrics.serving("first", "toy 1.0.0", 60)
    metrics.in_flight(1, 0.125)
    found = values(Snapshots(shared, metrics).exposition())
    assert found['modiste_requests_total{method="POST",route="/search",status="200"}'] == 2
    assert found['modiste_request_seconds_sum{route="/search"}'] == pytest.approx(0.06)
    assert found['modiste_request_seconds_bucket{le="+Inf",route="/search"}'] == 2
    assert found['modiste_generation_info{bundle="toy 1.0.0",generation="first"}'] == 2
    assert found["modiste_searches_in_flight"] == 3
    assert found["modiste_expected_wait_seconds"] == 0.25
    assert found["modiste_products"] == 60


def test_a_dead_worker_keeps_its_counters_and_loses_its_gauges(shared: Path) -> None:
    long_ago = time.time() - 2 * STALE_S
    for path in shared.iterdir():
        os.utime(path, (long_ago, long_ago))
    found = values(Snapshots(shared, Metrics()).exposition())
    assert found['modiste_requests_total{method="POST",route="/search",status="200"}'] == 1
    assert found["modiste_searches_in_flight"] == 0
    assert not any(name.startswith("modiste_generation_info") for name in found)


def test_a_folder_that_cannot_be_written_leaves_the_older_snapshots_of_others(shared: Path) -> None:
    (shared / f"{os.getpid()}.writing").mkdir()  # Not even root can write there.
    metrics = Metrics()
    snapshots = Snapshots(shared, metrics)
    snapshots.start()
    for _ in range(2):
        metrics.request("/search", "POST", 200, 0.04)
    found = values(snapshots.exposition())
    snapshots.stop()
    assert found['modiste_requests_total{method="POST",route="/search",status="200"}'] == 3


def test_a_folder_that_is_removed_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "removed"
    snapshots = Snapshots(folder, Metrics())
    assert b"modiste_products" in snapshots.exposition()
    snapshots.start()
    snapshots.stop()
    assert [path.suffix for path in folder.iterdir()] == [".prom"]


def test_a_snapshot_that_cannot_be_read_is_left_out(shared: Path) -> None:
    (shared / "1.prom").write_bytes(b"\xff\x00 garbage {")
    found = values(Snapshots(shared, Metrics()).exposition())
    assert found['modiste_requests_total{method="POST",route="/search",status="200"}'] == 1


def test_snapshots_are_written_without_being_asked_for(tmp_path: Path) -> None:
    metrics = Metrics()
    snapshots = Snapshots(tmp_path, metrics)
    snapshots.start()
    path = tmp_path / f"{os.getpid()}.prom"
    eventually(path.exists, "the first snapshot")
    metrics.request("/late", "GET", 200, 0.1)
    snapshots.stop()
    assert b"/late" in path.read_bytes()
