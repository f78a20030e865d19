"""Bad requests and damaged pictures beside honest traffic: nothing may fail, end, grow or slow down."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

from tests.bench.harness.load import Generator, Sample, percentile
from tests.bench.harness.options import Bench, logger
from tests.bench.harness.report import Result, at_least, at_most, table
from tests.bench.harness.servers import Server
from tests.bench.harness.workload import FreshUploads
from tests.fuzz.requests import bad_requests, mutated_pictures

REQUESTS, PICTURES = 10_400, 2_000
PER_S, CLIENTS = 100.0, 4
"""Abuse a second, and the connections at a time that send it."""
LOAD = 0.25
"""Honest traffic, as a share of the best rate."""
MAX_SLOWER, MAX_GROWTH = 1.5, 1.05
ANSWER_S = 5.0
"""A stranger that has no answer by then, such as to half a request, leaves."""


def measure(bench: Bench) -> Result:
    """Statuses of the abuse; p95 of honest searches with it over p95 without; memory and workers."""
    result = Result("abuse")
    uploads, seconds = FreshUploads(bench.pictures("thumbnail")), bench.options.seconds
    with bench.service() as server, Generator(server.port) as generator:
        rate = LOAD * generator.closed(uploads, 8, seconds).rate
        alone = generator.open(uploads, rate, 4 * seconds)
        workers, abuse = server.workers(), _Abuse(server, bench.pictures("thumbnail")[:20])
        logger.info("  %.0f honest searches a second beside %d bad requests", rate, REQUESTS + PICTURES)
        beside: list[Sample] = []
        memory: list[int] = []
        failed = 0
        abuse.start()
        while abuse.alive():
            run = generator.open(uploads, rate, seconds)
            beside += run.good
            failed += run.failed + len(run.refused)
            memory.append(server.memory())
        ended = len(workers - server.workers())
    slower = percentile([sample.ms for sample in beside], 95) / alone.p(95)
    quarter = max(1, len(memory) // 4)
    growth = percentile(memory[-quarter:], 50) / percentile(memory[quarter : 2 * quarter] or memory, 50)
    wrong = sum(count for status, count in abuse.statuses.items() if status >= 500)
    result.lines = table([["status", "answers"], *([str(one), str(n)] for one, n in sorted(abuse.statuses.items()))])
    result.figures = {
        "statuses": dict(sorted(abuse.statuses.items())), "per_s": PER_S, "honest_per_s": round(rate, 1),
        "p95_ms": [round(alone.p(95), 1), round(percentile([sample.ms for sample in beside], 95), 1)],
        "resident_bytes": memory, "honest": len(beside),
    }  # fmt: skip
    result.targets = [
        at_least("bad requests and damaged pictures sent", [float(abuse.statuses.total())], REQUESTS + PICTURES),
        at_most("of them answered with 5xx", [float(wrong)], 0),
        at_most("workers that ended", [float(ended)], 0),
        at_most("honest searches not answered with 200", [float(failed)], 0),
        at_most("memory of the last quarter over the second", [growth], MAX_GROWTH),
        at_most("p95 of honest searches over that without abuse", [slower], MAX_SLOWER),
    ]
    return result


class _Abuse:
    """Sends all of it at a steady rate, from threads of its own, each request on a new connection.

    Attributes:
        statuses: How many answers had which status; 0 for none.
    """

    def __init__(self, server: Server, pictures: list[bytes]) -> None:
        self.statuses: Counter[int] = Counter()
        self._port, self._turn = server.port, threading.Lock()
        self._requests = self._mixed(pictures)
        self._next = 0.0
        self._threads = [threading.Thread(target=self._send, daemon=True) for _ in range(CLIENTS)]

    def start(self) -> None:
        """Begin to send."""
        self._next = time.monotonic()
        for thread in self._threads:
            thread.start()

    def alive(self) -> bool:
        """Whether there is more to send."""
        return any(thread.is_alive() for thread in self._threads)

    def _mixed(self, pictures: list[bytes]) -> Iterator[bytes]:
        requests, damaged = bad_requests(3), mutated_pictures(5, pictures)
        every = (REQUESTS + PICTURES) // PICTURES
        for number in range(REQUESTS + PICTURES):
            yield next(damaged) if number % every == 0 else next(requests)

    def _send(self) -> None:
        while True:
            with self._turn:
                data = next(self._requests, None)
                self._next += 1 / PER_S
                due = self._next
            if data is None:
                return
            time.sleep(max(0.0, due - time.monotonic()))
            status = self._status(data)
            with self._turn:
                self.statuses[status] += 1

    def _status(self, data: bytes) -> int:
        received = b""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=ANSWER_S) as connection:
            with suppress(OSError):  # It may be refused before it is sent.
                connection.sendall(data)
            while part := connection.recv(65536):
                received += part if len(received) < 12 else b""
        return int(received[9:12]) if received[:5] == b"HTTP/" else 0
