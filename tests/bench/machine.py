"""Where and with what figures were measured; a figure without it says nothing."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tests.bench.bare import cores
from tests.bench.processes import REPOSITORY

PACKAGES = (
    "modiste", "fastapi", "uvicorn", "uvloop", "httptools", "onnxruntime", "onnxruntime-gpu", "faiss-cpu", "faiss-gpu",
    "numpy", "pillow", "redis", "tokenizers", "torch", "open_clip_torch",
)  # fmt: skip
BUSY = 0.05
"""Share of all cores that others may use before the reader is told that the machine was not quiet."""


def machine() -> dict[str, Any]:
    """Processor, memory, system, versions, commit, and the variables that change how things run."""
    return {
        "processor": _processor(), "cores": cores(), "memory_gib": _memory_gib(), "system": platform.platform(),
        "python": platform.python_version(), "versions": _versions(), "commit": _commit(),
        "busy_before": round(busy_share(), 3), "load_average": [round(load, 2) for load in os.getloadavg()],
        "variables": {
            name: "set" if "KEY" in name or "URL" in name else value
            for name, value in sorted(os.environ.items())
            if name.startswith(("MODISTE_", "OMP_"))
        },
    }  # fmt: skip


def busy_share(seconds: float = 2.0) -> float:
    """Share of all cores, 0 to 1, that was in use over the next ``seconds``."""

    def moments() -> tuple[int, int]:
        fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        return sum(fields), fields[3] + fields[4]

    before, idle_before = moments()
    time.sleep(seconds)
    after, idle_after = moments()
    return 1 - (idle_after - idle_before) / max(1, after - before)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _memory_gib() -> float:
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _commit() -> str:
    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        return git("rev-parse", "--short=12", "HEAD") + (" with changes" if git("status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
