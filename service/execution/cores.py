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


def lacking_memory(processes: int) -> str:
    """A warning if there is less memory than ``processes`` need; empty if there is enough."""
    needed, usable = processes * PROCESS_BYTES, usable_memory()
    if usable >= needed:
        return ""
    advice = "Allow it more" + (", or start fewer processes: --processes, MODISTE_PROCESSES." if processes > 1 else ".")
    return (
        f"The service may use {usable >> 20:,} MiB of memory and needs about {needed >> 20:,} MiB, so the kernel may "
        f"kill it. {advice}"
    )


def divide_cores(settings: Settings, *, gpu: bool) -> Division:
    """The division in the settings; by default one search thread per core.

    On a CPU there is one process per core if memory allows it, because Python threads that prepare requests and
    responses block each other. On a GPU there is one process, because each would need its own GPU memory.
    """
    cores = usable_cores()
    default = max(1, min(cores, MAX_PROCESSES, usable_memory() // PROCESS_BYTES))
    processes = settings.processes or (1 if gpu else default)
    return Division(processes, settings.workers or max(1, cores // processes))
