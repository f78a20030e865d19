"""Divides the cores among processes and their search threads."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import NamedTuple

from service.settings import Settings

MAX_PROCESSES = 8
"""Each process has its own copy of the bundle, so on larger machines each gets several threads instead."""
QUOTA = Path("/sys/fs/cgroup/cpu.max")


class Division(NamedTuple):
    """The number of processes of one service, and of search threads in each."""

    processes: int
    workers: int


def divide_cores(settings: Settings, *, gpu: bool) -> Division:
    """The division in the settings; by default one search thread per core.

    On a CPU there is one process per core, because Python threads that prepare requests and responses block each other.
    On a GPU there is one process, because each would need its own GPU memory.
    """
    cores = usable_cores()
    processes = settings.processes or (1 if gpu else min(cores, MAX_PROCESSES))
    return Division(processes, settings.workers or max(1, cores // processes))


def usable_cores(quota: Path | None = None) -> int:
    """Cores that this process may use, by its affinity and by the CPU quota of its container (the file ``QUOTA``)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = quota or QUOTA
    try:
        allowed, period = quota.read_text().split()
        return max(1, min(cores, math.ceil(int(allowed) / int(period))))
    except (OSError, ValueError):  # No cgroup, or no quota ("max").
        return cores
