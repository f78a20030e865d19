"""The job of a query: reference and modification -> one vector -> rows of the store -> products."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np
import orjson

from indexer.generation import Generation
from indexer.store import Mask, Vectors
from models.bundle import Bundle, Container, VisionOutput
from models.bundle.expected_words import NEIGHBOURS
from models.bundle.images import Pixels
from models.bundle.style_search import moved_query
from service.cache.features import FeatureCache
from service.cache.memory import Cache, cache_key
from service.errors import UnknownProduct
from service.execution.admission import Admission
from service.execution.scheduler import Job, Scheduler, Stage, Step, Work
from service.execution.single_flight import SingleFlight
from service.execution.thread_pool import ThreadPool
from service.observability.metrics import COLUMNS, Metrics, StageTime
from service.observability.tracing import span
from service.search.encoding import Encoded, Encoding, EncodingInput
from service.search.expected import Expectation, expectation, shown_by, shown_in
from service.search.live_index import LiveIndex
from service.search.nearest import Lookup, Masks, Neighbours, depth_for, find_nearest
from service.search.query import Box, Query
from service.search.ranking import FittingLookup, find_fitting
from service.search.results import results_json
from service.search.stated import Preference, understood_preference
from service.search.uploads import Picture, decode_part, features_key, opened_if_small, read_picture

STAGES = ("decode", "vision", "query", "store", COLUMNS)
"""The stages of a query's job, as ``timings_ms`` and metrics call them."""

INLINE_BYTES = 256 * 2**10
MOST_LOOKUPS = 64


class Answer(NamedTuple):
    """A search's answer, and where its time went."""

    body: bytes
    """``schemas.SearchAnswer`` as JSON."""
    stage_times: dict[str, StageTime]
    """By stage; empty for what a cache knew."""


@dataclass
class Found:
    """What a job comes to."""

    json: bytes
    """``schemas.Found`` as JSON: the part of an answer that a cache may keep."""
    seen: VisionOutput | None
    """What a vision pass of this very job saw in the picture."""
    digest: str | None = None
    """Key of ``seen`` in the feature cache."""
    stage_times: dict[str, StageTime] = field(default_factory=dict)
    """By stage."""
    kept: bool = False
    """Whether the caches have it."""


class _AtStore(NamedTuple):
    """Where a store is asked."""

    among: Stage
    """By the scheduler that does everything."""
    owned: Stage
    """By the one thread that asks a GPU: FAISS' resources there serve one at a time."""

    def of(self, generation: Generation) -> Stage:
        """The stage for a generation's store."""
        return self.owned if generation.store.kind.startswith("gpu") else self.among


class Search:
    """Answers queries with the generation that serves.

    On a CPU one scheduler serves all stages. On a GPU the graphs have a thread of their own, and so has the store: both
    answer one batch at a time, and the CPU's threads decode meanwhile.

    Args:
        workers: Threads that compute; as many as cores, or fewer.
        most: Queries in one batch of a graph.
        decoders: Where large pictures are decoded.
        answers: Keeps answers.
        features: Keeps what was seen in references.
        expect: Whether products that show the words expected of the answer come first, where the bundle tells them.
    """

    def __init__(
        self, bundle: Bundle, live: LiveIndex, *, workers: int, most: int, decoders: ThreadPool, admission: Admission,
        answers: Cache, features: FeatureCache, max_image_bytes: int, expect: bool, metrics: Metrics,
    ) -> None:  # fmt: skip
        self._bundle, self._live, self._decoders, self._admission = bundle, live, decoders, admission
        self._answers, self._features, self._flights, self._masks = answers, features, SingleFlight(), Masks()
        self._max_image_bytes, self._metrics = max_image_bytes, metrics
        # Read once: the fingerprint is a digest of half the manifest, made anew whenever it is asked for.
        self._fingerprint, self._name = bundle.fingerprint, bundle.name
        self._encoding = Encoding(bundle, most)
        self._expects = expect and bundle.manifest.expects

        self._scheduler = Scheduler("search", workers, metrics)
        self._owner = Scheduler("store", 1, metrics)
        on_gpu = bundle.providers[0] != "CPUExecutionProvider"
        graphs = Scheduler("graphs", 1, metrics) if on_gpu else self._scheduler
        self._schedulers = {self._scheduler, graphs, self._owner}
        # In the order of a query's job: one that had to go back would no longer travel with those it came with.
        self._decode = self._scheduler.stage("decode", self._decoded, most)
        self._vision = graphs.stage("vision", self._encoding.vision, most, gathers=True)
        self._alike = self._at_store(find_nearest)
        self._text = graphs.stage("query", self._encoding.text, most)
        self._query = graphs.stage("query", self._encoding.query, most)
        self._store = self._at_store(find_nearest)
        self._fitting = self._at_store(find_fitting)
        self._words: dict[int, Vectors] = {}

    async def answer(self, query: Query) -> Answer:
        """Find the products that fit.

        Raises:
            ModisteError: The query cannot be answered, as the problem documents tell.
        """
        start = time.perf_counter()
        with self._live.use() as generation:
            preference = understood_preference(query.prefer, query.avoid, query.style, self._bundle, generation)
            picture = None if query.picture is None else await self._read(query.picture)
            key = self._key(query, preference, picture, generation)
            kept = await self._answers.get(key)
            self._metrics.cache("miss" if kept is None else "hit", "answers")
            if kept is not None:
                found = Found(kept, None, kept=True)
            else:
                found = await self._shared(query, preference, picture, generation, key)
        total = time.perf_counter() - start
        about = {
            "k": query.k, "offset": query.offset,
            "prefer": preference.prefer if preference else {}, "avoid": preference.avoid if preference else {},
            "style": preference and preference.style, "generation": generation.id, "bundle": self._name,
            "cached": kept is not None, "timings_ms": _timings(found.stage_times, total),
        }  # fmt: skip
        body = found.json[:-1] + b"," + orjson.dumps(about)[1:]
        # Not before the event loop comes round: the answer is on its way by then.
        asyncio.get_running_loop().call_soon(self._finish, key, found, total)
        return Answer(body, found.stage_times)

    def warm(self) -> None:
        """Run every graph at every size, so that no request is the first. Takes seconds for large models."""
        self._encoding.warm()

    def close(self) -> None:
        """End the threads; nothing may be in progress."""
        for scheduler in self._schedulers:
            scheduler.close()

    def _at_store(self, work: Work) -> _AtStore:
        among, owned = (scheduler.stage("store", work, MOST_LOOKUPS) for scheduler in (self._scheduler, self._owner))
        return _AtStore(among, owned)

    async def _read(self, sent: bytes | str) -> Picture:
        read = partial(read_picture, sent, self._max_image_bytes)
        # A thread costs more than reading a small picture, and the event loop too much time for a large one.
        return read() if len(sent) <= INLINE_BYTES else await self._decoders.run(read)

    def _key(self, query: Query, preference: Preference | None, picture: Picture | None, generation: Generation) -> str:
        return cache_key(
            bundle=self._fingerprint, generation=generation.id, product=query.product_id, text=query.text,
            picture=picture and picture.digest, box=query.box,
            k=query.k, offset=query.offset, filters=query.filters, exclude=sorted(query.exclude),
            preference=preference and preference.key, expects=self._expects,
        )  # fmt: skip

    async def _shared(
        self, query: Query, preference: Preference | None, picture: Picture | None, generation: Generation, key: str
    ) -> Found:
        """Find, or wait for who is finding the same already."""
        # Everyone who waits holds the generation that is searched, so they must mean the very same object.
        work = partial(self._find, query, preference, picture, generation)
        return await self._flights.run(f"{key} {id(generation)}", work)

    async def _find(
        self, query: Query, preference: Preference | None, picture: Picture | None, generation: Generation
    ) -> Found:
        """What no cache knows: look at what is known of the reference, then send the query through the stages."""
        row = None if query.product_id is None else generation.row_of(query.product_id)
        if query.product_id is not None and row is None:
            raise UnknownProduct(query.product_id)
        seen = None
        whole = query.box is None
        indexed = row is not None and whole and (self._bundle.manifest.reference == "embedding" or not query.text)
        digest = picture.digest if picture else generation.image_hash(row) if row is not None and not indexed else None
        features = None
        if digest is not None:
            features = features_key(digest, query.box)
            seen = await self._features.get(features)
            self._metrics.cache("hit" if seen else "miss", "features")
            if seen is None and picture is None:
                assert row is not None
                picture = Picture(await self._decoders.run(partial(generation.image, row)), digest)
        unseen: Container | Pixels | None = None
        if seen is None and picture is not None:
            unseen = opened_if_small(picture.data)
            if unseen is None:
                # Apart from the rest, and before it takes a place among them: a giant delays nobody but other giants.
                unseen = await self._decoders.run(partial(self._pixels, picture.data, query.box))
        stage_times: dict[str, StageTime] = {}
        with self._admission.slot():
            indexed_row = row if indexed else None
            job = self._job(query, preference, generation, indexed_row, row, unseen, seen, stage_times)
            try:
                found = await self._scheduler.run(job, stage_times)
            except BaseException:
                self._metrics.stage_times(dict(stage_times))
                raise
        found.digest, found.stage_times = features, stage_times
        return found

    def _finish(self, key: str, found: Found, total: float) -> None:
        """Put into the caches what they did not know, and count."""
        self._metrics.stage("total", total)
        if found.kept:
            return
        found.kept = True  # For all who waited for it together.
        self._metrics.stage_times(found.stage_times)
        if found.seen is not None and found.digest is not None:
            self._features.put(found.digest, found.seen)
        self._answers.put(key, found.json)

    def _job(
        self, query: Query, preference: Preference | None, generation: Generation, indexed: int | None,
        row: int | None, unseen: Container | Pixels | None, seen: VisionOutput | None,
        stage_times: dict[str, StageTime],
    ) -> Job[Found]:  # fmt: skip
        """A query's way through the stages, in threads.

        Args:
            indexed: Row of the reference where its stored vector is all that is needed of it.
            row: Row of the reference where it is a product.
            unseen: The reference's picture, where no vision pass has seen it yet.
        """
        seen_now = None
        allowed = self._masks.of(generation, query.filters)
        vector: Vectors | None = None
        features: Vectors | None = None
        if indexed is not None:
            vector = features = generation.vectors([indexed])
        elif seen is not None or unseen is not None:
            if seen is None:
                pixels = (yield self._decode((unseen, query.box))) if isinstance(unseen, Container) else unseen
                seen = seen_now = yield self._vision(pixels)
            vector, features = seen.embedding, seen.features
        words = yield from self._embedded(preference)
        truncated, hoped = False, None
        if query.text:
            stage = self._text if features is None else self._query
            shown = yield from self._shown(generation, row if query.box is None else None, seen)
            encoded: Encoded = yield stage(EncodingInput(features, query.text, shown))
            vector, truncated = encoded.vector, encoded.truncated
            if shown is not None and encoded.expected is not None:
                hoped = expectation(encoded.expected, shown, generation, preference)
        excluded = generation.rows_of(sorted(query.exclude)).tolist() if query.exclude else ()
        removed = {found for found in excluded if found >= 0}
        if row is not None:
            removed.add(row)
        # It is cheaper to ask for a few more and drop them than to make a mask of one's own of each query's removals.
        total = generation.size if allowed is None else int(allowed.sum())
        total -= len(removed) if allowed is None else sum(bool(allowed[one]) for one in removed)
        rows, scores = [], []
        if query.offset < total:
            assert vector is not None
            wanted = min(query.offset + query.k, total) + len(removed)
            if words is not None:
                vector = moved_query(vector[0], *words)[None]
            nearest: Neighbours = yield self._lookup(generation, vector, wanted, allowed, preference, hoped)
            pairs = zip(nearest.rows.tolist(), nearest.scores.tolist(), strict=True)
            page = [pair for pair in pairs if pair[0] not in removed][query.offset : query.offset + query.k]
            rows, scores = [row for row, _ in page], [score for _, score in page]
        start = time.perf_counter()
        with span("columns"):
            results = results_json(generation, rows, scores)
        found = b'{"mode":"%b","results":%b,"total":%d,"text_truncated":%b,"expected":%b}' % (
            query.mode.encode(), results, total, b"true" if truncated else b"false",
            orjson.dumps(hoped.words if hoped else []),
        )  # fmt: skip
        stage_times[COLUMNS] = StageTime(0.0, time.perf_counter() - start)
        return Found(found, seen_now)

    def _embedded(self, preference: Preference | None) -> Job[tuple[Vectors, Vectors] | None]:
        """The vectors ``[W, D]`` of the wanted and of the unwanted words, where they are to move the query."""
        if preference is None or not preference.moves:
            return None
        for place in (*preference.wanted, *preference.unwanted):
            if place not in self._words:
                encoded: Encoded = yield self._text(EncodingInput(None, self._bundle.vocabulary.words[place]))
                self._words[place] = encoded.vector
        return self._stacked(preference.wanted), self._stacked(preference.unwanted)

    def _stacked(self, places: Sequence[int]) -> Vectors:
        return np.concatenate([np.zeros((0, self._bundle.dim), np.float32), *(self._words[place] for place in places)])

    def _shown(self, generation: Generation, row: int | None, seen: VisionOutput | None) -> Job[Vectors | None]:
        """The reference's words ``[1, A]``, where the answer's are to be expected: of a product as the catalogue says;
        of an upload as is seen in it, and as the products say that look like it."""
        if not self._expects or not generation.told.any():
            return None
        if row is not None:
            return shown_by(generation, [row])
        if seen is None or seen.attributes is None:
            return None
        near: Neighbours = yield self._alike.of(generation)(Lookup(generation, seen.embedding, NEIGHBOURS, None))
        return shown_in(seen.attributes, near, generation)

    def _lookup(
        self, generation: Generation, vector: Vectors, wanted: int, allowed: Mask | None,
        preference: Preference | None, hoped: Expectation | None,
    ) -> Step:  # fmt: skip
        satisfied = preference.satisfied(generation) if preference is not None and preference.filters else None
        if satisfied is None and hoped is None:
            return self._store.of(generation)(Lookup(generation, vector, depth_for(wanted), allowed))
        lookup = FittingLookup(generation.store, vector, satisfied, hoped, wanted, allowed)
        return self._fitting.of(generation)(lookup)

    def _decoded(self, pictures: list[tuple[Container, Box | None]]) -> list[Pixels | Exception]:
        return [self._pixels_or_error(*picture) for picture in pictures]

    def _pixels_or_error(self, picture: Container, box: Box | None) -> Pixels | Exception:
        try:
            return self._pixels(picture, box)
        except Exception as error:
            return error

    def _pixels(self, picture: bytes | Container, box: Box | None) -> Pixels:
        images = self._bundle.manifest.images
        return images.pixels(decode_part(picture, box, about=(images.width, images.height)))


def _timings(stage_times: dict[str, StageTime], total: float) -> dict[str, float]:
    milliseconds, queue = dict.fromkeys(STAGES, 0.0), 0.0
    for stage, stage_time in stage_times.items():
        milliseconds[stage] = round(stage_time.work * 1000, 3)
        queue += stage_time.queue
    return {**milliseconds, "queue": round(queue * 1000, 3), "total": round(total * 1000, 3)}
