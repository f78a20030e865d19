"""Pretrained weights for a vision tower, from timm or from ports with other names of the same layers."""

from __future__ import annotations

from pathlib import Path

from open_clip.timm_model import TimmModel
from torch import Tensor, nn

from catalog.errors import ModisteError
from models.networks.backbones.weight_sources import read_weights

_CLASSIFIERS = ("_fc.", "classifier.", "fc.", "head.")


def load_vision_weights(visual: nn.Module, path: Path) -> None:
    """Load the weights of an image classifier of the same architecture into a timm trunk.

    A file with timm's own names is read by name. Ports such as ``efficientnet-lite-pytorch`` have other names but keep
    the order of the layers, so their tensors are assigned in order; their shapes must be equal. The classifier is
    dropped, and the projection into the joint space is not changed.

    Args:
        visual: The vision tower of a backbone.
        path: The file, as ``read_weights`` takes it.

    Raises:
        ModisteError: The tower is not a timm trunk, or the weights are those of another architecture.
    """
    if not isinstance(visual, TimmModel):
        raise ModisteError(
            f"Weights of a classifier do not fit the vision tower {type(visual).__name__}.",
            hint="Use `backbone.pretrained` for open_clip's own towers.",
        )
    held = {name: weight for name, weight in read_weights(path).items() if not name.startswith(_CLASSIFIERS)}
    own = visual.trunk.state_dict()
    if held.keys() != own.keys():
        held = dict(zip(own, held.values(), strict=False)) if len(held) == len(own) else {}
    if not held or (wrong := _misfit(own, held)):
        at = f": {wrong} differs in shape" if held else ""
        raise ModisteError(
            f"The weights in {path} are those of another architecture{at}.",
            hint="Give the weights of the trunk that the backbone's config names.",
        )
    visual.trunk.load_state_dict(held)


def _misfit(own: dict[str, Tensor], held: dict[str, Tensor]) -> str | None:
    return next((name for name, weight in own.items() if held[name].shape != weight.shape), None)
