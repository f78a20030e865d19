"""Precision: what each variant of a bundle costs in Recall@10 and saves in time, from request to answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from catalog import read_catalog
from models.bundle import Bundle
from models.bundle.manifest import Precision, read_manifest
from models.datasets.triplets.attribute_triplets import AttributeTriplets
from models.datasets.triplets.triplet import TripletDataset
from models.errors import ModisteError
from tests.bench.bench import Bench, logger
from tests.bench.load import Generator
from tests.bench.requests import upload
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
    result.figures = {name: _described(variant) for name, variant in variants.items()}
    size = bench.options.sizes[0]
    shots = bench.uploads(size)
    with ExitStack() as stack:
        generators, bares = {}, {}
        for name, (folder, precision) in variants.items():
            root = indexed(bench.options.cache, catalog, folder, precision=precision)
            service = stack.enter_context(bench.service({"precision": precision}, bundle=folder, index_root=root))
            generators[name] = stack.enter_context(Generator(service.port))
            bares[name] = stack.enter_context(bench.bare(size, bundle=folder, index_root=root, precision=precision))
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


class Variant(NamedTuple):
    """A bundle in one of its precisions."""

    folder: Path
    precision: Precision


def _variants(folders: Sequence[Path]) -> dict[str, Variant]:
    """Every bundle in fp32, by the name of its folder, and in int8 where it has that.

    Raises:
        ModisteError: Two folders have one name, or one is no bundle.
    """
    if len({folder.name for folder in folders}) != len(folders):
        raise ModisteError(
            "Two bundles lie in folders of the same name.", hint="Rename one; reports go by these names."
        )
    found: dict[str, Variant] = {}
    for folder in folders:
        found[folder.name] = Variant(folder, "fp32")
        if "int8" in read_manifest(folder).variants:  # fp16 is for GPUs, and the bare pipeline runs on the CPU.
            found[f"{folder.name} int8"] = Variant(folder, "int8")
    return found


def _described(variant: Variant) -> dict[str, Any]:
    folder, precision = variant
    bundle = Bundle(folder, device="cpu", precision=precision)
    return {
        "bundle": bundle.name, "fingerprint": bundle.fingerprint, "providers": bundle.providers,
        "precisions": {graph: spec.precision for graph, spec in bundle.graphs.items()},
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
        note = "only one bundle was given, in fp32 alone; `modiste models quantise` adds int8 to it"
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
