"""Assembles the components of the service, and starts and stops them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from fastapi import FastAPI
from threadpoolctl import threadpool_limits

from indexer.generations.remote import RemoteRoot
from models.bundle import Bundle, uses_gpu
from models.bundle.manifest import GraphName, Precision
from models.bundle.plan import plan_for
from service.access.key_ring import KeyRing
from service.access.limiter import Limiter
from service.cache.cache import Cache
from service.cache.connection import RedisConnection
from service.cache.features import FeatureCache
from service.cache.memory import MemoryCache
from service.cache.redis import RedisCache
from service.cache.sealing import sealing_secret
from service.execution.admission import Admission
from service.execution.cores import divide_cores
from service.execution.process_pool import ProcessPool
from service.execution.threads import Threads
from service.http.application import create_http_app
from service.http.body.picture_address import PictureAddresses
from service.http.context import Context
from service.observability.logs import stop_logging
from service.observability.metrics import Metrics
from service.observability.snapshots import Snapshots
from service.search.live_index import LiveIndex
from service.search.pipeline import Search
from service.settings import Settings, load_settings


def create_app(
    settings: Settings | None = None, *, run_folder: Path | None = None, others_serve: bool = False
) -> FastAPI:
    """Create the application. The bundle is loaded and warmed here; the generation is opened when the server starts.

    Args:
        settings: Read from the environment by default.
        run_folder: Shared by the workers of one service; None for a single process.
        others_serve: Whether another worker of this service has had a generation and can answer requests.

    Raises:
        ModisteError: A setting or the bundle cannot be used.
    """
    context = _assemble(settings or load_settings(), run_folder)
    context.search.warm()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await context.live.start()
        if others_serve:
            await _until_usable(context)
        context.snapshots.start()
        if context.keys is not None:
            context.keys.follow(context.settings.poll_s)
        try:
            yield
        finally:
            await context.live.stop()
            if context.keys is not None:
                await context.keys.stop()
            if context.redis is not None:
                await context.redis.close()
            context.search.close()
            context.decoders.close()
            context.snapshots.stop()
            stop_logging()

    return create_http_app(context, lifespan)


async def _until_usable(context: Context) -> None:
    """Wait for a generation before listening. A worker without others listens at once instead, so that probes show why
    the service is not ready."""
    while context.live.generation_id is None and not context.admission.draining:
        await asyncio.sleep(context.settings.poll_s)


def _assemble(settings: Settings, run_folder: Path | None) -> Context:
    # Searches share the cores. BLAS threads of concurrent matrix products would spin while they wait for each other:
    # with two workers on two cores, throughput fell from 400 to 170 searches a second.
    threadpool_limits(1, user_api="blas")
    metrics = Metrics()
    processes, workers = divide_cores(settings, gpu=uses_gpu(settings.device))
    bundle, max_batch = _bundle(settings, processes * workers, run_folder)
    index_root = settings.index_root.absolute()
    live = LiveIndex(
        index_root, bundle, device=settings.device, poll_s=settings.poll_s, metrics=metrics,
        images_root=settings.images_root,
        remote=RemoteRoot(settings.index_url, index_root) if settings.index_url else None,
    )  # fmt: skip
    redis, shared = None, None
    secret = sealing_secret(settings.cache_key.get_secret_value() if settings.cache_key else settings.redis_url or "")
    if settings.redis_url is not None:
        redis = RedisConnection(settings.redis_url, timeout_s=settings.cache_timeout_ms / 1000, metrics=metrics)
        shared = RedisCache(redis, secret=secret, ttl_s=settings.cache_ttl_s, metrics=metrics)
    cache = Cache(MemoryCache(settings.cache_max_bytes, settings.cache_ttl_s), shared)
    admission = Admission(max_wait_s=settings.max_wait_ms / 1000, body_bytes=settings.max_held_bytes, metrics=metrics)
    decoders = ProcessPool(
        settings.decoders, queue=settings.queue,
        memory_bytes=settings.max_pixel_bytes // (processes * settings.decoders), seconds=settings.decode_ms / 1000,
    )  # fmt: skip
    readers = Threads("read", threads=workers, queue=settings.queue)
    addresses = PictureAddresses(
        settings.image_url_hosts, seconds=settings.image_url_ms / 1000, max_bytes=settings.max_image_bytes,
        queue=settings.queue, admission=admission,
    )  # fmt: skip
    search = Search(
        bundle, live, workers=workers, max_batch=max_batch, decoders=decoders, readers=readers,
        admission=admission,
        answers=cache, features=FeatureCache(cache, bundle), limits=settings.picture_limits,
        expect_words=settings.expect_words, understand_text=settings.understand_text, metrics=metrics,
    )  # fmt: skip
    keys = KeyRing(settings.keys) if settings.keys else None
    return Context(
        settings, bundle, live, redis, cache, keys, Limiter(redis, secret=secret), search, admission, decoders, readers,
        addresses, metrics, Snapshots(run_folder, metrics),
    )  # fmt: skip


def _bundle(settings: Settings, cores: int, run_folder: Path | None) -> tuple[Bundle, int]:
    """The bundle, and the largest batch of its vision graph; what the settings leave open is measured."""
    precision: Precision | Literal["auto"] | dict[GraphName, Precision] = settings.precision
    max_batch = settings.max_batch
    if precision == "auto" or max_batch is None:
        plan = plan_for(
            settings.bundle, device=settings.device, threads=settings.threads, cores=cores, run_folder=run_folder
        )
        precision = plan.precisions if precision == "auto" else precision
        max_batch = max_batch or plan.max_batch
    bundle = Bundle(settings.bundle, device=settings.device, threads=settings.threads, precision=precision)
    return bundle, max_batch
