"""Large backbones: what a vision pass and a query pass cost apart, and what a shopper waits, with random weights."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from models.errors import ModisteError
from tests.bench.bare import cores
from tests.bench.bench import Bench, logger
from tests.bench.load import Generator
from tests.bench.processes import REPOSITORY
from tests.bench.repeats import second_modifications
from tests.bench.result import Chart, Result
from tests.bench.shop import indexed
from tests.bench.statistics import summary

TITLE = "Large backbones: vision pass and query pass apart"
PRODUCTS = 64
"""In the index: searching so few costs nothing beside the passes, and encoding them does not take an hour."""
BATCHES = (1, 8)
EXPORT_WITHIN_S = 1800


def measure(bench: Bench) -> Result:
    """Passes at the service's threads and on all cores; first and second modifications through the service."""
    result = Result("backbones", TITLE)
    result.notes.append(f"Random weights: speed needs no training. An index of {PRODUCTS} products.")
    size = bench.options.sizes[0]
    bars: dict[str, list[tuple[str, float]]] = {"vision": [], "query": []}
    for backbone in bench.options.backbones:
        bundle = _exported(backbone, bench.options.cache / "bundles")
        root = indexed(bench.options.cache, bench.shop, bundle, first=PRODUCTS)
        figures: dict[str, Any] = {}
        for threads in sorted({bench.threads, cores()}):
            with bench.bare(size, bundle=bundle, index_root=root, threads=threads) as bare:
                for batch in BATCHES:
                    passes = bare.passes(batch, 2 if bench.options.quick else 20)
                    figures[f"threads {threads}, batch {batch}"] = {
                        stage: summary(times) for stage, times in passes.items()
                    }
        with bench.service(bundle=bundle, index_root=root) as service, Generator(service.port) as generator:
            pictures = [path.read_bytes() for path in bench.pictures(size)]
            first, second, _ = second_modifications(generator, pictures[: 2 if bench.options.quick else 20])
        figures["first modification"], figures["second modification"] = summary(first), summary(second)
        result.figures[backbone] = figures
        alone = figures[f"threads {bench.threads}, batch 1"]
        bars["vision"].append((backbone, alone["vision"]["p50"]))
        bars["query"].append((backbone, alone["query"]["p50"]))
        logger.info(
            "  %s: vision %.1f ms, query %.1f ms; first modification %.1f ms, second %.1f ms", backbone,
            alone["vision"]["p50"], alone["query"]["p50"], summary(first)["p50"], summary(second)["p50"],
        )  # fmt: skip
    result.charts = [Chart(f"p50 of a pass, one picture, {bench.threads} thread(s)", "backbone", "ms", bars, "bars")]
    return result


def _exported(backbone: str, folder: Path) -> Path:
    """The bundle of a backbone, exported once and kept.

    Raises:
        ModisteError: It could not be exported.
    """
    bundle = folder / f"random-{backbone.replace('/', '-')}"
    if not (bundle / "bundle.json").is_file():
        logger.info("  exporting %s ...", backbone)
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.random_bundle", backbone, str(bundle)], cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, capture_output=True, text=True, timeout=EXPORT_WITHIN_S,
        )  # fmt: skip
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise ModisteError(
                f"{backbone} could not be exported: {last}.",
                hint="It needs the train extra (make test sets up .venv-dev with it), some GB of memory and disk.",
            )
    return bundle
