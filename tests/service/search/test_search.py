"""``POST /search``: what is found, by picture, by words, and by both."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from indexer.generations.generation import Generation
from models.bundle import Bundle, decode_image
from models.bundle.manifest import read_manifest, write_manifest
from tests.service.conftest import Serve, Served, Shop, cloth, encoded
from tests.toy_bundle import write_toy_bundle


def test_a_product_and_words_find_what_fits_both(served: Served) -> None:
    answer = served.search(product_id="2", text="in red", k=3)
    assert answer["mode"] == "composed"
    assert answer["results"][0]["title"] == "Purple cloth"


def test_words_alone_find_what_they_describe(served: Served) -> None:
    answer = served.search(text="something red", k=3)
    assert answer["mode"] == "text"
    assert answer["results"][0]["title"] == "Red cloth"


def test_an_upload_alone_finds_what_looks_alike(served: Served) -> None:
    response = served.client.post("/search", files={"image": ("cloth.png", encoded(cloth("yellow", "navy")))})
    answer = response.json()
    assert answer["mode"] == "image"
    assert answer["results"][0]["title"] == "Yellow and navy cloth"


def test_an_upload_and_words_are_composed(served: Served) -> None:
    response = served.client.post(
        "/search", files={"image": ("cloth.png", encoded(cloth("white")))}, data={"text": "in red", "k": "3"}
    )
    assert response.json()["mode"] == "composed"
    assert response.json()["results"][0]["title"] == "Pink cloth"


def test_the_same_picture_finds_the_same_as_a_file_as_base64_and_as_a_data_url(served: Served) -> None:
    picture = encoded(cloth("green", "white"))
    text = base64.b64encode(picture).decode()
    by_file = served.client.post("/search", files={"image": ("cloth.png", picture)}).json()["results"]
    assert served.search(image_base64=text)["results"] == by_file
    assert served.search(image_base64=f"data:image/png;base64,{text}")["results"] == by_file
    assert served.search(image_base64=text.rstrip("=").translate(str.maketrans("+/", "-_")))["results"] == by_file


def test_a_product_as_reference_is_not_among_its_results(served: Served) -> None:
    assert "4" not in served.found(product_id="4", k=60)


def test_blank_words_count_as_none(served: Served) -> None:
    assert served.search(product_id="4", text=" \u200b\n ")["mode"] == "image"


def test_composed_results_equal_brute_force(served: Served, bundle: Bundle, generation: Generation) -> None:
    vectors = generation.vectors(range(60))
    ids, _ = bundle.tokenizer.encode(["blue and white"])
    scores = (bundle.query(vectors[[20]], ids) @ vectors.T)[0]
    scores[20] = -np.inf
    answer = served.search(product_id="20", text="blue and white", k=59)
    found = np.array([result["score"] for result in answer["results"]])
    np.testing.assert_allclose(found, np.sort(scores)[::-1][:59], atol=1e-3)
    np.testing.assert_allclose(found, scores[[int(result["id"]) for result in answer["results"]]], atol=1e-3)


def test_a_bundle_that_composes_local_features_sees_the_picture_of_a_product_again(
    serve: Serve, shop: Shop, tmp_path: Path
) -> None:
    folder = write_toy_bundle(tmp_path / "bundle", attributes=True)
    write_manifest(folder, read_manifest(folder).model_copy(update={"reference": "local"}))
    query = {"product_id": "20", "text": "blue and white", "k": 5}
    with serve(shop) as by_embedding, serve(shop._replace(bundle=folder)) as by_features:
        indexed, seen = by_embedding.search(**query), by_features.search(**query)
    assert (indexed["timings_ms"]["vision"], seen["timings_ms"]["vision"] > 0) == (0, True)
    assert [result["id"] for result in seen["results"]] == [result["id"] for result in indexed["results"]]


def test_results_of_an_upload_equal_brute_force(served: Served, bundle: Bundle, generation: Generation) -> None:
    picture = encoded(cloth("purple", "green"))
    pixels = bundle.manifest.images.pixels(decode_image(picture))
    scores = (bundle.vision(pixels[None]).embedding @ generation.vectors(range(60)).T)[0]
    response = served.client.post("/search", files={"image": ("cloth.png", picture)}, data={"k": "60"})
    found = [result["score"] for result in response.json()["results"]]
    np.testing.assert_allclose(found, np.sort(scores)[::-1], atol=1e-3)


def test_pages_follow_one_another_without_gap_or_overlap(served: Served) -> None:
    whole = served.found(product_id="7", text="red", k=59)
    pages = [served.found(product_id="7", text="red", k=20, offset=offset) for offset in (0, 20, 40)]
    assert [*pages[0], *pages[1], *pages[2]] == whole
    assert len(set(whole)) == 59


def test_pages_beyond_the_end_are_empty(served: Served) -> None:
    answer = served.search(text="red", offset=10_000)
    assert answer["results"] == []
    assert answer["total"] == 60


def test_excluded_products_are_left_out_and_the_rest_moves_up(served: Served) -> None:
    first, second, third = served.found(text="red", k=3)
    answer = served.search(text="red", k=2, exclude=[first, third, "no such product"])
    assert answer["results"][0]["id"] == second
    assert answer["total"] == 58


def test_total_counts_what_filters_and_exclusions_leave(served: Served) -> None:
    filters = {"price": {"min": 10, "max": 19}}
    assert served.search(text="red", filters=filters)["total"] == 10
    assert served.search(product_id="3", filters=filters, exclude=["1", "2", "59"])["total"] == 7


@pytest.mark.parametrize(
    ("filters", "matches"),
    [
        pytest.param({"colour": "green"}, lambda a: a["colour"] == "Green", id="a value, whatever its case"),
        pytest.param({"colour": ["Red", "Blue"]}, lambda a: a["colour"] in ("Red", "Blue"), id="one of a list"),
        pytest.param({"price": {"max": 20}}, lambda a: a["price"] <= 20, id="a range open below"),
        pytest.param({"occasions": "work"}, lambda a: "work" in a["occasions"], id="a value within a list"),
        pytest.param({"new": True, "price": {"min": 30}}, lambda a: a["new"] and a["price"] >= 30, id="two filters"),
    ],
)
def test_filters_keep_only_what_matches(served: Served, filters: dict[str, object], matches: object) -> None:
    assert callable(matches)
    everything = served.search(text="red", k=60)["results"]
    kept = served.search(text="red", k=60, filters=filters)["results"]
    assert kept
    assert kept == [result for result in everything if matches(result["attributes"])]


def test_filters_that_nothing_satisfies_give_an_empty_answer(served: Served) -> None:
    answer = served.search(text="red", filters={"colour": "Red", "price": {"min": 1000}})
    assert (answer["results"], answer["total"]) == ([], 0)


def test_a_form_takes_filters_as_json_and_exclusions_repeated_or_as_json(served: Served) -> None:
    filters = {"colour": "Red"}
    expected = served.found(text="white", filters=filters, exclude=["0", "10"])
    form = {"text": (None, "white"), "filters": (None, json.dumps(filters))}
    repeated = [*form.items(), ("exclude", (None, "0")), ("exclude", (None, "10"))]
    listed = [*form.items(), ("exclude", (None, '["0", "10"]'))]
    for fields in (repeated, listed):
        answer = served.client.post("/search", files=fields).json()
        assert [result["id"] for result in answer["results"]] == expected


def test_an_empty_file_field_without_a_name_is_not_a_picture(served: Served) -> None:
    image = b'--x\r\nContent-Disposition: form-data; name="image"; filename=""\r\n\r\n\r\n'
    text = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nred\r\n--x--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    response = served.client.post("/search", content=image + text, headers=headers)
    assert response.json()["mode"] == "text"


def test_an_answer_states_how_it_was_computed(served: Served, generation: Generation) -> None:
    answer = served.search(product_id="3", text="in black", k=4, offset=2)
    assert (answer["k"], answer["offset"], answer["total"]) == (4, 2, 59)
    assert (answer["generation"], answer["bundle"]) == (generation.id, "toy 1.0.0")
    assert set(answer["timings_ms"]) == {"decode", "vision", "query", "store", "columns", "queue", "total"}
    assert answer["timings_ms"]["total"] >= answer["timings_ms"]["store"] > 0


def test_a_result_carries_its_product_and_the_link_of_its_picture(served: Served) -> None:
    picture = base64.b64encode(encoded(cloth("red"))).decode()
    result = served.search(image_base64=picture, k=1)["results"][0]
    assert result["attributes"] == {"colour": "Red", "price": 10, "occasions": ["party"], "new": True}
    assert served.client.get(result["image"]).content == encoded(cloth("red"))


def test_the_model_reads_a_conversation_as_one_text_if_texts_are_not_parsed(served: Served) -> None:
    for reference in ({}, {"product_id": "5"}):
        turns = served.search(**reference, history=["red", "in pink"], text="navy", k=60)
        assert turns["results"] == served.search(**reference, text="navy, in pink, red", k=60)["results"]
        assert turns["results"] != served.search(**reference, text="navy", k=60)["results"]
    earlier = served.search(product_id="5", history=["red"])
    assert earlier["mode"] == "composed"
    assert earlier["results"] == served.search(product_id="5", text="red")["results"]


def test_a_truncated_text_is_answered_and_marked_as_truncated(served: Served) -> None:
    assert served.search(text="red " * 300)["text_truncated"] is True
    assert served.search(text="red")["text_truncated"] is False


@pytest.mark.parametrize("text", ["robe rouge 👗", "أحمر", "赤い服", "red\x00dress", "<script>", "' OR 1=1 --"])
def test_any_writing_is_answered(served: Served, text: str) -> None:
    assert len(served.found(text=text, k=5)) == 5


def test_invisible_characters_change_nothing(served: Served) -> None:
    assert served.found(text="r\u200bed\x00") == served.found(text="red")
