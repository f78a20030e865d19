"""Words that an answer is expected to have: which they are, and how they rank products."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer.generations.generation import Generation
from models.bundle import Bundle
from models.bundle.expected_words import agreement, weights_of
from models.bundle.style_search import filtered_scores
from service.search.words.expected import expected_words
from service.search.words.stated import stated_words
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
    """The shop, with a bundle that predicts which of its five colours an answer has."""
    folder = tmp_path_factory.mktemp("expecting")
    bundle = write_toy_bundle(folder / "bundle", expects=True)
    build(shop.catalog, bundle, folder / "index")
    return Shop(bundle, shop.catalog, folder / "index")


@pytest.fixture(scope="module")
def service(expecting: Shop, serve: Serve) -> Iterator[Served]:
    with serve(expecting) as served:
        yield served


def colours(answer: dict[str, Any]) -> list[str]:
    return [result["attributes"]["colour"] for result in answer["results"]]


def test_a_word_of_the_text_is_expected_and_products_with_it_come_first(service: Served) -> None:
    answer = service.search(product_id="3", text="in red", k=6)
    assert answer["expected"] == ["red"]
    assert colours(answer) == ["Red"] * 6


def test_words_of_the_reference_that_the_text_does_not_change_are_expected(service: Served) -> None:
    answer = service.search(product_id="1", text="longer", k=4)
    assert answer["expected"] == ["green"]
    assert all("green" in result["title"].lower() for result in answer["results"])


def test_words_recognised_in_an_upload_are_expected(service: Served) -> None:
    picture = encoded(cloth("blue"))
    answer = service.client.post("/search", files={"image": picture}, data={"text": "longer", "k": "7"}).json()
    assert answer["expected"] == ["blue"]
    assert colours(answer)[0] == "Blue"


def test_results_of_a_picture_alone_show_the_words_recognised_in_it(service: Served) -> None:
    picture = encoded(cloth("blue"))
    answer = service.client.post("/search", files={"image": picture}, data={"k": "7"}).json()
    assert answer["expected"] == ["blue"]
    assert colours(answer)[:6] == ["Blue"] * 6


def test_the_catalogue_overrides_what_the_picture_shows(expecting: Shop, serve: Serve, tmp_path: Path) -> None:
    catalog = write_cloth_catalog(tmp_path / "catalog")
    lines = catalog.read_text(encoding="utf-8").splitlines()
    lines[4] = lines[4].replace("White", "Green")  # Its picture stays white.
    catalog.write_text("\n".join(lines) + "\n", encoding="utf-8")
    build(catalog, expecting.bundle, tmp_path / "index")
    with serve(Shop(expecting.bundle, catalog, tmp_path / "index")) as served:
        assert served.search(product_id="3", text="longer")["expected"] == ["green"]


def test_scores_are_cosines_times_the_agreement_relative_to_the_best_product(service: Served, expecting: Shop) -> None:
    bundle, generation = Bundle(expecting.bundle, device="cpu", threads=1), Generation.open(expecting.index_root)
    assert generation.attributes is not None
    vectors = generation.vectors(range(60))
    query = bundle.query(vectors[[20]], bundle.tokenizer.encode(["white"])[0])
    white = np.array([word == "white" for word in WORDS], np.float32)
    weights = weights_of(white, generation.attributes.of([20])[0], generation.stated, generation.exclusive)
    fit = agreement(generation.attributes.of(range(60)).T, weights)
    scores = filtered_scores(vectors @ query[0], fit / fit.max())
    scores[20] = -np.inf
    answer = service.search(product_id="20", text="white", k=59)
    found = np.array([result["score"] for result in answer["results"]])
    np.testing.assert_allclose(found, np.sort(scores)[::-1][:59], atol=1e-3)
    rows = generation.rows_of([result["id"] for result in answer["results"]])
    np.testing.assert_allclose(found, scores[rows], atol=1e-3)


def test_nothing_is_expected_without_a_reference_or_without_a_modification(service: Served) -> None:
    assert service.search(text="red")["expected"] == []
    assert service.search(product_id="0")["expected"] == []


def test_an_avoided_word_is_not_expected(service: Served) -> None:
    answer = service.search(product_id="1", text="longer", avoid=["green"], style="filter", k=5)
    assert answer["expected"] == []
    assert colours(answer).count("Green") < colours(service.search(product_id="1", text="longer", k=5)).count("Green")


def test_a_preferred_word_is_not_expected_as_well(service: Served) -> None:
    assert service.search(product_id="1", text="red", prefer=["red"])["expected"] == []


@pytest.fixture(scope="module")
def plain(expecting: Shop, serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The fifteen products of one colour, five of the colours twice (0 and 55 are red)."""
    folder = tmp_path_factory.mktemp("plain")
    catalog = write_cloth_catalog(folder / "catalog")
    lines = catalog.read_text(encoding="utf-8").splitlines()
    catalog.write_text("\n".join(lines[:11] + lines[56:]) + "\n", encoding="utf-8")
    build(catalog, expecting.bundle, folder / "index")
    with serve(Shop(expecting.bundle, catalog, folder / "index")) as served:
        yield served


@pytest.mark.parametrize("style", ["filter", "joint"])
def test_words_of_the_reference_do_not_outweigh_a_preferred_word(plain: Served, style: str) -> None:
    query: dict[str, Any] = {"product_id": "4", "text": "longer", "k": 2}
    assert plain.search(**query)["expected"] == ["black"]
    answer = plain.search(**query, prefer=["red"], style=style)
    assert (answer["expected"], colours(answer)) == ([], ["Red", "Red"])


def test_an_avoided_word_weighs_as_much_as_other_values_that_are_not_expected(expecting: Shop) -> None:
    bundle, generation = Bundle(expecting.bundle, device="cpu", threads=1), Generation.open(expecting.index_root)
    black, nothing = np.array([[0, 0, 0, 0, 1]], np.float32), np.zeros((1, 5), np.float32)
    stated = stated_words([], ["red"], "filter", bundle, generation)
    found = expected_words(black, nothing, generation, stated)
    assert found is not None
    assert found.weights.absent.tolist() == [1, 1, 1, 1, 0]
    assert found.words == ["black"]
    # Without what was expected, all values of the column cost the same, and the preference decides.
    stated = stated_words([], ["black"], "filter", bundle, generation)
    instead = expected_words(black, nothing, generation, stated)
    assert instead is not None
    assert not instead.weights.present.any()
    assert instead.weights.absent.tolist() == [1, 1, 1, 1, 1]


def test_pages_with_expected_words_neither_overlap_nor_have_gaps(service: Served) -> None:
    every = service.found(product_id="20", text="red", k=59)
    assert len(set(every)) == 59
    assert [id for at in range(0, 59, 7) for id in service.found(product_id="20", text="red", k=7, offset=at)] == every


def test_filters_and_exclusions_apply_with_expected_words(service: Served) -> None:
    answer = service.search(product_id="3", text="in red", filters={"new": True}, exclude=["0"], k=60)
    assert "0" not in [result["id"] for result in answer["results"]]
    assert all(result["attributes"]["new"] for result in answer["results"])


def test_a_cached_answer_has_its_expected_words(service: Served) -> None:
    first, again = (service.search(product_id="7", text="rather black") for _ in range(2))
    assert again["cached"] is True
    assert again["expected"] == first["expected"] == ["black"]
    assert again["results"] == first["results"]


def test_with_expect_words_off_products_are_ranked_by_vectors_alone(
    service: Served, expecting: Shop, serve: Serve
) -> None:
    bundle, generation = Bundle(expecting.bundle, device="cpu", threads=1), Generation.open(expecting.index_root)
    query = bundle.query(generation.vectors([3]), bundle.tokenizer.encode(["in red"])[0])
    rows, _ = generation.store.search(query, 11)[::-1]
    with serve(expecting, expect_words=False) as served:
        answer = served.search(product_id="3", text="in red", k=10)
    assert answer["expected"] == []
    best = [generation.product(row)["id"] for row in rows[0].tolist()]
    assert [result["id"] for result in answer["results"]] == [id for id in best if id != "3"][:10]
    assert answer["results"] != service.search(product_id="3", text="in red", k=10)["results"]


def test_nothing_is_expected_in_a_catalogue_without_words(expecting: Shop, serve: Serve, tmp_path: Path) -> None:
    catalog = write_cloth_catalog(tmp_path / "catalog")
    lines = [f"{number},images/{number}.png" for number in range(len(COLOURS))]
    catalog.write_text("\n".join(["id,image", *lines]) + "\n", encoding="utf-8")
    build(catalog, expecting.bundle, tmp_path / "index")
    with serve(Shop(expecting.bundle, catalog, tmp_path / "index")) as served:
        answer = served.search(product_id="3", text="in red")
    assert answer["expected"] == []
    assert answer["total"] == len(COLOURS) - 1


def test_nothing_is_expected_in_a_generation_without_attributes(expecting: Shop, serve: Serve, tmp_path: Path) -> None:
    id = build(expecting.catalog, expecting.bundle, tmp_path / "index")
    drop_attributes(tmp_path / "index", id)
    with serve(expecting._replace(index_root=tmp_path / "index")) as served:
        assert served.search(product_id="3", text="in red")["expected"] == []


def test_the_most_probable_word_is_listed_first(expecting: Shop) -> None:
    generation = Generation.open(expecting.index_root)
    expected = np.array([[0.6, 0.1, 0.9, 0.5, 0.49]], np.float32)
    found = expected_words(expected, np.zeros((1, 5), np.float32), generation)
    assert found is not None
    assert found.words == ["blue", "red", "white"]
