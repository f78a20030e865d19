"""What is left of a run: JSON for machines, a page for people, a table on the terminal."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench.page import page
from tests.bench.result import Result

JSON_NAME, PAGE_NAME = "bench.json", "bench.html"


def write(folder: Path, results: Sequence[Result], about: dict[str, Any]) -> None:
    """Write ``bench.json`` and ``bench.html`` into ``folder``, in place of earlier ones."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = {**about, "benchmarks": {result.name: result.json() for result in results}}
    text = json.dumps(_plain(whole), indent=1, ensure_ascii=False, allow_nan=False)
    (folder / JSON_NAME).write_text(text + "\n", encoding="utf-8")
    (folder / PAGE_NAME).write_text(page(results, about), encoding="utf-8")


def verdicts(results: Sequence[Result]) -> str:
    """Every target with what was measured, as lines of text."""
    lines = [("", "target", "bound", "measured (least to most round)")]
    for result in results:
        for target in result.targets:
            spread = target.spread
            measured = "-"
            if spread is not None:
                measured = f"{spread.median:.3g} ({spread.least:.3g} to {spread.most:.3g})"
            if target.note:
                measured += f"; {target.note}"
            lines.append((target.verdict, target.what, target.bound, measured))
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _plain(value: Any) -> Any:
    """As JSON can carry it: what is not a number becomes null."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
