import pytest
import torch
from torch.nn import functional as F

from models.errors import ModisteError
from models.networks.backbone import Backbone, WordFeatures
from models.networks.register import COMPOSERS, build_composer


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    torch.manual_seed(0)
    return Backbone("modiste-small", vocabulary=600).eval()


def words(count: int, dim: int) -> WordFeatures:
    return WordFeatures(torch.randn(count, dim), torch.randn(count, 6, 12), torch.ones(count, 6, dtype=torch.bool))


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
def test_a_policy_says_which_tower_may_move(policy: str, vision: bool, text: bool) -> None:
    backbone = Backbone("modiste-small", vocabulary=600)
    backbone.apply_policy(policy)  # type: ignore[arg-type]
    assert all(weight.requires_grad is vision for weight in backbone.clip.visual.parameters())
    assert all(weight.requires_grad is text for weight in backbone.clip.text.parameters())


def test_an_unknown_backbone_is_refused_with_a_hint() -> None:
    with pytest.raises(ModisteError, match=r"open_clip\.list_models"):
        Backbone("no-such-model")


@pytest.mark.parametrize("name", sorted(COMPOSERS))
def test_every_composer_gives_unit_queries_and_can_learn(name: str) -> None:
    composer = build_composer(name, 16, {})
    reference = F.normalize(torch.randn(3, 16), dim=-1).requires_grad_()
    query = composer(reference, words(3, 16))
    assert query.shape == (3, 16)
    torch.testing.assert_close(query.norm(dim=-1), torch.ones(3))
    (query @ torch.randn(16)).sum().backward()
    assert reference.grad is not None
    assert all(weight.grad is not None for weight in composer.parameters())


def test_the_sum_with_no_weight_on_the_text_is_the_reference() -> None:
    reference = F.normalize(torch.randn(2, 8), dim=-1)
    torch.testing.assert_close(build_composer("sum", 8, {"weight": 0.0})(reference, words(2, 8)), reference)


def test_the_combiner_has_the_papers_number_of_weights() -> None:
    composer = build_composer("combiner", 640, {})
    assert round(sum(weight.numel() for weight in composer.parameters()) / 1e6, 1) == 59.0


def test_the_combiners_balance_lies_between_its_inputs_when_the_vector_is_silent() -> None:
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
