"""The cores and the memory that this process may use: those of its container, if that has limits."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")


def usable_cores(cgroups: Path | None = None, own: Path | None = None) -> int:
    """The number of cores, by the affinity of the process and by the CPU quota of its cgroups, rounded up."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = [float(cores)]
    for folder in _folders("cpu", cgroups or CGROUPS, own or OWN_CGROUPS):
        quota, period = _words(folder / "cpu.max")[:2]
        if not quota:  # Version 1.
            quota, period = (_words(folder / f"cpu.cfs_{name}_us")[0] for name in ("quota", "period"))
        if quota.isdigit() and period.isdigit() and int(quota) and int(period):  # Others are "max" and -1.
            quotas.append(int(quota) / int(period))
    return max(1, math.ceil(min(quotas)))


def usable_memory(cgroups: Path | None = None, own: Path | None = None) -> int:
    """The memory in bytes: that of the machine, or the limit of the cgroups of the process if that is lower."""
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")] if hasattr(os, "sysconf") else []
    for folder in _folders("memory", cgroups or CGROUPS, own or OWN_CGROUPS):
        for name in ("memory.max", "memory.high", "memory.limit_in_bytes"):
            limit = _words(folder / name)[0]
            if limit.isdigit() and int(limit):
                limits.append(int(limit))
    return min(limits, default=2**62)


def _folders(controller: str, cgroups: Path, own: Path) -> Iterator[Path]:
    """The folders of the cgroups of this process for a controller, of versions 2 and 1, and of all that contain them.

    In a container with a namespace of its own, the first folder is that of the container. Without one, the path of the
    process may be that on the host, which need not exist in the container.
    """
    yield cgroups
    yield cgroups / controller
    try:
        lines = own.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        parts = [part for part in path.split("/") if part]
        if ".." in parts or (controllers and controller not in controllers.split(",")):
            continue
        folder = cgroups / controller if controllers else cgroups
        for part in parts:
            folder /= part
            yield folder


def _words(file: Path) -> list[str]:
    """At least two words, empty where the file has fewer."""
    try:
        return [*file.read_text(encoding="ascii").split(), "", ""]
    except (OSError, ValueError):
        return ["", ""]
