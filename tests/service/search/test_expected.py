"""Words that an answer is expected to have, where the catalogue tells them of its products."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer.generation import Generation
from models.bundle import Bundle
from models.bundle.expected_words import agreement, weights_of
from models.bundle.style_search import filtered_scores
from service.search.expected import expectation
from service.search.stated import understood_preference
from tests.service.conftest import (
    COLOURS,
    Serve,
    Served,
    Shop,
    build,
    cloth,
    drop_attributes,
    encoded,
    write_cloth_catalog,
)
from tests.toy_bundle import WORDS, write_toy_bundle


@pytest.fixture(scope="module")
def expecting(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The shop, with a bundle that tells which of its five colours an answer will have."""
    folder = tmp_path_factory.mktemp("expecting")
    bundle = write_toy_bundle(folder / "bundle", expects=True)
    build(shop.catalog, bundle, folder / "index")
    return Shop(bundle, shop.catalog, folder / "index")


@pytest.fixture(scope="module")
def hopeful(expecting: Shop, serve: Serve) -> Iterator[Served]:
    with serve(expecting) as served:
        yield served


def colours(answer: dict[str, Any]) -> list[str]:
    return [result["attributes"]["colour"] for result in answer["results"]]


def test_a_named_word_is_expected_and_products_that_are_said_to_have_it_come_first(hopeful: Served) -> None:
    answer = hopeful.search(product_id="3", text="in red", k=6)
    assert answer["expected"] == ["red"]
    assert colours(answer) == ["Red"] * 6


def test_what_the_modification_leaves_alone_is_expected_of_the_answer(hopeful: Served) -> None:
    answer = hopeful.search(product_id="1", text="longer", k=4)
    assert answer["expected"] == ["green"]
    assert all("green" in result["title"].lower() for result in answer["results"])


def test_an_upload_is_expected_to_keep_what_it_shows(hopeful: Served) -> None:
    picture = encoded(cloth("blue"))
    answer = hopeful.client.post("/search", files={"image": picture}, data={"text": "longer", "k": "7"}).json()
    assert answer["expected"] == ["blue"]
    assert colours(answer)[0] == "Blue"


def test_what_the_catalogue_says_counts_more_than_what_a_picture_shows(
    expecting: Shop, serve: Serve, tmp_path: Path
) -> None:
    catalog = write_cloth_catalog(tmp_path / "catalog")
    lines = catalog.read_text(encoding="utf-8").splitlines()
    lines[4] = lines[4].replace("White", "Green")  # Its picture stays white.
    catalog.write_text("\n".join(lines) + "\n", encoding="utf-8")
    build(catalog, expecting.bundle, tmp_path / "index")
    with serve(Shop(expecting.bundle, catalog, tmp_path / "index")) as served:
        assert served.search(product_id="3", text="longer")["expected"] == ["green"]


def test_the_score_is_the_cosine_times_the_agreement_beside_the_best(hopeful: Served, expecting: Shop) -> None:
    bundle, generation = Bundle(expecting.bundle, device="cpu", threads=1), Generation.open(expecting.index_root)
    assert generation.attributes is not None
    vectors = generation.vectors(range(60))
    query = bundle.query(vectors[[20]], bundle.tokenizer.encode(["white"])[0])
    white = np.array([word == "white" for word in WORDS], np.float32)
    weights = weights_of(white, generation.attributes.of([20])[0], generation.told, generation.valued)
    fit = agreement(generation.attributes.of(range(60)).T, weights)
    scores = filtered_scores(vectors @ query[0], fit / fit.max())
    scores[20] = -np.inf
    answer = hopeful.search(product_id="20", text="white", k=59)
    found = np.array([result["score"] for result in answer["results"]])
    np.testing.assert_allclose(found, np.sort(scores)[::-1][:59], atol=1e-3)
    rows = generation.rows_of([result["id"] for result in answer["results"]])
    np.testing.assert_allclose(found, scores[rows], atol=1e-3)


def test_nothing_is_expected_without_a_reference_or_without_a_modification(hopeful: Served) -> None:
    assert hopeful.search(text="red")["expected"] == []
    assert hopeful.search(product_id="0")["expected"] == []


def test_what_a_shopper_avoids_is_not_expected(hopeful: Served) -> None:
    answer = hopeful.search(product_id="1", text="longer", avoid=["green"], style="filter", k=5)
    assert answer["expected"] == []
    assert colours(answer).count("Green") < colours(hopeful.search(product_id="1", text="longer", k=5)).count("Green")


def test_what_a_shopper_prefers_is_not_expected_as_well(hopeful: Served) -> None:
    assert hopeful.search(product_id="1", text="red", prefer=["red"])["expected"] == []


@pytest.fixture(scope="module")
def plain(expecting: Shop, serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The fifteen products of one colour, five of the colours twice (0 and 55 are red): who has one has no other."""
    folder = tmp_path_factory.mktemp("plain")
    catalog = write_cloth_catalog(folder / "catalog")
    lines = catalog.read_text(encoding="utf-8").splitlines()
    catalog.write_text("\n".join(lines[:11] + lines[56:]) + "\n", encoding="utf-8")
    build(catalog, expecting.bundle, folder / "index")
    with serve(Shop(expecting.bundle, catalog, folder / "index")) as served:
        yield served


@pytest.mark.parametrize("style", ["filter", "joint"])
def test_what_stays_does_not_stand_against_what_a_shopper_prefers(plain: Served, style: str) -> None:
    wish: dict[str, Any] = {"product_id": "4", "text": "longer", "k": 2}
    assert plain.search(**wish)["expected"] == ["black"]
    answer = plain.search(**wish, prefer=["red"], style=style)
    assert (answer["expected"], colours(answer)) == ([], ["Red", "Red"])


def test_an_unwanted_word_costs_as_much_as_other_values_that_are_not_expected(expecting: Shop) -> None:
    bundle, generation = Bundle(expecting.bundle, device="cpu", threads=1), Generation.open(expecting.index_root)
    black, nothing = np.array([[0, 0, 0, 0, 1]], np.float32), np.zeros((1, 5), np.float32)
    preference = understood_preference([], ["red"], "filter", bundle, generation)
    hoped = expectation(black, nothing, generation, preference)
    assert hoped is not None
    assert hoped.weights.absent.tolist() == [1, 1, 1, 1, 0]
    assert hoped.words == ["black"]
    # Without what was expected, all values of the column cost the same, and the preference decides.
    preference = understood_preference([], ["black"], "filter", bundle, generation)
    instead = expectation(black, nothing, generation, preference)
    assert instead is not None
    assert not instead.weights.present.any()
    assert instead.weights.absent.tolist() == [1, 1, 1, 1, 1]


def test_pages_with_expectations_neither_overlap_nor_leave_out(hopeful: Served) -> None:
    every = hopeful.found(product_id="20", text="red", k=59)
    assert len(set(every)) == 59
    assert [id for at in range(0, 59, 7) for id in hopeful.found(product_id="20", text="red", k=7, offset=at)] == every


def test_filters_and_exclusions_hold_with_expectations(hopeful: Served) -> None:
    answer = hopeful.search(product_id="3", text="in red", filters={"new": True}, exclude=["0"], k=60)
    assert "0" not in [result["id"] for result in answer["results"]]
    assert all(result["attributes"]["new"] for result in answer["results"])


def test_an_answer_is_kept_with_what_was_expected(hopeful: Served) -> None:
    first, again = (hopeful.search(product_id="7", text="rather black") for _ in range(2))
    assert again["cached"] is True
    assert again["expected"] == first["expected"] == ["black"]
    assert again["results"] == first["results"]


def test_switched_off_products_come_by_their_vectors_alone(hopeful: Served, expecting: Shop, serve: Serve) -> None:
    bundle, generation = Bundle(expecting.bundle, device="cpu", threads=1), Generation.open(expecting.index_root)
    query = bundle.query(generation.vectors([3]), bundle.tokenizer.encode(["in red"])[0])
    rows, _ = generation.store.search(query, 11)[::-1]
    with serve(expecting, expect_words=False) as served:
        answer = served.search(product_id="3", text="in red", k=10)
    assert answer["expected"] == []
    best = [generation.product(row)["id"] for row in rows[0].tolist()]
    assert [result["id"] for result in answer["results"]] == [id for id in best if id != "3"][:10]
    assert answer["results"] != hopeful.search(product_id="3", text="in red", k=10)["results"]


def test_a_catalogue_that_tells_no_words_expects_none(expecting: Shop, serve: Serve, tmp_path: Path) -> None:
    catalog = write_cloth_catalog(tmp_path / "catalog")
    lines = [f"{number},images/{number}.png" for number in range(len(COLOURS))]
    catalog.write_text("\n".join(["id,image", *lines]) + "\n", encoding="utf-8")
    build(catalog, expecting.bundle, tmp_path / "index")
    with serve(Shop(expecting.bundle, catalog, tmp_path / "index")) as served:
        answer = served.search(product_id="3", text="in red")
    assert answer["expected"] == []
    assert answer["total"] == len(COLOURS) - 1


def test_a_generation_from_before_there_were_attributes_expects_none(
    expecting: Shop, serve: Serve, tmp_path: Path
) -> None:
    id = build(expecting.catalog, expecting.bundle, tmp_path / "index")
    drop_attributes(tmp_path / "index", id)
    with serve(expecting._replace(index_root=tmp_path / "index")) as served:
        assert served.search(product_id="3", text="in red")["expected"] == []


def test_the_surest_word_is_named_first(expecting: Shop) -> None:
    generation = Generation.open(expecting.index_root)
    expected = np.array([[0.6, 0.1, 0.9, 0.5, 0.49]], np.float32)
    hoped = expectation(expected, np.zeros((1, 5), np.float32), generation)
    assert hoped is not None
    assert hoped.words == ["blue", "red", "white"]
