"""The bare pipeline in a process of its own: decode, vision, query, search, and nothing around them.

It is what the service's cost is compared with: the same bundle, generation and pictures, in the order in which
``FreshUploads`` sends them, without HTTP, queues, caches or columns. It finds what the service finds: where the bundle
tells which words an answer will have, it recognises the upload by its neighbours and puts first what fits.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from indexer.generation import Generation
from models.bundle import Bundle, VisionOutput, decode_image
from models.bundle.expected_words import NEIGHBOURS
from models.bundle.images import Pixels
from models.bundle.manifest import Precision
from models.bundle.text import TokenIds
from service.search.expected import expected_words, words_of_upload
from service.search.ranking import Lookup, rank
from tests.bench.requests import MODIFICATIONS

K = 20
START_WITHIN_S = 300


class Way(NamedTuple):
    """How the bare pipeline is run for throughput."""

    workers: int
    """Threads that each decode, encode and search whole batches."""
    threads: int
    """Threads in one graph run."""
    batch: int


class Pipeline:
    """Pictures and modifications by number, from bytes to rows.

    Args:
        threads: Threads in one graph run.
        precision: As ``Bundle`` takes it.
    """

    def __init__(
        self,
        bundle: Path,
        index_root: Path,
        pictures: Sequence[Path],
        *,
        threads: int,
        precision: Precision | Literal["auto"],
    ) -> None:
        self.bundle = Bundle(bundle, device="cpu", threads=threads, precision=precision)
        self.generation = Generation.open(index_root)
        self.pictures = [path.read_bytes() for path in pictures]

    def pixels(self, number: int) -> Pixels:
        """Decode picture ``number``."""
        images = self.bundle.manifest.images
        picture = decode_image(self.pictures[number % len(self.pictures)], about=(images.width, images.height))
        return images.pixels(picture)

    def answer(self, numbers: Sequence[int]) -> dict[str, float]:
        """Answer a batch of requests; milliseconds by stage, ``total`` among them."""
        start = time.perf_counter()
        pixels = np.stack([self.pixels(number) for number in numbers])
        decoded = time.perf_counter()
        seen = self.bundle.vision(pixels)
        looked = time.perf_counter()
        # As FreshUploads pairs them: a picture keeps its modification from one period to the next.
        texts = [MODIFICATIONS[number % len(self.pictures) % len(MODIFICATIONS)] for number in numbers]
        ids, _ = self.bundle.tokenizer.encode(texts)
        if self.bundle.manifest.expects:
            spent = self._fitting(seen, ids)
        else:
            vectors = self.bundle.query(seen.features, ids)
            composed = time.perf_counter()
            self.generation.store.search(vectors, K)
            spent = {"query": composed - looked, "search": time.perf_counter() - composed}
        spent |= {"decode": decoded - start, "vision": looked - decoded, "total": time.perf_counter() - start}
        return {stage: seconds * 1000 for stage, seconds in spent.items()}

    def _fitting(self, seen: VisionOutput, ids: TokenIds) -> dict[str, float]:
        """Find the rows of a batch as the service does with a bundle that expects words; seconds by stage."""
        assert seen.attributes is not None
        generation, start = self.generation, time.perf_counter()
        scores, rows = generation.store.search(seen.embedding, NEIGHBOURS)
        recognised = time.perf_counter()
        shown = [
            words_of_upload(one[None], cosines, near, generation)
            for one, cosines, near in zip(seen.attributes, scores, rows, strict=True)
        ]
        vectors, expected = self.bundle.expected(seen.features, ids, np.concatenate(shown))
        assert expected is not None
        composed = time.perf_counter()
        for vector, words, was in zip(vectors, expected, shown, strict=True):
            rank([Lookup(generation, vector[None], K, expected=expected_words(words[None], was, generation))])
        found = time.perf_counter()
        return {"query": composed - recognised, "search": recognised - start + found - composed}


class Bare:
    """A pipeline in a child process, asked from here. Use as a context manager.

    Args:
        threads: Threads in one graph run of ``latencies``; the service's own setting makes a fair comparison.
        precision: As ``Bundle`` takes it.
    """

    def __init__(
        self,
        bundle: Path,
        index_root: Path,
        pictures: Sequence[Path],
        *,
        threads: int = 1,
        precision: Precision | Literal["auto"] = "auto",
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        arguments = (theirs, bundle, index_root, list(pictures), threads, precision)
        self._process = context.Process(target=_serve, args=arguments, name="bare", daemon=True)
        self._process.start()
        theirs.close()

    def __enter__(self) -> Bare:
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.close()
        self._process.join(10)
        self._process.kill()

    def latencies(self, first: int, count: int) -> list[dict[str, float]]:
        """Answer ``count`` requests one by one, from number ``first``; milliseconds by stage of each."""
        stages: list[dict[str, float]] = self._ask("latencies", first, count)
        return stages

    def throughput(self, way: Way, seconds: float) -> float:
        """Requests a second, when they come in batches."""
        rate: float = self._ask("throughput", way, seconds)
        return rate

    def passes(self, batch: int, repeats: int) -> dict[str, list[float]]:
        """Milliseconds of each of ``repeats`` runs of a batch through decode, vision, query, text and search apart."""
        spent: dict[str, list[float]] = self._ask("passes", batch, repeats)
        return spent

    def _ask(self, *command: Any) -> Any:
        self._pipe.send(command)
        if not self._pipe.poll(START_WITHIN_S + 60):
            raise TimeoutError("The bare pipeline does not answer.")
        answer = self._pipe.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer


def ways(cores: int, batches: Sequence[int]) -> list[Way]:
    """What to try for the best throughput on ``cores``: many threads on small graphs, one graph on all, one on one."""
    shapes = dict.fromkeys([(cores, 1), (1, cores), (1, 1), (cores, cores)])
    return [Way(workers, threads, batch) for workers, threads in shapes for batch in batches]


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))


def _serve(
    pipe: Connection,
    bundle: Path,
    index_root: Path,
    pictures: list[Path],
    threads: int,
    precision: Precision | Literal["auto"],
) -> None:
    made: dict[int, Pipeline] = {}

    def pipeline(threads: int) -> Pipeline:
        if threads not in made:
            made[threads] = Pipeline(bundle, index_root, pictures, threads=threads, precision=precision)
            made[threads].answer(range(4))
        return made[threads]

    def latencies(first: int, count: int) -> list[dict[str, float]]:
        return [pipeline(threads).answer([number]) for number in range(first, first + count)]

    commands: dict[str, Callable[..., Any]] = {
        "latencies": latencies,
        "throughput": lambda way, seconds: _throughput(pipeline(way.threads), way, seconds),
        "passes": lambda batch, repeats: _passes(pipeline(threads), batch, repeats),
    }
    while True:
        try:
            name, *arguments = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(commands[name](*arguments))
        except Exception as error:
            pipe.send(error)


def _throughput(pipeline: Pipeline, way: Way, seconds: float) -> float:
    start = time.perf_counter()
    lock, taken = threading.Lock(), 0

    def work() -> int:
        nonlocal taken
        done = 0
        while time.perf_counter() - start < seconds:
            with lock:
                first, taken = taken, taken + way.batch
            pipeline.answer(range(first, first + way.batch))
            done += way.batch
        return done

    with ThreadPoolExecutor(way.workers) as pool:
        done = sum(future.result() for future in [pool.submit(work) for _ in range(way.workers)])
    return done / (time.perf_counter() - start)


def _passes(pipeline: Pipeline, batch: int, repeats: int) -> dict[str, list[float]]:
    bundle, store = pipeline.bundle, pipeline.generation.store
    texts = [MODIFICATIONS[number % len(MODIFICATIONS)] for number in range(batch)]
    ids, _ = bundle.tokenizer.encode(texts)
    pixels = np.stack([pipeline.pixels(number) for number in range(batch)])
    seen = bundle.vision(pixels)
    features, shown = seen.features, seen.attributes if bundle.manifest.expects else None
    vectors = bundle.query(features, ids)
    passes: dict[str, Callable[[], object]] = {
        "decode": lambda: [pipeline.pixels(number) for number in range(batch)],
        "vision": lambda: bundle.vision(pixels),
        "query": lambda: bundle.expected(features, ids, shown),
        "text": lambda: bundle.text(ids),
        "search": lambda: store.search(vectors, K),
    }
    spent: dict[str, list[float]] = {name: [] for name in passes}
    for run in passes.values():
        run()
    for _ in range(repeats):  # In turn, so that a neighbour's noise hits all.
        for name, run in passes.items():
            start = time.perf_counter()
            run()
            spent[name].append((time.perf_counter() - start) * 1000)
    return spent
