"""Vision trunks for small pictures, registered with timm so that open_clip configs can name them."""

from __future__ import annotations

from typing import Any

from timm.models import build_model_with_cfg, generate_default_cfgs, register_model
from timm.models.resnet import BasicBlock, ResNet

__all__ = ["garment_resnet", "garment_resnet_wide"]

_THUMBNAILS = {"input_size": (3, 80, 64), "pool_size": (5, 4), "num_classes": 0, "first_conv": "conv1"}

default_cfgs = generate_default_cfgs({f"garment_resnet{size}.untrained": _THUMBNAILS for size in ("", "_wide")})


@register_model
def garment_resnet(pretrained: bool = False, **kwargs: Any) -> ResNet:
    """A ResNet (He et al. 2016) with 3.3 M parameters for thumbnails.

    Its stride is 16, so that an 80x64 picture gives 5x4 local features. ``[B, 3, H, W]`` -> ``[B, 256, H/16, W/16]``.
    """
    return _resnet("garment_resnet", pretrained, layers=(2, 2, 2, 1), channels=(64, 128, 208, 256), **kwargs)


@register_model
def garment_resnet_wide(pretrained: bool = False, **kwargs: Any) -> ResNet:
    """The same with 7.8 M parameters. Most of the additional ones are in the last two stages, where the map has 5x4
    cells and weights cost the least time. ``[B, 3, H, W]`` -> ``[B, 384, H/16, W/16]``."""
    return _resnet("garment_resnet_wide", pretrained, layers=(2, 2, 2, 2), channels=(64, 128, 256, 384), **kwargs)


def _resnet(name: str, pretrained: bool, **shape: Any) -> ResNet:
    model: ResNet = build_model_with_cfg(ResNet, name, pretrained, block=BasicBlock, output_stride=16, **shape)
    return model
