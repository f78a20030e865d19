"""What surrounds every request: ids, times, security headers, and failures that tell nothing of the inside."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest

from models.errors import ModisteError
from service.observability.logs import MOST_LINES, configure_logging
from tests.service.conftest import Serve, Served, Shop, eventually

ROOT = Path(__file__).parents[3]


def test_every_answer_has_an_id_and_keeps_a_sensible_one_that_was_given(served: Served) -> None:
    given = served.client.get("/health/live", headers={"X-Request-ID": "shop-42.a"})
    assert given.headers["x-request-id"] == "shop-42.a"
    for nonsense in ("", "a b", "x" * 65, "<script>"):
        made = served.client.get("/health/live", headers={"X-Request-ID": nonsense}).headers["x-request-id"]
        assert len(made) == 32


def test_answers_tell_browsers_where_the_time_went(served: Served) -> None:
    response = served.client.post("/search", json={"text": "where the time went"})
    timed = re.findall(r"([a-z-]+);dur=([0-9.]+)(?:, |$)", response.headers["server-timing"])
    spent = {stage: float(milliseconds) for stage, milliseconds in timed}
    assert set(spent) == {"query", "query-queue", "store", "store-queue", "columns", "total"}
    assert spent["total"] >= spent["query"] + spent["store"] > 0


def test_the_page_and_its_files_are_served(served: Served) -> None:
    assert served.client.get("/").headers["content-type"].startswith("text/html")
    assert "javascript" in served.client.get("/assets/page.js").headers["content-type"]
    assert served.client.get("/docs").headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/nowhere", "/assets/nothing.js", "/assets/../settings.py", "/assets/%2e%2e/app.py"])
def test_what_is_not_there_is_a_problem_document(served: Served, path: str) -> None:
    response = served.client.get(path)
    assert response.status_code == 404
    assert response.json()["type"] == "/problems/not-found"


def test_a_method_that_an_address_does_not_take_is_refused(served: Served) -> None:
    response = served.client.delete("/search")
    assert (response.status_code, response.json()["status"]) == (405, 405)
    assert response.headers["allow"] == "POST"
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "failure", [RuntimeError("secret of /srv/index"), ModisteError("secret of /srv/index", hint="an operator's hint")]
)
def test_a_failure_inside_tells_the_client_nothing_and_the_log_everything(
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


def test_log_lines_carry_the_id_of_their_request(serve: Serve, shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        configure_logging("info")
        with serve(shop) as served:
            served.client.get("/catalog", headers={"X-Request-ID": "shop-43"})
    finally:
        root.handlers[0].flush()
        root.handlers[:] = handlers
        root.setLevel(level)
    lines = [orjson.loads(line) for line in capsys.readouterr().err.splitlines()]
    (line,) = [line for line in lines if line.get("path") == "/catalog"]
    assert (line["request_id"], line["method"], line["status"]) == ("shop-43", "GET", 200)
    assert line["message"].startswith("GET /catalog 200 in ")


def test_lines_of_several_processes_that_write_into_one_pipe_stay_whole() -> None:
    program = (
        "import logging, time; from service.observability.logs import configure_logging; configure_logging('info');"
        "[(logging.info('%s', 'x' * 500), time.sleep(0.0002)) for _ in range(1500)]"
    )
    reading, writing = os.pipe()
    children = [subprocess.Popen([sys.executable, "-c", program], stderr=writing, cwd=ROOT) for _ in range(2)]
    os.close(writing)
    with open(reading, encoding="utf-8") as log:
        time.sleep(2)  # A slow reader: the pipe is full, and writers wait.
        lines = [orjson.loads(line) for line in log]
    assert [child.wait(30) for child in children] == [0, 0]
    assert len(lines) == 3000
    assert {line["message"] for line in lines} == {"x" * 500}


def test_what_logs_while_lines_are_written_is_written_itself() -> None:
    program = (
        "import logging; from service.observability.logs import configure_logging; configure_logging('info')\n"
        "class Garbage:\n"
        "    def __del__(self): logging.error('collected')\n"
        "class Told:\n"
        "    def __str__(self): Garbage(); return 'told'\n"
        "for _ in range(3): logging.warning('%s', Told())"
    )
    ended = subprocess.run([sys.executable, "-c", program], stderr=subprocess.PIPE, cwd=ROOT, timeout=60, check=True)
    messages = [orjson.loads(line)["message"] for line in ended.stderr.splitlines()]
    assert sorted(messages) == ["collected"] * 3 + ["told"] * 3


def test_a_log_that_nobody_reads_takes_bounded_memory_and_tells_what_is_missing() -> None:
    program = (
        "import logging; from service.observability.logs import MOST_LINES, configure_logging\n"
        "configure_logging('info')\n"
        "for _ in range(MOST_LINES + 5000): logging.info('%s', 'x' * 500)\n"
        "held = len(logging.getLogger().handlers[0]._records)\n"
        "print(held <= MOST_LINES, flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline() == b"True\n"  # The log's pipe is full by now.
        messages = [orjson.loads(line)["message"] for line in child.stderr]
    missing = [int(message.split()[0]) for message in messages if message.endswith("not read in time.")]
    assert sum(missing) > 0
    assert messages.count("x" * 500) + sum(missing) == MOST_LINES + 5000


def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_failure(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with httpx.Client(base_url=served.url, trust_env=False, timeout=1) as client:

        def body() -> Iterator[bytes]:
            yield b'{"text": "re'
            raise ConnectionAbortedError

        with pytest.raises(ConnectionAbortedError):
            client.post("/search", content=body(), headers={"Content-Type": "application/json"})
    eventually(lambda: 'status="499"' in served.client.get("/metrics").text, "the client's leaving is counted")
    assert "failed" not in caplog.text
    assert served.search(text="red")["results"]
