"""The likelihood of expected words: computed by profile, it equals that of every product by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer.ranking.attributes import AttributeColumns, AttributeWriter, corrected, quantised
from indexer.ranking.profiles import MIN_WEIGHT, Profiles
from models.bundle.expected_words import Weights, agreement, tempered
from models.bundle.style_search import Floats
from models.datasets.attributes.words import StatedWords

N, A = 500, 12
CHANCE = np.random.default_rng(0)
COLOURS, KINDS, FITS, TITLED = range(4), range(4, 7), range(7, 10), range(10, 12)
VALUED = np.arange(A) < 10


def stated(colourless: int = 0) -> StatedWords:
    """Every product has a colour, but for the first few, and a kind; a third has no fit; titles say words of some."""
    has = np.zeros((N, A), dtype=np.bool_)
    excluded = np.zeros((N, A), dtype=np.bool_)
    for column in (COLOURS, KINDS, FITS):
        known = np.arange(N) % 3 > 0 if column is FITS else np.arange(N) >= (colourless if column is COLOURS else 0)
        has[np.flatnonzero(known), CHANCE.choice(column, N)[known]] = True
        excluded[np.ix_(known, np.array(column))] = True
    has[:, np.array(TITLED)] = CHANCE.random((N, 2)) < 0.2
    return StatedWords(has, excluded & ~has)


def written(path: Path, stated: StatedWords) -> AttributeColumns:
    with AttributeWriter(path, N) as writer:
        writer.write(corrected(quantised(CHANCE.random((N, A)).astype(np.float32)), stated))
    return AttributeColumns(path, [f"word {at}" for at in range(A)], N)


@pytest.fixture(scope="module")
def attributes(tmp_path_factory: pytest.TempPathFactory) -> AttributeColumns:
    return written(tmp_path_factory.mktemp("profiles") / "attributes.u8", stated())


def weights(*counted: int) -> Weights:
    """Random weights of some words, none of which is too small to be looked for."""
    present, absent = CHANCE.uniform(MIN_WEIGHT, 1, (2, A)).astype(np.float32)
    left_out = ~np.isin(np.arange(A), counted)
    present[left_out] = absent[left_out] = 0
    return Weights(present, absent)


def exact(profiles: Profiles, query: Weights) -> Floats:
    return profiles.likelihood(query).exact(np.arange(N))


def by_product(attributes: AttributeColumns, query: Weights) -> Floats:
    return agreement(attributes.of(range(N)).T, query)


@pytest.mark.parametrize(
    "counted", [tuple(range(A)), tuple(COLOURS), (*KINDS, *FITS), tuple(FITS), tuple(TITLED), (0, 11), ()]
)
def test_the_likelihood_by_profile_is_that_of_the_product(
    attributes: AttributeColumns, counted: tuple[int, ...]
) -> None:
    query = weights(*counted)
    fit = tempered(exact(Profiles(attributes, VALUED), query))
    assert fit.dtype == np.float32
    np.testing.assert_allclose(fit, by_product(attributes, query), rtol=1e-4)


def test_products_with_the_same_values_share_a_profile(attributes: AttributeColumns) -> None:
    assert Profiles(attributes, VALUED).count == len(COLOURS) * len(KINDS)  # What is left empty is in none.


def test_a_catalogue_without_columns_has_one_empty_profile(attributes: AttributeColumns) -> None:
    profiles = Profiles(attributes, np.zeros(A, dtype=np.bool_))
    assert profiles.count == 1
    query = weights(*TITLED)
    np.testing.assert_allclose(tempered(exact(profiles, query)), by_product(attributes, query), rtol=1e-4)


def test_the_likelihood_of_some_products_is_theirs_among_all(tmp_path: Path) -> None:
    profiles = Profiles(written(tmp_path / "attributes.u8", stated(30)), VALUED)
    likelihood = profiles.likelihood(weights(*range(A)))
    rows = np.array([499, 3, 3, 40, 0])
    np.testing.assert_allclose(likelihood.exact(rows), likelihood.exact(np.arange(N))[rows], rtol=1e-6)
    assert len(likelihood.exact(np.zeros(0, np.int64))) == 0


def test_the_rows_of_the_best_profiles_come_first(attributes: AttributeColumns) -> None:
    query = weights(*COLOURS, *KINDS)
    likelihood = Profiles(attributes, VALUED).likelihood(query)
    best = likelihood.best_rows(60)
    assert len(set(best.tolist())) == len(best) == 60
    scores = likelihood.exact(np.arange(N))
    assert scores[best].min() >= np.sort(scores)[::-1][59] - 1e-5
    assert len(likelihood.best_rows(10 * N)) == N


def test_words_outside_of_profiles_are_listed(attributes: AttributeColumns) -> None:
    likelihood = Profiles(attributes, VALUED).likelihood(weights(0, 11))
    assert likelihood.others == [11]


def test_words_with_tiny_weights_add_no_candidates(attributes: AttributeColumns) -> None:
    query = weights()
    query.present[[10, 11]] = 0.01, 0.5
    assert Profiles(attributes, VALUED).likelihood(query).others == [11]


@pytest.mark.parametrize(("colourless", "profiles"), [(1, 3 * 4 + 1), (30, 3 * 4 + 3), (100, 3)])
def test_columns_that_few_leave_empty_are_part_of_profiles(tmp_path: Path, colourless: int, profiles: int) -> None:
    attributes = written(tmp_path / "attributes.u8", stated(colourless))
    found = Profiles(attributes, VALUED)
    assert found.count == profiles  # By kind, and by colour or none, unless many have none.
    for counted in (tuple(range(A)), tuple(COLOURS), tuple(KINDS)):
        query = weights(*counted)
        np.testing.assert_allclose(tempered(exact(found, query)), by_product(attributes, query), rtol=1e-4)


def test_products_with_a_value_agree_in_the_other_values_of_its_column(tmp_path: Path) -> None:
    profiles = Profiles(written(tmp_path / "attributes.u8", stated(30)), VALUED)
    assert np.flatnonzero(profiles.agreed(5)).tolist() == list(KINDS)
    # The thirty without a colour are seen in some of each; the others have one of four.
    assert profiles.agreed(0)[0]
    assert not profiles.agreed(0)[4:].any()


def test_a_word_that_no_product_has_agrees_with_itself_alone(tmp_path: Path) -> None:
    has = np.zeros((N, A), dtype=np.bool_)
    profiles = Profiles(written(tmp_path / "attributes.u8", StatedWords(has, ~has)), VALUED)
    assert np.flatnonzero(profiles.agreed(5)).tolist() == [5]
