"""``prefer`` and ``avoid`` on ``POST /search``: words that results should show, or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer.generations.generation import Generation
from models.bundle import Bundle
from models.bundle.style_search import Floats, filtered_scores, moved_query, satisfaction
from tests.service.conftest import Serve, Served, Shop, build, cloth, drop_attributes, encoded
from tests.toy_bundle import WORDS, write_toy_bundle

PLACES = {word: place for place, word in enumerate(WORDS)}


def refusal(served: Served, **fields: Any) -> dict[str, Any]:
    response = served.client.post("/search", json=fields)
    assert response.status_code == 422, response.text
    problem: dict[str, Any] = response.json()
    return problem


def shown(generation: Generation, word: str) -> Floats:
    """How probably each product shows a word."""
    assert generation.attributes is not None
    probabilities: Floats = generation.attributes.probabilities([PLACES[word]])[0]
    return probabilities


def embedded(bundle: Bundle, *words: str) -> Floats:
    return bundle.text(bundle.tokenizer.encode(list(words))[0])


def test_the_first_results_have_the_preferred_words(served: Served, generation: Generation) -> None:
    red = shown(generation, "red")
    for style in ("arithmetic", "filter", "joint"):
        plain = generation.rows_of(served.found(product_id="5", k=5))
        preferred = generation.rows_of(served.found(product_id="5", prefer=["red"], style=style, k=5))
        assert red[preferred].mean() > red[plain].mean(), style


def test_fewer_of_the_first_results_have_an_avoided_word(served: Served, generation: Generation) -> None:
    red = shown(generation, "red")
    plain = red[generation.rows_of(served.found(product_id="0", k=10))]
    for style in ("arithmetic", "filter", "joint"):
        avoiding = red[generation.rows_of(served.found(product_id="0", avoid=["red"], style=style, k=10))]
        assert avoiding.mean() < plain.mean(), style


@pytest.mark.parametrize("style", ["arithmetic", "filter", "joint"])
@pytest.mark.parametrize("text", ["", "something white"])
def test_each_style_is_the_equation_over_every_product(
    served: Served, bundle: Bundle, generation: Generation, style: str, text: str
) -> None:
    vectors = generation.vectors(range(60))
    start = vectors[20]
    if text:
        start = bundle.query(vectors[[20]], bundle.tokenizer.encode([text])[0])[0]
    if style != "filter":
        start = moved_query(start, embedded(bundle, "blue"), embedded(bundle, "black"))
    scores = vectors @ start
    if style != "arithmetic":
        scores = filtered_scores(
            scores, satisfaction(shown(generation, "blue")[None], shown(generation, "black")[None])
        )
    scores[20] = -np.inf
    answer = served.search(product_id="20", text=text, prefer=["blue"], avoid=["black"], style=style, k=59)
    found = np.array([result["score"] for result in answer["results"]])
    np.testing.assert_allclose(found, np.sort(scores)[::-1][:59], atol=1e-3)


def test_without_a_style_the_joint_one_is_used(served: Served) -> None:
    said = served.search(product_id="20", prefer=["blue"])
    assert said["style"] == "joint"
    assert said["results"] == served.search(product_id="20", prefer=["blue"], style="joint")["results"]


def test_words_work_beside_a_text_alone(served: Served) -> None:
    answer = served.search(text="something white", avoid=["white"], prefer=["blue"], k=3)
    assert answer["mode"] == "text"
    assert answer["results"][0]["title"] != served.search(text="something white", k=1)["results"][0]["title"]


def test_words_alone_need_something_to_start_from(served: Served) -> None:
    assert "nothing to search for" in refusal(served, prefer=["red"])["detail"]


def test_a_spelling_is_understood_and_the_answer_says_as_what(served: Served) -> None:
    answer = served.search(product_id="5", prefer=["Scarlet"], avoid=["JET-BLACK"])
    assert (answer["prefer"], answer["avoid"]) == ({"Scarlet": "red"}, {"JET-BLACK": "black"})
    assert answer["results"] == served.search(product_id="5", prefer=["red"], avoid=["black"])["results"]


def test_an_answer_without_words_says_that_there_were_none(served: Served) -> None:
    answer = served.search(product_id="5")
    assert (answer["prefer"], answer["avoid"], answer["style"]) == ({}, {}, None)


def test_an_answer_is_kept_for_other_spellings_and_orders_of_the_same_words(served: Served) -> None:
    first = served.search(product_id="31", prefer=["red", "white"], avoid=["blue"])
    again = served.search(product_id="31", prefer=["white", "scarlet", "RED"], avoid=["Blue"])
    assert (first["cached"], again["cached"]) == (False, True)
    assert again["prefer"] == {"white": "white", "scarlet": "red", "RED": "red"}
    assert again["results"] == first["results"]


def test_other_words_and_other_styles_are_other_answers(served: Served) -> None:
    served.search(product_id="32", prefer=["red"])
    for other in ({"prefer": ["green"]}, {"avoid": ["red"]}, {"prefer": ["red"], "style": "filter"}, {}):
        assert served.search(product_id="32", **other)["cached"] is False


def test_an_unknown_word_is_refused_with_the_nearest_known_ones(served: Served) -> None:
    problem = refusal(served, product_id="5", prefer=["red", "gren"])
    assert problem["type"] == "/problems/unknown-word"
    assert "'gren'" in problem["detail"]
    assert '"green"' in problem["hint"]


def test_a_word_that_is_like_no_known_one_leads_to_the_list_of_words(served: Served) -> None:
    assert "GET /catalog" in refusal(served, product_id="5", avoid=["xylophone"])["hint"]


def test_a_word_cannot_be_preferred_and_avoided(served: Served) -> None:
    assert (
        "'red' is both preferred and avoided"
        in refusal(served, text="red", prefer=["red"], avoid=["scarlet"])["detail"]
    )


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"prefer": ["red"] * 17}, "prefer"),
        ({"avoid": ["r" * 65]}, "avoid"),
        ({"prefer": [""]}, "prefer"),
        ({"prefer": "red"}, "prefer"),
        ({"style": "loud"}, "style"),
    ],
)
def test_words_out_of_bounds_are_refused_by_their_field(served: Served, fields: dict[str, Any], named: str) -> None:
    assert refusal(served, product_id="5", **fields)["detail"].startswith(named)


def test_pages_with_words_neither_overlap_nor_leave_out(served: Served) -> None:
    whole = served.found(product_id="20", prefer=["blue"], k=59)
    pages = [served.found(product_id="20", prefer=["blue"], k=7, offset=offset) for offset in range(0, 63, 7)]
    assert [id for page in pages for id in page] == whole
    assert len(whole) == 59


def test_filters_and_exclusions_hold_with_words(served: Served) -> None:
    answer = served.search(product_id="5", prefer=["red"], filters={"new": True}, exclude=["0"], k=60)
    assert all(result["attributes"]["new"] for result in answer["results"])
    assert not {"0", "5"} & {result["id"] for result in answer["results"]}
    assert len(answer["results"]) == answer["total"]


def test_a_form_takes_words_repeated_or_as_a_list(served: Served) -> None:
    picture = {"image": ("cloth.png", encoded(cloth("pink")))}
    repeated = served.client.post("/search", files=picture, data={"prefer": ["red", "white"], "style": "filter"}).json()
    listed = served.client.post("/search", files=picture, data={"prefer": '["red", "white"]', "style": "filter"}).json()
    single = served.client.post("/search", files=picture, data={"prefer": "red", "avoid": "blue"}).json()
    assert repeated["prefer"] == {"red": "red", "white": "white"}
    assert repeated["results"] == listed["results"]
    assert (single["prefer"], single["avoid"]) == ({"red": "red"}, {"blue": "blue"})


def test_the_catalogue_lists_the_words_and_the_styles(served: Served) -> None:
    catalog = served.client.get("/catalog").json()
    assert catalog["words"] == list(WORDS)
    assert catalog["styles"] == ["arithmetic", "filter", "joint"]


def test_a_bundle_without_words_says_what_to_do(shop: Shop, serve: Serve, tmp_path: Path) -> None:
    bundle = write_toy_bundle(tmp_path / "bundle", attributes=False)
    build(shop.catalog, bundle, tmp_path / "index")
    with serve(Shop(bundle, shop.catalog, tmp_path / "index")) as silent:
        problem = refusal(silent, product_id="5", prefer=["red"])
        catalog = silent.client.get("/catalog").json()
        assert (catalog["words"], catalog["styles"]) == ([], [])
    assert problem["type"] == "/problems/no-words"
    assert "joint.attributes" in problem["hint"]


def test_a_generation_from_before_there_were_attributes_still_moves_the_query(
    shop: Shop, serve: Serve, tmp_path: Path
) -> None:
    drop_attributes(tmp_path / "index", build(shop.catalog, shop.bundle, tmp_path / "index"))
    with serve(shop._replace(index_root=tmp_path / "index")) as old:
        assert "build the index again" in refusal(old, product_id="5", prefer=["red"])["hint"]
        assert old.client.get("/catalog").json()["styles"] == ["arithmetic"]
        answer = old.search(product_id="5", prefer=["red"], style="arithmetic")
    assert answer["prefer"] == {"red": "red"}
