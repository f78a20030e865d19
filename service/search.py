"""The life of a query: reference and modification -> one vector -> rows of the store -> products."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from urllib.parse import quote

import numpy as np
from pydantic import ValidationError

from indexer.generation import Generation
from indexer.store import Vectors
from models.bundle import Bundle, decode_image
from models.bundle.images import Pixels
from service.cache import Cache, cache_key
from service.live_index import LiveIndex
from service.pictures import Picture, read_picture
from service.pool import Pool
from service.problems import UnknownProduct
from service.query import Query
from service.schemas import Found, ProductCard, Result, SearchAnswer, Timings
from service.telemetry import Telemetry

logger = logging.getLogger(__name__)


class Stopwatch:
    """Milliseconds by stage of one search."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self.stages: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block as (a part of) a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.stages[name] = self.stages.get(name, 0.0) + _milliseconds_since(start)

    def timings(self) -> Timings:
        """All stages so far, and the time since the start."""
        return Timings(**self.stages, total=_milliseconds_since(self._start))


class Search:
    """Answers queries with the generation that serves.

    Args:
        decoders: Where pictures are read and decoded.
        searchers: Where graphs run and vectors are searched.
    """

    def __init__(
        self, bundle: Bundle, live: LiveIndex, cache: Cache, *, decoders: Pool, searchers: Pool,
        max_image_bytes: int, telemetry: Telemetry,
    ) -> None:  # fmt: skip
        self._bundle, self._live, self._cache = bundle, live, cache
        self._decoders, self._searchers = decoders, searchers
        self._max_image_bytes, self._telemetry = max_image_bytes, telemetry

    async def answer(self, query: Query) -> SearchAnswer:
        """Find the products that fit.

        Raises:
            ModisteError: The query cannot be answered, as the problem documents tell.
        """
        watch = Stopwatch()
        with self._live.use() as generation:
            picture = None
            if query.picture is not None:
                with watch.stage("decode"):
                    picture = await self._decoders.run(partial(read_picture, query.picture, self._max_image_bytes))
            key = self._key(query, picture, generation)
            found = await self._cached(key)
            cached = found is not None
            if found is None:
                pixels = None
                if picture is not None:
                    with watch.stage("decode"):
                        pixels = await self._decoders.run(partial(self._pixels, picture.data))
                found = await self._searchers.run(partial(self._find, query, pixels, generation, watch))
                self._cache.put(key, found.model_dump_json().encode())
        timings = watch.timings()
        for stage in (*watch.stages, "total"):
            self._telemetry.stage(stage, getattr(timings, stage))
        return SearchAnswer(
            **dict(found), k=query.k, offset=query.offset, generation=generation.id, bundle=self._bundle.name,
            cached=cached, timings_ms=timings,
        )  # fmt: skip

    def _key(self, query: Query, picture: Picture | None, generation: Generation) -> str:
        return cache_key(
            bundle=self._bundle.fingerprint, generation=generation.id, product=query.product_id, text=query.text,
            picture=picture and picture.digest,
            k=query.k, offset=query.offset, filters=query.filters, exclude=sorted(query.exclude),
        )  # fmt: skip

    async def _cached(self, key: str) -> Found | None:
        value = await self._cache.get(key)
        if value is not None:
            try:
                found = Found.model_validate_json(value)
            except ValidationError:
                logger.warning("The cache holds something else than an answer under %s; it is computed again.", key)
                self._telemetry.cache("error")
                return None
            self._telemetry.cache("hit")
            return found
        self._telemetry.cache("miss")
        return None

    def _pixels(self, picture: bytes) -> Pixels:
        images = self._bundle.manifest.images
        return images.pixels(decode_image(picture, about=(images.width, images.height)))

    def _find(self, query: Query, pixels: Pixels | None, generation: Generation, watch: Stopwatch) -> Found:
        reference_row = None
        if query.product_id is not None:
            reference_row = generation.row_of(query.product_id)
            if reference_row is None:
                raise UnknownProduct(query.product_id)
        vector, truncated = self._encode(query, pixels, reference_row, generation, watch)
        removed = {int(row) for row in generation.rows_of(sorted(query.exclude)) if row >= 0}
        if reference_row is not None:
            removed.add(reference_row)
        with watch.stage("store"):
            scores, rows, total = _best(vector, query, removed, generation)
        with watch.stage("columns"):
            results = [
                Result(**dict(product_card(generation, row)), score=round(score, 6))
                for score, row in zip(scores, rows, strict=True)
            ]
        return Found(mode=query.mode, results=results, total=total, text_truncated=truncated)

    def _encode(
        self, query: Query, pixels: Pixels | None, row: int | None, generation: Generation, watch: Stopwatch
    ) -> tuple[Vectors, bool]:
        """The query's vector ``[1, D]``, and whether the text was cut."""
        features = embedding = None
        if row is not None and (self._bundle.manifest.reference == "embedding" or not query.text):
            # The index has already seen this picture.
            features = embedding = generation.vectors([row])
        elif row is not None:
            with watch.stage("decode"):
                pixels = self._pixels(generation.image(row))
        if pixels is not None:
            with watch.stage("vision"):
                seen = self._bundle.vision(pixels[None])
            features, embedding = seen.features, seen.embedding
        if not query.text:
            assert embedding is not None
            return embedding, False
        with watch.stage("query"):
            ids, truncated = self._bundle.tokenizer.encode([query.text])
            vector = self._bundle.text(ids) if features is None else self._bundle.query(features, ids)
        return vector, truncated[0]


def product_card(generation: Generation, row: int) -> ProductCard:
    """The product in ``row`` with the link of its picture."""
    product = generation.product(row)
    return ProductCard(**product, image=f"/products/{quote(product['id'], safe='')}/image")


def _best(
    vector: Vectors, query: Query, removed: set[int], generation: Generation
) -> tuple[list[float], list[int], int]:
    """Scores and rows of the page that is asked for, and how many products there are to page through."""
    allowed = generation.mask(query.filters)
    if allowed is None:
        total = generation.size - len(removed)
    else:
        allowed = np.array(allowed)
        allowed[list(removed)] = False
        total = int(np.count_nonzero(allowed))
    if query.offset >= total:
        return [], [], total
    # Without a filter it is cheaper to ask for a few more and drop them than to hand a mask to the store.
    spare = len(removed) if allowed is None else 0
    scores, rows = generation.store.search(vector, min(query.offset + query.k, total) + spare, allowed)
    kept = np.array([row >= 0 and int(row) not in removed for row in rows[0]], dtype=np.bool_)
    page = slice(query.offset, query.offset + query.k)
    return scores[0][kept][page].tolist(), rows[0][kept][page].tolist(), total


def _milliseconds_since(start: float) -> float:
    return round((time.perf_counter() - start) * 1000, 3)
