"""A vision tower in two parts: the blocks that keep their weights, and those that learn.

What the first part computes of a picture can be kept and reused, which takes most of the cost out of a training step.
"""

from __future__ import annotations

from open_clip.timm_model import TimmModel
from timm.models.efficientnet import EfficientNet
from torch import Tensor, nn

from models.errors import ModisteError


class SplitTower:
    """The vision tower of a backbone, cut behind ``blocks`` of its blocks; its modules stay where they are.

    Raises:
        ModisteError: The tower is no EfficientNet of timm, or has no blocks left to learn.
    """

    def __init__(self, visual: nn.Module, blocks: int) -> None:
        trunk = visual.trunk if isinstance(visual, TimmModel) else None
        if not isinstance(visual, TimmModel) or not isinstance(trunk, EfficientNet):
            raise ModisteError(
                f"The vision tower {type(visual).__name__} cannot be frozen in part.",
                hint="Use a backbone with an EfficientNet trunk, such as modiste-lite, or set `joint.frozen: 0`.",
            )
        if not 0 < blocks < len(trunk.blocks):
            raise ModisteError(
                f"`joint.frozen: {blocks}` does not leave blocks on both sides of the cut.",
                hint=f"The trunk has {len(trunk.blocks)}; freeze 1 to {len(trunk.blocks) - 1} of them.",
            )
        self.first = nn.ModuleList([trunk.conv_stem, trunk.bn1, *trunk.blocks[:blocks]])
        self.last = nn.ModuleList([*trunk.blocks[blocks:], trunk.conv_head, trunk.bn2])
        self._visual, self._trunk = visual, trunk

    def freeze(self) -> None:
        """Keep the weights of the first part from moving."""
        self.first.requires_grad_(False)

    def maps(self, images: Tensor) -> Tensor:
        """Normalised float ``[B, 3, H, W]`` -> what the first part computes, ``[B, C, h, w]``."""
        for module in self.first:
            images = module(images)
        return images

    def embed(self, maps: Tensor) -> Tensor:
        """What ``maps`` gives -> embeddings ``[B, D]``, not normalised, as the whole tower gives them."""
        for module in self.last:
            maps = module(maps)
        embedding: Tensor = self._visual.head(self._trunk.forward_head(maps))
        return embedding
