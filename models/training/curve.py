"""The log of a run: losses by step, and training time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple


class Point(NamedTuple):
    """One entry of ``log.jsonl``."""

    step: int
    loss: float
    """Mean since the previous entry."""
    seconds: float
    """Since the previous entry."""


def learning_curve(log: Path, stage: str = "compose") -> list[Point]:
    """The points of a stage, in order; none if there is no log.

    A resumed run repeats the steps after its last checkpoint; their earlier entries are ignored.
    """
    points: list[Point] = []
    for line in log.read_text(encoding="utf-8").splitlines() if log.is_file() else []:
        entry = json.loads(line)
        if entry["stage"] == stage:
            points = [point for point in points if point.step < entry["step"]]
            points.append(Point(entry["step"], entry["loss"], entry.get("seconds", 0.0)))
    return points


def training_seconds(log: Path, stage: str = "compose") -> float:
    """Duration of the steps of a stage in seconds, excluding reading, encoding and steps lost by an interruption."""
    return round(sum(point.seconds for point in learning_curve(log, stage)), 3)
