"""A vision tower cut in two: the parts together compute what the whole does, and only the last part learns."""

from __future__ import annotations

import pytest
import torch

from catalog.errors import ModisteError
from models.networks.backbones.backbone import Backbone
from models.networks.backbones.split import SplitTower


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    torch.manual_seed(0)
    return Backbone("modiste-lite").eval()


def test_both_parts_together_compute_the_embedding(backbone: Backbone) -> None:
    tower = SplitTower(backbone.clip.visual, 5)
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(tower.embed(tower.maps(images)), backbone.vision(images))


def test_gradients_reach_the_last_part_alone(backbone: Backbone) -> None:
    backbone.apply_policy("both")
    tower = SplitTower(backbone.clip.visual, 3)
    tower.freeze()
    tower.embed(tower.maps(torch.randn(2, 3, 64, 64))).sum().backward()  # type: ignore[no-untyped-call]
    assert all(weight.grad is None for weight in tower.first.parameters())
    assert all(weight.grad is not None for weight in tower.last.parameters())


@pytest.mark.parametrize("blocks", [0, 7])
def test_a_split_that_leaves_one_side_empty_is_refused(backbone: Backbone, blocks: int) -> None:
    with pytest.raises(ModisteError, match="both sides of the cut"):
        SplitTower(backbone.clip.visual, blocks)


def test_a_tower_of_another_architecture_is_refused() -> None:
    with pytest.raises(ModisteError, match="cannot be partly frozen"):
        SplitTower(Backbone("modiste-small").clip.visual, 2)
