"""Local features: what a vision tower sees in the parts of a picture, in the joint space, as its embedding is.

FashionERN (Chen et al., AAAI 2024) cuts every picture into 2x2 and 3x3 crops and encodes each on its own: fourteen
passes. Before they are pooled, however, all towers hold a map of the picture. Its cells, taken through what
the tower does after pooling, are local features for one pass.

Both are projected into the joint space rather than left as the tower has them: a composer then reads words, pictures
and their parts in one space, of one width, whichever the tower is and whether a part was a cell or a crop.
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

from models.errors import ModisteError

Parts = Literal["grid", "crops"]
"""Where local features come from: the cells of the tower's own map, or the paper's crops."""

MOST_CELLS = 7
"""Along one side of the grid. A finer map is averaged down: ViT-B/16's 14x14 would make 200 kB of each reference, and
no word of a modification is about a sixteenth of a sleeve."""
CROPS = (2, 3)
"""The paper's: 2x2 and 3x3 of them, thirteen in all."""


class Views(NamedTuple):
    """What one look at B pictures gives; nothing of it is normalised."""

    embedding: Tensor
    """``[B, D]``."""
    local: Tensor
    """``[B, N, D]``, row by row."""


def grid(visual: nn.Module, images: Tensor) -> Views:
    """One pass of a tower: normalised float ``[B, 3, H, W]`` -> embedding and the cells of its map.

    Raises:
        ModisteError: The tower keeps no map.
    """
    if isinstance(visual, VisionTransformer) and visual.attn_pool is None:
        return _patches(visual, images)
    if isinstance(visual, ModifiedResNet):
        return _values(visual, images)
    if isinstance(visual, TimmModel) and "pool" not in visual.head._modules:
        return _cells(visual, images)
    raise ModisteError(
        f"The vision tower {type(visual).__name__} gives no local features.",
        hint="Use open_clip's own ViT or ResNet or a convolutional trunk of timm, or set the option `parts: crops`.",
    )


def crops(vision: Callable[[Tensor], Tensor], images: Tensor) -> Views:
    """The paper's crops: fourteen passes, the whole picture's among them.

    Its public code cuts a picture of 360x360; here the picture is cut as the tower would get it, so that a bundle still
    takes one input, and each crop is scaled up to the whole's size.
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
    """The patch tokens of a ViT, through the norm and the projection that its class token goes through."""
    side = visual.grid_size
    tokens = visual.transformer(visual._embeds(images))
    pooled, _ = visual._pool(tokens)
    cells = _coarsened(visual.ln_post(tokens[:, 1:]).transpose(1, 2).unflatten(2, side))
    if visual.proj is None:
        return Views(pooled, cells)
    return Views(pooled @ visual.proj, cells @ visual.proj)


def _values(visual: ModifiedResNet, images: Tensor) -> Views:
    """The last map of CLIP's ResNet, through its attention pooling's value and output projections.

    That is what a cell would give if the pooling looked at it alone (MaskCLIP; Zhou et al., ECCV 2022).
    """
    features = visual.layer4(visual.layer3(visual.layer2(visual.layer1(visual.stem(images)))))
    pool = visual.attnpool
    return Views(pool(features), pool.c_proj(pool.v_proj(_coarsened(features))))


def _cells(visual: TimmModel, images: Tensor) -> Views:
    """The last map of a convolutional trunk: each cell goes through the head as if it were the whole picture."""
    features = visual.trunk.forward_features(images)
    if features.ndim != 4 or features.shape[1] != visual.trunk.num_features:
        raise ModisteError(
            f"The trunk {type(visual.trunk).__name__} keeps no map of channels, and so has no local features.",
            hint="Use a convolutional trunk, or set the option `parts: crops`.",
        )
    cells = _coarsened(features)
    alone = cells.flatten(0, 1)[:, :, None, None]
    local = visual.head(visual.trunk.forward_head(alone))
    embedding = visual.head(visual.trunk.forward_head(features))
    return Views(embedding, local.reshape(-1, cells.shape[1], local.shape[-1]))


def _coarsened(features: Tensor) -> Tensor:
    """A map ``[B, C, h, w]`` -> cells ``[B, N, C]``, averaged where it is finer than ``MOST_CELLS``."""
    window = tuple(-(-side // MOST_CELLS) for side in features.shape[-2:])
    if window != (1, 1):
        features = F.avg_pool2d(features, window, ceil_mode=True, count_include_pad=False)
    return features.flatten(2).transpose(1, 2)
