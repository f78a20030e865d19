"""OpenTelemetry traces: a span for each stage of a search. FastAPI's own telemetry makes the span of the request.

Without the extra ``otel``, or without an endpoint in the standard ``OTEL_*`` variables, nothing is traced and a span
costs a microsecond.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, Tracer

logger = logging.getLogger(__name__)

SHUTDOWN_S = 3.0
"""The longest that the process waits for the last spans to be sent when it ends."""

_NOTHING: AbstractContextManager[None] = nullcontext()
_provider: TracerProvider | None = None
_tracer: Tracer | None = None


def span(name: str, **attributes: str | int | float | bool) -> AbstractContextManager[Span | None]:
    """``with span("vision", batch=4):`` times the block as a part of the request's trace.

    Its parent is the span of the current context; ``copy_context()`` carries that into threads and tasks. An exception
    that leaves the block is recorded.
    """
    if _tracer is None:
        return _NOTHING
    return _tracer.start_as_current_span(name, attributes=attributes)


def record_span(name: str, seconds: float, **attributes: str | int | float | bool) -> None:
    """Record work that has just ended, after ``seconds``, as a part of the trace of the calling context."""
    if _tracer is not None:
        end = time.time_ns()
        _tracer.start_span(name, attributes=attributes, start_time=end - round(seconds * 1e9)).end(end)


def tracing() -> bool:
    """Whether spans are recorded."""
    return _tracer is not None


def tracer_provider() -> TracerProvider | None:
    """The provider of ``set_up_tracing``; None if nothing is traced."""
    return _provider


def set_up_tracing(exporter: SpanExporter | None = None) -> bool:
    """Start tracing if the environment asks for it. Call this before the application is created.

    The standard variables decide: ``OTEL_EXPORTER_OTLP_ENDPOINT`` or ``OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`` (OTLP over
    HTTP) switch traces on, ``OTEL_SDK_DISABLED`` and ``OTEL_TRACES_EXPORTER`` off. Sampling, resource, headers and
    batching follow their variables, too; the name of the service is ``modiste`` unless ``OTEL_SERVICE_NAME`` is set.
    A missing package is a line in the log and no error: platforms set these variables for every program alike.

    Args:
        exporter: Receives every span at once, whatever the variables say.

    Returns:
        Whether spans are recorded from now on.
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
        logger.warning("OTEL_* asks for traces, which need an extra: pip install 'modiste[otel]'.")
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
    """Send the last spans, within a few seconds, and stop tracing."""
    global _provider, _tracer
    provider, _provider, _tracer = _provider, None, None
    if provider is None:
        return
    # The exporter retries for longer than an orchestrator waits before it kills.
    last = threading.Thread(target=provider.shutdown, name="last spans", daemon=True)
    last.start()
    last.join(SHUTDOWN_S)


def _wanted() -> bool:
    """Whether the environment asks for traces. The SDK reads all further variables itself."""
    variables = {name: value.strip() for name, value in os.environ.items() if name.startswith("OTEL_")}
    endpoint = variables.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or variables.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    exporters = (variables.get("OTEL_TRACES_EXPORTER") or "otlp").split(",")
    disabled = variables.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return bool(endpoint) and "otlp" in exporters and not disabled
