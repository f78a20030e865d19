"""Tests of the benchmarks: the load generator, the verdicts, and that peers are asked the same question."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count, pairwise, repeat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from catalog.errors import ModisteError
from models.bundle import SHIPPED_BUNDLE, decode_image
from tests.bench import __main__ as cli
from tests.bench.harness.client import NO_RESPONSE, Response
from tests.bench.harness.load import Generator, Request, Run, Sample, poisson
from tests.bench.harness.options import Bench, Options
from tests.bench.harness.report import Result, Target, at_least, at_most, text
from tests.bench.harness.workload import MODIFICATIONS, FreshUploads, batch_of_one, get
from tests.bench.peer_apps.model import BUNDLE, INDEX, Model
from tests.bench.serving import overload, peers
from tests.models.pictures import photograph, saved
from tests.patience import PATIENCE_S

RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer-Timing: vision;dur=1.5, total;dur=2.0\r\n\r\nok"
NAN = float("nan")


class _Stalling(asyncio.Protocol):
    """Answers every request at once, but for one at which it stalls, and with it all that arrive meanwhile."""

    def __init__(self, seen: Iterator[int], stall_at: int | None) -> None:
        self._seen, self._stall_at = seen, stall_at

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if next(self._seen) == self._stall_at:
            time.sleep(0.4)
        self._transport.write(RESPONSE)


@contextmanager
def small_server(stall_at: int | None = None) -> Iterator[int]:
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


def ran(rate: float, ms: float, *, refused: int = 0, lost: int = 0, seconds: float = 1.0, cpu_s: float = 1.0) -> Run:
    """A run with ``rate`` good answers a second that took ``ms`` each."""
    samples = [Sample("x", 0, 0, ms / 1000, Response(200, b"", b"")) for _ in range(round(rate * seconds))]
    samples += [Sample("x", 0, 0, 0.001, Response(503, b"", b"")) for _ in range(refused)]
    samples += [Sample("x", 0, 0, 0.001, NO_RESPONSE) for _ in range(lost)]
    return Run(samples, seconds, server_cpu_s=cpu_s)


def round_of(rates: Sequence[float], p95: Sequence[float]) -> dict[str, Run]:
    runs = {str(clients): ran(*pair) for clients, pair in zip(peers.CLIENTS, zip(rates, p95, strict=True), strict=True)}
    return {**runs, "open": runs["8"]}


def compared(ours: dict[str, Run], theirs: dict[str, Run], products: str = "a") -> dict[str, Target]:
    """The targets of ``peers``, by what they bound."""
    answers = {"service": [[("a", 0.9)]], "fastapi": [[(products, 0.9 if products == "a" else 0.5)]]}
    made = peers.result({"service": [ours], "fastapi": [theirs]}, answers, 10.0)
    assert "Modiste" in text(made)
    return {target.what: target for target in made.targets}


def missed(targets: dict[str, Target]) -> set[str]:
    return {what for what, target in targets.items() if not target.passed}


# --- the load generator


def test_an_open_loop_counts_the_requests_that_a_stalled_server_delays() -> None:
    with small_server(stall_at=20) as port, Generator(port) as generator:
        found = generator.open(repeat(Request("ping", get("/"))), rate=200, seconds=0.6)
    # A client that waits for its response would have sent, and counted, a single request in that time.
    assert sum(sample.ms > 100 for sample in found.good) > 30
    assert found.failed == 0


def test_one_client_waits_for_each_response() -> None:
    with small_server() as port, Generator(port) as generator:
        found = generator.one_by_one(repeat(Request("ping", get("/"))), 50)
    assert len(found.good) == 50
    assert all(one.done <= other.sent for one, other in pairwise(found.samples))
    assert found.stages() == {"vision": 1.5, "total": 2.0}


def test_a_server_that_does_not_respond_is_a_failure() -> None:
    with small_server() as port:
        pass
    with Generator(port) as generator:
        found = generator.one_by_one(repeat(Request("ping", get("/"))), 3)
    assert found.failed == 3
    assert found.rate == 0


def test_arrivals_are_uneven_and_equal_for_equal_seeds() -> None:
    moments = list(poisson(1000, 1, seed=3))
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert 850 < len(moments) < 1150
    assert max(gaps) > 3 * sum(gaps) / len(gaps)
    assert moments == list(poisson(1000, 1, seed=3)) != list(poisson(1000, 1, seed=4))


def test_no_two_uploads_are_equal_but_their_pixels_are() -> None:
    uploads = FreshUploads([saved(photograph(64, 80), "JPEG")])
    first, second = next(uploads).payload, next(uploads).payload
    assert first != second
    left, right = (decode_image(payload[payload.index(b"\xff\xd8") :]) for payload in (first, second))
    assert left.tobytes() == right.tobytes()


def test_bentoml_gets_the_same_picture_and_text() -> None:
    body = json.loads(batch_of_one(b"picture", "in red").split(b"\r\n\r\n", 1)[1])
    assert body == {"queries": [{"image": "cGljdHVyZQ==", "text": "in red"}]}


# --- verdicts


def test_a_target_is_judged_by_the_median_of_its_rounds() -> None:
    assert at_most("ratio", [1.0, 1.2, 9.0], 1.25).verdict == "pass"
    assert at_most("ratio", [1.3, 1.2, 9.0], 1.25).verdict == "FAIL"
    assert at_least("ratio", [0.9, 0.8, 0.1], 0.85).verdict == "FAIL"
    assert at_least("ratio", [0.9, 0.86, 0.1], 0.85).verdict == "pass"


def test_a_target_is_not_judged_by_half_of_its_rounds() -> None:
    assert at_most("ratio", [1.0, 1.0, NAN], 1.25).verdict == "pass"
    assert at_most("ratio", [1.0, NAN], 1.25).verdict == "not judged"


def test_the_service_must_be_ahead_at_8_and_32_clients_and_may_be_a_little_behind_at_1() -> None:
    theirs = round_of([40, 80, 90], [30, 100, 400])
    assert missed(compared(round_of([39, 81, 91], [31, 99, 399]), theirs)) == set()
    assert missed(compared(round_of([37, 81, 91], [33, 99, 399]), theirs)) == {
        "goodput over that of any peer, 1 clients", "p95 over that of any peer, 1 clients",
    }  # fmt: skip
    assert missed(compared(round_of([40, 79, 89], [30, 101, 401]), theirs)) == {
        "goodput over that of any peer, 8 clients", "p95 over that of any peer, 8 clients",
        "goodput over that of any peer, 32 clients", "p95 over that of any peer, 32 clients",
    }  # fmt: skip


def test_the_service_must_be_ahead_of_every_peer() -> None:
    slow, ours, fast = (round_of([40, rate, 90], [30, 100, 400]) for rate in (70, 80, 85))
    answers = {name: [[("a", 0.9)]] for name in ("service", "fastapi", "litserve")}
    made = peers.result({"service": [ours], "fastapi": [slow], "litserve": [fast]}, answers, 10.0)
    (missing,) = [target for target in made.targets if not target.passed]
    assert (missing.what, missing.note) == ("goodput over that of any peer, 8 clients", "least: litserve")


def test_refused_requests_are_no_goodput() -> None:
    ours = round_of([40, 81, 91], [30, 99, 399]) | {"32": ran(30, 100, refused=1000)}
    targets = compared(ours, round_of([40, 80, 90], [30, 100, 400]))
    assert missed(targets) == {"goodput over that of any peer, 32 clients"}


def test_a_peer_with_other_products_is_reported() -> None:
    same = round_of([40, 80, 90], [30, 100, 400])
    assert missed(compared(same, same, products="b")) == {"same products as fastapi"}


def test_the_benchmarks_need_no_test_libraries() -> None:
    """``make bench`` runs them in an environment without these."""
    program = "import sys; sys.modules |= dict.fromkeys(['pytest', 'hypothesis']); import tests.bench.__main__"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_lost_request_of_the_service_is_reported() -> None:
    theirs = round_of([40, 80, 90], [30, 100, 400])
    assert missed(compared(theirs | {"open": ran(10, 5, lost=1)}, theirs)) == {"failed requests of the service"}


@pytest.mark.parametrize(
    ("theirs", "same"),
    [
        ([("a", 0.9), ("b", 0.5)], True),
        ([("a", 0.9), ("c", 0.5)], True),  # Scores as the last one does.
        ([("b", 0.9), ("c", 0.5)], False),
        ([("a", 0.9), ("b", 0.4)], False),
        ([("a", 0.9)], False),
    ],
)
def test_answers_are_the_same_but_for_rounding(theirs: list[tuple[str, float]], same: bool) -> None:
    assert peers.same_products([("a", 0.901), ("b", 0.5)], theirs) is same


def test_goodput_at_overload_is_that_of_the_worst_overload() -> None:
    runs = [overload.Measured("", ran(rate, 10)) for rate in (100, 99, 80, 95, 10)]
    assert overload.kept(runs) == pytest.approx(0.8)


def test_a_refusal_costs_what_is_left_after_the_good_answers() -> None:
    best = overload.Measured("", ran(100, 10, cpu_s=2.0))
    flood = overload.Measured("", ran(90, 10, refused=1000, cpu_s=2.0))
    assert overload.refusal_ms(best, flood) == pytest.approx(0.2)


def test_the_cost_of_few_refusals_is_not_judged() -> None:
    best = overload.Measured("", ran(100, 10, cpu_s=2.0))
    cost = overload.refusal_ms(best, overload.Measured("", ran(100, 10, refused=3, cpu_s=2.0)))
    assert at_most("cost", [cost], 0.2).verdict == "not judged"


# --- the program


def bench(monkeypatch: pytest.MonkeyPatch, folder: Path, *targets: Target) -> tuple[int, dict[str, Any]]:
    """Run a benchmark with these targets; exit code and report."""
    monkeypatch.setitem(cli.BENCHMARKS, "made up", lambda _: Result("made up", targets=list(targets)))
    outcome = CliRunner().invoke(cli.app, ["made up", "--output", str(folder)])
    return outcome.exit_code, json.loads((folder / cli.REPORT).read_text())


def test_a_missed_target_is_reported_and_fails_the_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    code, report = bench(monkeypatch, tmp_path, at_most("kept", [1.0], 2), at_most("missed", [3.0, 4.0, 5.0], 2))
    assert code == cli.EXIT_MISSED
    verdicts = {one["what"]: (one["verdict"], one["rounds"]) for one in report["benchmarks"]["made up"]["targets"]}
    assert verdicts == {"kept": ("pass", [1.0]), "missed": ("FAIL", [3.0, 4.0, 5.0])}
    assert {"processor", "cores", "commit", "versions", "busy_before"} <= report["machine"].keys()


def test_kept_targets_succeed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert bench(monkeypatch, tmp_path, at_most("kept", [1.0], 2))[0] == 0


def test_a_benchmark_that_cannot_run_fails_and_the_others_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def cannot(_: Bench) -> Result:
        raise ModisteError("No server.", hint="Start one.")

    monkeypatch.setitem(cli.BENCHMARKS, "peers", cannot)
    monkeypatch.setitem(cli.BENCHMARKS, "soak", lambda _: Result("soak", targets=[at_most("kept", [1.0], 2)]))
    results = cli.run(["peers", "soak"], Options(output=tmp_path))
    assert [result.targets[0].passed for result in results] == [False, True]


def test_an_unknown_benchmark_is_an_error() -> None:
    outcome = CliRunner().invoke(cli.app, ["speed"])
    assert isinstance(outcome.exception, ModisteError)


# --- the real service


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("bench")
    return Bench(
        Options(
            output=folder, cache=folder / "cache", rounds=1, seconds=0.3, products=60, pictures=12, soak_minutes=0.05
        )
    )


@pytest.mark.slow
def test_peers_search_as_the_service_does(small: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = small.pictures("thumbnail")
    with small.service() as server, Generator(server.port) as generator:
        ours = peers.products_of(generator, server, pictures)
        assert server.cpu_seconds() > 0
        assert server.memory() > 2**20
    monkeypatch.setenv(BUNDLE, str(SHIPPED_BUNDLE))
    monkeypatch.setenv(INDEX, str(small.index_root))
    texts = list(MODIFICATIONS[: len(pictures)])
    found = Model().search(pictures, texts)
    for our, their in zip(ours, found, strict=True):
        assert peers.same_products(our, [(product["id"], product["score"]) for product in their])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["latency", "overload", "soak"])
def test_a_benchmark_of_the_service_loses_nothing(small: Bench, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "soak":  # Its load is half of the peak of a moment, which is too much for a machine that gets busy.
        for setting in ("MODISTE_MAX_WAIT_MS", "MODISTE_DEADLINE_MS"):
            monkeypatch.setenv(setting, str(int(PATIENCE_S * 1000)))
    result = cli.BENCHMARKS[name](small)
    lossless = [
        target
        for target in result.targets
        if "fail" in target.what or "were refused" in target.what or "neither" in target.what
    ]
    assert lossless
    assert all(target.passed for target in lossless), text(result)
