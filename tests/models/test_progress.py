"""Progress of long work: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import logging
import os
import pty
import re
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.progress import duration, track
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
WORK = """
import logging
logging.basicConfig(level=logging.INFO)
from models.progress import track
from tests.patience import PATIENCE_S
print(sum(track(range(50), total=50, what="encode", unit="product", every_s=0)))
"""


def test_items_pass_unchanged_and_in_order() -> None:
    assert list(track(iter("abc"), total=3, what="read")) == ["a", "b", "c"]


def test_no_items_are_no_error(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert list(track([], total=0, what="read")) == []
    assert "read: 0 items in 0.0 s" in caplog.text


def test_items_are_taken_only_when_they_are_asked_for() -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(10):
            taken.append(number)
            yield number

    tracked = track(items(), total=10, what="read")
    assert [next(tracked), next(tracked)] == [0, 1]
    assert taken == [0, 1]


def test_the_start_of_the_work_is_no_part_of_its_rate(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([0.0, 8.0, 9.0, 10.0, 10.0])  # 8 s until the first item, 1 s for each further one.
    monkeypatch.setattr("models.progress.time.monotonic", lambda: next(times))
    with caplog.at_level(logging.INFO):
        list(track(range(3), total=103, what="draw", unit="garment", every_s=1))
    assert [record.getMessage() for record in caplog.records][:2] == [
        "draw: 1 of 103 garments", "draw: 2 of 103 garments, 1.0 a second, about 2 min left",
    ]  # fmt: skip


def test_slow_work_states_how_long_each_item_takes(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([0.0, 40.0, 80.0, 80.0])
    monkeypatch.setattr("models.progress.time.monotonic", lambda: next(times))
    with caplog.at_level(logging.INFO):
        list(track(range(2), total=12, what="compose", unit="step", every_s=1))
    assert caplog.records[1].getMessage() == "compose: 2 of 12 steps, 40 s each, about 7 min left"


def test_an_error_in_the_work_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(track((1 // (2 - number) for number in range(5)), total=5, what="divide"))


def test_progress_is_logged_at_intervals_and_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        list(track(range(4), total=4, what="encode", unit="product", every_s=0))
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 5
    assert re.fullmatch(r"encode: 2 of 4 products, \d+\.\d a second, about 0 s left", lines[1])
    assert lines[-1].startswith("encode: 4 products in ")


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (41.4, "41 s"), (89, "89 s"), (100, "2 min"), (4000, "67 min"), (9000, "2.5 h")]
)
def test_durations_are_rough(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_quick_work_is_one_line_in_a_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        list(track(range(10_000), total=10_000, what="read"))
    assert len(caplog.records) == 1


def test_a_terminal_gets_a_bar_and_no_log_lines() -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    try:
        done = subprocess.run(
            [sys.executable, "-c", WORK],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=theirs,
            timeout=PATIENCE_S,
            check=True,
        )
        seen = os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.stdout == b"1225\n"
    assert "encode: 100%" in seen
    assert "50/50" in seen
    assert "INFO" not in seen


def test_a_pipe_gets_log_lines_and_no_bar() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WORK], cwd=ROOT, capture_output=True, timeout=PATIENCE_S, check=True, text=True
    )
    assert "INFO:models.progress:encode: 50 of 50 products, " in done.stderr
    assert "\r" not in done.stderr
