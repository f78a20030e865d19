import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from models.networks.backbones.backbone import WordFeatures
from models.networks.composers.composeae import ComplexProjection, ComposeAE
from models.networks.composers.composer import Batch
from tests.training.composers.synthetic_edits import DIM, SyntheticEdits


@pytest.fixture
def edits() -> SyntheticEdits:
    torch.manual_seed(0)
    return SyntheticEdits()


@pytest.fixture(scope="module")
def trained() -> ComposeAE:
    torch.manual_seed(0)
    composer = ComposeAE(DIM)
    SyntheticEdits().train(composer)
    return composer


def turned(projection: ComplexProjection, z: Tensor, q: Tensor, kappa: int) -> Tensor:
    rotated = projection.eval()(z, q, kappa)
    return torch.complex(rotated.real, rotated.imaginary)


def test_a_text_turns_a_picture_and_changes_no_modulus() -> None:
    projection = ComplexProjection(16, 0.5)
    z, q = torch.randn(5, 16), torch.randn(5, 16)
    torch.testing.assert_close(turned(projection, z, q, 1).abs(), projection.eta(z).abs())


def test_the_conjugate_undoes_the_rotation() -> None:
    projection = ComplexProjection(16, 0.5)
    z, q = torch.randn(5, 16), torch.randn(5, 16)
    picture = projection.eval().eta(z)
    forward, back = (turned(projection, z, q, kappa) / picture for kappa in (1, -1))
    torch.testing.assert_close(forward * back, torch.ones_like(forward))
    assert (forward.imag.abs() > 1e-3).any()


def test_without_an_angle_nothing_is_imaginary() -> None:
    projection = ComplexProjection(16, 0.5).eval()
    for weight in projection.gamma.parameters():
        torch.nn.init.zeros_(weight)
    z = torch.randn(5, 16)
    rotated = projection(z, torch.randn(5, 16), 1)
    torch.testing.assert_close(rotated.real, projection.eta(z))
    assert not rotated.imaginary.any()


def test_the_objective_is_the_sum_of_its_four_losses_with_their_weights(edits: SyntheticEdits) -> None:
    composer = ComposeAE(DIM).eval()
    batch = edits.batch(8, range(10))

    def cost(**weights: float) -> float:
        for name, weight in {"symmetry": 0.0, "image": 0.0, "text": 0.0, **weights}.items():
            setattr(composer, name, weight)
        return composer.objective(edits.backbone, batch).item()

    base = cost()
    parts = {name: cost(**{name: 1.0}) - base for name in ("symmetry", "image", "text")}
    assert all(part > 0 for part in parts.values())
    expected = base + 0.01 * parts["symmetry"] + 0.1 * parts["image"] + 0.2 * parts["text"]
    assert math.isclose(cost(symmetry=0.01, image=0.1, text=0.2), expected, rel_tol=1e-4)


def test_on_the_way_back_two_targets_of_one_reference_are_both_right(edits: SyntheticEdits) -> None:
    composer = ComposeAE(DIM, image=0.0, text=0.0).eval()
    batch = edits.batch(2, range(10))
    same = batch.reference[:1].expand(2, -1)
    candidates = torch.cat([batch.targets, same])
    one = replace(batch, reference=same, candidates=candidates, right=torch.eye(2, 4, dtype=torch.bool))

    def cost(symmetry: float) -> float:
        composer.symmetry = symmetry
        return composer.objective(edits.backbone, one).item()

    assert cost(0.0) == cost(1.0)  # The batch has no wrong reference.


def test_the_way_back_does_not_move_the_statistics_that_queries_are_made_with(edits: SyntheticEdits) -> None:
    batch = edits.batch(32, range(10))

    def statistics(symmetry: float) -> dict[str, Tensor]:
        torch.manual_seed(0)
        composer = ComposeAE(DIM, dropout=0.0, symmetry=symmetry).train()
        composer.objective(edits.backbone, batch)
        return {name: kept for name, kept in composer.named_buffers() if "running" in name}

    with_it, without = statistics(1.0), statistics(0.0)
    assert with_it
    assert all(torch.equal(with_it[name], without[name]) for name in without)


def test_decoders_learn_to_tell_picture_and_text_from_the_query(edits: SyntheticEdits, trained: ComposeAE) -> None:
    composer, batch = trained, edits.batch(200, range(100))
    z = F.normalize(batch.reference, dim=-1) * composer.scale
    said: WordFeatures = edits.backbone.modifications(batch.ids)
    q = F.normalize(said.embedding, dim=-1) * composer.scale
    with torch.no_grad():
        theta = composer.eval().composed(z, q)
        assert F.mse_loss(composer.decode_text(theta), q) < 0.85 * q.var(dim=0).mean()
        assert F.mse_loss(composer.decode_image(theta), z) < 0.85 * z.var(dim=0).mean()


def test_reconstruction_does_not_train_its_targets(edits: SyntheticEdits) -> None:
    batch = edits.batch(8, range(10))
    reference = batch.reference.clone().requires_grad_()
    composer = ComposeAE(DIM, symmetry=0.0, image=1.0, text=0.0).eval()
    for weight in composer.decode_image.parameters():
        torch.nn.init.zeros_(weight)
    moving = Batch(
        reference, batch.ids, batch.candidates, batch.right, batch.kin, scale=batch.scale, kinship=batch.kinship
    )

    def gradient(image: float) -> Tensor:
        composer.image = image
        return torch.autograd.grad(composer.objective(edits.backbone, moving), reference)[0]

    torch.testing.assert_close(gradient(1.0), gradient(0.0))


def test_it_learns_to_change_one_thing_far_better_than_the_best_weighted_sum(
    edits: SyntheticEdits, trained: ComposeAE
) -> None:
    assert edits.recall(trained) > edits.best_sum() + 50
