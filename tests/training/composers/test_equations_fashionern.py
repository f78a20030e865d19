"""FashionERN's TME and DVR against their equations in numpy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.networks.backbones.backbone import Backbone, WordFeatures
from models.networks.composers.composer import Batch
from models.networks.composers.dvr import VisionRefinement
from models.networks.composers.fashionern import FashionERN, Gate
from models.networks.composers.registry import composer_for
from models.networks.composers.tme import ReferenceInjection, TargetAlignment, target_alignment
from tests.training.composers.equations import (
    Array,
    array,
    attention,
    classification,
    divergence,
    layer_norm,
    linear,
    linears,
    mean_of,
    mlp,
    relu,
    shaken,
    sigmoid,
    softmax,
    unit,
)

IDS = torch.tensor([[2, 9, 17, 599], [2, 7, 599, 0], [2, 8, 599, 0], [2, 8, 7, 599]])
PARTS = 6


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    torch.manual_seed(0)
    backbone = Backbone("modiste-small", vocabulary=600).eval()
    backbone.apply_policy("frozen")
    return backbone


@pytest.fixture(scope="module")
def composer(backbone: Backbone) -> FashionERN:
    torch.manual_seed(1)
    built = composer_for(backbone, "fashionern", {"projection": 16, "hidden": 24, "inner": 16})
    assert isinstance(built, FashionERN)
    shaken(built)
    return built


@pytest.fixture
def one(backbone: Backbone) -> Batch:
    chance = torch.Generator().manual_seed(2)
    candidates = F.normalize(torch.randn(10, backbone.dim, generator=chance), dim=-1)
    parts = F.normalize(torch.randn(4, PARTS, backbone.dim, generator=chance), dim=-1)
    reference = torch.cat([candidates[4:8, None], parts], dim=1)
    right = torch.eye(4, 10, dtype=torch.bool)
    return Batch(reference, IDS, candidates, right, right, scale=6.0, kinship=0.0)


def close(ours: Tensor, expected: Array | float) -> None:
    np.testing.assert_allclose(array(ours), expected, atol=2e-5, rtol=2e-4)


def gated(gate: Gate, image: Array, text: Array) -> Array:
    image, text = unit(image), unit(text)
    root = math.sqrt(image.shape[1])
    (of_text,), (of_image,), (first, second) = map(linears, (gate.project_text, gate.project_image, gate.balance))
    joined = np.concatenate([relu(linear(of_text, root * text)), relu(linear(of_image, root * image))], axis=1)
    weight = sigmoid(linear(second, relu(linear(first, joined))))
    return unit(weight * text + (1 - weight) * image)


def refined(dvr: VisionRefinement, words: WordFeatures, local: Array) -> tuple[Array, Array]:
    mask = words.mask.numpy()
    said = linear(dvr.project, array(words.tokens))
    guide = dvr.text_guided
    found = attention(guide.attention, layer_norm(guide.norm_text, said), layer_norm(guide.norm_reference, local))
    r_mr = mlp(guide.mlp, found) + said
    (of_part,), (of_whole,) = linears(dvr.self_guided.part), linears(dvr.self_guided.whole)
    common = np.tanh(linear(of_part, r_mr)) * np.tanh(linear(of_whole, mean_of(r_mr, mask)))[:, None]
    scores = np.where(mask, linear(dvr.self_guided.weight, common)[..., 0], -np.inf)
    r_sr = (softmax(scores)[..., None] * r_mr).sum(axis=1)
    return r_sr, mean_of(said, mask)


def aligned(branch: TargetAlignment, words: WordFeatures) -> Array:
    tokens, mask = array(words.tokens), words.mask.numpy()
    normed = layer_norm(branch.norm, tokens)
    z_align = mlp(branch.mlp, attention(branch.attention, normed, normed, mask)) + tokens
    return unit(linear(branch.project, mean_of(z_align, mask)))


def test_each_block_of_the_text_tower_adds_the_injection_to_its_output(
    backbone: Backbone, composer: FashionERN, one: Batch
) -> None:
    blocks = backbone.clip.text.transformer.resblocks
    taken: list[tuple[Tensor, dict[str, Any]]] = []

    def keep(_: nn.Module, given: tuple[Tensor, ...], more: dict[str, Any]) -> None:
        taken.append((given[0], more))

    hooks = [block.register_forward_pre_hook(keep, with_kwargs=True) for block in blocks]
    composer.words(backbone, IDS, one.reference)
    for hook in hooks:
        hook.remove()
    assert composer.enhancement is not None
    assert len(taken) == len(blocks) == len(composer.enhancement.blocks) > 1
    for at, injection in enumerate(list(composer.enhancement.blocks)[:-1]):
        assert isinstance(injection, ReferenceInjection)
        tokens, more = taken[at]
        z_mod = layer_norm(injection.norm_text, array(tokens))
        z_ref = layer_norm(injection.norm_reference, array(one.reference))
        z_inject = mlp(injection.mlp, attention(injection.attention, z_mod, z_ref))
        assert np.abs(z_inject).max() > 0.01
        close(taken[at + 1][0], array(blocks[at](tokens, **more)) + z_inject)


def test_the_query_joins_the_global_and_the_refined_local_gate(
    backbone: Backbone, composer: FashionERN, one: Batch
) -> None:
    assert composer.refinement is not None
    assert composer.local_gate is not None
    assert composer.last_gate is not None
    words = composer.words(backbone, IDS, one.reference)
    reference = array(one.reference)
    kept, said = refined(composer.refinement, words, reference[:, 1:])
    whole = gated(composer.global_gate, reference[:, 0], array(words.embedding))
    local = gated(composer.local_gate, kept, said)
    close(composer(one.reference, words), gated(composer.last_gate, whole, local))


def test_the_first_phase_minimises_the_global_querys_loss_and_half_of_the_divergence(
    backbone: Backbone, composer: FashionERN, one: Batch
) -> None:
    words = composer.words(backbone, IDS, one.reference)
    assert composer.alignment is not None
    whole = gated(composer.global_gate, array(one.reference)[:, 0], array(words.embedding))
    candidates, said = array(one.candidates), aligned(composer.alignment, words)
    close(composer.alignment(words), said)
    theirs, ours = (softmax(one.scale * rows @ candidates.T) for rows in (array(one.targets), said))
    close(
        target_alignment(torch.from_numpy(said).float(), one.targets, one.candidates, one.scale),
        divergence(theirs, ours),
    )
    composer.enter(0, backbone)
    expected = classification(whole, candidates, one.scale) + 0.5 * divergence(theirs, ours)
    close(composer.objective(backbone, one), expected)


def test_the_second_phase_minimises_the_loss_of_the_whole_query(
    backbone: Backbone, composer: FashionERN, one: Batch
) -> None:
    composer.enter(1, backbone)
    query = array(composer(one.reference, composer.words(backbone, IDS, one.reference)))
    close(composer.objective(backbone, one), classification(query, array(one.candidates), one.scale))
    composer.enter(0, backbone)
