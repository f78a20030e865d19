"""Progress of long work: a bar on a terminal, plain log lines everywhere else."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")

logger = logging.getLogger(__name__)


def track(items: Iterable[Item], *, total: int, what: str, unit: str = "item", every_s: float = 15.0) -> Iterator[Item]:
    """Yield ``items`` and show how far the work is.

    Args:
        items: What is worked through; ``total`` says how many there will be.
        what: The work in a word or two, such as ``"encode"``.
        unit: What one item is.
        every_s: Seconds between two log lines where there is no terminal (a job's log should tell, not drown).
    """
    if sys.stderr.isatty():
        yield from tqdm(items, total=total, desc=what, unit=unit, dynamic_ncols=True)
        return
    units = f"{unit}es" if unit.endswith("ch") else f"{unit}s"
    start = last = time.monotonic()
    done = 0
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - last >= every_s:
            last = now
            rate = done / max(now - start, 1e-9)
            logger.info("%s: %d of %d %s, %.1f a second", what, done, total, units, rate)
    logger.info("%s: %d %s in %.1f s", what, done, units, time.monotonic() - start)


def log_to_terminal() -> None:
    """Let commands say what they do: their own progress as plain lines on stderr, of other libraries only warnings."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    for floor in ("models", "indexer"):
        logging.getLogger(floor).setLevel(logging.INFO)
