"""Combiner, TIRG, ComposeAE and DQE-CIR against their equations in numpy."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.networks.backbones.backbone import WordFeatures
from models.networks.composers.arithmetic import ElementwiseSum
from models.networks.composers.combiner import Combiner
from models.networks.composers.composeae import ComposeAE, Mapping
from models.networks.composers.composer import Batch, Composer
from models.networks.composers.dqe import DistinctiveQuery
from models.networks.composers.fashionern import Gate
from models.networks.composers.tirg import TIRG
from tests.training.composers.equations import (
    Array,
    adaptive_max,
    array,
    batch_norm,
    classification,
    linear,
    linears,
    relu,
    shaken,
    sigmoid,
    softmax,
    unit,
)

DIM, COUNT = 24, 5
ROOT = math.sqrt(DIM)


class Words:
    """Stands where a backbone would; gives these words, with tokens that need no projection."""

    adapted_text = SimpleNamespace(text_projection=None)

    def __init__(self, words: WordFeatures) -> None:
        self.words = words

    def modifications(self, ids: Tensor) -> WordFeatures:
        return self.words


@pytest.fixture
def words() -> WordFeatures:
    torch.manual_seed(0)
    mask = torch.arange(6)[None, :] < torch.tensor([6, 3, 1, 4, 2])[:, None]
    return WordFeatures(3 * torch.randn(COUNT, DIM), torch.randn(COUNT, 6, DIM), mask)


@pytest.fixture
def reference() -> Tensor:
    return F.normalize(torch.randn(COUNT, DIM, generator=torch.Generator().manual_seed(1)), dim=-1)


def batch(reference: Tensor, *, right: Tensor | None = None, mined: Tensor | None = None) -> Batch:
    """Targets and further candidates at random; ``scale`` 7."""
    chance = torch.Generator().manual_seed(2)
    targets, others = (F.normalize(torch.randn(count, DIM, generator=chance), dim=-1) for count in (COUNT, 3))
    candidates = torch.cat([targets, reference, others])
    right = torch.eye(COUNT, len(candidates), dtype=torch.bool) if right is None else right
    ids = torch.zeros(COUNT, 1, dtype=torch.int64)
    return Batch(reference, ids, candidates, right, right, scale=7.0, kinship=0.0, mined=mined)


def close(ours: Tensor, expected: Array | float) -> None:
    np.testing.assert_allclose(array(ours), expected, atol=2e-5, rtol=2e-4)


def objective(composer: Composer, words: WordFeatures, one: Batch) -> Tensor:
    return composer.objective(Words(words), one)  # type: ignore[arg-type]


def test_the_element_wise_sum_adds_unit_vectors(words: WordFeatures, reference: Tensor) -> None:
    close(ElementwiseSum(DIM)(reference, words), unit(array(reference) + unit(array(words.embedding))))


def test_the_combiner_is_its_equation(words: WordFeatures, reference: Tensor) -> None:
    composer = Combiner(DIM)
    shaken(composer)
    image, text = ROOT * array(reference), ROOT * unit(array(words.embedding))
    (of_text,), (of_image,) = linears(composer.project_text), linears(composer.project_reference)
    joined = np.concatenate([relu(linear(of_text, text)), relu(linear(of_image, image))], axis=1)
    (first, second), (third, fourth) = linears(composer.vector), linears(composer.balance)
    v, weight = linear(second, relu(linear(first, joined))), sigmoid(linear(fourth, relu(linear(third, joined))))
    close(composer(reference, words), unit(v + weight * text + (1 - weight) * image))


def test_widths_and_dropout_of_the_combiner_are_the_papers() -> None:
    for dim, millions in ((640, 59.0), (512, 37.8)):
        assert round(sum(weight.numel() for weight in Combiner(dim).parameters()) / 1e6, 1) == millions
    for dim, millions in ((640, 118.0), (512, 75.5)):  # The public code of FashionERN has four gates.
        gate = Gate(dim, 4 * dim, 8 * dim, 0.5)
        assert round(4 * sum(weight.numel() for weight in gate.parameters()) / 1e6, 1) == millions
    assert [part.p for part in Combiner(8).modules() if isinstance(part, nn.Dropout)] == [0.5] * 4


def test_tirg_is_its_equation(words: WordFeatures, reference: Tensor) -> None:
    composer = TIRG(DIM)
    shaken(composer)
    image, text = ROOT * array(reference), ROOT * unit(array(words.embedding))
    joined = np.concatenate([image, text], axis=1)
    (of_gate,), (first, second) = linears(composer.gate), linears(composer.residual)
    gate = sigmoid(linear(of_gate, relu(batch_norm(composer.gate[0], joined)))) * image
    changed = relu(batch_norm(composer.residual[0], joined))
    residual = linear(second, relu(linear(first, changed)))
    query = unit(1.0 * gate + 10.0 * residual)
    close(composer(reference, words), query)
    one = batch(reference)
    with torch.no_grad():
        composer.length.fill_(0.6)
    close(objective(composer, words, one), classification(query, array(one.candidates), 0.6 * one.scale))


def mapped(mapping: Mapping, x: Array) -> Array:
    """BN, ReLU, Linear, ReLU, Linear."""
    first, second = linears(mapping)
    return linear(second, relu(linear(first, relu(batch_norm(mapping.layers[0], x)))))


def theta(composer: ComposeAE, z: Array, q: Array, conjugate: bool = False) -> Array:
    projection = composer.projection
    (eta_1, eta_2), (gamma_1, gamma_2) = linears(projection.eta), linears(projection.gamma)
    eta = linear(eta_2, relu(linear(eta_1, batch_norm(projection.eta[0], z))))
    gamma = linear(gamma_2, relu(linear(gamma_1, batch_norm(projection.gamma[0], q))))
    phi = np.exp((-1j if conjugate else 1j) * gamma) * eta
    rows = np.stack([eta, gamma, z, phi.real, phi.imag], axis=1)
    kernel, bias = array(composer.rho_conv.convolution.weight), composer.rho_conv.convolution.bias
    assert bias is not None
    padded = np.pad(rows, ((0, 0), (0, 0), (1, 1)))
    seen = sum(np.einsum("oc,bcl->bol", kernel[..., at], padded[..., at : at + DIM]) for at in range(3))
    pooled = adaptive_max(seen + array(bias)[:, None], 16).reshape(len(z), 1024)
    linearly = mapped(composer.rho, np.concatenate([phi.real, phi.imag], axis=1))
    combined: Array = 10.0 * linearly + 1.0 * mapped(composer.rho_conv.mapping, pooled)
    return combined


def test_composeae_is_its_equations(words: WordFeatures, reference: Tensor) -> None:
    composer = ComposeAE(DIM)
    shaken(composer)
    z, q = ROOT * array(reference), ROOT * unit(array(words.embedding))
    found = theta(composer, z, q)
    close(composer.composed(torch.from_numpy(z).float(), torch.from_numpy(q).float()), found)
    close(composer(reference, words), unit(found))
    layers = [type(layer).__name__ for layer in composer.projection.eta]
    assert layers == ["BatchNorm1d", "Linear", "Dropout", "ReLU", "Linear"]


def test_composeaes_objective_is_the_sum_of_its_four_losses(words: WordFeatures, reference: Tensor) -> None:
    assert (ComposeAE(DIM).symmetry, ComposeAE(DIM).image, ComposeAE(DIM).text) == (0.01, 0.1, 0.1)
    composer = ComposeAE(DIM, symmetry=0.5, image=0.7, text=0.3)  # Large enough that each of them shows.
    shaken(composer)
    with torch.no_grad():
        composer.length.fill_(0.8)
    one = batch(reference)
    z, q, targets = ROOT * array(reference), ROOT * unit(array(words.embedding)), array(one.targets)
    found, back = theta(composer, z, q), theta(composer, ROOT * targets, q, conjugate=True)
    scale = 0.8 * one.scale
    expected = classification(unit(found), array(one.candidates), scale)
    expected += 0.5 * classification(unit(back), array(reference), scale)
    expected += 0.7 * np.square(mapped(composer.decode_image, found) - z).mean()
    expected += 0.3 * np.square(mapped(composer.decode_text, found) - q).mean()
    close(objective(composer, words, one), expected)


def test_dqe_is_the_equations_of_its_docstring(words: WordFeatures, reference: Tensor) -> None:
    composer = DistinctiveQuery(DIM)
    shaken(composer)
    query, parts, weights = composed(composer, words, reference)
    ours = composer.compose(reference, words)
    close(ours.query, query)
    close(ours.parts, parts)
    close(ours.weights, weights)


def composed(composer: DistinctiveQuery, words: WordFeatures, reference: Tensor) -> tuple[Array, Array, Array]:
    t, r = ROOT * unit(array(words.embedding)), ROOT * array(reference)
    visual = linear(composer.see, r).reshape(COUNT, 2, DIM)
    parts = np.zeros((COUNT, 2, DIM))
    for row in range(COUNT):
        tokens = array(words.tokens)[row][words.mask[row].numpy()]
        for a in range(2):
            attended = softmax(linear(composer.key, tokens) @ array(composer.asking)[a] / ROOT) @ tokens
            said = ROOT * unit(attended)
            emphasis = sigmoid(linear(composer.emphasise, said))
            parts[row, a] = unit(linear(composer.say, said) + emphasis * visual[row, a])
    joined = np.concatenate([t, r], axis=1)
    first, second = linears(composer.fuse)
    whole = unit(linear(second, relu(linear(first, joined))) + t + r)
    weights = sigmoid(linear(composer.weigh, joined))
    return unit(whole + (weights[..., None] * parts).sum(axis=1)), parts, weights


def test_dqes_objective_is_the_pairwise_term_and_the_margins(words: WordFeatures, reference: Tensor) -> None:
    composer = DistinctiveQuery(DIM, margin=0.4, attribute_margins={"shape": 0.9}, ranking=0.3, auxiliary=0.2)
    shaken(composer)
    mined = F.normalize(torch.randn(COUNT, 1, DIM), dim=-1)
    one = batch(reference, mined=mined)
    query, parts, _ = composed(composer, words, reference)
    targets, negatives = array(one.targets), array(mined[:, 0])

    def gap(line: Array) -> Array:
        cosines: Array = ((targets - negatives) * line).sum(axis=1)
        return cosines

    pairwise = -np.log(sigmoid(one.scale * gap(query))).mean()
    margin = relu(0.4 - gap(query)).mean()
    auxiliary = np.mean([relu(0.4 - gap(parts[:, 0])).mean(), relu(0.9 - gap(parts[:, 1])).mean()])
    close(objective(composer, words, one), pairwise + one.scale * (0.3 * margin + 0.2 * auxiliary))
