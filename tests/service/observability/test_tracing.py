"""Traces: a span for each request and each stage where they are wanted, nothing at all where they are not."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from service.observability.tracing import set_up_tracing, shut_down_tracing, span
from tests.patience import PATIENCE_S
from tests.service.conftest import Serve, Shop, cloth, encoded, eventually

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What is traced within the test."""
    exporter = InMemorySpanExporter()
    assert set_up_tracing(exporter)
    yield exporter
    shut_down_tracing()


@pytest.fixture
def no_variables(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that asks for no traces."""
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def names(exporter: InMemorySpanExporter) -> set[str]:
    return {each.name for each in exporter.get_finished_spans()}


def request_span(exporter: InMemorySpanExporter) -> ReadableSpan:
    (found,) = (each for each in exporter.get_finished_spans() if each.name == "POST /search")
    return found


def test_without_an_endpoint_nothing_is_traced(no_variables: pytest.MonkeyPatch) -> None:
    assert set_up_tracing() is False
    with span("stage", batch=4) as current:
        assert current is None


@pytest.mark.parametrize(("name", "value"), [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "none")])
def test_the_standard_variables_switch_traces_off(no_variables: pytest.MonkeyPatch, name: str, value: str) -> None:
    no_variables.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    no_variables.setenv(name, value)
    assert set_up_tracing() is False


def test_opentelemetry_is_not_loaded_unless_traces_are_enabled() -> None:
    code = (
        "import sys, service.app, service.observability.tracing; service.observability.tracing.set_up_tracing();"
        "print([m for m in sys.modules if m.startswith(('opentelemetry.sdk.trace', 'opentelemetry.exporter'))])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True, env={"PATH": "/usr/bin"}).strip() == "[]"


def test_without_the_extra_a_log_line_names_what_is_missing(
    no_variables: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    no_variables.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    no_variables.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    assert set_up_tracing() is False
    assert "pip install 'modiste[otel]'" in caplog.text


def test_spans_nest_and_carry_their_attributes(spans: InMemorySpanExporter) -> None:
    with span("vision", batch=4), span("graph"):
        pass
    graph, vision = spans.get_finished_spans()
    assert (graph.name, vision.name) == ("graph", "vision")
    assert graph.parent is not None
    assert graph.parent.span_id == vision.context.span_id
    assert dict(vision.attributes or {}) == {"batch": 4}


def test_a_search_is_one_trace_with_a_span_for_each_stage(
    spans: InMemorySpanExporter, serve: Serve, shop: Shop
) -> None:
    picture = encoded(cloth("red", "blue"))
    with serve(shop) as served:
        response = served.client.post("/search", files={"image": picture}, data={"text": "in green"})
        assert response.status_code == 200
        eventually(lambda: "POST /search" in names(spans), "the request's span has ended")
    assert names(spans) >= {"POST /search", "decode", "vision", "query", "store", "columns"}
    root = request_span(spans)
    assert root.parent is None
    assert root.attributes is not None
    assert root.attributes["http.route"] == "/search"
    assert root.attributes["http.response.status_code"] == 200
    assert {each.context.trace_id for each in spans.get_finished_spans()} == {root.context.trace_id}


def test_a_trace_that_began_elsewhere_is_continued(spans: InMemorySpanExporter, serve: Serve, shop: Shop) -> None:
    with serve(shop) as served:
        headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
        assert served.client.post("/search", json={"text": "red"}, headers=headers).status_code == 200
        eventually(lambda: "POST /search" in names(spans), "the request's span has ended")
    root = request_span(spans)
    assert f"{root.context.trace_id:032x}" == TRACE
    assert root.parent is not None
    assert f"{root.parent.span_id:016x}" == PARENT


@pytest.mark.parametrize("header", ["", "00-zz-zz-01", "x" * 5000, f"00-{'0' * 32}-{'0' * 16}-01"])
def test_an_invalid_traceparent_is_ignored(spans: InMemorySpanExporter, serve: Serve, shop: Shop, header: str) -> None:
    with serve(shop) as served:
        response = served.client.post("/search", json={"text": "red"}, headers={"traceparent": header})
        assert response.status_code == 200
        eventually(lambda: "POST /search" in names(spans), "the request's span has ended")
    assert request_span(spans).parent is None


def test_probes_are_not_traced(spans: InMemorySpanExporter, serve: Serve, shop: Shop) -> None:
    with serve(shop) as served:
        for path in ("/health/live", "/health/ready", "/metrics"):
            served.client.get(path)
    assert names(spans) == set()


def test_the_span_of_a_refused_request_has_its_status(spans: InMemorySpanExporter, serve: Serve, shop: Shop) -> None:
    with serve(shop) as served:
        served.client.post("/search", json={"product_id": "no such product"})
        eventually(lambda: "POST /search" in names(spans), "the request's span has ended")
    attributes = request_span(spans).attributes
    assert attributes is not None
    assert attributes["http.response.status_code"] == 404


def test_spans_go_to_the_endpoint_that_the_variables_name(no_variables: pytest.MonkeyPatch) -> None:
    received: list[tuple[str, bytes]] = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Collector) as collector:
        thread = threading.Thread(target=collector.serve_forever)
        thread.start()
        no_variables.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.server_port}")
        no_variables.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        assert set_up_tracing()
        with span("stage"):
            pass
        shut_down_tracing()
        collector.shutdown()
        thread.join()
    ((path, body),) = received
    assert path == "/v1/traces"
    assert b"stage" in body
    assert b"modiste" in body


def test_a_hanging_exporter_does_not_delay_the_exit(monkeypatch: pytest.MonkeyPatch) -> None:
    released, ended = threading.Event(), threading.Event()

    class HangingExporter(InMemorySpanExporter):
        def shutdown(self) -> None:
            released.wait(PATIENCE_S)
            ended.set()

    monkeypatch.setattr("service.observability.tracing.SHUTDOWN_S", 0.05)
    assert set_up_tracing(HangingExporter())
    shut_down_tracing()
    assert not ended.is_set()
    released.set()
    assert ended.wait(PATIENCE_S)
