"""The steps of a search: cache, single flight, admission, stages (``job.py``), response."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Coroutine
from contextlib import ExitStack, nullcontext
from functools import partial
from typing import Any, NamedTuple, TypeVar

from catalog.errors import ModisteError
from indexer.generations.generation import Generation
from models.bundle import Bundle, Container, UnreadableImage
from models.bundle.images import Pixels
from service.cache.cache import Cache
from service.cache.features import FeatureCache
from service.errors import PictureGone, UnknownProduct
from service.execution.admission import Admission
from service.execution.process_pool import ProcessPool, WorkFailed
from service.execution.scheduler import Scheduler
from service.execution.single_flight import SingleFlight
from service.execution.threads import Threads
from service.limits import PictureLimits
from service.observability.metrics import COLUMNS, Metrics, StageTime
from service.observability.tracing import span
from service.search import catalog
from service.search.answers import FoundRows, SearchAnswer, Timings
from service.search.cache_key import answer_key, features_key
from service.search.encoding import Encoding
from service.search.job import Reference, SearchStages
from service.search.live_index import LiveIndex
from service.search.query import Box, Query
from service.search.uploads import (
    Picture,
    decode_pixels,
    is_large,
    log_crash,
    open_within,
    opens_in_decoder,
    read_picture,
    too_much_memory,
    too_slow,
)
from service.search.words.explanation import understanding_of
from service.search.words.stated import Stated, stated_words
from service.search.words.wishes import Wishes, wishes_of
from understanding.words.language import digest, languages

T = TypeVar("T")

INLINE_BYTES = 256 * 2**10
"""Pictures and bodies up to this size are read on the event loop."""
INLINE_CHARACTERS = 200
"""Texts up to this length are parsed on the event loop."""

StageTimes = dict[str, StageTime]


class Answer(NamedTuple):
    """The response to a search, and its time in each stage."""

    content: SearchAnswer
    stage_times: StageTimes
    """By stage; empty except for ``columns`` if the outcome was cached."""


class Timed(NamedTuple):
    """The outcome of a search, and its time in each stage."""

    found: FoundRows
    wishes: Wishes | None
    stage_times: StageTimes


class Search:
    """Answers queries with the current generation. Used from one event loop.

    Args:
        bundle: Encodes the queries.
        live: The current generation.
        workers: Number of search threads, at most one per core.
        max_batch: Maximum batch of the vision graph.
        decoders: Decodes large pictures; stops a decoding if its caller is cancelled.
        readers: Reads files and large request fields.
        admission: Limits the searches in progress.
        answers: Caches the outcomes of searches.
        features: Caches the outputs of the vision graph.
        limits: Limits of uploaded and fetched pictures.
        expect_words: Whether products with the words expected of the answer rank first.
        understand_text: Whether texts are parsed before the model reads them.
        metrics: Records stages, cache hits and times.
    """

    def __init__(
        self, bundle: Bundle, live: LiveIndex, *, workers: int, max_batch: int, decoders: ProcessPool,
        readers: Threads, admission: Admission, answers: Cache, features: FeatureCache, limits: PictureLimits,
        expect_words: bool, understand_text: bool, metrics: Metrics,
    ) -> None:  # fmt: skip
        self._bundle, self._live, self._admission = bundle, live, admission
        self._decoders, self._readers = decoders, readers
        self._answers, self._features, self._flights = answers, features, SingleFlight()
        self._limits, self._expect_words, self._metrics = limits, expect_words, metrics
        self._understood_by = digest() if understand_text else ""
        self._fingerprint = bundle.fingerprint  # The property computes it at each access.
        self._encoding = Encoding(bundle, max_batch)
        self._scheduler = Scheduler("search", workers, metrics)
        # A GPU runs one batch at a time, so one thread feeds it while the workers decode and search.
        on_gpu = bundle.providers[0] != "CPUExecutionProvider"
        self._graphs = Scheduler("graphs", 1, metrics) if on_gpu else self._scheduler
        self._stages = SearchStages(
            bundle, self._encoding, scheduler=self._scheduler, graphs=self._graphs, max_batch=max_batch,
            expect_words=expect_words,
        )  # fmt: skip

    async def answer(self, query: Query) -> Answer:
        """Search the current generation.

        Raises:
            ModisteError: The query cannot be answered; ``http/problems.py`` lists the reasons.
        """
        start = time.perf_counter()
        if not self._understood_by:
            query = query.as_one_text()
        with self._live.use() as generation:
            stated = stated_words(query.prefer, query.avoid, query.style, self._bundle, generation)
            picture = None
            if query.picture is not None:
                read = partial(read_picture, query.picture, self._limits.bytes)
                picture = await self._run(read, inline=len(query.picture) <= INLINE_BYTES)
            key = answer_key(
                query, picture, stated, generation=f"{generation.id} {generation.digest}", bundle=self._fingerprint,
                expect_words=self._expect_words, understood_by=self._understood_by,
            )  # fmt: skip
            cached = await self._cached(key, generation)
            if cached is not None:
                outcome = Timed(cached, await self._understood(query, generation), {})
            else:
                # The callers keep the generation open for the shared work, so only callers with the same object share
                # it.
                work = partial(self._find, query, stated, picture, generation, key)
                outcome = await self._flights.run(f"{key} {id(generation)}", partial(self._admitted, work))
            found, wishes = outcome.found, outcome.wishes
            reading = time.perf_counter()
            with span(COLUMNS):
                results = catalog.results(generation, found)
                understood = understanding_of(wishes, generation, found.fitting) if wishes else None
            stage_times = {**outcome.stage_times, COLUMNS: StageTime(0.0, time.perf_counter() - reading)}
        total = time.perf_counter() - start
        self._metrics.stage(COLUMNS, stage_times[COLUMNS].work)
        self._metrics.stage("total", total)
        content = SearchAnswer(
            mode=query.mode, results=results, total=found.total, text_truncated=found.text_truncated,
            expected=found.expected, understood=understood, k=query.k, offset=query.offset,
            prefer=stated.prefer if stated else {}, avoid=stated.avoid if stated else {},
            style=stated.style if stated else None, generation=generation.id, bundle=self._bundle.name,
            cached=cached is not None, timings_ms=_timings(stage_times, total),
        )  # fmt: skip
        return Answer(content, stage_times)

    def warm(self) -> None:
        """Run every graph at every batch size, and read all word lists, before the first request. Takes seconds for
        large models."""
        self._encoding.warm()
        if self._understood_by:
            for language in languages().values():
                _ = language.spelling  # Cached by its first use.

    def close(self) -> None:
        """End the threads. No search may be in progress."""
        for scheduler in {self._scheduler, self._graphs}:
            scheduler.close()

    async def _understood(self, query: Query, generation: Generation, *, admitted: bool = False) -> Wishes | None:
        if not self._understood_by:
            return None
        inline = len(query.text) + sum(map(len, query.history)) <= INLINE_CHARACTERS
        with self._admission.paused() if admitted and not inline else nullcontext():
            return await self._run(partial(wishes_of, query, generation), inline=inline)

    async def _run(self, work: Callable[[], T], *, inline: bool) -> T:
        """Short work runs on the event loop, because passing it to a thread costs more."""
        return work() if inline else await self._readers.run(work)

    async def _cached(self, key: str, generation: Generation) -> FoundRows | None:
        value = await self._answers.get(key)
        found = None if value is None else FoundRows.from_json(value, generation)
        self._metrics.cache("miss" if found is None else "hit", "answers")
        return found

    def _admitted(self, work: Callable[[ExitStack], Coroutine[Any, Any, Timed]]) -> Coroutine[Any, Any, Timed]:
        """Admit a search now and not in the first step of its task: before it, any number of other searches could be
        admitted.

        Raises:
            Overloaded: The expected wait is too long.
        """
        # The event loop runs callbacks in their order, so the task enters this stack before a cancellation reaches it.
        admitted = ExitStack()
        admitted.enter_context(self._admission.search())
        return work(admitted)

    async def _find(
        self, query: Query, stated: Stated | None, picture: Picture | None, generation: Generation, key: str,
        admitted: ExitStack,
    ) -> Timed:  # fmt: skip
        """Search, and cache the outcome. All concurrent callers with ``key`` share it."""
        stage_times: StageTimes = {}
        with admitted:
            # After admission, because it is expensive.
            wishes = await self._understood(query, generation, admitted=True)
            reference = await self._reference(query, picture, generation)
            try:
                job = self._stages.job(query, stated, wishes, generation, reference)
                outcome = await self._scheduler.run(job, stage_times)
            finally:
                self._metrics.stage_times(dict(stage_times))
        if outcome.vision is not None and reference.vision_key is not None:
            self._features.put(reference.vision_key, outcome.vision)
        if not reference.replaced:  # The key has the digest of the indexed picture.
            self._answers.put(key, outcome.found.to_json())
        return Timed(outcome.found, wishes, stage_times)

    async def _reference(self, query: Query, picture: Picture | None, generation: Generation) -> Reference:
        """The reference of a query, with its cached features if there are any."""
        row, digest = None, picture and picture.digest
        if query.product_id is not None:
            row = generation.row_of(query.product_id)
            if row is None:
                raise UnknownProduct(query.product_id)
            if query.box is None and (self._bundle.manifest.reference == "embedding" or not query.text):
                return Reference(row)
            digest = generation.image_hash(row)
        if digest is None:
            return Reference()
        vision = await self._features.get(features_key(query.shop, digest, query.box))
        self._metrics.cache("hit" if vision else "miss", "features")
        if vision is not None:
            return Reference(row, vision)
        with self._admission.paused():
            limits = None if picture is None else self._limits
            if picture is None:
                assert row is not None
                data = await self._readers.run(partial(_picture, generation, row))
                # Computed again, because the file may have been replaced since it was indexed.
                picture = Picture(data, hashlib.sha256(data).hexdigest())
            pixels = await self._opened(picture.data, query.box, limits)
        vision_key, replaced = features_key(query.shop, picture.digest, query.box), picture.digest != digest
        return Reference(row, picture=pixels, vision_key=vision_key, replaced=replaced)

    async def _opened(self, data: bytes, box: Box | None, limits: PictureLimits | None) -> Container | Pixels:
        """A picture, decoded if that may be expensive or dangerous.

        This is done by low-priority processes, and is not counted as a search in progress, so that such pictures delay
        only each other.
        """
        if opens_in_decoder(data):
            return await self._decode(data, box, limits)
        opened = await self._run(partial(open_within, data, None, limits), inline=len(data) <= INLINE_BYTES)
        return await self._decode(opened, box, limits) if is_large(opened) else opened

    async def _decode(self, picture: bytes | Container, box: Box | None, limits: PictureLimits | None) -> Pixels:
        memory_bytes, images = self._decoders.memory_bytes, self._bundle.manifest.images
        if isinstance(picture, Container):
            open_within(picture, memory_bytes)  # Before it waits for a process.
        try:
            return await self._decoders.run(decode_pixels, picture, box, images, memory_bytes, limits)
        except TimeoutError as error:
            raise too_slow(picture) from error
        except MemoryError as error:
            raise too_much_memory(picture) from error
        except WorkFailed as error:
            log_crash(picture, error.ended_by)
            raise UnreadableImage(
                "The picture could not be decoded.", hint="Save it again as an ordinary JPEG and send that."
            ) from error


def _picture(generation: Generation, row: int) -> bytes:
    try:
        return generation.image(row)
    except ModisteError as error:
        raise PictureGone(generation.product(row)["id"], field="product_id") from error


def _timings(stage_times: StageTimes, total_s: float) -> Timings:
    milliseconds = {stage: round(time.work * 1000, 3) for stage, time in stage_times.items()}
    queue = sum(time.queue for time in stage_times.values())
    return Timings(**milliseconds, queue=round(queue * 1000, 3), total=round(total_s * 1000, 3))
