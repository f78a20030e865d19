"""What words count for a query, and what an upload shows: arrays computed by hand."""

from __future__ import annotations

import numpy as np

from models.bundle.expected_words import (
    ASKED,
    NEARNESS,
    STRENGTH,
    Weights,
    agreement,
    recognised,
    recognised_among,
    weights_of,
)
from models.bundle.style_search import Floats


def floats(*rows: object) -> Floats:
    return np.array(rows, dtype=np.float32)


TOLD = np.array([True, True, True, False])
VALUED = np.array([True, True, False, False])


def test_a_word_that_comes_counts_more_than_one_that_stays() -> None:
    weights = weights_of(floats(0.9, 0.9, 0.9, 0.9), floats(1, 0, 0.5, 0), TOLD, VALUED)
    by_hand = floats(0.9, 0.9 * ASKED, 0.9 * (1 + (ASKED - 1) / 2), 0)
    np.testing.assert_allclose(weights.present, by_hand, rtol=1e-6)
    np.testing.assert_allclose(weights.absent, [0.1, 0.1, 0, 0], atol=1e-6)


def test_an_unlikely_value_counts_against_a_product_and_an_unlikely_title_word_does_not() -> None:
    weights = weights_of(floats(0.2, 0.2, 0.2, 0.2), floats(1, 1, 1, 1), TOLD, VALUED)
    np.testing.assert_allclose(weights.present, [0.2, 0.2, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(weights.absent, [0.8, 0.8, 0, 0], rtol=1e-6)


def test_agreement_is_the_likelihood_of_a_products_words() -> None:
    shown = floats([0.5, 0.9], [0.25, 0.1])
    agreed = agreement(shown, Weights(floats(1.0, 0.5), floats(0.0, 0.5)))
    by_hand = [0.5 * 0.25**0.5 * 0.75**0.5, 0.9 * 0.1**0.5 * 0.9**0.5]
    np.testing.assert_allclose(agreed, np.power(by_hand, STRENGTH), rtol=1e-5)


def test_several_queries_are_weighed_as_each_alone() -> None:
    chance = np.random.default_rng(0)
    shown, present, absent = (chance.random((4, n), dtype=np.float32) for n in (6, 3, 3))
    together = agreement(shown, Weights(present.T, absent.T))
    alone = [agreement(shown, Weights(present[:, one], absent[:, one])) for one in range(3)]
    np.testing.assert_allclose(together, alone, rtol=1e-5)


def test_without_weights_every_product_agrees() -> None:
    np.testing.assert_array_equal(agreement(floats([0.0, 1.0]), Weights(floats(0), floats(0))), [1, 1])


def test_a_certain_word_of_a_product_does_not_override_its_cosine() -> None:
    agreed = agreement(floats([0.0, 1.0]), Weights(floats(1.0), floats(0.0)))
    assert 0.1 < agreed[0] < agreed[1] == 1
    assert agreement(floats([1.0]), Weights(floats(0.0), floats(1.0)))[0] > 0.1


def test_an_upload_averages_its_own_probabilities_and_those_of_its_neighbours() -> None:
    near = floats([0.9, 0.5, 0.1, 0.9], [0.1, 0.5, 0.9, 0.1])
    shown = recognised(floats(0.5, 0.9, 0.5, 0.5), floats(1.0, 0.5), near, TOLD)
    np.testing.assert_allclose(shown, [0.75, 0.75, 0.25, 0.5], atol=1e-3)


def test_neighbours_are_weighted_by_similarity() -> None:
    near = floats([0.8, 0, 0, 0], [0.2, 0, 0, 0])
    cosines = floats(0.9, 0.9 - NEARNESS)
    mean = (0.8 + 0.2 / np.e) / (1 + 1 / np.e)
    odds = (np.log(mean / (1 - mean)) + 0) / 2
    shown = recognised(floats(0.5, 0.5, 0.5, 0.5), cosines, near, TOLD)
    np.testing.assert_allclose(shown[0], 1 / (1 + np.exp(-odds)), rtol=1e-4)


def test_without_neighbours_an_upload_shows_what_is_seen() -> None:
    seen = floats(0.1, 0.2, 0.3, 0.4)
    np.testing.assert_array_equal(recognised(seen, floats(), np.zeros((0, 4), np.float32), TOLD), seen)


def test_a_product_as_an_upload_is_not_its_own_neighbour() -> None:
    embedding = floats([1, 0], [1, 0], [0, 1])
    seen, shown = np.full((3, 4), 0.5, np.float32), floats([0.9] * 4, [0.1] * 4, [0.5] * 4)
    likely = recognised_among(embedding, seen, shown, TOLD, np.array([0, 1]))
    assert likely.shape == (2, 4)
    assert likely[0, 0] < 0.3  # By the other product at the same place.
    assert likely[1, 0] > 0.7
    np.testing.assert_array_equal(likely[:, 3], 0.5)


def test_a_catalogue_of_one_product_recognises_nothing() -> None:
    seen = floats([0.2, 0.4, 0.6, 0.8])
    np.testing.assert_array_equal(recognised_among(floats([1, 0]), seen, seen, TOLD, np.array([0])), seen)
