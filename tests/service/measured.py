"""Reads the metrics of a service."""

from __future__ import annotations

from tests.service.conftest import Served


def metric(served: Served, line: str) -> float:
    """The value of a metric, by its name and labels."""
    for found in served.client.get("/metrics").text.splitlines():
        if found.startswith(f"{line} "):
            return float(found.rpartition(" ")[2])
    raise AssertionError(f"There is no {line}.")
