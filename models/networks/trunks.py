"""Vision trunks of our own, registered with timm so that an open_clip config can name them."""

from __future__ import annotations

from typing import Any

from timm.models import build_model_with_cfg, generate_default_cfgs, register_model
from timm.models.resnet import BasicBlock, ResNet

__all__ = ["garment_resnet"]

default_cfgs = generate_default_cfgs(
    {
        "garment_resnet.untrained": {
            "input_size": (3, 80, 64),
            "pool_size": (5, 4),
            "num_classes": 0,
            "first_conv": "conv1",
        }
    }
)


@register_model
def garment_resnet(pretrained: bool = False, **kwargs: Any) -> ResNet:
    """A ResNet (He et al. 2016) of 3.3 M parameters for thumbnails.

    It keeps a stride of 16, so that an 80x64 picture still leaves a grid of 5x4 local features: collar, sleeves and hem
    stay apart. ``[B, 3, H, W]`` -> ``[B, 256, H/16, W/16]``.
    """
    shape: dict[str, Any] = {
        "block": BasicBlock,
        "layers": (2, 2, 2, 1),
        "channels": (64, 128, 208, 256),
        "output_stride": 16,
    }
    model: ResNet = build_model_with_cfg(ResNet, "garment_resnet", pretrained, **shape, **kwargs)
    return model
