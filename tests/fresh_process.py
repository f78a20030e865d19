"""Runs a function in a process of its own, whose heap is nearly empty and whose limits affect no other test.

A limit on memory in the process of pytest shows nothing if earlier tests have left enough free memory in its heap, and
fails the threads of services that other tests have started.
"""

from __future__ import annotations

import multiprocessing
import resource
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


def limit_memory(bytes: int) -> None:
    """Let this process take at most ``bytes`` more (only Linux does this)."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + bytes, hard))


def unlimit_memory() -> None:
    """Undo ``limit_memory``."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


def run_fresh(function: Callable[..., T], *args: Any) -> T:
    """What ``function``, which must be picklable, returns or raises in a new process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *args).result()
