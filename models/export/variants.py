"""Adds graphs in other precisions to a bundle, if they are faster and keep recall (``trial``)."""

from __future__ import annotations

import logging
import random
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime

from catalog import Product
from catalog.errors import ModisteError
from models.bundle.checksums import file_digest
from models.bundle.encoder import Bundle, Device
from models.bundle.images import ImagePreprocessing, Pixels
from models.bundle.manifest import BundleManifest, Graph, GraphName, Precision, Variant, read_manifest, write_manifest
from models.datasets.pictures import load_pictures
from models.datasets.triplets.attribute_triplets import NoTriplets
from models.evaluation.held_out.sources import held_out
from models.export.new_folder import new_folder, require_absent
from models.export.precision import fp16_graph, int8_graph
from models.export.trial import Questions, VariantRefused, faster_graphs, try_variant
from models.training.config import TrainConfig
from models.training.data.held_out_queries import validation_queries
from models.training.data.sources import split_source

logger = logging.getLogger(__name__)

_DEVICE: dict[Precision, Device] = {"int8": "cpu", "fp16": "cuda"}
_BATCH = 32
EXAMPLES = 256
"""Products of each source for calibration."""
QUERIES = 1000
"""Maximum number of queries of each kind of edit for measurement."""


class Examples(NamedTuple):
    """Calibration data of int8, from products that are not held out."""

    pixels: Pixels
    texts: Sequence[str]
    """Modifications and titles."""


def chosen_precisions(names: Sequence[str]) -> tuple[list[Precision], bool]:
    """The precisions of ``--precision`` other than fp32, and whether the refusal of one is an error.

    ``auto`` tries those that this machine can measure (int8 always, fp16 with CUDA in ONNX Runtime); refused ones are
    left out.

    Raises:
        ModisteError: There is no such precision.
    """
    known: tuple[Precision, ...] = ("int8", "fp16")
    for name in names:
        if name not in (*known, "auto", "fp32"):
            raise ModisteError(f"There is no precision {name!r}.", hint="Use auto, fp32, int8 or fp16.")
    if "auto" in names:
        has_cuda = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
        return list(known) if has_cuda else ["int8"], False
    return [name for name in known if name in names], True


def add_variants(
    source: Path,
    folder: Path,
    precisions: Sequence[Precision],
    examples: Examples,
    held_out: Sequence[Questions],
    *,
    strict: bool = True,
) -> BundleManifest:
    """Write a copy of the bundle at ``source`` with graphs in other precisions in addition to those in fp32.

    Both bundles have the same fingerprint, because their vectors are compatible: every generation of one can be served
    with the other.

    Args:
        source: A bundle.
        folder: Must not exist yet.
        precisions: ``int8`` and ``fp16``; fp16 needs a GPU, because every variant is measured.
        examples: A few hundred pictures and texts from training products.
        held_out: Queries to measure Recall@10 on.
        strict: Raise if a variant is refused, instead of leaving it out with a warning.

    Raises:
        VariantRefused: A variant is not faster or loses more than half a point.
        ModisteError: ``folder`` exists, or CUDA is needed and not available.
    """
    _require_devices(precisions)
    with new_folder(folder) as building:
        manifest = Bundle(source, device="cpu", precision="fp32").manifest
        kept = manifest.files.keys() - {g.file for v in manifest.variants.values() for g in v.graphs.values()}
        for name in kept:
            shutil.copy2(source / name, building / name)
        files = {name: manifest.files[name] for name in kept}
        manifest = manifest.model_copy(update={"variants": {}, "files": dict(sorted(files.items()))})
        write_manifest(building, manifest)
        for precision in precisions:
            try:
                manifest = _with_variant(building, manifest, precision, examples, held_out)
            except VariantRefused as refusal:
                if strict:
                    raise
                logger.warning("%s is left out: %s", precision, refusal.message)
            write_manifest(building, manifest)
    return manifest


def _require_devices(precisions: Sequence[Precision]) -> None:
    if "fp16" in precisions and "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        raise ModisteError(
            "fp16 has to be measured on a GPU, and this ONNX Runtime has no CUDA.",
            hint="Install 'modiste[gpu]' in place of 'modiste[cpu]' on a machine with a GPU, or ask for int8.",
        )


def _with_variant(
    folder: Path, manifest: BundleManifest, precision: Precision, examples: Examples, held_out: Sequence[Questions]
) -> BundleManifest:
    """Write, time and measure one variant; its files are removed if it is refused."""
    device = _DEVICE[precision]
    fp32 = Bundle(folder, device=device, threads=1, precision="fp32")
    logger.info("%s: from %d pictures and %d texts", precision, len(examples.pixels), len(examples.texts))
    graphs = _write_graphs(folder, manifest, precision, fp32, examples)
    try:
        variant = _trial_bundle(folder, manifest, graphs, device)
        speedup = faster_graphs(fp32, variant, examples.pixels, examples.texts)
        graphs = _only(folder, graphs, speedup)
        if not graphs:
            raise VariantRefused(f"No graph is faster in {precision} than in fp32 on this machine.", hint="Use fp32.")
        trial = try_variant(fp32, _trial_bundle(folder, manifest, graphs, device), held_out, speedup)
    except BaseException:
        _only(folder, graphs, {})
        raise
    files = {**manifest.files, **{graph.file: file_digest(folder / graph.file) for graph in graphs.values()}}
    variants = {**manifest.variants, precision: Variant(graphs=graphs, trial=trial)}
    return manifest.model_copy(update={"variants": variants, "files": dict(sorted(files.items()))})


def _write_graphs(
    folder: Path, manifest: BundleManifest, precision: Precision, fp32: Bundle, examples: Examples
) -> dict[GraphName, Graph]:
    feeds = _feeds(fp32, examples)
    graphs: dict[GraphName, Graph] = {}
    for name, graph in manifest.graphs.items():
        path = folder / graph.file
        made = int8_graph(path, feeds[name]) if precision == "int8" else fp16_graph(path)
        if made is None:
            continue
        file = f"{name}.{precision}.onnx"
        (folder / file).write_bytes(made.SerializeToString())
        onnx.checker.check_model(str(folder / file))
        graphs[name] = graph.model_copy(update={"file": file, "precision": precision})
    return graphs


def _feeds(fp32: Bundle, examples: Examples) -> dict[GraphName, list[Mapping[str, npt.NDArray[np.generic]]]]:
    ids, _ = fp32.tokenizer.encode(examples.texts)
    starts = range(0, len(examples.pixels), _BATCH)
    pictures = [np.ascontiguousarray(examples.pixels[at : at + _BATCH]) for at in starts]
    seen = [fp32.vision(pixels) for pixels in pictures]
    features = np.concatenate([one.features for one in seen])
    shown = {"shown": np.concatenate([one.attributes for one in seen])} if fp32.manifest.expects else {}
    batches = [ids[at : at + _BATCH] for at in range(0, len(ids), _BATCH)]
    paired = [np.arange(at, min(at + _BATCH, len(ids))) % len(features) for at in range(0, len(ids), _BATCH)]
    return {
        "vision": [{"pixels": pixels} for pixels in pictures],
        "query": [
            {"features": features[rows], "ids": batch, **{name: array[rows] for name, array in shown.items()}}
            for rows, batch in zip(paired, batches, strict=True)
        ],
        "text": [{"ids": batch} for batch in batches],
    }


def _trial_bundle(folder: Path, manifest: BundleManifest, graphs: Mapping[GraphName, Graph], device: Device) -> Bundle:
    """A bundle that runs the variant's graphs in place of its own, for measurement."""
    digests = {graph.file: file_digest(folder / graph.file) for graph in graphs.values()}
    changes = {"graphs": {**manifest.graphs, **graphs}, "files": {**manifest.files, **digests}}
    write_manifest(folder, manifest.model_copy(update=changes))
    return Bundle(folder, device=device, threads=1, precision="fp32")


def _only(folder: Path, graphs: Mapping[GraphName, Graph], kept: Mapping[GraphName, float]) -> dict[GraphName, Graph]:
    for name in graphs.keys() - kept.keys():
        (folder / graphs[name].file).unlink(missing_ok=True)
    return {name: graph for name, graph in graphs.items() if name in kept}


def add_variants_by_config(
    source: Path, folder: Path, precisions: Sequence[Precision], config: TrainConfig, cache: Path, *, strict: bool
) -> BundleManifest:
    """``add_variants``, calibrated with the training products of a config's sources and measured on the held-out ones.

    Raises:
        ModisteError: As for ``add_variants``; or a source cannot be read, or none has held-out products.
    """
    require_absent(folder)
    _require_devices(precisions)
    images = read_manifest(source).images
    measured = [Questions(dataset, pixels) for dataset, pixels in held_out(images, config, cache, QUERIES)]
    if not measured:
        raise ModisteError(
            "No source of this config has held-out products, so variants cannot be measured.",
            hint="Give a source a `validation_share`, or use `--precision fp32`.",
        )
    return add_variants(source, folder, precisions, _examples(config, images, cache), measured, strict=strict)


def _examples(config: TrainConfig, images: ImagePreprocessing, cache: Path) -> Examples:
    chance = random.Random(config.seed)
    shown: list[Product] = []
    texts: list[str] = []
    for settings in config.sources:
        learnt, _ = split_source(settings, cache)
        some = chance.sample(learnt, min(len(learnt), EXAMPLES))
        shown += some
        texts += [product.title for product in some if product.title]
        with suppress(NoTriplets):
            texts += [one.modification for one in validation_queries(settings, some, EXAMPLES // 4).triplets]
    return Examples(load_pictures(shown, images).pixels, texts)
