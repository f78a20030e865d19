"""The metrics of all workers behind one port.

A scrape reaches only one worker. Each worker therefore writes its metrics to its own file once a second, and a scrape
adds up the files. The multi-process mode of ``prometheus_client`` uses memory-mapped files: if the file system is full,
an increment ends the process with SIGBUS. Here a failed write leaves the previous snapshot.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from service.observability.metrics import Metrics

logger = logging.getLogger(__name__)

INTERVAL_S = 1.0
STALE_S = 10.0
"""Age after which a snapshot is stale: its counters are still added up, its gauges are not."""
TAKE_LARGEST = ("modiste_products", "modiste_generation_refused", "modiste_expected_wait_seconds")
"""Gauges for which the largest value of all workers is reported. All others are added up."""


class Snapshots:
    """Writes the metrics of this worker, and reads those of all.

    Args:
        folder: Shared by the workers of one service; None for a single worker, which needs no files.
        metrics: The metrics of this worker.
    """

    def __init__(self, folder: Path | None, metrics: Metrics) -> None:
        self._folder, self._metrics = folder, metrics
        self._name = f"{os.getpid()}.prom"
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._writer = threading.Thread(target=self._write_repeatedly, name="metrics", daemon=True)

    def start(self) -> None:
        """Start writing once a second."""
        self._writer.start()

    def stop(self) -> None:
        """Write a last snapshot and stop."""
        self._stopping.set()
        self._writer.join()

    def exposition(self) -> bytes:
        """The metrics of all workers in Prometheus' text format; those of other workers are up to a second old."""
        if self._folder is None:
            return self._metrics.exposition()
        registry = CollectorRegistry()
        registry.register(_Sum(self._metrics.exposition().decode(), self._folder, self._name))
        return generate_latest(registry)

    def _write(self, folder: Path) -> None:
        path = folder / self._name
        temporary = path.with_suffix(".writing")
        with self._lock, suppress(OSError):
            folder.mkdir(0o700, exist_ok=True)  # A cleaner of temporary folders may have removed it.
            temporary.write_bytes(self._metrics.exposition())
            temporary.replace(path)

    def _write_repeatedly(self) -> None:
        while self._folder is not None:
            stopping = self._stopping.wait(INTERVAL_S)
            self._write(self._folder)
            if stopping:
                return


class _Sum(Collector):
    """Adds up the metrics of this worker, which need no file, and the snapshots of the others."""

    def __init__(self, own: str, folder: Path, own_name: str) -> None:
        self._own, self._folder, self._own_name = own, folder, own_name

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        samples: dict[tuple[str, str, tuple[tuple[str, str], ...]], float] = {}
        for parsed, alive in self._parsed():
            for family in parsed:
                if family.type == "gauge" and not alive:
                    continue
                families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                for sample in family.samples:
                    key = (family.name, sample.name, tuple(sample.labels.items()))
                    before = samples.get(key, 0.0)
                    samples[key] = max(before, sample.value) if family.name in TAKE_LARGEST else before + sample.value
        for (family_name, name, labels), value in samples.items():
            families[family_name].add_sample(name, dict(labels), value)
        yield from families.values()

    def _parsed(self) -> Iterator[tuple[list[Metric], bool]]:
        """The metrics of each worker, and whether they are current."""
        yield list(text_string_to_metric_families(self._own)), True
        for path in sorted(self._folder.glob("*.prom")):
            if path.name == self._own_name:
                continue
            try:
                text, alive = path.read_text(), time.time() - path.stat().st_mtime < STALE_S
                yield list(text_string_to_metric_families(text)), alive
            except (OSError, ValueError) as error:
                logger.warning("A metrics snapshot cannot be read: %s", error)
