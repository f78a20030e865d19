"""Progress of long work: a bar on a terminal, log lines elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")

logger = logging.getLogger(__name__)


FIRST_S = 3.0
"""Seconds until the first log line."""


def track(items: Iterable[Item], *, total: int, what: str, unit: str = "item", every_s: float = 15.0) -> Iterator[Item]:
    """Yield ``items`` and show how many are done, at what rate, and about how long the rest will take.

    Args:
        items: The work.
        total: Number of items.
        what: The work in a word or two, such as ``"encode"``.
        unit: Name of one item, in the singular.
        every_s: Seconds between two log lines; the first one comes after ``FIRST_S`` at the latest.
    """
    if sys.stderr.isatty():
        yield from tqdm(items, total=total, desc=what, unit=unit, dynamic_ncols=True)
        return
    units = f"{unit}es" if unit.endswith("ch") else f"{unit}s"
    start = first = time.monotonic()
    following = start + min(FIRST_S, every_s)
    done = 0
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if done == 1:
            first = now  # The first item includes overhead, such as the start of processes.
        if now >= following:
            following = now + every_s
            rate = (done - 1) / max(now - first, 1e-9)
            pace = f"{rate:.1f} a second" if rate >= 0.1 else f"{1 / max(rate, 1e-9):.0f} s each"
            left = f", {pace}, about {duration((total - done) / rate)} left" if rate else ""
            logger.info("%s: %d of %d %s%s", what, done, total, units, left)
    logger.info("%s: %d %s in %.1f s", what, done, units, time.monotonic() - start)


def duration(seconds: float) -> str:
    """A rough duration in words, such as ``40 s``, ``12 min`` or ``3.5 h``."""
    if seconds < 90:
        return f"{max(seconds, 0):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


def log_to_terminal() -> None:
    """Log to stderr in plain lines: progress of Modiste itself, and warnings of other libraries."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    for package in ("models", "indexer"):
        logging.getLogger(package).setLevel(logging.INFO)
