"""Which variant of each graph is fastest on this processor, and at which batch size.

int8 is twice as fast as fp32 on a processor with VNNI, and slower than fp32 for some graphs without it. Therefore the
graphs are timed once on each machine, and the result is stored next to the bundle's folder.
"""

from __future__ import annotations

import hashlib
import json
import logging
import platform
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar, cast, get_args

import numpy as np
import onnxruntime

from models.bundle.encoder import Bundle, Device, uses_gpu
from models.bundle.manifest import GraphName, Precision, read_manifest

K = TypeVar("K")

logger = logging.getLogger(__name__)

FORMAT = 2
ON_CPU = "CPUExecutionProvider"
BATCHES = (1, 2, 4, 8)
"""Batch sizes on a CPU. With 16, throughput falls, because clients that send requests one after another synchronise
with the batches."""
GPU_BATCHES = (1, 2, 4, 8, 16, 32)
ROUNDS = 5
TOLERANCE = 1.1
"""The largest batch is used whose time per row is within this factor of the shortest, because work outside the graph
that is done once per batch (preparation, the search of the store, waking threads) takes a quarter of the time of an
answer."""


@dataclass(frozen=True)
class Plan:
    """How to run a bundle's graphs on this machine."""

    precisions: dict[GraphName, Precision]
    max_batch: int
    """Maximum number of pictures in one run of the vision graph."""


def plan_for(folder: Path, *, device: Device, threads: int, cores: int, run_folder: Path | None = None) -> Plan:
    """The stored plan for the same bundle, processor and threads; measured now if there is none.

    Measuring takes one to three seconds on an idle machine.

    Args:
        folder: The bundle's folder.
        threads: Number of threads for one run of a graph.
        cores: Number of cores that the service may use; with another number, the graphs are measured again.
        run_folder: Second place of the plan, for processes that start together if the bundle is on a read-only file
            system.
    """
    in_fp32 = partial(Bundle, folder, device=device, threads=threads, precision="fp32")
    # Only a loaded graph shows whether CUDA starts. On a CPU, graphs are not loaded only to look for the stored plan.
    bundle = in_fp32() if uses_gpu(device) else None
    providers = bundle.providers if bundle else [ON_CPU]
    fingerprint = read_manifest(folder).fingerprint
    key = [FORMAT, fingerprint, _processor(), onnxruntime.__version__, providers, threads, cores]
    paths = [Path(folder).with_name(f".{Path(folder).name}.plan.json")]
    if run_folder is not None:
        paths.append(run_folder / "plan.json")
    for path in paths:
        if (plan := _kept(path, key)) is not None:
            return plan
    bundle = bundle or in_fp32()
    plan = _measured(bundle, device, threads)
    logger.info("Measured %s: %s, batches of %d.", bundle.name, plan.precisions, plan.max_batch)
    for path in paths:
        with suppress(OSError):  # A read-only folder: measured again at the next start.
            path.write_text(json.dumps({"key": key, **asdict(plan)}))
    return plan


def _measured(bundle: Bundle, device: Device, threads: int) -> Plan:
    on_gpu = bundle.providers[0] != ON_CPU
    others: list[Precision] = [one for one in bundle.manifest.variants if on_gpu or one != "fp16"]
    candidates = {"fp32": bundle} | {
        precision: Bundle(bundle.folder, device=device, threads=threads, precision=precision) for precision in others
    }
    precisions: dict[GraphName, Precision] = {}
    for graph in get_args(GraphName):
        runs = {name: _run(candidate, graph, 1) for name, candidate in candidates.items()}
        seconds = _best_of(runs)
        precisions[graph] = cast(Precision, min(seconds, key=lambda name: seconds[name]))
    vision = candidates[precisions["vision"]]
    batches = GPU_BATCHES if on_gpu else BATCHES
    by_rows = _best_of({rows: _run(vision, "vision", rows) for rows in batches})
    best = min(by_rows[rows] / rows for rows in batches)
    return Plan(precisions, max(rows for rows in batches if by_rows[rows] / rows <= best * TOLERANCE))


def _run(bundle: Bundle, graph: GraphName, rows: int) -> Callable[[], object]:
    """A call that runs ``graph`` on ``rows`` rows."""
    manifest = bundle.manifest
    rng = np.random.default_rng(7)
    ids = np.full((rows, manifest.text.length), 1, np.int64)
    if graph == "text":
        return lambda: bundle.text(ids)
    pixels = rng.integers(0, 256, (rows, manifest.images.height, manifest.images.width, 3), dtype=np.uint8)
    if graph == "vision":
        return lambda: bundle.vision(pixels)
    seen = bundle.vision(pixels)
    return lambda: bundle.expected(seen.features, ids, seen.attributes)


def _best_of(runs: dict[K, Callable[[], object]]) -> dict[K, float]:
    """The shortest time of each call, in seconds. The calls alternate, so that other load affects all of them."""
    for run in runs.values():
        run()
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(ROUNDS):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def _kept(path: Path, key: list[object]) -> Plan | None:
    try:
        kept = json.loads(path.read_text())
        if kept.pop("key") != key:
            return None
        return Plan(**kept)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _processor() -> str:
    """The processor's model and, on Linux, its instruction sets."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        found = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        flags = hashlib.sha256(found.get("flags", found.get("Features", "")).encode()).hexdigest()
        return f"{found.get('model name', '')} {flags[:16]}"
    return platform.processor()
