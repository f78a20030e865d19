"""Logs: whole lines with request ids, whatever stderr is and whoever reads it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import httpx
import orjson
import pytest

from service.observability.logs import MAX_QUEUED
from tests.patience import PATIENCE_S
from tests.service.conftest import Shop
from tests.service.programs import ROOT, serving

START = "import logging; from service.observability.logs import start_logging; start_logging('info')\n"


def logged(program: str, **options: object) -> list[dict[str, object]]:
    """The lines that a program logs."""
    ended = subprocess.run(
        [sys.executable, "-c", START + program], stderr=subprocess.PIPE, cwd=ROOT, timeout=PATIENCE_S, check=True
    )
    return [orjson.loads(line) for line in ended.stderr.splitlines()]


def test_a_request_is_logged_with_its_id(shop: Shop) -> None:
    with serving(shop) as service:
        httpx.get(f"{service.url}/catalog", headers={"X-Request-ID": "shop-43"}, trust_env=False, timeout=PATIENCE_S)
        line = service.logged(lambda line: line.get("path") == "/catalog")
    assert (line["request_id"], line["method"], line["status"]) == ("shop-43", "GET", 200)
    assert str(line["message"]).startswith("GET /catalog 200 in ")


def test_lines_of_several_processes_stay_whole_in_one_pipe() -> None:
    program = START + "for _ in range(1500): logging.info('%s', 'x' * 500)"
    reading, writing = os.pipe()
    children = [subprocess.Popen([sys.executable, "-c", program], stderr=writing, cwd=ROOT) for _ in range(2)]
    os.close(writing)
    with open(reading, encoding="utf-8") as log:
        lines = [orjson.loads(line) for line in log]
    assert [child.wait(PATIENCE_S) for child in children] == [0, 0]
    assert len(lines) == 3000
    assert {line["message"] for line in lines} == {"x" * 500}


def test_a_pipe_that_nothing_reads_bounds_memory_and_does_not_hold_the_process() -> None:
    program = START + f"for _ in range({MAX_QUEUED} + 5000): logging.info('%s', 'x' * 500)\nprint('done', flush=True)"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"done\n"
        assert child.wait(PATIENCE_S) == 0  # Nothing has been read.


def test_dropped_records_are_counted() -> None:
    program = (
        "import service.observability.logs as logs, queue\n"
        "handler = logs._BoundedQueueHandler(records := queue.SimpleQueue(), 2)\n"
        "for number in range(5): handler.handle(logging.makeLogRecord({'msg': str(number)}))\n"
        "records.get(); records.get(); handler.handle(logging.makeLogRecord({'msg': 'after'}))\n"
        "logging.info('%s', [records.get().getMessage() for _ in range(2)])"
    )
    (line,) = logged(program)
    assert line["message"] == "['after', '3 log records were dropped because stderr was not read in time.']"


def test_warnings_are_log_lines_and_those_of_damaged_pictures_are_not_written() -> None:
    program = (
        "import warnings\n"
        "warnings.warn('of a library')\n"
        "warnings.warn_explicit('of a picture', UserWarning, 'TiffImagePlugin.py', 1, module='PIL.TiffImagePlugin')"
    )
    (line,) = logged(program)
    assert line["level"] == "warning"
    assert "UserWarning: of a library" in str(line["message"])


def test_the_bytes_of_a_malformed_form_are_not_logged() -> None:
    program = (
        "from python_multipart.multipart import MultipartParser\n"
        "try: MultipartParser(b'x', {}).write(b'--secret')\n"
        "except Exception: logging.info('refused')"
    )
    assert [line["message"] for line in logged(program)] == ["refused"]


def test_logging_in_a_finaliser_or_a_signal_handler_does_not_deadlock() -> None:
    program = (
        "import signal, itertools\n"
        "signal.signal(signal.SIGALRM, lambda *_: logging.info('signal'))\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)\n"
        "for _ in range(5000): logging.info('line')\n"
        "signal.setitimer(signal.ITIMER_REAL, 0)"
    )
    messages = [line["message"] for line in logged(program)]
    assert messages.count("line") == 5000
    assert "signal" in messages


def test_a_record_that_is_logged_while_another_is_formatted_is_written() -> None:
    program = (
        "class Logs:\n"
        "    def __str__(self): logging.error('inner'); return 'outer'\n"
        "for _ in range(3): logging.warning('%s', Logs())"
    )
    assert sorted(str(line["message"]) for line in logged(program)) == ["inner"] * 3 + ["outer"] * 3


def assert_escaped(lines: list[str], sign: str) -> None:
    forged = [line for line in lines if "FORGED" in line]
    assert forged
    assert not any(sign in line for line in lines)
    assert not any(line.startswith("FORGED") for line in forged)


@pytest.mark.parametrize("sign", ["\n", "\r", "\x1b", "\x9b", "\x00", "\x7f", "\u2028", "\u202e", "\u2066"])
@pytest.mark.parametrize("of", ["a message", "an exception"])
def test_control_characters_are_escaped_on_a_terminal_and_in_json(sign: str, of: str) -> None:
    text = f"'before' + {sign!r} + 'FORGED'"
    program = f"logging.info('%s', {text}, extra={{'fields': {{'path': {text}}}}})"
    if of == "an exception":
        program = f"try: raise ValueError({text})\nexcept ValueError: logging.exception('failed')"
    (line,) = logged(program)
    written = [str(line["message"]), str(line.get("path")), *str(line.get("error")).split("\n")]
    assert_escaped(written, sign)
    master, slave = pty.openpty()
    subprocess.run([sys.executable, "-c", START + program], stderr=slave, cwd=ROOT, timeout=PATIENCE_S, check=True)
    os.close(slave)
    with open(master, "rb", buffering=0) as terminal:
        shown = terminal.read(1000).decode()
    assert_escaped(shown.replace("\r\n", "\n").split("\n"), sign)


def test_a_traceback_is_part_of_its_line() -> None:
    (line,) = logged("try: 1 // 0\nexcept ZeroDivisionError: logging.exception('failed')")
    assert line["message"] == "failed"
    assert "ZeroDivisionError" in str(line["error"])


def test_a_name_that_is_not_utf8_is_logged_escaped() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", START + r"logging.info('%s is no image', 'shoe\udcff.jpg')"],
        stderr=subprocess.PIPE, cwd=ROOT, timeout=PATIENCE_S, check=True,
    )  # fmt: skip
    assert json.loads(ended.stderr)["message"] == "shoe\udcff.jpg is no image"


STDERR = ("file", "pipe", "unread", "closed", "full")


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("stderr", STDERR)
def test_the_service_starts_searches_and_stops_whatever_stderr_is(
    shop: Shop, tmp_path: Path, stderr: str, processes: int
) -> None:
    with serving(shop, processes=processes, stderr=stderr, folder=tmp_path) as service:
        for number in range(3):
            answer = service.search(f"red {number}")
            assert answer.status_code == 200
        service.process.terminate()
        assert service.process.wait(PATIENCE_S) == 0


def test_faiss_does_not_log_the_variants_of_its_library_that_it_does_not_find() -> None:
    assert logged("import faiss") == []
