"""Results: targets with their verdicts, a table for the terminal, JSON, and the machine that they are from."""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

PACKAGES = (
    "modiste", "fastapi", "uvicorn", "onnxruntime", "faiss-cpu", "numpy", "pillow", "tokenizers", "litserve", "bentoml",
)  # fmt: skip
BUSY = 0.05
"""Share of the cores that other processes may use before the report warns that the machine was not quiet."""


@dataclass(frozen=True)
class Target:
    """A bound that the service must keep, and what was measured."""

    what: str
    bound: str
    """Such as ``at least 0.9``."""
    passed: bool | None
    """None if it could not be judged."""
    rounds: list[float] = field(default_factory=list)
    """The figure of each round; the median is judged."""
    note: str = ""

    @property
    def verdict(self) -> str:
        """One word."""
        return {True: "pass", False: "FAIL", None: "not judged"}[self.passed]


def at_most(what: str, rounds: Sequence[float], limit: float, note: str = "") -> Target:
    """The median of ``rounds`` must not exceed ``limit``. NaN is a round without a figure; if half of the rounds or
    more have none, there is no verdict."""
    return _judged(what, f"at most {limit:g}", rounds, lambda median: median <= limit, note)


def at_least(what: str, rounds: Sequence[float], limit: float, note: str = "") -> Target:
    """The median of ``rounds`` must not be below ``limit``; see ``at_most``."""
    return _judged(what, f"at least {limit:g}", rounds, lambda median: median >= limit, note)


def _judged(what: str, bound: str, rounds: Sequence[float], holds: Callable[[float], bool], note: str) -> Target:
    values = [round(float(value), 4) for value in rounds if not math.isnan(value)]
    if 2 * len(values) <= len(rounds):
        return Target(what, bound, None, values, f"{len(values)} of {len(rounds)} rounds gave a figure")
    return Target(what, bound, holds(float(np.median(values))), values, note)


@dataclass
class Result:
    """The outcome of one benchmark."""

    name: str
    lines: list[str] = field(default_factory=list)
    """A table for the terminal."""
    figures: dict[str, Any] = field(default_factory=dict)
    targets: list[Target] = field(default_factory=list)
    seconds: float = 0.0


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines of equal columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def text(result: Result) -> str:
    """A result as it is printed: its table, then a line for every target."""
    rows = [["", "target", "bound", "median (least to most)"]]
    for target in result.targets:
        measured = "-"
        if target.rounds:
            measured = f"{np.median(target.rounds):.3g} ({min(target.rounds):.3g} to {max(target.rounds):.3g})"
        rows.append([target.verdict, target.what, target.bound, "; ".join(filter(None, (measured, target.note)))])
    return "\n".join([f"{result.name} ({result.seconds:.0f} s)", *result.lines, *table(rows)])


def write(path: Path, results: Sequence[Result], about: dict[str, Any]) -> None:
    """Write all results and what they are from as JSON."""
    benchmarks = {
        result.name: {
            "seconds": round(result.seconds, 1),
            "targets": [{**asdict(target), "verdict": target.verdict} for target in result.targets],
            "figures": result.figures,
        }
        for result in results
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = _without_nan({**about, "benchmarks": benchmarks})
    path.write_text(json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def machine() -> dict[str, Any]:
    """Processor, memory, system, versions and commit, and how busy the machine is before anything is measured."""
    return {
        "processor": _processor(), "cores": len(os.sched_getaffinity(0)), "features": _features(),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1),
        "system": platform.platform(), "python": platform.python_version(), "versions": _versions(),
        "commit": _commit(), "busy_before": round(busy_share(), 3),
        "variables": {
            name: "set" if "KEY" in name or "URL" in name else value
            for name, value in sorted(os.environ.items())
            if name.startswith(("MODISTE_", "OMP_"))
        },
    }  # fmt: skip


def busy_share(seconds: float = 0.3) -> float:
    """Share of all cores, 0 to 1, that is in use over the next ``seconds``."""

    def ticks() -> tuple[int, int]:
        fields = [int(value) for value in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        return sum(fields), fields[3] + fields[4]

    before, idle_before = ticks()
    time.sleep(seconds)
    after, idle_after = ticks()
    return 1 - (idle_after - idle_before) / max(1, after - before)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _features() -> list[str]:
    """The instruction sets that decide how fast graphs run."""
    cpuinfo = Path("/proc/cpuinfo").read_text()
    return [one for one in ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8") if f" {one} " in cpuinfo]


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
            ["git", *arguments], cwd=Path(__file__).parent, capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        return git("rev-parse", "--short=12", "HEAD") + (" with changes" if git("status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
