import math

import torch

from models.training.losses import batch_based_classification, mini_batch_match_retrieval


def test_match_retrieval_of_two_products_is_the_hand_computed_cross_entropy() -> None:
    image = torch.tensor([[1.0, 0.0], [0.0, 2.0]])  # lengths do not count
    text = torch.tensor([[3.0, 0.0], [0.0, 1.0]])
    loss = mini_batch_match_retrieval(image, text, torch.tensor(2.0), torch.tensor([0, 1]))
    assert math.isclose(loss.item(), math.log(1 + math.exp(-2)), rel_tol=1e-6)


def test_match_retrieval_shares_the_target_out_among_equal_titles() -> None:
    same = mini_batch_match_retrieval(torch.eye(2), torch.eye(2), torch.tensor(2.0), torch.tensor([7, 7]))
    assert math.isclose(same.item(), (math.log(1 + math.exp(-2)) + math.log(1 + math.exp(2))) / 2, rel_tol=1e-6)


def test_classification_of_two_queries_is_the_hand_computed_cross_entropy() -> None:
    query = torch.eye(2)
    candidates = torch.cat([torch.eye(2), torch.tensor([[-1.0, 0.0]])])
    nothing = torch.zeros(2, 3, dtype=torch.bool)
    nothing[0, 0] = nothing[1, 1] = True
    expected = (math.log(1 + math.exp(-1) + math.exp(-2)) + math.log(1 + 2 * math.exp(-1))) / 2
    assert math.isclose(batch_based_classification(query, candidates, nothing, 1.0).item(), expected, rel_tol=1e-6)


def test_classification_leaves_equally_right_candidates_out_of_the_negatives() -> None:
    query = torch.tensor([[1.0, 0.0]])
    candidates = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    own = torch.tensor([[True, False]])
    both = torch.tensor([[True, True]])
    assert math.isclose(batch_based_classification(query, candidates, own, 5.0).item(), math.log(2), rel_tol=1e-6)
    assert batch_based_classification(query, candidates, both, 5.0).item() == 0.0
