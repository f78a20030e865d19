"""Local features: embeddings of the parts of a picture, in the joint space.

FashionERN (Chen et al., AAAI 2024) cuts every picture into 2x2 and 3x3 crops and encodes each of them: fourteen passes
including the whole picture. The cells of a tower's feature map before pooling, passed through the layers after pooling,
are local features from a single pass.

Both kinds are projected into the joint space, so that texts, pictures and parts have one space and one width,
independently of the tower.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from open_clip.modified_resnet import ModifiedResNet
from open_clip.timm_model import TimmModel
from open_clip.transformer import VisionTransformer
from torch import Tensor, nn
from torch.nn import functional as F

from catalog.errors import ModisteError

Parts = Literal["grid", "crops"]
"""Source of local features: the cells of the tower's feature map, or the paper's crops."""

MAX_CELLS = 7
"""Maximum number of cells along a side of the grid; a finer map is averaged. The 14x14 map of ViT-B/16 would take 200
kB for each reference, and modifications are not about such small parts."""
CROPS = (2, 3)
"""As in the paper: 2x2 and 3x3 crops, thirteen in all."""


class Views(NamedTuple):
    """Embeddings of B pictures and their parts, not normalised."""

    embedding: Tensor
    """``[B, D]``."""
    local: Tensor
    """``[B, N, D]``, row by row."""


def grid(visual: nn.Module, images: Tensor) -> Views:
    """Encode pictures and the cells of the tower's feature map: normalised float ``[B, 3, H, W]``.

    Raises:
        ModisteError: The tower has no feature map.
    """
    if isinstance(visual, VisionTransformer) and visual.attn_pool is None:
        return _patches(visual, images)
    if isinstance(visual, ModifiedResNet):
        return _values(visual, images)
    if isinstance(visual, TimmModel) and "pool" not in visual.head._modules:
        return _cells(visual, images)
    raise ModisteError(
        f"The vision tower {type(visual).__name__} has no local features.",
        hint="Use a ViT or ResNet of open_clip or a convolutional trunk of timm, or set the option `parts: crops`.",
    )


def crops(vision: Callable[[Tensor], Tensor], images: Tensor) -> Views:
    """Encode pictures and the paper's crops: fourteen passes, including the whole picture.

    The public code crops pictures of 360x360. Here the tower's input is cropped, so that a bundle has a single input,
    and each crop is scaled to the size of the whole.
    """
    height, width = images.shape[-2:]
    pieces = [images]
    for count in CROPS:
        rows, columns = ([round(at * side / count) for at in range(count + 1)] for side in (height, width))
        for top, bottom in itertools.pairwise(rows):
            for left, right in itertools.pairwise(columns):
                crop = images[:, :, top:bottom, left:right]
                pieces.append(F.interpolate(crop, (height, width), mode="bilinear", align_corners=False))
    seen = vision(torch.stack(pieces, dim=1).flatten(0, 1))
    seen = seen.reshape(-1, len(pieces), seen.shape[-1])
    return Views(seen[:, 0], seen[:, 1:])


def _patches(visual: VisionTransformer, images: Tensor) -> Views:
    """The patch tokens of a ViT, through the norm and projection of its class token."""
    side = visual.grid_size
    tokens = visual.transformer(visual._embeds(images))
    pooled, _ = visual._pool(tokens)
    cells = _coarsened(visual.ln_post(tokens[:, 1:]).transpose(1, 2).unflatten(2, side))
    if visual.proj is None:
        return Views(pooled, cells)
    return Views(pooled @ visual.proj, cells @ visual.proj)


def _values(visual: ModifiedResNet, images: Tensor) -> Views:
    """The last map of CLIP's ResNet, through the value and output projections of its attention pooling.

    This is the output of pooling over a single cell (MaskCLIP; Zhou et al., ECCV 2022).
    """
    features = visual.layer4(visual.layer3(visual.layer2(visual.layer1(visual.stem(images)))))
    pool = visual.attnpool
    return Views(pool(features), pool.c_proj(pool.v_proj(_coarsened(features))))


def _cells(visual: TimmModel, images: Tensor) -> Views:
    """The last map of a convolutional trunk, each cell through the head as if it were the whole picture."""
    features = visual.trunk.forward_features(images)
    if features.ndim != 4 or features.shape[1] != visual.trunk.num_features:
        raise ModisteError(
            f"The trunk {type(visual.trunk).__name__} has no feature map, and so no local features.",
            hint="Use a convolutional trunk, or set the option `parts: crops`.",
        )
    cells = _coarsened(features)
    alone = cells.flatten(0, 1)[:, :, None, None]
    local = visual.head(visual.trunk.forward_head(alone))
    embedding = visual.head(visual.trunk.forward_head(features))
    return Views(embedding, local.reshape(-1, cells.shape[1], local.shape[-1]))


def _coarsened(features: Tensor) -> Tensor:
    """A map ``[B, C, h, w]`` -> cells ``[B, N, C]``, averaged if it is finer than ``MAX_CELLS``."""
    window = tuple(-(-side // MAX_CELLS) for side in features.shape[-2:])
    if window != (1, 1):
        features = F.avg_pool2d(features, window, ceil_mode=True, count_include_pad=False)
    return features.flatten(2).transpose(1, 2)
