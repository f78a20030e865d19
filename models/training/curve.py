"""The log of a run: its losses by step, and how long it trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple


class Point(NamedTuple):
    """One entry of ``log.jsonl``."""

    step: int
    loss: float
    """Mean since the entry before."""
    seconds: float
    """Likewise."""


def learning_curve(log: Path, stage: str = "compose") -> list[Point]:
    """The points of a stage, in order; none where there is no log.

    A run that was killed repeats the steps after its last checkpoint: what was logged of them before counts no more.
    """
    points: list[Point] = []
    for line in log.read_text(encoding="utf-8").splitlines() if log.is_file() else []:
        entry = json.loads(line)
        if entry["stage"] == stage:
            points = [point for point in points if point.step < entry["step"]]
            points.append(Point(entry["step"], entry["loss"], entry.get("seconds", 0.0)))
    return points


def training_seconds(log: Path, stage: str = "compose") -> float:
    """Seconds that the steps of a stage took; what was lost by a kill, reading and encoding are not in it."""
    return round(sum(point.seconds for point in learning_curve(log, stage)), 3)
