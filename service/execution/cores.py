"""Divides the cores among processes and their search threads."""

from __future__ import annotations

from typing import NamedTuple

from models.bundle.machine import usable_cores, usable_memory
from service.settings import Settings

MAX_PROCESSES = 8
"""Each process has its own copy of the bundle, so on larger machines each gets several threads instead."""
PROCESS_BYTES = 2**29
"""Memory for each process: about 350 MB, and its share of caches, bodies and pictures."""


class Division(NamedTuple):
    """The number of processes of one service, and of search threads in each."""

    processes: int
    workers: int


def divide_cores(settings: Settings, *, gpu: bool) -> Division:
    """The division in the settings; by default one search thread per core.

    On a CPU there is one process per core if memory allows it, because Python threads that prepare requests and
    responses block each other. On a GPU there is one process, because each would need its own GPU memory.
    """
    cores = usable_cores()
    most = max(1, min(cores, MAX_PROCESSES, usable_memory() // PROCESS_BYTES))
    processes = settings.processes or (1 if gpu else most)
    return Division(processes, settings.workers or max(1, cores // processes))
