"""OpenTelemetry traces: a span for each stage of a search. FastAPI's telemetry creates the span of the request.

Without the extra ``otel``, or without an endpoint in the standard ``OTEL_*`` variables, nothing is traced.
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
"""How long the process waits for the last spans to be sent when it exits."""

_NOTHING: AbstractContextManager[None] = nullcontext()
_provider: TracerProvider | None = None
_tracer: Tracer | None = None


def span(name: str, **attributes: str | int | float | bool) -> AbstractContextManager[Span | None]:
    """``with span("vision", batch=4):`` records the block as a span of the request's trace.

    Its parent is the span of the current context; ``copy_context()`` passes it to threads and tasks. An exception that
    leaves the block is recorded.
    """
    if _tracer is None:
        return _NOTHING
    return _tracer.start_as_current_span(name, attributes=attributes)


def record_span(name: str, seconds: float, **attributes: str | int | float | bool) -> None:
    """Record a span of ``seconds`` that ends now, in the trace of the current context."""
    if _tracer is not None:
        end = time.time_ns()
        _tracer.start_span(name, attributes=attributes, start_time=end - round(seconds * 1e9)).end(end)


def tracing() -> bool:
    """Whether spans are recorded."""
    return _tracer is not None


def tracer_provider() -> TracerProvider | None:
    """The provider of ``set_up_tracing``; None if tracing is off."""
    return _provider


def set_up_tracing(exporter: SpanExporter | None = None) -> bool:
    """Start tracing if the environment enables it. Must be called before the application is created.

    ``OTEL_EXPORTER_OTLP_ENDPOINT`` or ``OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`` (OTLP over HTTP) enables traces;
    ``OTEL_SDK_DISABLED`` and ``OTEL_TRACES_EXPORTER`` disable them. Sampling, resource, headers and batching have their
    standard variables, too. The service name is ``modiste`` unless ``OTEL_SERVICE_NAME`` is set. A missing package is
    logged and is not an error, because platforms set these variables for all programs.

    Args:
        exporter: Receives every span at once, regardless of the variables.

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
        logger.warning("OTEL_* enables traces, which need an extra: pip install 'modiste[otel]'.")
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
    """Send the last spans, for ``SHUTDOWN_S`` at most, and stop tracing."""
    global _provider, _tracer
    provider, _provider, _tracer = _provider, None, None
    if provider is None:
        return
    # The exporter retries for longer than the grace period of an orchestrator.
    last = threading.Thread(target=provider.shutdown, name="last spans", daemon=True)
    last.start()
    last.join(SHUTDOWN_S)


def _wanted() -> bool:
    """Whether the environment enables traces. The SDK reads the other variables itself."""
    variables = {name: value.strip() for name, value in os.environ.items() if name.startswith("OTEL_")}
    endpoint = variables.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or variables.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    exporters = (variables.get("OTEL_TRACES_EXPORTER") or "otlp").split(",")
    disabled = variables.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return bool(endpoint) and "otlp" in exporters and not disabled
