"""OpenTelemetry traces, where they are wanted: a span for each request and for each of its stages.

Without the extra ``otel``, or without an endpoint in the standard ``OTEL_*`` variables, nothing is traced and a span
costs a microsecond.
"""

from __future__ import annotations

import logging
import os
import threading
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.observability.logs import QUIET

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, Tracer

logger = logging.getLogger(__name__)

SHUTDOWN_S = 3.0
"""The longest that the last spans may hold up the end of the process."""
PROTOCOL = "http/protobuf"

_NOTHING: AbstractContextManager[None] = nullcontext()
_provider: TracerProvider | None = None
_tracer: Tracer | None = None


def span(name: str, **attributes: str | int | float | bool) -> AbstractContextManager[Span | None]:
    """``with span("vision", batch=4):`` times the block as a part of the request's trace.

    It belongs to whatever span the calling context is in: ``copy_context()`` carries that into threads and tasks.
    An exception that leaves the block is recorded.
    """
    if _tracer is None:
        return _NOTHING
    return _tracer.start_as_current_span(name, attributes=attributes)


def tracing() -> bool:
    """Whether spans go anywhere: what prepares one can be spared otherwise."""
    return _tracer is not None


def set_up_tracing(exporter: SpanExporter | None = None) -> bool:
    """Trace from now on, if it is asked for; whether it is.

    Asked for is what the standard variables say: ``OTEL_EXPORTER_OTLP_ENDPOINT`` or
    ``OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`` (OTLP over HTTP), unless ``OTEL_SDK_DISABLED`` or ``OTEL_TRACES_EXPORTER``
    forbid it. Sampling, resource, headers and batching follow their variables, too; the service is called ``modiste``
    unless ``OTEL_SERVICE_NAME`` says otherwise. What is asked for and cannot be had is a line in the log: platforms set
    these variables for every program alike.

    Args:
        exporter: Where spans go at once, whatever the variables say.
    """
    global _provider, _tracer
    if exporter is None and not _wanted():
        return False
    try:
        from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

        if exporter is None:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError:
        logger.warning("Traces are asked for (OTEL_*), but not sent: they need pip install 'modiste[otel]'.")
        return False
    shut_down_tracing()
    resource = Resource.create({SERVICE_NAME: "modiste"}).merge(OTELResourceDetector().detect())
    _provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    if exporter is None:
        _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    else:
        _provider.add_span_processor(SimpleSpanProcessor(exporter))
    _tracer = _provider.get_tracer("modiste")
    return True


def shut_down_tracing() -> None:
    """Send what is left, for a few seconds at most, and trace no more."""
    global _provider, _tracer
    provider, _provider, _tracer = _provider, None, None
    if provider is None:
        return
    # An endpoint that is away is asked again and again for longer than an orchestrator waits before it kills.
    last = threading.Thread(target=provider.shutdown, name="last spans", daemon=True)
    last.start()
    last.join(SHUTDOWN_S)


class Tracing:
    """Gives each request a span, which continues the trace that its ``traceparent`` header names."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _tracer is None or scope["type"] != "http" or scope["path"] in QUIET:
            await self._app(scope, receive, send)
            return
        from opentelemetry.trace import SpanKind, StatusCode
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        headers = Headers(scope=scope)
        given = {name: headers[name] for name in ("traceparent", "tracestate") if name in headers}
        attributes = {"http.request.method": scope["method"], "url.path": scope["path"], "url.scheme": scope["scheme"]}
        with _tracer.start_as_current_span(
            scope["method"], TraceContextTextMapPropagator().extract(given), SpanKind.SERVER, attributes
        ) as current:

            async def send_traced(message: Message) -> None:
                if message["type"] == "http.response.start":
                    status = message["status"]
                    current.set_attribute("http.response.status_code", status)
                    if status >= 500:
                        current.set_status(StatusCode.ERROR)
                await send(message)

            try:
                await self._app(scope, receive, send_traced)
            finally:
                if (route := getattr(scope.get("route"), "path", None)) is not None:
                    current.update_name(f"{scope['method']} {route}")
                    current.set_attribute("http.route", route)


def _wanted() -> bool:
    variables = {name: value.strip() for name, value in os.environ.items() if name.startswith("OTEL_")}
    if variables.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if "otlp" not in (variables.get("OTEL_TRACES_EXPORTER") or "otlp").split(","):
        return False
    if not (variables.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or variables.get("OTEL_EXPORTER_OTLP_ENDPOINT")):
        return False
    for name in ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        if (protocol := variables.get(name)) and protocol != PROTOCOL:
            logger.warning("Traces are sent by %s, not by %s as %s asks.", PROTOCOL, protocol, name)
            break
    return True
