"""Local features of every kind of vision tower, small and on random weights."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from catalog.errors import ModisteError
from models.networks.backbones.backbone import Backbone

TEXT = {"context_length": 16, "vocab_size": 600, "width": 32, "heads": 2, "layers": 1}
VISION: dict[str, dict[str, Any]] = {
    "small-vit": {"image_size": 32, "patch_size": 8, "width": 64, "layers": 2, "head_width": 32},
    "small-fine-vit": {"image_size": 40, "patch_size": 4, "width": 32, "layers": 1, "head_width": 32},
    "small-resnet": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8},
    "small-resnet-of-one-cell": {"image_size": 32, "layers": [1, 1, 1, 1], "width": 8},
    "small-timm-vit": {
        "image_size": 32, "timm_model_name": "test_vit", "timm_model_pretrained": False, "timm_pool": "",
        "timm_proj": "linear",
    },
}  # fmt: skip
CELLS = {"modiste-small": 20, "small-vit": 16, "small-fine-vit": 25, "small-resnet": 4}


@pytest.fixture(scope="module", autouse=True)
def _configs(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder: Path = tmp_path_factory.mktemp("configs")
    for name, vision in VISION.items():
        config = {"embed_dim": 48, "vision_cfg": vision, "text_cfg": TEXT}
        (folder / f"{name}.json").write_text(json.dumps(config))
    open_clip.add_model_config(folder)


@functools.cache
def backbone(name: str) -> Backbone:
    """With the statistics of random pictures in its batch norms: without them, maps hardly differ from cell to cell."""
    torch.manual_seed(0)
    tower = Backbone(name)
    for module in tower.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
    with torch.no_grad():
        for _ in range(3):
            tower.train().vision(pictures(tower, 4))
    return tower.eval().requires_grad_(False)


def pictures(of: Backbone, count: int = 3) -> Tensor:
    images = of.image_preprocessing
    return torch.rand(count, 3, images.height, images.width)


@pytest.mark.parametrize("name", sorted(CELLS))
def test_one_pass_gives_the_plain_embedding_and_the_cells_in_the_same_space(name: str) -> None:
    tower = backbone(name)
    images = pictures(tower)
    seen = tower.vision_local(images)
    torch.testing.assert_close(seen.embedding, tower.vision(images))
    assert seen.local.shape == (3, CELLS[name], tower.dim)
    assert seen.local.std(dim=1).mean() > 1e-4, "All cells are alike."


@pytest.mark.parametrize("name", sorted(CELLS))
def test_a_pictures_cells_do_not_depend_on_the_pictures_beside_it(name: str) -> None:
    tower = backbone(name)
    images = pictures(tower)
    torch.testing.assert_close(
        tower.vision_local(images).local[:1], tower.vision_local(images[:1]).local, atol=1e-5, rtol=1e-4
    )


def test_the_embedding_of_an_averaging_tower_is_the_mean_of_its_cells() -> None:
    seen = backbone("modiste-small").vision_local(torch.rand(2, 3, 80, 64))
    torch.testing.assert_close(seen.local.mean(dim=1), seen.embedding)


def test_a_cell_is_of_its_own_place_in_the_picture() -> None:
    tower = backbone("modiste-small")
    images = torch.zeros(1, 3, 320, 256)
    changed = images.clone()
    changed[:, :, -16:, -16:] = 1
    moved = (tower.vision_local(changed).local - tower.vision_local(images).local).norm(dim=-1)
    assert moved.argmax() == moved.shape[1] - 1


def test_the_cell_of_a_map_with_one_cell_is_the_embedding() -> None:
    tower = backbone("small-resnet-of-one-cell")
    nn.init.zeros_(tower.clip.visual.attnpool.positional_embedding)
    seen = tower.vision_local(pictures(tower))
    torch.testing.assert_close(seen.local[:, 0], seen.embedding)


@pytest.mark.parametrize("name", ["modiste-small", "small-vit", "small-resnet"])
def test_crops_are_thirteen_pictures_of_their_own(name: str) -> None:
    tower = backbone(name)
    images = pictures(tower, 2)
    seen = tower.vision_local(images, "crops")
    assert seen.local.shape == (2, 13, tower.dim)
    torch.testing.assert_close(seen.embedding, tower.vision(images), atol=1e-5, rtol=1e-4)
    height, width = images.shape[-2:]
    corner = images[:, :, : height // 2, : width // 2]
    whole = F.interpolate(corner, (height, width), mode="bilinear", align_corners=False)
    torch.testing.assert_close(seen.local[:, 0], tower.vision(whole), atol=1e-5, rtol=1e-4)


def test_a_tower_without_a_map_is_refused_and_has_crops_all_the_same() -> None:
    tower = backbone("small-timm-vit")
    images = pictures(tower)
    with pytest.raises(ModisteError, match="no local features"):
        tower.vision_local(images)
    assert tower.vision_local(images, "crops").local.shape == (3, 13, tower.dim)
