"""Output of figures as tables and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from models.bundle.manifest import Metric


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1) -> str:
    """A Markdown table; the first ``words`` columns are left-aligned, the others right-aligned."""
    ruled = [head, ["---" if at < words else "---:" for at in range(len(head))], *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in ruled)


def metrics_table(metrics: Sequence[Metric]) -> str:
    """A Markdown table with a row for each protocol, edit and method, and a column for each measure."""
    measures = list(dict.fromkeys(key for metric in metrics for key in metric.values if key != "weight"))
    lines = [
        f"| protocol | edit | queries | gallery | method | {' | '.join(measures)} |",
        f"| --- | --- | ---: | ---: | --- |{' ---: |' * len(measures)}",
    ]
    for metric in metrics:
        weight = metric.values.get("weight")
        method = metric.method if weight is None else f"{metric.method} (text weight {weight:g})"
        figures = " | ".join(f"{metric.values[key]:.1f}" if key in metric.values else "" for key in measures)
        lines.append(
            f"| {metric.protocol} | {metric.edit} | {metric.queries} | {metric.gallery} | {method} | {figures} |"
        )
    return "\n".join(lines)


def methods_table(metrics: Sequence[Metric]) -> str:
    """A Markdown table of one protocol with a row for each edit and a column for each method.

    Args:
        metrics: Figures with the same measures, of which the last is shown.
    """
    measure = list(metrics[0].values)[-1]
    methods = list(dict.fromkeys(metric.method for metric in metrics))
    edits: dict[str, dict[str, Metric]] = {}
    for metric in metrics:
        edits.setdefault(metric.edit, {})[metric.method] = metric
    rows = [
        (edit, str(max(metric.queries for metric in found.values())),
         *(f"{found[one].values[measure]:.1f}" if one in found else "" for one in methods))
        for edit, found in edits.items()
    ]  # fmt: skip
    table = markdown_table(("", "queries", *methods), rows)
    return f"{measure}, gallery of {metrics[0].gallery:,}:\n\n{table}"


def write_json(path: Path, metrics: Sequence[Metric]) -> None:
    """Write figures as a JSON list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([metric.model_dump() for metric in metrics], indent=2) + "\n", encoding="utf-8")
