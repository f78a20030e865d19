import math

import numpy as np
import torch

from models.networks.losses import (
    alignment,
    batch_based_classification,
    kinship,
    mini_batch_match_retrieval,
)
from tests.training.composers.equations import array, softmax, unit


def test_match_retrieval_of_two_products_is_the_hand_computed_cross_entropy() -> None:
    image = torch.tensor([[1.0, 0.0], [0.0, 2.0]])  # lengths do not count
    text = torch.tensor([[3.0, 0.0], [0.0, 1.0]])
    loss = mini_batch_match_retrieval(image, text, torch.tensor(2.0), torch.tensor([0, 1]))
    assert math.isclose(loss.item(), math.log(1 + math.exp(-2)), rel_tol=1e-6)


def test_match_retrieval_shares_the_target_out_among_equal_titles() -> None:
    same = mini_batch_match_retrieval(torch.eye(2), torch.eye(2), torch.tensor(2.0), torch.tensor([7, 7]))
    assert math.isclose(same.item(), (math.log(1 + math.exp(-2)) + math.log(1 + math.exp(2))) / 2, rel_tol=1e-6)


def test_match_retrieval_is_the_mean_of_pictures_finding_texts_and_texts_finding_pictures() -> None:
    torch.manual_seed(0)
    image, text, groups = torch.randn(5, 8), torch.randn(5, 8), [0, 1, 1, 2, 3]
    cosines = unit(array(image)) @ unit(array(text)).T
    cost = 0.0
    for scores in (3.0 * cosines, 3.0 * cosines.T):
        logs = np.log(softmax(scores))
        for row in range(5):
            equal = [at for at in range(5) if groups[at] == groups[row]]
            cost -= logs[row, equal].mean() / 5
    loss = mini_batch_match_retrieval(image, text, torch.tensor(3.0), torch.tensor(groups))
    assert math.isclose(loss.item(), cost / 2, rel_tol=1e-5)


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


def kin_of_one(right: list[bool], kin: list[bool], scale: float = 1.0) -> float:
    """One query ``[1, 0]`` against candidates whose cosines are 1, 0, 0 and -1."""
    candidates = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0], [-1.0, 0.0]])
    return kinship(torch.tensor([[1.0, 0.0]]), candidates, torch.tensor([right]), torch.tensor([kin]), scale).item()


def test_a_relative_is_classified_among_what_is_not_of_the_kind() -> None:
    loss = kin_of_one([True, False, False, False], [True, True, False, False])
    # The relative has the cosine 0; the others 0 and -1.
    assert math.isclose(loss, math.log(1 + 1 + math.exp(-1)), rel_tol=1e-6)


def test_several_relatives_cost_their_mean_and_not_each_other() -> None:
    loss = kin_of_one([True, False, False, False], [True, True, True, False])
    assert math.isclose(loss, math.log(1 + math.exp(-1)), rel_tol=1e-6)


def test_the_relative_that_is_most_like_the_target_counts_most() -> None:
    candidates = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0], [-1.0, 0.0]])
    right, kin = torch.tensor([[True, False, False, False]]), torch.tensor([[True, True, True, False]])
    near, far = math.exp(4 / 2 * 0.6), math.exp(0)
    costs = math.log(1 + math.exp(4 * (-1 - 0.6))), math.log(1 + math.exp(4 * (-1 - 0)))
    expected = (near * costs[0] + far * costs[1]) / (near + far)
    loss = kinship(candidates[:1], candidates, right, kin, 4.0)
    assert math.isclose(loss.item(), expected, rel_tol=1e-5)


def test_a_query_without_relatives_costs_nothing() -> None:
    assert kin_of_one([True, False, False, False], [True, False, False, False]) == 0.0


def test_the_exact_target_is_no_negative_of_its_relatives_even_where_its_kind_is_unknown() -> None:
    loss = kin_of_one([True, False, False, False], [False, True, False, False], scale=3.0)
    assert math.isclose(loss, math.log(1 + 1 + math.exp(-3)), rel_tol=1e-6)


def test_kinship_is_the_mean_over_the_queries_that_have_relatives() -> None:
    query = torch.eye(2)
    candidates = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    right = torch.tensor([[True, False, False], [False, True, False]])
    kin = torch.tensor([[True, False, True], [False, True, False]])  # the second query has no relative
    expected = math.log(1 + math.exp(0.0 + 1))  # the relative has the cosine -1, the only other 0
    assert math.isclose(kinship(query, candidates, right, kin, 1.0).item(), expected, rel_tol=1e-6)


def test_a_gallery_of_one_kind_costs_nothing() -> None:
    assert kin_of_one([True, False, False, False], [True, True, True, True]) == 0.0


def test_alignment_is_the_mean_of_one_minus_the_cosine_whatever_the_lengths() -> None:
    embeddings = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    targets = torch.tensor([[0.6, 0.8], [0.0, 5.0]])
    assert math.isclose(alignment(embeddings, targets).item(), (0.4 + 0.0) / 2, rel_tol=1e-6)
