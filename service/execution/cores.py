"""How the cores are divided among processes and the search threads of each."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import NamedTuple

from service.settings import Settings

MAX_PROCESSES = 8
"""Each has the bundle in its own memory. On a larger machine each gets several threads."""
QUOTA = Path("/sys/fs/cgroup/cpu.max")


class Division(NamedTuple):
    """The processes of one service, and the search threads of each."""

    processes: int
    workers: int


def divide_cores(settings: Settings, *, gpu: bool) -> Division:
    """What is set; otherwise every core once.

    On a CPU there is a process for each core, because threads of one Python process that prepare requests and responses
    wait for each other. On a GPU there is one process, because each would need memory of its own there.
    """
    cores = usable_cores()
    processes = settings.processes or (1 if gpu else min(cores, MAX_PROCESSES))
    return Division(processes, settings.workers or max(1, cores // processes))


def usable_cores(quota: Path | None = None) -> int:
    """Cores that this process may use, by its affinity and by its container's quota (in the file ``QUOTA``)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = quota or QUOTA
    try:
        allowed, period = quota.read_text().split()
        return max(1, min(cores, math.ceil(int(allowed) / int(period))))
    except (OSError, ValueError):  # No container, or "max".
        return cores
