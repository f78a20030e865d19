"""The web application: parts put together, started and stopped."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from models.bundle import Bundle
from service.cache.features import FeatureCache
from service.cache.levels import Cache
from service.cache.memory import MemoryCache
from service.cache.redis import RedisCache
from service.cache.sealing import sealing_secret
from service.execution.admission import BATCHES_ON_GPU, CALM_FACTOR, SLOTS_PER_WORKER, Admission
from service.execution.cores import shared_out
from service.execution.thread_pool import ThreadPool
from service.http.application import create_http_app
from service.http.context import Context
from service.observability.metrics import Metrics
from service.search.live_index import LiveIndex
from service.search.pipeline import Search
from service.settings import Settings, load_settings

logger = logging.getLogger(__name__)


def create_app(settings: Settings | None = None) -> FastAPI:
    """Make the application; the bundle is loaded here, the generation when the server starts.

    Args:
        settings: Read from the environment where they are not given.

    Raises:
        ModisteError: A setting or the bundle cannot be used.
    """
    context = _assemble(settings or load_settings())
    settings = context.settings

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(context.search.warm)
        await context.live.start()
        entering = asyncio.create_task(context.metrics.keep_entering())
        try:
            yield
        finally:
            entering.cancel()
            context.metrics.enter()
            await context.live.stop()
            await context.cache.close()
            context.search.close()
            context.decoders.close()
            context.readers.close()

    return create_http_app(context, lifespan)


def _assemble(settings: Settings) -> Context:
    metrics = Metrics()
    bundle = Bundle(settings.bundle, device=settings.device, threads=settings.threads, precision=settings.precision)
    live = LiveIndex(
        settings.index_root, bundle, device=settings.device, poll_s=settings.poll_s, metrics=metrics,
        images_root=settings.images_root,
    )  # fmt: skip
    cache = _cache(settings, metrics)
    gpu = bundle.providers[0] != "CPUExecutionProvider"
    workers = shared_out(settings, gpu=gpu).workers
    slots = settings.in_flight or (BATCHES_ON_GPU * settings.max_batch if gpu else SLOTS_PER_WORKER * workers)
    most = slots if settings.in_flight else CALM_FACTOR * slots
    admission = Admission(slots=slots, most=most, body_bytes=settings.max_held_bytes, metrics=metrics)
    decoders = ThreadPool("decode", threads=settings.decoders, queue=settings.queue, polite=True)
    readers = ThreadPool("read", threads=workers, queue=settings.queue)
    search = Search(
        bundle, live, workers=workers, max_batch=settings.max_batch, decoders=decoders, admission=admission,
        answers=cache, features=FeatureCache(cache, bundle), max_image_bytes=settings.max_image_bytes,
        expect_words=settings.expect_words, metrics=metrics,
    )  # fmt: skip
    return Context(settings, bundle, live, cache, search, admission, decoders, readers, metrics)


def _cache(settings: Settings, metrics: Metrics) -> Cache:
    memory = MemoryCache(settings.cache_max_bytes, settings.cache_ttl_s)
    if settings.redis_url is None:
        return Cache(memory)
    redis = RedisCache(
        settings.redis_url, secret=_cache_secret(settings), ttl_s=settings.cache_ttl_s,
        timeout_s=settings.cache_timeout_ms / 1000, metrics=metrics,
    )  # fmt: skip
    return Cache(memory, redis)


def _cache_secret(settings: Settings) -> bytes:
    if settings.cache_key is not None:
        return sealing_secret(settings.cache_key.get_secret_value())
    logger.warning(
        "MODISTE_CACHE_KEY is not set. Values in Redis are authenticated with a key derived from MODISTE_REDIS_URL and "
        "MODISTE_OPERATIONS_KEY: whoever knows both can forge answers."
    )
    operations_key = settings.operations_key.get_secret_value() if settings.operations_key else ""
    return sealing_secret(settings.redis_url or "", operations_key)
