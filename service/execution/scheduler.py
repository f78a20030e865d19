"""A scheduler that moves searches through stages in batches, without a timer.

A job is a generator. It yields a ``Step`` (a stage and its input), receives the stage's result, and returns its own.
All of it runs in the worker threads of a scheduler. A job that finds a thread idle passes through all stages in that
thread; under load, jobs that wait for the same stage form a batch.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from service.execution.waiting import until_done
from service.observability.metrics import Metrics, StageTime
from service.observability.tracing import span, tracing

T = TypeVar("T")

logger = logging.getLogger(__name__)

Work = Callable[[list[Any]], Sequence[Any]]
"""Inputs of B queries -> their B outcomes in the same order. An outcome that is an exception is raised in its query
alone; if the call itself raises, it is repeated with each input by itself, so that only the guilty one fails."""


class Step(NamedTuple):
    """What a job waits for: the outcome of ``stage`` for ``input``."""

    stage: Stage
    input: Any


Job = Generator[Step, Any, T]


@dataclass(eq=False, slots=True)
class Entry(Generic[T]):
    """A job on its way; ``gone`` once nobody waits for it any more."""

    job: Job[T]
    future: asyncio.Future[T]
    context: contextvars.Context
    stage_times: dict[str, StageTime]
    ready_at: float
    scheduler: Scheduler
    input: Any = None
    gone: bool = False
    started: bool = False
    over: bool = False
    """Whether no thread uses it any more, as the event loop knows."""
    ended: asyncio.Future[None] | None = None
    """Done when it is over, where somebody waits for that."""


@dataclass(eq=False)
class Stage:
    """A queue and the work that is done with what waits there.

    Args:
        name: As metrics and traces call it.
        work: See ``Work``; it runs in the threads of ``scheduler``.
        most: Queries in one batch.
        scheduler: Whose threads serve it.
        place: Which of its scheduler's stages it is.
        gathers: Whether those who wait for earlier stages are brought to those who wait here first: for work that
            batches make cheaper, behind work that they do not.
    """

    name: str
    work: Work
    most: int
    scheduler: Scheduler
    place: int
    gathers: bool
    waiting: deque[Entry[Any]] = field(default_factory=deque)
    gathered: int = 0
    """How many waited here when others were last sent for."""

    def __call__(self, input: Any) -> Step:
        """``outcome = yield stage(input)`` in a job."""
        return Step(self, input)


class Scheduler:
    """Threads that go round their stages in the order of a query's job and take at each what waits there.

    What came while a thread was busy thus travels on together: under load batches grow by themselves, and a query that
    finds a thread idle starts at once and alone. Before work that batches make cheaper, those who came in the meantime
    catch up (``Stage.gathers``); who is ahead waits for that, and on average all are answered sooner. Idle threads take
    their share of what waits, because two small batches on two cores are done sooner than one large.

    Args:
        name: Prefix of the threads' names.
        threads: How many; as many as cores, or one where a device serves one at a time.
    """

    def __init__(self, name: str, threads: int, metrics: Metrics) -> None:
        self._metrics = metrics
        self._turn = threading.Lock()
        self._closed = False
        # One closed gate for each idle thread. The last one to rest is woken first: its caches are still warm.
        self._idle: list[threading.Lock] = []
        self._setting_out: deque[Entry[Any]] = deque()
        self._waiting = 0
        """Journeys that no thread has taken, of all stages together."""
        self._stages: list[Stage] = []
        self._threads = [
            threading.Thread(target=self._serve, name=f"{name}-{number}", daemon=True) for number in range(threads)
        ]
        self._members = frozenset(self._threads)
        for thread in self._threads:
            thread.start()

    def stage(self, name: str, work: Work, most: int, *, gathers: bool = False) -> Stage:
        """Another stage, served after those that there are. All are made before the first entry."""
        stage = Stage(name, work, most, self, len(self._stages), gathers)
        self._stages.append(stage)
        return stage

    async def run(self, job: Job[T], stage_times: dict[str, StageTime]) -> T:
        """Live ``job`` to its end; its result.

        If the caller is cancelled, the job is dropped at once where it waits, or else after the batch that it is part
        of; until then ``run`` does not return, because threads use what the caller holds (a generation, above all).

        Args:
            stage_times: Filled with the stages that it came through, by name.

        Raises:
            Exception: What the job raised.
        """
        future = asyncio.get_running_loop().create_future()
        entry = Entry(job, future, contextvars.copy_context(), stage_times, time.perf_counter(), self)
        with self._turn:
            self._setting_out.append(entry)
            self._waiting += 1
            self._wake_one()
        try:
            result: T = await future
            return result
        except asyncio.CancelledError:
            entry.gone = True
            if entry.scheduler._withdraw(entry):
                entry.job.close()
            elif not entry.over:
                entry.ended = asyncio.get_running_loop().create_future()
                await until_done(entry.ended)
            raise

    def close(self) -> None:
        """End the threads; no entry may be under way."""
        with self._turn:
            self._closed = True
            while self._idle:
                self._wake_one()
        for thread in self._threads:
            thread.join()

    def _arrive(self, entry: Entry[Any], stage: Stage) -> None:
        """Queue a entry that got ready for one of this scheduler's stages."""
        with self._turn:
            entry.scheduler = self
            stage.waiting.append(entry)
            self._waiting += 1
            # A thread of this scheduler is about to look for work itself, and wakes another if it leaves some.
            if threading.current_thread() not in self._members:
                self._wake_one()

    def _withdraw(self, entry: Entry[Any]) -> bool:
        """Take a entry out of the queue that it waits in; False if a thread has taken it already."""
        with self._turn:
            for waiting in (self._setting_out, *(stage.waiting for stage in self._stages)):
                if entry in waiting:
                    waiting.remove(entry)
                    self._waiting -= 1
                    return True
        return False

    def _wake_one(self) -> None:
        if self._idle:
            self._idle.pop().release()

    def _serve(self) -> None:
        at, gate = 0, threading.Lock()
        gate.acquire()
        while (taken := self._take(at, gate)) is not None:
            while taken is not None:
                at, batch = taken
                try:
                    outcomes = [None] * len(batch) if at < 0 else self._work(self._stages[at], batch)
                    taken = self._go_on(batch, outcomes)
                except Exception as error:  # A thread that ended would let everyone wait for ever.
                    logger.exception("A batch was lost.")
                    for entry in batch:
                        _resolve(entry, None, error)
                    taken = None
            at += 1

    def _take(self, at: int, gate: threading.Lock) -> tuple[int, list[Entry[Any]]] | None:
        """The next stage from ``at`` on, round and round, where something waits, and a share of that. Stage -1 stands
        for the entries that set out."""
        while True:
            with self._turn:
                for number in self._round(at) if self._waiting else ():
                    stage = self._stages[number] if number >= 0 else None
                    waiting = self._setting_out if stage is None else stage.waiting
                    if not waiting:
                        continue
                    share = -(-len(waiting) // (1 + len(self._idle)))
                    batch = [waiting.popleft() for _ in range(min(share, stage.most) if stage else share)]
                    self._waiting -= len(batch)
                    if self._idle and self._waiting:
                        self._wake_one()
                    return number, batch
                if self._closed:
                    return None
                self._idle.append(gate)
            gate.acquire()

    def _round(self, at: int) -> Sequence[int]:
        """In which order stages are looked at, by one who comes to ``at``."""
        before, after = range(-1, at), range(at, len(self._stages))
        stage = self._stages[at] if after else None
        if stage is None or not stage.gathers:
            return *after, *before
        # As long as a batch takes more, and the last who were sent for did come: those of whom none arrive (pictures
        # that cannot be decoded) must not keep those who wait here waiting.
        gathered, stage.gathered = stage.gathered, len(stage.waiting)
        if gathered < stage.gathered < stage.most:
            return *before, *after
        stage.gathered = 0
        return *after, *before

    def _go_on(self, batch: list[Entry[Any]], outcomes: Sequence[Any]) -> tuple[int, list[Entry[Any]]] | None:
        """Live on with each, up to where it waits or ends. One that is alone in this scheduler need not queue: it is
        returned with its next stage, to be worked on at once."""
        for entry, outcome in zip(batch, outcomes, strict=True):
            stage = _live_on(entry, outcome)
            if stage is None:
                continue
            # Looked at without the lock: who comes this very moment waits for one stage of another's, as in any batch.
            if len(batch) == 1 and stage.scheduler is self and not self._waiting:
                return stage.place, batch
            stage.scheduler._arrive(entry, stage)
        return None

    def _work(self, stage: Stage, batch: list[Entry[Any]]) -> Sequence[Any]:
        """The outcomes of ``batch``, from which those are taken out whom nobody waits for."""
        batch[:] = [entry for entry in batch if not _dropped(entry)]
        if not batch:
            return []
        inputs = [entry.input for entry in batch]
        start = time.perf_counter()
        if tracing():
            with _spans(batch, stage.name, start):
                outcomes = _outcomes(stage.work, inputs)
        else:
            outcomes = _outcomes(stage.work, inputs)
        work = time.perf_counter() - start
        self._metrics.batch(stage.name, len(batch))
        for entry in batch:
            queue, before = start - entry.ready_at, entry.stage_times.get(stage.name)
            entry.stage_times[stage.name] = before.longer(queue, work) if before else StageTime(queue, work)
            entry.input = None
        return outcomes


def _outcomes(work: Work, inputs: list[Any]) -> Sequence[Any]:
    try:
        outcomes = work(inputs)
        if len(outcomes) != len(inputs):
            raise RuntimeError(f"{len(inputs)} inputs gave {len(outcomes)} outcomes")
        return outcomes
    except Exception as error:
        if len(inputs) == 1:
            return [error]
        logger.warning("A batch of %d failed (%s); its members are tried one by one.", len(inputs), error)
        return [outcome for input in inputs for outcome in _outcomes(work, [input])]


def _live_on(entry: Entry[Any], outcome: Any) -> Stage | None:
    """Live on from where the job waited for ``outcome``: to the stage that it waits for next, or to its end."""
    if entry.started and _dropped(entry):
        return None
    try:
        if isinstance(outcome, BaseException):
            step = entry.context.run(entry.job.throw, outcome)
        else:
            step = entry.context.run(entry.job.send, outcome)
    except StopIteration as end:
        _resolve(entry, end.value, None)
    except BaseException as error:
        _resolve(entry, None, error)
    else:
        # The wait of one that just set out counts as its first stage's.
        if entry.started:
            entry.ready_at = time.perf_counter()
        entry.started = True
        entry.input = step.input
        stage: Stage = step.stage
        return stage
    return None


def _dropped(entry: Entry[Any]) -> bool:
    """Whether nobody waits for it any more; it is at its end then."""
    if entry.gone:
        entry.job.close()
        _resolve(entry, None, None)
    return entry.gone


def _resolve(entry: Entry[Any], result: Any, error: BaseException | None) -> None:
    entry.input = None
    entry.future.get_loop().call_soon_threadsafe(_settle, entry, result, error)


def _settle(entry: Entry[Any], result: Any, error: BaseException | None) -> None:
    entry.over = True
    if entry.ended is not None:
        entry.ended.set_result(None)
    future = entry.future
    if future.done():  # Cancelled: nobody waits for it any more.
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)


@contextmanager
def _spans(batch: Sequence[Entry[Any]], name: str, start: float) -> Iterator[None]:
    """A span for each of ``batch`` within the block."""
    with ExitStack() as spans:
        for entry in batch:
            _enter_span(spans, entry, name, len(batch), start - entry.ready_at)
        yield


def _enter_span(spans: ExitStack, entry: Entry[Any], name: str, batch: int, queue: float) -> None:
    entered = span(name, batch=batch, queue_ms=round(queue * 1000, 3))
    # Each span belongs to its own request's trace, so it is opened and closed in that request's context.
    entry.context.run(entered.__enter__)
    spans.push(lambda *raised: entry.context.run(entered.__exit__, *raised))
