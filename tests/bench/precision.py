"""Precision: what each variant of a bundle costs in Recall@10 and saves in time, from request to answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from models.bundle import Bundle
from models.datasets.attribute_triplets import AttributeTriplets
from models.datasets.catalog import read_catalog
from models.datasets.triplet import TripletDataset
from models.errors import ModisteError
from tests.bench.bench import Bench, logger
from tests.bench.load import Generator
from tests.bench.requests import FreshUploads, upload
from tests.bench.result import Chart, Result, Target, at_most
from tests.bench.shop import indexed
from tests.bench.statistics import summary

TITLE = "Precision: latency and Recall@10 by variant of the bundle"
MOST_POINTS = 0.5
TOP = 10
QUERIES = 1000
BATCHES = (1, 8)
BLOCK = 5


def measure(bench: Bench) -> Result:
    """All variants served side by side and asked in turn; the first is what the others are compared with."""
    result = Result("precision", TITLE)
    catalog = bench.options.catalog or bench.shop
    dataset = AttributeTriplets(read_catalog(catalog)).dataset("bench", 20 if bench.options.quick else QUERIES, seed=3)
    result.notes.append(
        f"Recall@{TOP} over HTTP: {len(dataset.triplets)} queries made of the attributes of {len(dataset.gallery):,} "
        f"products ({catalog.name}), the reference's picture uploaded and its product excluded, each variant over an "
        "index of its own."
    )
    variants = _variants(bench.options.bundles)
    names = list(variants)
    result.figures = {name: _described(folder) for name, folder in variants.items()}
    size = bench.options.sizes[0]
    shots = FreshUploads([path.read_bytes() for path in bench.pictures(size)])
    with ExitStack() as stack:
        generators, bares = {}, {}
        for name, folder in variants.items():
            root = indexed(bench.options.cache, catalog, folder)
            service = stack.enter_context(bench.service(bundle=folder, index_root=root))
            generators[name] = stack.enter_context(Generator(service.port))
            bares[name] = stack.enter_context(bench.bare(size, bundle=folder, index_root=root))
        repeats = 2 if bench.options.quick else 20
        spent: dict[str, list[float]] = {name: [] for name in names}
        passes: dict[str, dict[str, list[float]]] = {name: {} for name in names}
        for turn in range(bench.options.rounds * repeats // 2):
            for name in names[:: -1 if turn % 2 else 1]:
                run = generators[name].one_by_one(shots, BLOCK)
                spent[name] += [sample.ms for sample in run.good]
                for batch in BATCHES:
                    for stage, times in bares[name].passes(batch, 2).items():
                        passes[name].setdefault(f"{stage}, batch {batch}", []).extend(times)
        for name in names:
            hits = _recall(generators[name], dataset)
            result.figures[name] |= {
                "recall_at_10": round(hits, 3), "service_ms": summary(spent[name]),
                "passes_ms": {stage: summary(times) for stage, times in passes[name].items()},
            }  # fmt: skip
            logger.info("  %s: Recall@10 %.2f, p50 %.1f ms", name, hits, summary(spent[name])["p50"])
    result.targets = _targets(names, result.figures)
    result.charts = _charts(names, result.figures)
    return result


def _variants(folders: Sequence[Path]) -> dict[str, Path]:
    """Bundles by the name of their folder.

    Raises:
        ModisteError: Two folders have one name.
    """
    found = {folder.name: folder for folder in folders}
    if len(found) != len(folders):
        raise ModisteError(
            "Two bundles lie in folders of the same name.", hint="Rename one; reports go by these names."
        )
    return found


def _described(folder: Path) -> dict[str, Any]:
    bundle = Bundle(folder, device="cpu")
    return {
        "bundle": bundle.name, "fingerprint": bundle.fingerprint, "providers": bundle.providers,
        "precisions": {graph: spec.precision for graph, spec in bundle.manifest.graphs.items()},
        "bytes": sum(path.stat().st_size for path in folder.iterdir() if path.is_file()),
    }  # fmt: skip


def _recall(generator: Generator, dataset: TripletDataset) -> float:
    """Per cent of the queries with a right product among the first ten."""
    hits = 0
    for triplet in dataset.triplets:
        fields = {"text": triplet.modification, "k": str(TOP), "exclude": json.dumps([triplet.reference])}
        answer = generator.ask(upload(dataset.image_of(triplet.reference), fields))
        if answer.status != 200:
            raise ModisteError(
                f"A query was answered with {answer.status}: {answer.body[:300]!r}.", hint="See the service's log."
            )
        found = {one["id"] for one in json.loads(answer.body)["results"]}
        hits += not found.isdisjoint(triplet.targets)
    return 100 * hits / len(dataset.triplets)


def _targets(names: list[str], figures: dict[str, Any]) -> list[Target]:
    if len(names) == 1:
        note = "only one bundle was given; name its variants with --bundle"
        return [Target("points of Recall@10 lost by a variant", f"at most {MOST_POINTS}", None, None, note)]
    first = figures[names[0]]["recall_at_10"]
    return [
        at_most(f"points of Recall@10 lost by {name}", [first - figures[name]["recall_at_10"]], MOST_POINTS)
        for name in names[1:]
    ]


def _charts(names: list[str], figures: dict[str, Any]) -> list[Chart]:
    stages = [f"{stage}, batch {batch}" for batch in BATCHES for stage in ("vision", "query")]
    bars = {name: [(stage, figures[name]["passes_ms"][stage]["p50"]) for stage in stages] for name in names}
    return [Chart("p50 of a pass", "pass", "ms", bars, "bars")]
