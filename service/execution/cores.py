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
    a third of the time waiting for each other. Of a GPU's memory every process would take a part of its own, so there
    is one, whose threads decode for it.
    """
    cores = usable_cores()
    processes = settings.processes or (1 if gpu else min(cores, MOST_PROCESSES))
    return Shares(processes, settings.workers or max(1, cores // processes))


def keep_to_own_cores(place: int, processes: int) -> None:
    """Let this process, the ``place``-th of so many, run on its part of the cores alone.

    A thread that computes waits for the event loop's to let go of Python's lock. If that one is put aside for another
    process on another core, this one's core stands still, for milliseconds: near saturation a sixth of two cores did,
    and past it a fourth. Where a container may use only a part of the machine's time, nothing is done: which cores are
    free is not known there. Nor is it where there are fewer cores than processes.
    """
    if not hasattr(os, "sched_setaffinity"):
        return
    cores = sorted(os.sched_getaffinity(0))
    if usable_cores() == len(cores) >= processes:
        os.sched_setaffinity(0, cores[place * len(cores) // processes : (place + 1) * len(cores) // processes])


def usable_cores(quota: Path | None = None) -> int:
    """Cores that this process may use, by its affinity and by its container's quota (in the file ``QUOTA``)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = quota or QUOTA
    try:
        allowed, period = quota.read_text().split()
        return max(1, min(cores, math.ceil(int(allowed) / int(period))))
    except (OSError, ValueError):  # No such container, or "max".
        return cores
