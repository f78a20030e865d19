"""That the benchmarks measure what they say they do. Their figures are for quiet machines and are not judged here."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, pairwise, repeat
from typing import Any

import pytest

from models.bundle import UnreadableImage, decode_image
from tests.bench.bench import Options
from tests.bench.broken import READ, REFUSED, broken_requests
from tests.bench.cli import run
from tests.bench.load import Generator, Shot
from tests.bench.page import page
from tests.bench.requests import FreshUploads, get
from tests.bench.result import Chart, Result, at_least, at_most
from tests.models.pictures import photograph, saved

MEASURED = ("overhead", "saturation", "latency", "repeats", "soak", "precision", "faults")
"""All but the large backbones, whose export takes minutes."""
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer-Timing: vision;dur=1.5, total;dur=2.0\r\n\r\nok"
NAN = float("nan")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("bench")
    options = Options(
        output=folder / "out", cache=folder / "cache", quick=True, rounds=1, seconds=0.3, sizes=("thumbnail",),
        soak_minutes=0.04, products=60,
    )  # fmt: skip
    run(list(MEASURED), options)
    assert "<svg" in (folder / "out" / "bench.html").read_text()
    found: dict[str, Any] = json.loads((folder / "out" / "bench.json").read_text())
    return found


def test_a_report_says_on_what_and_by_which_command_it_was_measured(report: dict[str, Any]) -> None:
    assert {"processor", "cores", "commit", "versions", "busy_before"} <= report["machine"].keys()
    assert report["command"].startswith("python -m tests.bench")
    assert "none of its figures counts" in report["warning"]
    assert report["settings"]["threads"] >= 0


@pytest.mark.parametrize("name", MEASURED)
def test_every_benchmark_gives_figures_and_verdicts(report: dict[str, Any], name: str) -> None:
    benchmark = report["benchmarks"][name]
    assert benchmark["figures"], benchmark["targets"]
    assert benchmark["targets"]
    assert all(target["verdict"] in ("pass", "FAIL", "not judged") for target in benchmark["targets"])


def test_the_bare_pipeline_and_the_service_are_both_split_by_stage(report: dict[str, Any]) -> None:
    figures = report["benchmarks"]["overhead"]["figures"]["thumbnail"]
    assert {"decode", "vision", "query", "search"} <= figures["bare_stages_ms"].keys()
    assert "vision" in figures["service_stages_ms"]
    assert figures["service_ms"]["count"] == figures["bare_ms"]["count"] > 0


def test_latency_is_given_for_every_level_with_what_was_refused(report: dict[str, Any]) -> None:
    (one,) = report["benchmarks"]["latency"]["figures"]["thumbnail"]["rounds"]
    assert list(one["levels"]) == ["25", "50", "75", "90", "120"]
    for level in one["levels"].values():
        assert 0 <= level["refused_share"] <= 1
        assert level["generator"]["us_per_request"] > 0


def test_neither_broken_pictures_nor_redis_change_an_answer(report: dict[str, Any]) -> None:
    faults = report["benchmarks"]["faults"]
    assert list(faults["figures"]) == ["broken pictures", "Redis silent", "Redis garbage", "Redis killed"]
    assert faults["figures"]["broken pictures"]["wrongly_answered"] == []
    for fault in faults["figures"].values():
        assert all(one["answers_compared"] > 0 == one["answers_changed"] for one in fault["rounds"])


def test_a_soak_counts_every_answer_and_watches_memory(report: dict[str, Any]) -> None:
    figures = report["benchmarks"]["soak"]["figures"]
    assert figures["requests"] == sum(figures["statuses"].values()) > 0
    assert figures["unexpected"] == {}  # Whether any was refused is up to the machine, and a matter for the verdict.
    assert sum(figures["refused"].values()) < figures["requests"] / 2
    assert len(figures["resident_bytes"]) > 1


class _Stalling(asyncio.Protocol):
    """Answers every request at once, but for one that it stalls at, and with it all that come meanwhile."""

    def __init__(self, seen: Iterator[int], stall_at: int | None) -> None:
        self._seen, self._stall_at = seen, stall_at

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if next(self._seen) == self._stall_at:
            time.sleep(0.4)
        self._transport.write(ANSWER)


@contextmanager
def little_server(stall_at: int | None = None) -> Iterator[int]:
    """The port of a server that answers at once, and stalls for 0.4 s at one request."""
    loop = asyncio.new_event_loop()
    seen = count()
    serving = loop.create_server(lambda: _Stalling(seen, stall_at), "127.0.0.1", 0, backlog=1000)
    server = loop.run_until_complete(serving)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


def test_an_open_loop_counts_what_a_stalled_server_kept_waiting() -> None:
    with little_server(stall_at=20) as port, Generator(port) as generator:
        found = generator.open(repeat(Shot("ping", get("/"))), rate=200, seconds=0.6)
    # A client that waits for its answer would have sent, and counted, only one request in that time.
    assert sum(sample.ms > 100 for sample in found.good) > 30
    assert len(found.good) == 120


def test_a_closed_loop_with_one_client_waits_for_each_answer() -> None:
    with little_server() as port, Generator(port) as generator:
        found = generator.one_by_one(repeat(Shot("ping", get("/"))), 50)
    assert len(found.good) == 50
    assert all(one.done <= other.sent for one, other in pairwise(found.samples))
    assert found.stages()["vision"]["p50"] == 1.5


def test_poisson_arrivals_are_uneven_and_of_the_same_rate() -> None:
    with little_server() as port, Generator(port) as generator:
        found = generator.open(repeat(Shot("ping", get("/"))), rate=1000, seconds=0.5, arrivals="poisson")
    moments = sorted(sample.intended for sample in found.samples)
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert 350 < len(moments) < 650
    assert max(gaps) > 2.5 * sum(gaps) / len(gaps)


def test_nobody_there_is_a_failure_and_not_a_hang() -> None:
    with little_server() as port:
        pass
    started = time.monotonic()
    with Generator(port) as generator:
        found = generator.one_by_one(repeat(Shot("ping", get("/"))), 3)
    assert [sample.status for sample in found.failed] == [0, 0, 0]
    assert time.monotonic() - started < 10


def test_no_two_uploads_are_equal_but_their_pictures_are() -> None:
    uploads = FreshUploads([saved(photograph(64, 80), "JPEG")])
    first, second = next(uploads).payload, next(uploads).payload
    assert first != second
    assert len(first) == len(second)
    left, right = (decode_image(payload[payload.index(b"\xff\xd8") :]) for payload in (first, second))
    assert left.tobytes() == right.tobytes()


def test_broken_pictures_are_what_their_names_say() -> None:
    for name, (payload, allowed) in broken_requests(saved(photograph(1200, 1600), "JPEG")).items():
        if b'filename="' not in payload or allowed not in (READ, REFUSED) or name == "11 MiB":
            continue
        body = payload.split(b"\r\n\r\n")
        picture = b"\r\n\r\n".join(body[3:]).rsplit(b"\r\n--", 2)[0]
        if allowed == READ:
            decode_image(picture)
        else:
            with pytest.raises(UnreadableImage):
                decode_image(picture)


def test_a_target_is_judged_by_the_median_of_its_rounds() -> None:
    assert at_most("ratio", [1.0, 1.2, 9.0], 1.25).passed is True
    assert at_least("ratio", [0.9, 0.8, 0.1], 0.85).passed is False


def test_a_target_is_not_judged_by_fewer_than_half_of_its_rounds() -> None:
    target = at_most("ratio", [1.0, NAN, NAN], 1.25)
    assert target.passed is None
    assert "2 of 3 rounds" in target.note


def test_a_chart_leaves_out_what_was_not_measured() -> None:
    chart = Chart("latency", "%", "ms", {"p95": [(25, 3.0), (50, NAN)], "p99": [(25, NAN)]})
    about = {"date": "", "command": "", "warning": "", "machine": {"commit": "", "processor": "", "cores": 2}}
    drawn = page([Result("latency", "Latency", charts=[chart])], about)
    assert drawn.count("<circle") == 1
    assert "nan" not in drawn.split("<svg")[1].split("</svg>")[0].lower()
