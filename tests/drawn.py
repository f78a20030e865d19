"""Drawn garments that tests share: each catalogue is drawn once for all test processes of a run."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from models.datasets.garments import draw_catalog

Draw = Callable[..., Path]
"""``drawn(count, seed, width=120, height=160)``: the folder of a catalogue, which tests leave as it is."""


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """A temporary folder of this run that all xdist workers see."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def draw_into(shared: Path) -> Draw:
    """A function that draws each catalogue into ``shared`` when it is first asked for."""

    def draw(count: int, seed: int, width: int = 120, height: int = 160) -> Path:
        folder = shared / f"drawn-{count}-{seed}-{width}x{height}"
        with (shared / "drawn.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return draw_catalog(folder, count, seed, width, height, workers=1)

    return draw
