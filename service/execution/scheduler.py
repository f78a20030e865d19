"""A scheduler that runs searches through stages in batches, without a timer.

A job is a generator. It yields a ``Step`` (a stage and its input), receives the result of the stage, and returns its
own result. It runs in the worker threads of a scheduler. A job that arrives while a worker is idle passes through all
stages at once. Jobs that arrive while all workers are busy form the next batch.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from service.execution.waiting import until_done
from service.observability.metrics import Metrics, StageTime
from service.observability.tracing import record_span, tracing

T = TypeVar("T")

logger = logging.getLogger(__name__)

Work = Callable[[list[Any]], Sequence[Any]]
"""B inputs -> B results in the same order. A result that is an exception is raised in its own job. If the call itself
raises, it is repeated for each input alone, so that only the faulty jobs fail."""


class Step(NamedTuple):
    """Yielded by a job to wait for the result of ``stage`` for ``input``."""

    stage: Stage
    input: Any


Job = Generator[Step, Any, T]


@dataclass(eq=False)
class Stage:
    """A queue of inputs, and the work that the workers of ``scheduler`` do with batches of them."""

    name: str
    work: Work
    max_batch: int
    scheduler: Scheduler
    waiting: deque[_Entry[Any]] = field(default_factory=deque)

    def __call__(self, input: Any) -> Step:
        """``result = yield stage(input)`` in a job."""
        return Step(self, input)


@dataclass(eq=False, slots=True)
class _Entry(Generic[T]):
    """A job on its way through the stages."""

    job: Job[T]
    stage: Stage
    context: contextvars.Context
    stage_times: dict[str, StageTime]
    ready_at: float
    input: Any = None
    cancelled: bool = False
    done: Future[T] = field(default_factory=Future)


class Scheduler:
    """Worker threads that serve stages, the last stage first.

    A batch therefore stays together, and started jobs finish before new ones start. If several workers are idle, they
    share the waiting inputs, because two small batches on two cores finish sooner than one large batch.

    Args:
        name: Prefix of the names of the threads.
        workers: Number of threads: one per core, or one for a device that runs one batch at a time.
    """

    def __init__(self, name: str, workers: int, metrics: Metrics) -> None:
        self._metrics = metrics
        self._changed = threading.Condition()
        self._idle, self._closed = 0, False
        self._start = Stage("start", lambda inputs: inputs, 64, self)
        self._stages = [self._start]
        self._threads = [
            threading.Thread(target=self._serve, name=f"{name}-{number}", daemon=True) for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def stage(self, name: str, work: Work, max_batch: int) -> Stage:
        """Add a stage after the existing ones.

        Args:
            name: The name in metrics and traces.
            work: See ``Work``; it runs in the worker threads.
            max_batch: Maximum number of inputs of one call.
        """
        stage = Stage(name, work, max_batch, self)
        with self._changed:
            self._stages.append(stage)
        return stage

    async def run(self, job: Job[T], stage_times: dict[str, StageTime]) -> T:
        """Run ``job`` to its end.

        If the caller is cancelled, a waiting job is dropped at once and a running one after its batch. ``run`` returns
        only then, because the worker threads use resources of the caller, such as the generation.

        Args:
            stage_times: Filled with the time spent in each stage, by name.

        Raises:
            Exception: Any exception of the job.
        """
        entry = _Entry(job, self._start, contextvars.copy_context(), stage_times, time.perf_counter())
        entry.done.set_running_or_notify_cancel()  # Only the workers complete it.
        self._queue(entry, self._start)
        result = asyncio.wrap_future(entry.done)
        try:
            return await asyncio.shield(result)
        except asyncio.CancelledError:
            entry.cancelled = True
            if _withdraw(entry):
                job.close()
            else:
                await until_done(result)
            raise

    def close(self) -> None:
        """End the threads. No job may be running."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _queue(self, entry: _Entry[Any], stage: Stage) -> None:
        with self._changed:
            entry.stage = stage
            stage.waiting.append(entry)
            self._changed.notify()

    def _serve(self) -> None:
        while (taken := self._take()) is not None:
            stage, batch = taken
            results = batch if stage is self._start else self._run_batch(stage, batch)
            for entry, result in zip(batch, results, strict=True):
                _advance(entry, None if stage is self._start else result)

    def _take(self) -> tuple[Stage, list[_Entry[Any]]] | None:
        """The next batch; None once the scheduler is closed."""
        with self._changed:
            while (stage := next((stage for stage in reversed(self._stages) if stage.waiting), None)) is None:
                if self._closed:
                    return None
                self._idle += 1
                self._changed.wait()
                self._idle -= 1
            share = -(-len(stage.waiting) // (1 + self._idle))
            batch = [stage.waiting.popleft() for _ in range(min(share, stage.max_batch))]
            if self._idle and any(stage.waiting for stage in self._stages):
                self._changed.notify()
            return stage, batch

    def _run_batch(self, stage: Stage, batch: Sequence[_Entry[Any]]) -> Sequence[Any]:
        inputs = [entry.input for entry in batch]
        start = time.perf_counter()
        results = _results(stage.work, inputs)
        work = time.perf_counter() - start
        self._metrics.batch(stage.name, len(batch))
        for entry in batch:
            queued = start - entry.ready_at
            entry.stage_times[stage.name] = entry.stage_times.get(stage.name, StageTime(0.0, 0.0)).plus(queued, work)
            entry.input = None
            if tracing():
                entry.context.run(record_span, stage.name, work, batch=len(batch), queue_ms=round(queued * 1000, 3))
        return results


def _withdraw(entry: _Entry[Any]) -> bool:
    """Remove an entry from its queue; False if a worker has taken it already."""
    stage = entry.stage  # Read once: a worker may move the entry to the queue of another scheduler, with another lock.
    with stage.scheduler._changed:
        try:
            stage.waiting.remove(entry)
        except ValueError:
            return False
        return True


def _results(work: Work, inputs: list[Any]) -> Sequence[Any]:
    try:
        results = work(inputs)
        if len(results) != len(inputs):
            raise RuntimeError(f"{len(inputs)} inputs gave {len(results)} results")
        return results
    except BaseException as error:  # No failure may end a worker. A panic in a Rust library is not an Exception.
        if len(inputs) == 1:
            return [error if isinstance(error, Exception) else RuntimeError(f"{type(error).__name__}: {error}")]
        logger.warning("A batch of %d failed (%s); its inputs are run one by one.", len(inputs), error)
        return [result for input in inputs for result in _results(work, [input])]


def _advance(entry: _Entry[Any], result: Any) -> None:
    """Continue a job with the result of its stage, up to its next step or its end."""
    try:
        if entry.cancelled:
            entry.job.close()
            entry.done.set_result(None)
            return
        resume = entry.job.throw if isinstance(result, BaseException) else entry.job.send
        step: Step = entry.context.run(resume, result)
    except StopIteration as end:
        entry.done.set_result(end.value)
    except BaseException as error:  # No failure of a job may end a worker.
        entry.done.set_exception(error)
    else:
        entry.input = step.input
        if entry.stage_times:  # The wait for the start counts as waiting for the first stage.
            entry.ready_at = time.perf_counter()
        step.stage.scheduler._queue(entry, step.stage)
