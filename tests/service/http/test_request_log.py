"""Request ids, times, the request log, and failures."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from catalog.errors import ModisteError
from tests.patience import PATIENCE_S
from tests.service.conftest import Serve, Served, Shop, eventually


def test_every_answer_has_an_id_and_a_valid_one_of_the_client_is_kept(served: Served) -> None:
    given = served.client.get("/health/live", headers={"X-Request-ID": "shop-42.a"})
    assert given.headers["x-request-id"] == "shop-42.a"
    for invalid in ("", "a b", "x" * 65, "<script>"):
        made = served.client.get("/health/live", headers={"X-Request-ID": invalid}).headers["x-request-id"]
        assert len(made) == 32


def test_server_timing_has_the_time_of_each_stage(served: Served) -> None:
    response = served.client.post("/search", json={"text": "time of each stage"})
    timed = re.findall(r"([a-z-]+);dur=([0-9.]+)(?:, |$)", response.headers["server-timing"])
    spent = {stage: float(milliseconds) for stage, milliseconds in timed}
    assert set(spent) == {"query", "query-queue", "store", "store-queue", "columns", "total"}
    assert spent["total"] >= spent["query"] + spent["store"] > 0


def test_the_page_and_its_files_are_served(served: Served) -> None:
    assert served.client.get("/").headers["content-type"].startswith("text/html")
    assert "javascript" in served.client.get("/assets/page.js").headers["content-type"]
    assert served.client.get("/docs").headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/nowhere", "/assets/nothing.js", "/assets/../settings.py", "/assets/%2e%2e/app.py"])
def test_a_missing_resource_is_a_problem_document(served: Served, path: str) -> None:
    response = served.client.get(path)
    assert response.status_code == 404
    assert response.json()["type"] == "/problems/not-found"


def test_another_method_is_refused_with_the_allowed_ones(served: Served) -> None:
    response = served.client.delete("/search")
    assert (response.status_code, response.json()["status"]) == (405, 405)
    assert response.headers["allow"] == "POST"
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "failure", [RuntimeError("secret of /srv/index"), ModisteError("secret of /srv/index", hint="an operator's hint")]
)
def test_an_internal_error_is_logged_in_full_and_hidden_from_the_client(
    serve: Serve, shop: Shop, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fail(*_: object) -> None:
        raise failure

    with serve(shop) as served:
        monkeypatch.setattr(served.app.state.context.bundle, "text", fail)
        response = served.client.post("/search", json={"text": "red"})
        assert served.client.get("/health/live").status_code == 200
    assert response.status_code == 500
    assert response.json()["type"] == "/problems/internal"
    assert "secret" not in response.text
    assert "an operator's hint" not in response.text
    assert response.headers["x-request-id"]
    assert "content-security-policy" in response.headers
    assert "secret of /srv/index" in caplog.text


def test_a_lack_of_memory_is_503(serve: Serve, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    with serve(shop) as served:
        monkeypatch.setattr(served.app.state.context.bundle, "text", fail)
        response = served.client.post("/search", json={"text": "red"})
    assert (response.status_code, response.json()["type"]) == (503, "/problems/overloaded")
    assert response.headers["retry-after"]


def test_a_client_that_disconnects_within_its_body_is_not_an_error(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with httpx.Client(base_url=served.url, trust_env=False, timeout=PATIENCE_S) as client:

        def body() -> Iterator[bytes]:
            yield b'{"text": "re'
            raise ConnectionAbortedError

        with pytest.raises(ConnectionAbortedError):
            client.post("/search", content=body(), headers={"Content-Type": "application/json"})
    eventually(lambda: 'status="499"' in served.client.get("/metrics").text, "the disconnect is counted")
    assert "failed" not in caplog.text
    assert served.search(text="red")["results"]


def test_log_lines_name_method_path_status_and_time(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        served.client.head("/products?limit=1")
        eventually(lambda: "HEAD /products 200 in " in caplog.text, "the request is logged")
