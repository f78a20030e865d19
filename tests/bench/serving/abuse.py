"""Bad requests and damaged pictures beside honest traffic: nothing may fail, end, grow or slow down."""

from __future__ import annotations

import multiprocessing
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection

from tests.bench.harness.load import Generator, Sample, percentile
from tests.bench.harness.options import Bench, logger
from tests.bench.harness.report import Result, at_least, at_most, table
from tests.bench.harness.servers import Server
from tests.bench.harness.workload import FreshUploads
from tests.fuzz.requests import bad_requests, mutated_pictures

REQUESTS, PICTURES = 10_400, 2_000
LOAD = 0.25
"""Honest traffic, as a share of the best rate."""
TIMES, CLIENTS = 3.0, 4
"""Abuse as a multiple of honest requests, so that a slow machine is not asked for more than a fast one; and the
connections at a time that send it."""
MAX_SLOWER, MAX_GROWTH = 1.5, 1.05
ANSWER_S = 5.0
"""A stranger that has no answer by then, such as to half a request, leaves."""


def measure(bench: Bench) -> Result:
    """Statuses of the abuse; p95 of honest searches with it over p95 without; memory and workers."""
    result = Result("abuse")
    uploads, seconds = FreshUploads(bench.pictures("thumbnail")), bench.options.seconds
    with bench.service() as server, Generator(server.port) as generator:
        rate = LOAD * generator.closed(uploads, 8, seconds).rate
        alone = generator.open(uploads, rate, 4 * seconds).good
        workers, abuse = server.workers(), _Abuse(server, bench.pictures("thumbnail")[:20], TIMES * rate)
        logger.info("  %.0f honest searches a second beside %d bad requests", rate, REQUESTS + PICTURES)
        beside: list[Sample] = []
        memory: list[int] = []
        failed = 0
        while abuse.alive():
            run = generator.open(uploads, rate, seconds)
            beside += run.good
            failed += run.failed + len(run.refused)
            memory.append(server.memory())
        alone += generator.open(uploads, rate, 4 * seconds).good  # A machine may be faster now than before.
        ended, statuses = len(workers - server.workers()), abuse.statuses()
    usual, slower = (percentile([sample.ms for sample in samples], 95) for samples in (alone, beside))
    quarter = max(1, len(memory) // 4)
    growth = percentile(memory[-quarter:], 50) / percentile(memory[quarter : 2 * quarter] or memory, 50)
    wrong = sum(count for status, count in statuses.items() if status >= 500)
    result.lines = table([["status", "answers"], *([str(one), str(n)] for one, n in sorted(statuses.items()))])
    result.figures = {
        "statuses": dict(sorted(statuses.items())), "per_s": round(TIMES * rate, 1), "honest_per_s": round(rate, 1),
        "p95_ms": [round(usual, 1), round(slower, 1)],
        "resident_bytes": memory, "honest": len(beside),
    }  # fmt: skip
    result.targets = [
        at_least("bad requests and damaged pictures sent", [float(statuses.total())], REQUESTS + PICTURES),
        at_most("of them answered with 5xx", [float(wrong)], 0),
        at_most("workers that ended", [float(ended)], 0),
        at_most("honest searches not answered with 200", [float(failed)], 0),
        at_most("memory of the last quarter over the second", [growth], MAX_GROWTH),
        at_most("p95 of honest searches over that without abuse", [slower / usual], MAX_SLOWER),
    ]
    return result


class _Abuse:
    """A process that sends all of it at a steady rate. In the generator's own process it would delay honest requests.

    Args:
        per_s: Requests a second. If the service takes longer, the rest is sent later, not faster.
    """

    def __init__(self, server: Server, pictures: list[bytes], per_s: float) -> None:
        self._received, sent = _spawn.Pipe(duplex=False)
        self._process = _spawn.Process(target=_send_all, args=(server.port, pictures, per_s, sent), daemon=True)
        self._process.start()
        sent.close()

    def alive(self) -> bool:
        """Whether there is more to send."""
        return self._process.is_alive() and not self._received.poll()

    def statuses(self) -> Counter[int]:
        """How many answers had which status; 0 for none. Called when nothing more is sent."""
        statuses: Counter[int] = self._received.recv()
        self._process.join()
        return statuses


_spawn = multiprocessing.get_context("spawn")


def _send_all(port: int, pictures: list[bytes], per_s: float, results: Connection) -> None:
    """Send each request on a new connection, from ``CLIENTS`` threads."""
    statuses: Counter[int] = Counter()
    requests, turn, next_at = _mixed(pictures), threading.Lock(), time.monotonic()

    def send() -> None:
        nonlocal next_at
        while True:
            with turn:
                data = next(requests, None)
                due = next_at = max(next_at + 1 / per_s, time.monotonic())
            if data is None:
                return
            time.sleep(max(0.0, due - time.monotonic()))
            status = _status(port, data)
            with turn:
                statuses[status] += 1

    threads = [threading.Thread(target=send) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.send(statuses)


def _mixed(pictures: list[bytes]) -> Iterator[bytes]:
    requests, damaged = bad_requests(3), mutated_pictures(5, pictures)
    every = (REQUESTS + PICTURES) // PICTURES
    for number in range(REQUESTS + PICTURES):
        yield next(damaged) if number % every == 0 else next(requests)


def _status(port: int, data: bytes) -> int:
    received = b""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S) as connection:
        with suppress(OSError):  # It may be refused before it is sent.
            connection.sendall(data)
        while part := connection.recv(65536):
            received += part if len(received) < 12 else b""
    return int(received[9:12]) if received[:5] == b"HTTP/" else 0
