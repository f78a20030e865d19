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
    start = last = time.monotonic()
    done = 0
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - last >= every_s:
            last = now
            rate = done / max(now - start, 1e-9)
            logger.info("%s: %d of %d %ss, %.0f a second", what, done, total, unit, rate)
    logger.info("%s: %d %ss in %.1f s", what, done, unit, time.monotonic() - start)
