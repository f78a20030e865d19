"""Figures as people read them."""

from __future__ import annotations

from collections.abc import Sequence

from models.bundle.manifest import Metric


def metrics_table(metrics: Sequence[Metric]) -> str:
    """A Markdown table, one line a protocol, edit and method."""
    lines = [
        "| protocol | edit | queries | gallery | method | R@1 | R@10 | R@50 |",
        "| --- | --- | ---: | ---: | --- | ---: | ---: | ---: |",
    ]
    for metric in metrics:
        weight = metric.values.get("weight")
        method = metric.method if weight is None else f"{metric.method} (text weighs {weight:g})"
        figures = " | ".join(f"{metric.values[key]:.1f}" for key in ("R@1", "R@10", "R@50"))
        lines.append(
            f"| {metric.protocol} | {metric.edit} | {metric.queries} | {metric.gallery} | {method} | {figures} |"
        )
    return "\n".join(lines)
