import pytest
import torch
from torch import nn
from torch.nn import functional as F

from models.networks.backbones.backbone import WordFeatures
from models.networks.composers.tirg import TIRG
from tests.training.composers.synthetic_edits import DIM, SyntheticEdits


def silenced(layers: nn.Module) -> None:
    """Make the last linear layer of a branch say nothing."""
    last = [layer for layer in layers.modules() if isinstance(layer, nn.Linear)][-1]
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)


def words(count: int) -> WordFeatures:
    return WordFeatures(torch.randn(count, 8), torch.randn(count, 5, 6), torch.ones(count, 5, dtype=torch.bool))


def test_an_open_gate_without_a_residual_returns_the_reference() -> None:
    composer = TIRG(8).eval()
    silenced(composer.gate)
    silenced(composer.residual)
    reference = F.normalize(torch.randn(3, 8), dim=-1)
    torch.testing.assert_close(composer(reference, words(3)), reference)


def test_a_gate_closes_features_of_the_reference_one_by_one() -> None:
    composer = TIRG(8).eval()
    silenced(composer.gate)
    silenced(composer.residual)
    gate = composer.gate[2]
    assert isinstance(gate, nn.Linear)
    with torch.no_grad():
        gate.bias[:4] = -100.0
    reference = F.normalize(torch.randn(3, 8), dim=-1)
    query = composer(reference, words(3))
    assert (query[:, :4].abs() < 1e-6).all()
    torch.testing.assert_close(query[:, 4:], F.normalize(reference[:, 4:], dim=-1))


def test_the_weights_begin_as_the_authors_do() -> None:
    composer = TIRG(8)
    assert (composer.gate_weight.item(), composer.residual_weight.item()) == (1.0, 10.0)


@pytest.mark.parametrize("factor", [0.25, 4.0])
def test_the_learnt_length_changes_the_loss_and_not_the_query(factor: float) -> None:
    edits = SyntheticEdits()
    batch = edits.batch(8, range(10))
    composer = TIRG(DIM).eval()
    query, loss = (
        composer(batch.reference, edits.backbone.modifications(batch.ids)),
        composer.objective(edits.backbone, batch),
    )
    with torch.no_grad():
        composer.length.mul_(factor)
    assert torch.equal(composer(batch.reference, edits.backbone.modifications(batch.ids)), query)
    assert composer.objective(edits.backbone, batch).item() != pytest.approx(loss.item(), rel=0.01)


def test_it_learns_to_change_one_thing_far_better_than_the_best_weighted_sum() -> None:
    torch.manual_seed(0)
    edits = SyntheticEdits()
    assert edits.recall(edits.train(TIRG(DIM))) > edits.best_sum() + 50
