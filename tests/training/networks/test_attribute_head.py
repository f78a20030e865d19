import math

import torch

from models.networks.attribute_head import AttributeHead
from models.networks.losses import attribute_extraction


def head(dim: int, weight: list[list[float]], bias: list[float]) -> AttributeHead:
    made = AttributeHead(dim, len(bias))
    with torch.no_grad():
        made.linear.weight.copy_(torch.tensor(weight))
        made.linear.bias.copy_(torch.tensor(bias))
    return made.eval()


def test_a_probability_is_the_sigmoid_of_the_unit_vector_times_the_root_of_its_width() -> None:
    made = head(4, [[1.0, 0, 0, 0], [0, 1.0, 0, 0]], [0.5, -0.5])
    probabilities = made(torch.tensor([[3.0, 4.0, 0.0, 0.0]]))  # unit: 0.6, 0.8; times two: 1.2, 1.6
    expected = [1 / (1 + math.exp(-(1.2 + 0.5))), 1 / (1 + math.exp(-(1.6 - 0.5)))]
    assert torch.allclose(probabilities, torch.tensor([expected]))


def test_the_length_of_an_embedding_does_not_count() -> None:
    made = AttributeHead(8, 3)
    embedding = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(made(embedding), made(7 * embedding))


def test_extraction_of_one_word_shown_and_one_not_is_the_hand_computed_cross_entropy() -> None:
    logits = torch.tensor([[2.0, -1.0]])
    loss = attribute_extraction(logits, torch.tensor([[True, False]]), torch.ones(1, 2).bool(), torch.ones(2))
    expected = math.log(1 + math.exp(-2)) + math.log(1 + math.exp(-1))
    assert math.isclose(loss.item(), expected, rel_tol=1e-6)


def test_a_picture_that_shows_a_rare_word_counts_as_often_as_the_word_is_rare() -> None:
    logits = torch.zeros(2, 1)  # every cross-entropy is log 2
    shown, known = torch.tensor([[True], [False]]), torch.ones(2, 1).bool()
    loss = attribute_extraction(logits, shown, known, torch.tensor([5.0]))
    assert math.isclose(loss.item(), (5 * math.log(2) + math.log(2)) / 5, rel_tol=1e-6)


def test_a_word_that_the_shop_never_uses_teaches_nothing() -> None:
    shown, known = torch.tensor([[True, False]]), torch.tensor([[True, False]])
    losses = [
        attribute_extraction(torch.tensor([[0.0, logit]]), shown, known, torch.ones(2)).item() for logit in (-9.0, 9.0)
    ]
    assert losses[0] == losses[1] == torch.tensor(math.log(2)).item()


def test_a_batch_that_shows_no_word_still_has_a_finite_loss() -> None:
    nothing = torch.zeros(2, 2).bool()
    loss = attribute_extraction(torch.zeros(2, 2), nothing, ~nothing, torch.ones(2))
    assert math.isclose(loss.item(), 4 * math.log(2), rel_tol=1e-6)


def test_the_head_learns_a_word_that_one_picture_in_twenty_shows() -> None:
    chance = torch.Generator().manual_seed(0)
    embedding = torch.randn(400, 16, generator=chance)
    embedding[:, 0] = -1.0
    embedding[:20, 0] = 2.0
    shown = (torch.arange(400) < 20)[:, None]
    torch.manual_seed(0)
    made = AttributeHead(16, 1)
    optimizer = torch.optim.Adam(made.parameters(), lr=0.05)
    for _ in range(100):
        optimizer.zero_grad()
        attribute_extraction(made.logits(embedding), shown, torch.ones_like(shown), torch.tensor([4.0])).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert made(embedding)[:20].min() > 0.5 > made(embedding)[20:].max()
