import numpy as np
import pytest

from catalog.errors import ModisteError
from models.evaluation.metrics import ranks_by_score, ranks_of_targets, recall_at, top_by_score, top_rows

GALLERY = np.eye(5, dtype=np.float32)


def query(*scores: float) -> np.ndarray:
    return np.array([scores], dtype=np.float32)


def test_the_best_product_ranks_first() -> None:
    assert ranks_of_targets(query(0.1, 0.9, 0.2, 0.3, 0.4), GALLERY, [[1]], [None]).tolist() == [1]


def test_rank_counts_the_products_that_stand_before_the_target() -> None:
    assert ranks_of_targets(query(0.1, 0.9, 0.2, 0.3, 0.4), GALLERY, [[3]], [None]).tolist() == [3]


def test_the_removed_reference_does_not_stand_before_anything() -> None:
    assert ranks_of_targets(query(0.1, 0.9, 0.2, 0.3, 0.4), GALLERY, [[3]], [1]).tolist() == [2]


def test_the_first_of_several_right_products_counts_and_the_others_do_not_stand_in_its_way() -> None:
    assert ranks_of_targets(query(0.5, 0.9, 0.8, 0.3, 0.4), GALLERY, [[2, 0, 3]], [None]).tolist() == [2]


def test_a_wrong_product_with_the_targets_score_ranks_before_it() -> None:
    assert ranks_of_targets(query(0.5, 0.5, 0.1, 0.1, 0.1), GALLERY, [[0]], [None]).tolist() == [2]


def test_a_query_whose_only_target_is_removed_is_an_error() -> None:
    with pytest.raises(ModisteError, match="no target"):
        ranks_of_targets(query(1, 0, 0, 0, 0), GALLERY, [[0]], [0])
    with pytest.raises(ModisteError, match="no target"):
        ranks_of_targets(query(1, 0, 0, 0, 0), GALLERY, [[]], [None])


def test_many_queries_rank_as_each_alone() -> None:
    chance = np.random.default_rng(0)
    gallery = chance.normal(size=(50, 8)).astype(np.float32)
    queries = chance.normal(size=(700, 8)).astype(np.float32)
    targets = [[int(row)] for row in chance.integers(0, 50, 700)]
    together = ranks_of_targets(queries, gallery, targets, [None] * 700)
    scores = queries @ gallery.T
    alone = [1 + int((row > row[target]).sum()) for row, (target,) in zip(scores, targets, strict=True)]
    assert together.tolist() == alone


def test_recall_is_the_share_of_queries_within_k_in_per_cent() -> None:
    assert recall_at(np.array([1, 2, 10, 11, 51])) == {"R@1": 20.0, "R@10": 60.0, "R@50": 80.0}


def test_the_top_rows_stand_in_the_order_of_their_scores_without_the_reference() -> None:
    assert top_rows(query(0.1, 0.9, 0.2, 0.3, 0.4), GALLERY, [None], 3).tolist() == [[1, 4, 3]]
    assert top_rows(query(0.1, 0.9, 0.2, 0.3, 0.4), GALLERY, [1], 3).tolist() == [[4, 3, 2]]


def test_a_small_gallery_has_fewer_top_rows() -> None:
    assert top_rows(query(0.1, 0.9, 0.2, 0.3, 0.4), GALLERY, [0], 10).tolist() == [[1, 4, 3, 2]]


def test_ranks_and_top_rows_by_score_leave_the_scores_as_they_were() -> None:
    scores = query(0.1, 0.9, 0.2, 0.3, 0.4) @ GALLERY.T
    before = scores.copy()
    assert ranks_by_score(scores, [[3]], [1]).tolist() == [2]
    assert top_by_score(scores, [1], 3).tolist() == [[4, 3, 2]]
    np.testing.assert_array_equal(scores, before)
