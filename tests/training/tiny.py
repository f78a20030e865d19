"""The backbone ``tiny``: the layers of ``modiste-small``, few and narrow, so that tests train and export it in seconds.

Importing this module makes the name known; a process that trains or loads such a model must import it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import open_clip
from timm.models import build_model_with_cfg, generate_default_cfgs, register_model
from timm.models.resnet import BasicBlock, ResNet

__all__ = ["TINY", "tiny_resnet"]

TINY = "tiny"

default_cfgs = generate_default_cfgs(
    {"tiny_resnet.untrained": {"input_size": (3, 80, 64), "pool_size": (5, 4), "num_classes": 0, "first_conv": "conv1"}}
)
open_clip.add_model_config(Path(__file__).parent / "backbones")


@register_model
def tiny_resnet(pretrained: bool = False, **kwargs: Any) -> ResNet:
    """A ResNet of four blocks. ``[B, 3, H, W]`` -> ``[B, 96, H/16, W/16]``."""
    shape: dict[str, Any] = {"layers": (1, 1, 1, 1), "channels": (16, 32, 64, 96)}
    model: ResNet = build_model_with_cfg(
        ResNet, "tiny_resnet", pretrained, block=BasicBlock, output_stride=16, **shape, **kwargs
    )
    return model
