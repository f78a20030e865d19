"""How the machine's cores are shared out among processes and the threads of each."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import NamedTuple

from service.settings import Settings

MOST_PROCESSES = 8
"""Each has the bundle in its own memory; on a larger machine each gets several threads instead."""
QUOTA = Path("/sys/fs/cgroup/cpu.max")


class Shares(NamedTuple):
    """Of the machine, for one service."""

    processes: int
    workers: int
    """Threads of each process that compute."""


def shared_out(settings: Settings, *, gpu: bool) -> Shares:
    """What is set, and where nothing is, all cores and none twice.

    On a CPU they go to processes: two threads of one Python process that both prepare requests, and answer them, spend
    a third of the time waiting for each other. A GPU serves one process at a time best; the threads decode for it.
    """
    cores = usable_cores()
    processes = settings.processes or (1 if gpu else min(cores, MOST_PROCESSES))
    return Shares(processes, settings.workers or max(1, cores // processes))


def usable_cores(quota: Path = QUOTA) -> int:
    """Cores that this process may use, by its affinity and by its container's quota."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        allowed, period = quota.read_text().split()
        return max(1, min(cores, math.ceil(int(allowed) / int(period))))
    except (OSError, ValueError):  # No such container, or "max".
        return cores
