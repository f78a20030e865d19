"""The HTTP application: routes, static files and middleware."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Scope
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from service.errors import NotReady
from service.http import problems
from service.http.context import Context
from service.http.images import ProductImages
from service.http.middleware.deadline import TIMEOUT_HEADER
from service.http.middleware.request import RequestMiddleware
from service.http.middleware.search import SearchMiddleware
from service.http.openapi import openapi_document
from service.http.routes import events, health, images, operations, pages, products, search
from service.http.wire import EXAMPLE_ID
from service.observability.logs import PROBE_PATHS
from service.observability.tracing import tracer_provider

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

GZIP_MIN_BYTES = 1024
GZIP_LEVEL = 4
"""Takes 0.1 ms for a page of results. Level 9 takes three times as long and saves 5%."""
CORS_REQUEST_HEADERS = ("Authorization", "Content-Type", "X-Request-ID", TIMEOUT_HEADER, "traceparent", "tracestate")
CORS_RESPONSE_HEADERS = ("X-Request-ID", "Server-Timing", "Retry-After", "RateLimit", "RateLimit-Policy", "ETag")
CORS_MAX_AGE_S = 3600


def create_http_app(context: Context, lifespan: Lifespan) -> FastAPI:
    """Create the application. ``service.app.create_app`` creates its components.

    Args:
        lifespan: Starts and stops the components.
    """
    settings = context.settings
    app = FastAPI(
        title="Modiste",
        summary="Composed image retrieval for fashion shops.",
        version=modiste_version(),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json" if settings.docs else None,
        # Starlette would redirect to the scheme and the host of the request, which a proxy may not have passed on: with
        # a key in the request, from https to http.
        redirect_slashes=False,
        telemetry={
            "tracer_provider": tracer_provider(), "exclude": partial(_is_probe, settings.root_path),
            "metrics": False, "logs": False, "operation_spans": False,
        },
    )  # fmt: skip
    app.state.context = context
    app.state.images = ProductImages(context.readers, context.decoders, settings.image_cache_bytes)
    app.openapi = partial(  # type: ignore[method-assign]
        openapi_document, app, settings, partial(_example_id, context)
    )
    problems.install(app)
    for routes in (search, images, products, events, health, operations, pages):
        app.include_router(routes.router)
    pages.mount_files(app)
    if settings.docs:
        app.include_router(pages.docs)
        pages.mount_docs(app)
    _add_middleware(app, context)
    return app


def _example_id(context: Context) -> str:
    """The id of a product that anyone may search for, else a placeholder."""
    if context.keys is not None and not context.settings.public_search:
        return EXAMPLE_ID
    try:
        with context.live.use() as generation:
            return str(generation.product(0)["id"])
    except NotReady:
        return EXAMPLE_ID


def modiste_version() -> str:
    """The installed version."""
    try:
        return version("modiste")
    except PackageNotFoundError:  # A checkout that is not installed.
        return "0+unknown"


def _add_middleware(app: FastAPI, context: Context) -> None:
    """From the innermost to the outermost."""
    settings = context.settings
    app.add_middleware(GZipMiddleware, minimum_size=GZIP_MIN_BYTES, compresslevel=GZIP_LEVEL)
    app.add_middleware(SearchMiddleware, admission=context.admission, metrics=context.metrics, settings=settings)
    app.add_middleware(
        RequestMiddleware, metrics=context.metrics, admission=context.admission, root_path=settings.root_path
    )
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=settings.cors_origins, allow_methods=("GET", "HEAD", "POST"),
            allow_headers=CORS_REQUEST_HEADERS, expose_headers=CORS_RESPONSE_HEADERS, max_age=CORS_MAX_AGE_S,
        )  # fmt: skip
    if settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.trusted_proxies))


def _is_probe(root_path: str, scope: Scope) -> bool:
    return scope["path"].removeprefix(root_path) in PROBE_PATHS
