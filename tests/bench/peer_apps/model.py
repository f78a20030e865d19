"""The search itself, without the service's scheduler, caches and admission: pictures and texts in, products out."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from indexer.generations.generation import Generation
from models.bundle import Bundle, open_image
from models.bundle.plan import plan_for
from models.bundle.style_search import DEFAULT_STYLE
from service.execution.scheduler import Job, Scheduler, Stage, Step, Work
from service.search.encoding import Encoding
from service.search.job import Outcome, Reference, SearchStages
from service.search.query import Query
from service.search.words.wishes import wishes_of

BUNDLE, INDEX = "BENCH_BUNDLE", "BENCH_INDEX"
"""Variables with the folders of the bundle and of the index."""
MAX_BATCH = 8
K = 20


class _Batches:
    """Stands in for the scheduler: runs all jobs of a batch together, stage by stage, in the calling thread."""

    def stage(self, name: str, work: Work, max_batch: int) -> Stage:
        """Every stage takes the whole batch."""
        return Stage(name, work, max_batch, cast(Scheduler, self))

    def run(self, jobs: Sequence[Job[Outcome]]) -> list[Outcome]:
        """Run all jobs to their ends."""
        outcomes: dict[int, Outcome] = {}
        results: dict[int, Any] = dict.fromkeys(range(len(jobs)))
        while len(outcomes) < len(jobs):
            steps: dict[Stage, list[tuple[int, Step]]] = defaultdict(list)
            for number, result in results.items():
                try:
                    step = jobs[number].send(result)
                    steps[step.stage].append((number, step))
                except StopIteration as end:
                    outcomes[number] = end.value
            results = {}
            for stage, waiting in steps.items():
                found = stage.work([step.input for _, step in waiting])
                results |= {number: one for (number, _), one in zip(waiting, found, strict=True)}
        return [outcomes[number] for number in range(len(jobs))]


class Model:
    """The bundle and the index of ``modiste serve``, its graphs in the precisions that are fastest on this machine."""

    def __init__(self) -> None:
        folder, cores = Path(os.environ[BUNDLE]), len(os.sched_getaffinity(0))
        plan = plan_for(folder, device="cpu", threads=1, cores=cores)
        bundle = Bundle(folder, device="cpu", threads=1, precision=plan.precisions)
        self._generation, self._batches = Generation.open(Path(os.environ[INDEX])), _Batches()
        encoding, scheduler = Encoding(bundle, MAX_BATCH), cast(Scheduler, self._batches)
        self._stages = SearchStages(
            bundle, encoding, scheduler=scheduler, graphs=scheduler, max_batch=MAX_BATCH, expect_words=True
        )
        encoding.warm()

    def search(self, pictures: Sequence[bytes], texts: Sequence[str]) -> list[list[dict[str, Any]]]:
        """The best products for each of B pictures with its text, with ``score``."""
        outcomes = self._batches.run([self._job(*pair) for pair in zip(pictures, texts, strict=True)])
        return [self._products(outcome.found.rows, outcome.found.scores) for outcome in outcomes]

    def _job(self, picture: bytes, text: str) -> Job[Outcome]:
        query = Query(picture, None, text, K, 0, {}, frozenset(), (), (), DEFAULT_STYLE)
        reference = Reference(picture=open_image(picture))
        return self._stages.job(query, None, wishes_of(query, self._generation), self._generation, reference)

    def _products(self, rows: list[int], scores: list[float]) -> list[dict[str, Any]]:
        return [
            {**self._generation.product(row), "score": round(score, 6)} for row, score in zip(rows, scores, strict=True)
        ]
