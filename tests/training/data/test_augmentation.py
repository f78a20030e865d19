from __future__ import annotations

import torch
from torch import Tensor

from models.training.data.augmentation import augment, before_backdrops, mirror


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def photographs(count: int = 8, height: int = 40, width: int = 32) -> Tensor:
    """Coloured squares on white."""
    pictures = torch.ones(count, 3, height, width)
    colours = torch.rand(count, 3, 1, 1, generator=chance(9)) * 0.7
    pictures[:, :, 10:30, 8:24] = colours
    return pictures


def test_pictures_keep_their_shape_and_range() -> None:
    for change in (augment, before_backdrops):
        changed = change(photographs(16), chance())
        assert changed.shape == (16, 3, 40, 32)
        assert changed.dtype == torch.float32
        assert changed.min() >= 0
        assert changed.max() <= 1


def test_equal_chance_changes_pictures_equally() -> None:
    for change in (augment, before_backdrops):
        assert torch.equal(change(photographs(), chance(3)), change(photographs(), chance(3)))
        assert not torch.equal(change(photographs(), chance(3)), change(photographs(), chance(4)))


def test_the_given_pictures_are_not_changed() -> None:
    given = photographs()
    before = given.clone()
    augment(given, chance())
    before_backdrops(given, chance())
    assert torch.equal(given, before)


def test_mirroring_turns_about_half_of_the_pictures_and_changes_nothing_else() -> None:
    given = torch.rand(200, 3, 8, 6, generator=chance(1))
    changed = mirror(given, chance())
    turned = (changed == given.flip(-1)).flatten(1).all(dim=1)
    assert (turned | (changed == given).flatten(1).all(dim=1)).all()
    assert 70 <= turned.sum() <= 130


def test_the_white_around_a_garment_becomes_a_backdrop() -> None:
    changed = before_backdrops(photographs(), chance())
    border = torch.cat([changed[..., 0, :], changed[..., -1, :]], dim=-1)
    assert border.amin(dim=1).mean() < 0.9


def test_a_garment_itself_is_left_alone() -> None:
    given = photographs()
    changed = before_backdrops(given, chance())
    assert torch.equal(changed[:, :, 12:28, 10:22], given[:, :, 12:28, 10:22])


def test_a_white_shirt_on_white_keeps_its_inside() -> None:
    given = torch.ones(4, 3, 40, 32)
    given[:, :, 10:30, 8:24] = 0.5  # Its outline is all that tells a white shirt from the wall.
    given[:, :, 13:27, 11:21] = 1.0
    changed = before_backdrops(given, chance())
    assert torch.equal(changed[:, :, 13:27, 11:21], given[:, :, 13:27, 11:21])
    assert not torch.equal(changed, given)


def test_a_picture_without_a_light_border_has_no_backdrop_to_change() -> None:
    given = torch.full((4, 3, 40, 32), 0.5)
    given[:, :, 15:25, 10:20] = 1.0
    assert torch.equal(before_backdrops(given, chance()), given)


def test_about_one_picture_in_four_of_a_training_batch_gets_another_backdrop() -> None:
    corners = augment(photographs(400), chance())[:, :, :3, :3].amin(dim=1).mean(dim=(1, 2))
    assert 0.1 < (corners < 0.7).float().mean() < 0.35
