from __future__ import annotations

import numpy as np
import pytest

from models.bundle.style_search import Floats, filtered_scores, moved_query, satisfaction


def floats(*rows: object) -> Floats:
    return np.array(rows, dtype=np.float32)


NONE = np.zeros((0, 2), dtype=np.float32)
X, Y = floats(1, 0), floats(0, 1)


def test_a_wanted_word_moves_the_query_towards_it() -> None:
    np.testing.assert_allclose(moved_query(X, floats(Y), NONE, weight=0.75), [0.8, 0.6], rtol=1e-6)


def test_an_unwanted_word_moves_the_query_away_from_it() -> None:
    np.testing.assert_allclose(moved_query(X, NONE, floats(Y), weight=0.75), [0.8, -0.6], rtol=1e-6)


def test_words_add_up_and_a_word_both_wanted_and_unwanted_cancels_out() -> None:
    np.testing.assert_allclose(moved_query(X, floats(Y, Y), NONE, weight=0.375), [0.8, 0.6], rtol=1e-6)
    np.testing.assert_allclose(moved_query(X, floats(Y), floats(Y)), X)


def test_without_words_the_query_stays() -> None:
    np.testing.assert_array_equal(moved_query(X, NONE, NONE), X)


def test_words_that_take_away_the_whole_query_leave_the_start() -> None:
    np.testing.assert_array_equal(moved_query(X, NONE, floats(X), weight=1.0), X)


def test_satisfaction_is_the_probability_of_all_words_together() -> None:
    wanted = floats([0.5, 1.0], [0.8, 0.25])
    unwanted = floats([0.9, 0.0])
    np.testing.assert_allclose(satisfaction(wanted, unwanted, strength=1.0), [0.5 * 0.8 * 0.1, 0.25], rtol=1e-6)


def test_the_strength_of_a_filter_is_the_exponent_of_the_probability() -> None:
    np.testing.assert_allclose(satisfaction(floats([0.25, 0.81]), NONE, strength=0.5), [0.5, 0.9], rtol=1e-6)
    np.testing.assert_array_equal(satisfaction(floats([0.25, 0.81]), NONE, strength=0.0), [1, 1])


def test_without_words_everything_is_satisfied() -> None:
    np.testing.assert_array_equal(satisfaction(NONE, NONE), [1, 1])


def test_filtering_multiplies_a_cosine_by_the_satisfaction() -> None:
    np.testing.assert_allclose(filtered_scores(floats(0.8, 0.5), floats(0.25, 1.0)), [0.2, 0.5], rtol=1e-6)


@pytest.mark.parametrize("satisfied", [0.0, 0.5, 1.0])
def test_a_negative_cosine_stays_so_that_unlike_products_do_not_gain_by_not_fitting(satisfied: float) -> None:
    np.testing.assert_allclose(filtered_scores(floats(-0.4), floats(satisfied)), [-0.4])


def test_every_method_ranks_a_similar_product_with_the_word_before_a_more_similar_one_without() -> None:
    """A red dress, with "blue" wanted, among a red dress, a blue dress and a blue bag."""
    gallery = floats([0.98, 0.0, 0.2], [0.7, 0.7, 0.14], [0.0, 0.6, -0.8])
    blue = floats(0.05, 0.9, 0.9)
    start, word = floats(1, 0, 0), floats([0, 1, 0])
    nothing = np.zeros((0, 3), dtype=np.float32)
    moved = moved_query(start, word, nothing, weight=0.9)
    held = satisfaction(blue[None], nothing)
    for scores in (gallery @ moved, filtered_scores(gallery @ start, held), filtered_scores(gallery @ moved, held)):
        assert scores.argmax() == 1
