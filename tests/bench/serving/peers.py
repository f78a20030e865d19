"""The service beside the servers that a user would write or choose instead.

Each round starts every server in turn and loads it with 1, 8 and 32 clients and with an open loop. The verdicts are
ratios of one round, so that other work on the machine affects all servers of a round alike.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial

import numpy as np

from catalog.errors import ModisteError
from tests.bench.harness.load import Generator, Run
from tests.bench.harness.options import Bench, logger
from tests.bench.harness.report import Result, Target, at_least, at_most, table
from tests.bench.harness.servers import TITLES, Peer, Server, peer
from tests.bench.harness.workload import FreshUploads

CLIENTS = (1, 8, 32)
TOLERANCE = 0.05
"""With one client nothing can be batched and nothing waits: there the service may be so much slower, for noise."""
OPEN_LOOP = 0.6
"""The open loop offers all servers the same: so much of what the service first answered at 8 clients."""
CHECKED = 12
SAME_SCORE = 0.005
"""Scores of the same rank may differ by so much: graphs round differently for other batch sizes."""

Rounds = dict[str, list[dict[str, Run]]]
"""By server; each round by load."""


def measure(bench: Bench) -> Result:
    """Compare the service with all peers."""
    names = ("service", *bench.peers)
    pictures = bench.pictures("thumbnail")
    rounds: Rounds = {name: [] for name in names}
    answers: dict[str, list[list[tuple[str, float]]]] = {}
    rate = math.nan
    for number in range(bench.options.rounds):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            with start(bench, name) as server, Generator(server.port) as generator:
                uploads = FreshUploads(pictures, server.payload)
                if name not in answers:
                    answers[name] = products_of(generator, server, pictures[:CHECKED])
                generator.closed(uploads, 8, bench.options.seconds / 2)  # Warms every batch size up.
                seconds = bench.options.seconds
                runs = {
                    str(clients): server.measured(partial(generator.closed, uploads, clients, seconds))
                    for clients in CLIENTS
                }
                if math.isnan(rate):
                    rate = OPEN_LOOP * runs["8"].rate
                runs["open"] = server.measured(partial(generator.open, uploads, rate, seconds, seed=number))
                rounds[name].append(runs)
                line = ", ".join(f"{load} {run.rate:.0f}/s p95 {run.p(95):.0f} ms" for load, run in runs.items())
                logger.info("  round %d, %s: %s", number + 1, name, line)
    return result(rounds, answers, rate)


def start(bench: Bench, name: str) -> AbstractContextManager[Server]:
    """A server by name."""
    if name == "service":
        return bench.service()
    return peer(Peer(name), bench.index_root, bench.options.bundle, bench.log(name))


def products_of(generator: Generator, server: Server, pictures: Sequence[bytes]) -> list[list[tuple[str, float]]]:
    """Ids and scores that a server answers each picture with.

    Raises:
        ModisteError: It does not answer with 200.
    """
    uploads = FreshUploads(pictures, server.payload)
    found = []
    for _ in pictures:
        response = generator.request(next(uploads).payload)
        if response.status != 200:
            raise ModisteError(f"A search was answered with status {response.status}.", hint=str(response.body[:300]))
        body = json.loads(response.body)
        products = (body[0] if isinstance(body, list) else body)["results"]
        found.append([(product["id"], product["score"]) for product in products])
    return found


def same_products(ours: list[tuple[str, float]], theirs: list[tuple[str, float]]) -> bool:
    """Whether two answers are the same, but for rounding and the order of products with equal scores."""
    if len(ours) != len(theirs):
        return False
    close = all(abs(score - other) <= SAME_SCORE for (_, score), (_, other) in zip(ours, theirs, strict=True))
    # Rounding may exchange the last products with others that score the same.
    surely = {id for id, score in ours if score > ours[-1][1] + SAME_SCORE}
    return close and surely <= {id for id, _ in theirs}


def result(rounds: Rounds, answers: dict[str, list[list[tuple[str, float]]]], rate: float) -> Result:
    """Table, figures and verdicts."""
    made = Result("peers")
    loads = [str(clients) for clients in CLIENTS] + ["open"]
    rows = [["good answers/s, p50 / p95 ms, CPU ms, refused", *loads[:-1], f"open loop, {rate:.0f}/s"]]
    for name, runs in rounds.items():
        rows.append([TITLES[name], *(_cell([one[load] for one in runs]) for load in loads)])
        made.figures[name] = [{load: run.json() for load, run in one.items()} for one in runs]
    made.lines = table(rows)
    for name in rounds:
        if name != "service":
            same = [same_products(*pair) for pair in zip(answers["service"], answers[name], strict=True)]
            made.targets.append(at_least(f"same products as {name}", [sum(same) / len(same)], 1))
    made.targets += _targets(rounds)
    failed = sum(run.failed for one in rounds["service"] for run in one.values())
    made.targets.append(at_most("failed requests of the service", [float(failed)], 0))
    return made


def _targets(rounds: Rounds) -> list[Target]:
    """The service over each peer in the same round. Judged is the peer that comes closest to it, or is ahead."""
    peers = {name: runs for name, runs in rounds.items() if name != "service"}
    targets = []
    for clients in CLIENTS:
        load, slack = str(clients), TOLERANCE if clients == 1 else 0.0
        pairs = {
            name: [(our[load], their[load]) for our, their in zip(rounds["service"], runs, strict=True)]
            for name, runs in peers.items()
        }
        rates = {name: [our.rate / their.rate for our, their in pair] for name, pair in pairs.items()}
        p95 = {name: [our.p(95) / their.p(95) for our, their in pair] for name, pair in pairs.items()}
        closest = min(rates, key=lambda name: np.median(rates[name]))
        targets.append(
            at_least(f"goodput over that of any peer, {load} clients", rates[closest], 1 - slack, f"least: {closest}")
        )
        closest = max(p95, key=lambda name: np.median(p95[name]))
        targets.append(
            at_most(f"p95 over that of any peer, {load} clients", p95[closest], 1 + slack, f"most: {closest}")
        )
    return targets


def _cell(runs: list[Run]) -> str:
    """Medians over the rounds."""
    rate, p50, p95, cpu = np.median([(run.rate, run.p(50), run.p(95), run.cpu_ms) for run in runs], axis=0)
    refused = sum(len(run.refused) for run in runs) / max(1, sum(len(run.samples) for run in runs))
    return f"{rate:.0f}, {p50:.0f} / {p95:.0f}, {cpu:.1f}" + (f", {refused:.0%}" if refused else "")
