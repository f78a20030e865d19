"""Initial weights of the composer and of the head for expected words, from a bundle.

The query graph holds most of them under their own names. It lacks the names of matrices that the exporter transposed,
and it may hold the product of a low-rank update, or the updated matrix, in place of its two factors. These are
identified by their shapes and their order, and the queries of the result are compared with those of the bundle.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from models.bundle import Bundle
from models.bundle.weights import stored_weights
from models.networks.backbones.adaptation import LowRank
from models.training.initial.alignment import take_texts
from models.training.initial.start import Start
from models.training.model import RetrievalModel

logger = logging.getLogger(__name__)

ADAPTED = "backbone.adapted_text."
MIN_COSINE = 0.999
Weights = dict[str, Tensor]


def composer_weights(model: RetrievalModel, start: Start, rank: int) -> Weights:
    """The weights of a bundle's composer, adapted text tower and expected words, by their names in ``RetrievalModel``.

    Empty if the bundle has another composer or one of another shape; the composer is then trained from scratch.

    Args:
        model: With the composer of the config; it is not changed. Its text tower may differ from the bundle's.
        start: The bundle, as ``bundle_start`` reads it.
        rank: ``compose.text_rank`` of the config.
    """
    bundle = Bundle(start.folder, device="cpu", precision="fp32")
    if bundle.manifest.composer != model.composer_name:
        return {}
    held = {
        name: torch.tensor(values)
        for name, values in stored_weights(bundle.folder / bundle.manifest.graphs["query"].file)
    }
    left = [weight for name, weight in held.items() if not name.startswith("model.") and weight.ndim == 2]
    twin = copy.deepcopy(model)
    take_texts(twin, start)
    if rank:
        twin.backbone.adapt_text(rank)
    try:
        found = {} if twin.backbone.adapted_text is None else dict(_adapted(twin.backbone.adapted_text, held, left))
        found |= dict(_named(model, "composer.", held, left))
        if model.expectation is not None and bundle.manifest.expects:
            found |= dict(_named(model, "expectation.", held, left))
    except KeyError as error:
        logger.info("%s has no %s of this config's shape: a new composer is trained", bundle.name, error.args[0])
        return {}
    twin.load_state_dict(found, strict=False)
    if not _same_queries(twin.eval(), bundle):
        logger.info("the weights of the composer of %s were not recognised: a new one is trained", bundle.name)
        return {}
    return found


def _same_queries(model: RetrievalModel, bundle: Bundle) -> bool:
    ids, _ = bundle.tokenizer.encode(["in red", "not black but blue, for men", "longer", "the same with sleeves"])
    images = bundle.manifest.images
    pixels = np.random.default_rng(0).integers(0, 256, (len(ids), images.height, images.width, 3), dtype=np.uint8)
    features = bundle.vision(pixels).features
    return bool((model.query(features, ids) * bundle.query(features, ids)).sum(axis=1).min() > MIN_COSINE)


def _named(
    model: RetrievalModel, prefix: str, held: Mapping[str, Tensor], left: list[Tensor]
) -> Iterator[tuple[str, Tensor]]:
    """Raises KeyError for a weight that is missing or has another shape."""
    for name, weight in model.state_dict().items():
        if not name.startswith(prefix):
            continue
        found = held.get(f"model.{name}")
        if found is None:
            found = _taken(left, weight.T.shape, name).T
        if found.shape != weight.shape:
            raise KeyError(name)
        yield name, found.contiguous()


def _adapted(tower: nn.Module, held: Mapping[str, Tensor], left: list[Tensor]) -> Iterator[tuple[str, Tensor]]:
    """The weights of an adapted text tower, without those that it shares with the tower it is a copy of."""
    for name, weight in tower.named_parameters():
        if name.endswith((".original", ".down", ".up")):
            continue
        if (found := held.get(f"model.{ADAPTED}{name}")) is None or found.shape != weight.shape:
            raise KeyError(name)
        yield f"{ADAPTED}{name}", found
    updates = {name: module for name, module in tower.named_modules() if isinstance(module, LowRank)}
    # In the order of their use: the projection comes after the blocks.
    for name in sorted(updates, key=lambda name: ".text_projection" in f".{name}"):
        module, original = updates[name], f"{name.rpartition('.')[0]}.original"
        down, up = held.get(f"model.{ADAPTED}{name}.down"), held.get(f"model.{ADAPTED}{name}.up")
        if down is None or up is None:
            update = _taken(left, (len(module.up), module.down.shape[1]), name)
            if f"model.{ADAPTED}{original}" not in held:
                update = update - tower.get_parameter(original)
            down, up = _factors(update.detach(), len(module.down))
        if down.shape != module.down.shape or up.shape != module.up.shape:
            raise KeyError(name)
        yield f"{ADAPTED}{name}.down", down
        yield f"{ADAPTED}{name}.up", up


def _factors(update: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """The factors of a low-rank matrix: ``up @ down``."""
    u, s, v = torch.linalg.svd(update, full_matrices=False)
    root = s[:rank].sqrt()
    return root[:, None] * v[:rank], u[:, :rank] * root


def _taken(left: list[Tensor], shape: Sequence[int], name: str) -> Tensor:
    """The first matrix of a shape, removed from ``left``: the exporter keeps their order."""
    place = next((at for at, one in enumerate(left) if tuple(one.shape) == tuple(shape)), None)
    if place is None:
        raise KeyError(name)
    return left.pop(place)
