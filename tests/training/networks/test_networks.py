import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from catalog.errors import ModisteError
from models.networks.backbones.backbone import Backbone, WordFeatures
from models.networks.composers.composer import Batch, Composer
from models.networks.composers.registry import COMPOSERS, build_composer, composer_for


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    torch.manual_seed(0)
    return Backbone("modiste-small", vocabulary=600).eval()


def words(count: int, dim: int) -> WordFeatures:
    return WordFeatures(torch.randn(count, dim), torch.randn(count, 6, dim), torch.ones(count, 6, dtype=torch.bool))


def test_a_backbone_whose_weights_are_loaded_later_is_not_called_random(caplog: pytest.LogCaptureFixture) -> None:
    Backbone("modiste-small", vocabulary=600)
    assert caplog.messages == []


def test_both_towers_end_in_one_space(backbone: Backbone) -> None:
    ids = torch.tensor([[2, 9, 599, 0, 0], [2, 7, 8, 9, 599]])
    assert backbone.vision(torch.rand(2, 3, 80, 64)).shape == (2, backbone.dim)
    assert backbone.words(ids).embedding.shape == (2, backbone.dim)


def test_padding_does_not_change_what_a_text_means(backbone: Backbone) -> None:
    text = torch.tensor([[2, 9, 17, 599]])
    padded = F.pad(text, (0, 12))
    beside = torch.cat([padded, torch.randint(3, 598, (1, 16))])
    alone = backbone.words(text).embedding
    torch.testing.assert_close(backbone.words(padded).embedding, alone)
    torch.testing.assert_close(backbone.words(beside).embedding[:1], alone, atol=1e-4, rtol=1e-4)


def test_frozen_batch_norm_keeps_its_statistics_and_unfrozen_does_not() -> None:
    backbone = Backbone("modiste-small", vocabulary=600)
    statistics = backbone.clip.visual.trunk.bn1.running_mean
    before = statistics.clone()
    backbone.apply_policy("both-frozen-bn")
    backbone.train()
    backbone.vision(torch.rand(4, 3, 80, 64))
    assert torch.equal(statistics, before)
    backbone.apply_policy("both")
    backbone.train()
    backbone.vision(torch.rand(4, 3, 80, 64))
    assert not torch.equal(statistics, before)


@pytest.mark.parametrize(
    ("policy", "vision", "text"),
    [("frozen", False, False), ("text-only", False, True), ("both", True, True), ("both-frozen-bn", True, True)],
)
def test_a_policy_selects_the_towers_that_train(policy: str, vision: bool, text: bool) -> None:
    backbone = Backbone("modiste-small", vocabulary=600)
    backbone.apply_policy(policy)  # type: ignore[arg-type]
    assert all(weight.requires_grad is vision for weight in backbone.clip.visual.parameters())
    assert all(weight.requires_grad is text for weight in backbone.clip.text.parameters())


def test_an_unknown_backbone_is_refused_with_a_hint() -> None:
    with pytest.raises(ModisteError, match=r"open_clip\.list_models"):
        Backbone("no-such-model")


def references(composer: Composer, embedding: Tensor) -> Tensor:
    """What a composer takes: the unit embeddings ``[B, D]``, or these and eleven parts ``[B, 12, D]``."""
    if composer.reference == "embedding":
        return embedding
    parts = F.normalize(torch.randn(len(embedding), 11, embedding.shape[1]), dim=-1)
    return torch.cat([embedding[:, None], parts], dim=1)


@pytest.mark.parametrize("name", sorted(COMPOSERS))
def test_every_composer_gives_unit_queries_that_depend_on_the_reference(name: str, backbone: Backbone) -> None:
    composer = composer_for(backbone, name, {}).eval()
    ids = torch.tensor([[2, 9, 17, 599], [2, 7, 599, 0], [2, 8, 599, 0]])
    reference = references(composer, F.normalize(torch.randn(3, backbone.dim), dim=-1)).requires_grad_()
    query = composer(reference, composer.words(backbone, ids, reference))
    assert query.shape == (3, backbone.dim)
    torch.testing.assert_close(query.norm(dim=-1), torch.ones(3))
    (query @ torch.randn(backbone.dim)).sum().backward()
    assert reference.grad is not None
    assert reference.grad.any()


@pytest.mark.parametrize("name", sorted(COMPOSERS))
def test_every_composers_objective_reaches_all_that_it_learns(name: str, backbone: Backbone) -> None:
    composer = composer_for(backbone, name, {}).train()
    candidates = F.normalize(torch.randn(10, backbone.dim), dim=-1)
    ids = torch.tensor([[2, 9, 17, 599], [2, 7, 599, 0], [2, 8, 599, 0], [2, 8, 7, 599]])
    right = torch.eye(4, 10, dtype=torch.bool)
    batch = Batch(references(composer, candidates[4:8]), ids, candidates, right, right, scale=20.0, kinship=1.0)
    reached = set()
    for phase in range(composer.phases):
        composer.enter(phase, backbone)
        loss = composer.objective(backbone, batch)
        assert loss.shape == ()
        learning = {weight: name for name, weight in composer.named_parameters() if weight.requires_grad}
        gradients = torch.autograd.grad(loss, list(learning), allow_unused=True) if learning else []
        found = zip(learning.values(), gradients, strict=True)
        reached |= {weight for weight, gradient in found if gradient is not None}
    assert reached == {weight for weight, _ in composer.named_parameters()}


def test_the_sum_with_no_weight_on_the_text_is_the_reference() -> None:
    reference = F.normalize(torch.randn(2, 8), dim=-1)
    torch.testing.assert_close(build_composer("sum", 8, {"weight": 0.0})(reference, words(2, 8)), reference)


def test_the_combiner_has_the_papers_number_of_weights() -> None:
    composer = build_composer("combiner", 640, {})
    assert round(sum(weight.numel() for weight in composer.parameters()) / 1e6, 1) == 59.0


def test_without_its_vector_the_combiner_interpolates_between_its_inputs() -> None:
    composer = build_composer("combiner", 8, {"projection": 4, "hidden": 4}).eval()
    for weight in composer.vector.parameters():  # type: ignore[union-attr]
        torch.nn.init.zeros_(weight)
    reference, text = F.normalize(torch.randn(1, 8), dim=-1), words(1, 8)
    query = composer(reference, text)
    plane = torch.cat([reference, F.normalize(text.embedding, dim=-1)])
    weights = torch.linalg.lstsq(plane.T, query.T).solution
    torch.testing.assert_close((plane.T @ weights).T, query)
    assert (weights > 0).all()


def test_an_unknown_composer_or_option_is_refused_with_a_hint() -> None:
    with pytest.raises(ModisteError, match="combiner"):
        build_composer("telepathy", 8, {})
    with pytest.raises(ModisteError, match="options"):
        build_composer("combiner", 8, {"width": 3})
