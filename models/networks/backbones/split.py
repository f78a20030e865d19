"""A vision tower in two parts: frozen blocks and trained blocks.

The outputs of the frozen blocks can be cached, which saves most of the cost of a training step.
"""

from __future__ import annotations

from open_clip.timm_model import TimmModel
from timm.models.efficientnet import EfficientNet
from torch import Tensor, nn

from catalog.errors import ModisteError


class SplitTower:
    """The vision tower of a backbone, split after its first ``blocks`` blocks. The modules are shared, not copied.

    Raises:
        ModisteError: The tower is not a timm EfficientNet, or one of the parts has no blocks.
    """

    def __init__(self, visual: nn.Module, blocks: int) -> None:
        trunk = visual.trunk if isinstance(visual, TimmModel) else None
        if not isinstance(visual, TimmModel) or not isinstance(trunk, EfficientNet):
            raise ModisteError(
                f"The vision tower {type(visual).__name__} cannot be partly frozen.",
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
        """Exclude the weights of the first part from training."""
        self.first.requires_grad_(False)

    def maps(self, images: Tensor) -> Tensor:
        """Normalised pictures, float ``[B, 3, H, W]`` -> output of the first part, ``[B, C, h, w]``."""
        for module in self.first:
            images = module(images)
        return images

    def embed(self, maps: Tensor) -> Tensor:
        """Output of ``maps``, ``[B, C, h, w]`` -> embeddings of the whole tower, ``[B, D]``, not normalised."""
        for module in self.last:
            maps = module(maps)
        embedding: Tensor = self._visual.head(self._trunk.forward_head(maps))
        return embedding
