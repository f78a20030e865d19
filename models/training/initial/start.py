"""Initial weights, tokenizer and words of a run that starts from another run or from a bundle.

The graphs of a bundle contain all weights of its towers in a form meant for inference: batch norms are folded into the
convolutions before them, and matrices that the exporter transposed have lost their names. Both are undone here, so that
training can continue from a bundle alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from catalog.errors import ModisteError
from models.bundle import Bundle, bundle_folder
from models.bundle.encoder import Vectors
from models.bundle.images import ImagePreprocessing, Pixels
from models.bundle.manifest import MANIFEST_NAME, TOKENIZER_NAME, GraphName
from models.bundle.weights import MIN_ELEMENTS, stored_weights
from models.training.checkpoint import Checkpoint
from models.training.model import RetrievalModel
from models.training.run import Run

REUSED_WEIGHTS = ("backbone.clip.", "attributes.", "log_scale")
"""Prefixes of the weights that are taken over. The composer and its adaptation of the text tower are not."""
SAME_BACKBONE = "Give the same `backbone` section as that run."
MIN_COSINE = 0.9999
BATCH_NORM_PICTURES = 1024
"""Number of pictures from which the statistics of batch norms are computed."""


@dataclass(frozen=True)
class Start:
    """A starting point of training."""

    folder: Path
    images: ImagePreprocessing
    tokenizer: bytes
    """``tokenizer.json``."""
    words: tuple[str, ...]
    """Words of the attribute head."""
    weights: dict[str, Tensor]
    """By name: as in ``RetrievalModel`` for a run, as in the graphs for a bundle."""


def is_bundle(folder: Path) -> bool:
    """Whether ``folder`` holds a bundle rather than a run."""
    return (folder / MANIFEST_NAME).is_file()


def read_start(given: Path) -> Start:
    """Read a finished run or a bundle to start from.

    Args:
        given: Its folder, or ``shipped``.

    Raises:
        ModisteError: The folder is neither a run with a checkpoint nor an intact bundle.
    """
    folder = bundle_folder(given)
    if is_bundle(folder):
        return bundle_start(folder)
    run = Run(folder)
    if not run.config_file.is_file():
        raise ModisteError(
            f"{folder} is neither a training run nor a bundle.",
            hint="Set `start` to the folder of a run or a bundle, or to `shipped`.",
        )
    images, checkpoint = run.model().images, Checkpoint.load(folder)
    assert checkpoint is not None
    return Start(folder, images, run.tokenizer.read_bytes(), tuple(run.words()), checkpoint.model)


def take_backbone(model: RetrievalModel, start: Start, *, learning: bool = False) -> None:
    """Load the weights of a run into ``model``.

    Args:
        model: Built by its own config.
        start: The run.
        learning: Whether stage 0 follows; the size of pictures may then differ, because the towers adapt to it.

    Raises:
        ModisteError: The run has a different backbone or different preprocessing of pictures.
    """
    size = {"height": model.images.height, "width": model.images.width}
    if model.images != (start.images.model_copy(update=size) if learning else start.images):
        raise ModisteError(f"{start.folder} has different preprocessing of pictures.", hint=SAME_BACKBONE)
    weights = {name: weight for name, weight in start.weights.items() if name.startswith(REUSED_WEIGHTS)}
    try:
        missing = model.load_state_dict(weights, strict=False).missing_keys
    except RuntimeError as error:
        raise ModisteError(f"{start.folder} has a different backbone: {error}", hint=SAME_BACKBONE) from error
    if lacking := [name for name in missing if name.startswith(REUSED_WEIGHTS)]:
        raise ModisteError(f"{start.folder} lacks {lacking[0]}.", hint=SAME_BACKBONE)


def bundle_start(folder: Path) -> Start:
    """Read a bundle to start from, its weights as its graphs hold them (``take_bundle`` converts them).

    Raises:
        BundleError: The folder is not an intact bundle.
    """
    bundle = Bundle(folder, device="cpu", precision="fp32")
    manifest = bundle.manifest
    graphs: tuple[GraphName, ...] = ("vision", "text")
    held = {
        f"{graph}:{name}": torch.tensor(values)
        for graph in graphs
        for name, values in stored_weights(folder / manifest.graphs[graph].file)
    }
    tokenizer = (folder / TOKENIZER_NAME).read_bytes()
    return Start(folder, manifest.images, tokenizer, manifest.attributes, held)


def take_bundle(model: RetrievalModel, start: Start, *, learning: bool = False) -> None:
    """Load the towers and the attribute head of a bundle into ``model``, and check that its vectors are the bundle's.

    Arguments and errors are those of ``take_backbone``.
    """
    visual, text = model.backbone.clip.visual, model.backbone.clip.text
    weights = dict(tower_weights("backbone.clip.visual.", visual, start, "vision"))
    weights |= dict(tower_weights("backbone.clip.text.", text, start, "text"))
    if model.attributes is not None:
        weights |= dict(tower_weights("attributes.", model.attributes, start, "vision"))
    own = {name: value for name, value in model.state_dict().items() if name.startswith(REUSED_WEIGHTS)}
    take_backbone(
        model, Start(start.folder, start.images, start.tokenizer, start.words, own | weights), learning=learning
    )
    _check(model, Bundle(start.folder, device="cpu", precision="fp32"))


def tower_weights(prefix: str, network: nn.Module, start: Start, graph: GraphName) -> Iterator[tuple[str, Tensor]]:
    """The weights of one network, by their names in ``RetrievalModel``."""
    held = {name.removeprefix(f"{graph}:"): w for name, w in start.weights.items() if name.startswith(f"{graph}:")}
    nameless = iter([w for name, w in held.items() if not name.startswith("model.") and w.numel() >= MIN_ELEMENTS])
    norms = _batch_norms(network)
    normed = {f"{norm}.{of}" for norm in norms.values() for of in ("weight", "bias")}
    for name, parameter in network.named_parameters():
        if name in normed:
            continue
        weight = held.get(f"model.{prefix}{name}")
        if weight is None and parameter.ndim == 2:
            # Matrices that the exporter transposed have no names, but appear in the order of the module's parameters.
            turned = next(nameless, None)
            weight = None if turned is None else turned.T
        if weight is None or weight.shape != parameter.shape:
            raise ModisteError(
                f"{start.folder} has no weight {prefix}{name} of the shape that the config gives it.",
                hint=SAME_BACKBONE,
            )
        module = name.removesuffix(".weight")
        if name.endswith(".weight") and module in norms:
            kernel, scale = _unfolded(weight)
            yield f"{prefix}{name}", kernel
            norm = f"{prefix}{norms[module]}"
            eps = network.get_submodule(norms[module]).eps
            yield f"{norm}.weight", scale * math.sqrt(1 + float(eps))  # type: ignore[arg-type]
            yield f"{norm}.bias", held[f"model.{prefix}{name}_bias"]
            yield f"{norm}.running_mean", torch.zeros_like(scale)
            yield f"{norm}.running_var", torch.ones_like(scale)
        else:
            yield f"{prefix}{name}", weight


def _batch_norms(network: nn.Module) -> dict[str, str]:
    """Names of batch norms, by the name of the convolution before each."""
    found, before = {}, ""
    for name, module in network.named_modules():
        if isinstance(module, nn.BatchNorm2d) and before:
            found[before], before = name, ""
        elif isinstance(module, nn.Conv2d):
            before = name
    return found


def _unfolded(weight: Tensor) -> tuple[Tensor, Tensor]:
    """A kernel and the scales of its batch norm. The largest weight of each channel becomes 127/128, so that rounding
    to int8 (``models.networks.backbones.rounding``) finds the same steps again."""
    scale = weight.flatten(1).abs().amax(dim=1).clamp(min=torch.finfo(weight.dtype).tiny) * (128 / 127)
    return weight / scale.view(-1, *[1] * (weight.ndim - 1)), scale


@torch.no_grad()
def settle_batch_norms(model: RetrievalModel, pixels: Pixels) -> None:
    """Recompute the statistics of the vision tower's batch norms, which were folded in the bundle, from some pictures.

    Scale and shift are changed to compensate, so that the outputs of the tower stay the same.

    Args:
        model: With the weights of a bundle.
        pixels: uint8 ``[N, H, W, 3]``; the first ``BATCH_NORM_PICTURES`` are used.
    """
    seen: dict[nn.BatchNorm2d, list[Tensor]] = {}
    norms = [module for module in model.backbone.clip.visual.modules() if isinstance(module, nn.BatchNorm2d)]
    hooks = [norm.register_forward_pre_hook(lambda m, taken: seen.setdefault(m, []).append(taken[0])) for norm in norms]
    model.eval()
    model.see(torch.from_numpy(pixels[:BATCH_NORM_PICTURES]).to(model.device))
    for hook in hooks:
        hook.remove()
    for norm, (taken,) in seen.items():
        assert norm.running_mean is not None
        assert norm.running_var is not None
        variance, mean = torch.var_mean(taken, dim=(0, 2, 3))
        variance = variance.clamp(min=1e-6)
        gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        norm.bias.add_(gain * (mean - norm.running_mean))
        norm.weight.copy_(gain * torch.sqrt(variance + norm.eps))
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)


def _check(model: RetrievalModel, bundle: Bundle) -> None:
    images = bundle.manifest.images
    pixels = np.random.default_rng(0).integers(0, 256, (8, images.height, images.width, 3), dtype=np.uint8)
    ids, _ = bundle.tokenizer.encode(["a red dress", "black shoes for men"])
    model.eval()
    pairs = ((model.vision(pixels).embedding, bundle.vision(pixels).embedding), (model.text(ids), bundle.text(ids)))
    if min(_cosines(pairs)) < MIN_COSINE:
        raise ModisteError(f"The vectors of {bundle.folder} are not those of this backbone.", hint=SAME_BACKBONE)


def _cosines(pairs: Iterable[tuple[Vectors, Vectors]]) -> Iterator[float]:
    for ours, theirs in pairs:
        yield float((ours * theirs).sum(axis=1).min())
