"""``group_by`` and ``sort``: one result for each group, and an order beside relevance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.search.arrangement import NEAR
from tests.service.conftest import COLOURS, Serve, Served, Shop, build, cloth

SIZES = ("XS", "S", "M", "L", "XL")


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory, toy_folder: Path, serve: Serve) -> Iterator[Served]:
    """Five garments in two colours and five sizes each, as a feed lists them."""
    folder = tmp_path_factory.mktemp("looks")
    (folder / "images").mkdir()
    lines = ["id,item_group_id,title,image_link,color,size,price,launched"]
    names = list(COLOURS)
    for garment in range(5):
        for look in range(2):
            colour = names[garment * 2 + look]
            cloth(colour).save(folder / "images" / f"{garment}-{look}.png")
            for at, size in enumerate(SIZES):
                price = 50 - garment * 10 + at
                lines.append(
                    f"{garment}-{colour}-{size},G{garment},Garment {garment},images/{garment}-{look}.png,"
                    f"{colour},{size},{price}.00 EUR,2026-0{garment + 1}-01"
                )
    (folder / "feed.csv").write_text("\n".join(lines) + "\n")
    build(folder / "feed.csv", toy_folder, folder / "index")
    with serve(Shop(toy_folder, folder / "feed.csv", folder / "index")) as served:
        yield served


def test_a_colour_is_a_separate_result_and_a_size_is_not(looks: Served) -> None:
    answer = looks.search(text="red cloth", k=20)
    assert answer["total"] == 10
    assert len({(result["group"], result["attributes"]["color"]) for result in answer["results"]}) == 10
    assert answer["results"][0]["attributes"]["size"] == list(SIZES)
    assert len(answer["results"][0]["variants"]) == 5


def test_a_variant_is_a_reference_and_is_left_out_with_its_sizes(looks: Served) -> None:
    found = looks.found(product_id="0-red-M", k=20)
    assert len(found) == 9
    assert not [id for id in found if id.startswith("0-red")]
    assert any(id.startswith("0-green") for id in found)


def test_grouped_by_group_all_colours_are_one_result_and_the_references_group_is_left_out(looks: Served) -> None:
    answer = looks.search(product_id="0-red-M", k=20, group_by="group")
    assert [len({result["group"]}) for result in answer["results"]] == [1] * 4
    assert sorted(result["group"] for result in answer["results"]) == ["G1", "G2", "G3", "G4"]
    assert answer["total"] == 4


def test_pages_of_groups_do_not_overlap(looks: Served) -> None:
    pages = [looks.search(text="cloth", k=2, offset=offset, group_by="group")["results"] for offset in (0, 2, 4)]
    groups = [result["group"] for page in pages for result in page]
    assert sorted(groups) == ["G0", "G1", "G2", "G3", "G4"]


def test_results_are_grouped_by_an_attribute(looks: Served) -> None:
    answer = looks.search(text="cloth", k=20, group_by="price")
    prices = [result["attributes"]["price"] for result in answer["results"]]
    assert len(prices) == len(set(prices)) == answer["total"] == 5


@pytest.mark.parametrize(
    ("sort", "prices"),
    [
        ("price", [10, 10, 20, 20, 30, 30, 40, 40, 50, 50]), ("-price", [50, 50, 40, 40, 30, 30, 20, 20, 10, 10]),
        ("-launched", [10, 10, 20, 20, 30, 30, 40, 40, 50, 50]),
    ],
)  # fmt: skip
def test_results_are_sorted_by_an_attribute(looks: Served, sort: str, prices: list[int]) -> None:
    answer = looks.search(text="cloth", k=20, sort=sort)
    assert [result["attributes"]["price"] for result in answer["results"]] == prices
    page = looks.search(text="cloth", k=3, offset=3, sort=sort)
    assert [result["attributes"]["price"] for result in page["results"]] == prices[3:6]


@pytest.mark.parametrize(
    ("sort", "reds"),
    [("price", ["0", *map(str, range(10, 19)), "55"]), ("-price", ["55", *map(str, range(18, 9, -1)), "0"])],
)
def test_products_that_satisfy_the_wishes_are_sorted_before_the_others(
    serve: Serve, shop: Shop, sort: str, reds: list[str]
) -> None:
    with serve(shop, understand_text=True) as served:
        found = served.found(text="red", k=60, sort=sort)
        assert found[:11] == reds
        others = [int(id) for id in found[11:]]
        assert others == sorted(others, reverse=sort == "-price")  # Prices ascend with the ids.
        pages = [served.found(text="red", k=7, offset=offset, sort=sort) for offset in (0, 7)]
        assert [id for page in pages for id in page] == found[:14]


@pytest.mark.parametrize(
    ("text", "descending"),
    [("the cheapest red one", False), ("most expensive red cloth", True), ("das günstigste in rot", False)],
)
def test_a_text_that_asks_for_the_extreme_sorts(serve: Serve, shop: Shop, text: str, descending: bool) -> None:
    with serve(shop, understand_text=True) as served:
        answer = served.search(text=text, k=60)
        assert [one["most"] for one in answer["understood"]["relative"]] == [True]
        found = [(one["attributes"]["colour"], one["attributes"]["price"]) for one in answer["results"]]
        reds = [price for colour, price in found if colour == "Red"]
        assert [colour for colour, _ in found[: len(reds)]] == ["Red"] * len(reds)
        assert reds == sorted(reds, reverse=descending)
        prices = [one["attributes"]["price"] for one in served.search(text=text, k=60, sort="price")["results"]]
        assert prices[: len(reds)] == sorted(reds)  # The request's own order counts.
        assert not served.search(text="cheaper, in red", k=3)["understood"]["relative"][0]["most"]


def test_without_wishes_the_relevant_products_are_sorted_before_the_others(looks: Served) -> None:
    best_first = looks.search(text="red", k=20)["results"]
    near = sum(result["score"] >= NEAR * best_first[0]["score"] for result in best_first)
    assert 1 < near < len(best_first)
    found = looks.found(text="red", k=20, sort="price")
    assert set(found[:near]) == {result["id"] for result in best_first[:near]}
    assert [id.split("-")[1] for id in found[:3]] == ["maroon", "red", "navy"]


def test_filters_take_dates(looks: Served) -> None:
    answer = looks.search(text="cloth", k=20, filters={"launched": {"min": "2026-02-01", "max": "2026-03"}})
    assert {result["group"] for result in answer["results"]} == {"G1", "G2"}


@pytest.mark.parametrize(
    ("field", "name"), [("group_by", "shape"), ("group_by", "size"), ("sort", "-shape"), ("sort", "size")]
)
def test_an_attribute_that_cannot_be_grouped_or_sorted_by_is_refused(looks: Served, field: str, name: str) -> None:
    response = looks.client.post("/search", json={"text": "cloth", field: name})
    assert response.status_code == 422
    assert "price" in response.json()["hint"]
    assert response.json()["field"] == field


def test_answers_of_other_arrangements_are_cached_apart(looks: Served) -> None:
    plain = looks.search(text="blue cloth", k=20)
    assert not looks.search(text="blue cloth", k=20, group_by="group")["cached"]
    assert not looks.search(text="blue cloth", k=20, sort="price")["cached"]
    assert looks.search(text="blue cloth", k=20)["results"] == plain["results"]


def test_prices_in_several_currencies_are_sorted_in_one_of_them(serve: Serve, shop: Shop, tmp_path: Path) -> None:
    lines = ["id,title,image,price"]
    for at, price in enumerate(("30 EUR", "20 USD", "10 EUR", "5 USD")):
        cloth("red", shade=1 - at / 8).save(tmp_path / f"{at}.png")
        lines.append(f"{at},Red cloth {at},{at}.png,{price}")
    (tmp_path / "catalog.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    build(tmp_path / "catalog.csv", shop.bundle, tmp_path / "index")
    with serve(Shop(shop.bundle, tmp_path / "catalog.csv", tmp_path / "index")) as served:
        refused = served.client.post("/search", json={"text": "red", "sort": "price"})
        assert served.client.post("/search", json={"text": "cheapest red"}).status_code == 200
        assert (refused.status_code, refused.json()["field"]) == (422, "sort")
        assert "price currency" in refused.json()["hint"]
        assert served.found(text="red", sort="price", filters={"price currency": "EUR"}) == ["2", "0"]
