"""Shares of results that have what was asked, on a shop small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pytest

from catalog import AttributeValue, Product
from models.datasets.attributes.edit_rules import Attributes, OneTitleWord, carries
from models.datasets.triplets.attribute_triplets import AttributeTriplets
from models.datasets.triplets.triplet import Triplet, TripletDataset
from models.datasets.wording import Edit
from models.evaluation.held_out.edits import evaluate
from models.evaluation.satisfaction import Satisfaction
from models.evaluation.tables import metrics_table


def product(id: str, title: str = "", **attributes: AttributeValue) -> Product:
    return Product(id, title, attributes, b"")


SHOP = (
    product("red-dress", type="dress", colour="red", gender="Women"),
    product("blue-dress", type="dress", colour="blue", gender="Women"),
    product("blue-shirt", type="shirt", colour="blue", gender="Women"),
    product("blue-dress-for-girls", type="dress", colour="blue", gender="Girls"),
    product("green-dress", type="dress", colour="green", gender="Women"),
)
IN_BLUE = Triplet("red-dress", "in blue", ("blue-dress",), "colour", asked=(Edit("colour", "red", "blue"),))


def dataset(*triplets: Triplet, judged: tuple[str, ...] = ("type", "colour", "gender")) -> TripletDataset:
    return TripletDataset("shop", tuple(one.id for one in SHOP), triplets, lambda id: b"", SHOP, judged)


def test_asked_counts_the_change_and_kept_counts_the_rest() -> None:
    # Blue are three of the four; a dress for women are the first and the last.
    page = np.array([[1, 2, 3, 4]])
    shares = Satisfaction(dataset(IN_BLUE)).measure([IN_BLUE], page)
    assert (shares["asked@10"], shares["kept@10"]) == (75.0, 50.0)


def test_fit_is_relative_to_the_best_possible_page() -> None:
    satisfaction = Satisfaction(dataset(IN_BLUE))
    assert satisfaction.measure([IN_BLUE], np.array([[1, 2, 3, 4]]))["fit@10"] == 100.0  # Nothing else fits.
    assert satisfaction.measure([IN_BLUE], np.array([[2, 3]]))["fit@10"] == 0.0
    for_a_girl = Triplet("red-dress", "in blue", ("blue-dress-for-girls",), "colour", asked=IN_BLUE.asked)
    assert Satisfaction(dataset(for_a_girl)).measure([for_a_girl], np.array([[1, 2, 4]]))["fit@10"] == 50.0


def test_a_query_that_nothing_fits_has_no_such_share() -> None:
    gone = Triplet("red-dress", "in mauve", ("blue-dress",), "colour", asked=(Edit("colour", "red", "mauve"),))
    assert "fit@10" not in Satisfaction(dataset(gone)).measure([gone], np.array([[1, 2]]))


def test_the_shares_are_means_over_the_queries() -> None:
    satisfaction = Satisfaction(dataset(IN_BLUE))
    shares = satisfaction.measure([IN_BLUE, IN_BLUE], np.array([[1, 4], [2, 3]]))
    assert shares == {"asked@10": 75.0, "kept@10": 50.0, "fit@10": 50.0}


def test_attributes_in_which_most_targets_differ_are_not_kept() -> None:
    # Asked for blue, one right dress is for women and one is for girls: half agree, so the audience is to stay.
    half = Triplet(IN_BLUE.reference, "in blue", ("blue-dress", "blue-dress-for-girls"), "colour", asked=IN_BLUE.asked)
    rare = Triplet(IN_BLUE.reference, "in blue", ("blue-dress-for-girls",), "colour", asked=IN_BLUE.asked)
    satisfaction = Satisfaction(dataset(half, rare))
    assert satisfaction.staying(half).tolist() == [True, False, True]
    assert satisfaction.staying(rare).tolist() == [True, False, False]
    assert satisfaction.measure([rare], np.array([[1, 2, 3, 4]]))["kept@10"] == 75.0


def test_kept_is_not_measured_if_no_attribute_should_stay() -> None:
    satisfaction = Satisfaction(dataset(IN_BLUE, judged=("colour",)))
    assert satisfaction.measure([IN_BLUE], np.array([[1, 4]])) == {"asked@10": 50.0, "fit@10": 50.0}


def test_a_dataset_without_attributes_is_not_judged() -> None:
    plain = TripletDataset("plain", ("a", "b"), (Triplet("a", "in blue", ("b",), "x"),), lambda id: b"")
    assert Satisfaction(plain).measure(plain.triplets, np.array([[1]])) == {}


@pytest.mark.parametrize(
    ("edit", "carrying"),
    [
        (Edit("title", "puma", "nike"), True),
        (Edit("title", "puma", "adidas"), False),
        (Edit("features", None, "hood"), True),
        (Edit("features", "zip", "hood"), True),
        (Edit("features", "hood", None), False),
        (Edit("features", "hood", "zip"), False),
        (Edit("vegan", None, "vegan"), True),
        (Edit("vegan", "vegan", None), False),
        (Edit("colour", "red", "blue"), True),
        (Edit("colour", "blue", "red"), False),
    ],
)
def test_a_product_carries_a_value_a_word_of_its_title_or_an_item_of_a_list(edit: Edit, carrying: bool) -> None:
    jacket = product("1", "Nike Blue Jacket", colour="blue", features=["hood", "lining"], vegan=True)
    assert carries(jacket, edit) is carrying


@pytest.mark.parametrize("rule", [Attributes(1.0, ("colour",), ("type",)), OneTitleWord(1.0)])
def test_targets_of_every_derived_query_have_the_requested_values(rule: Attributes | OneTitleWord) -> None:
    products = [
        product(str(at), f"Arrow {colour} {kind}", colour=colour, type=kind)
        for at, (colour, kind) in enumerate([(c, k) for c in ("Red", "Blue", "Green") for k in ("Shirt", "Dress")])
    ]
    by_id = {one.id: one for one in products}
    queries = list(AttributeTriplets(products, [rule]).enumerate_queries(100, seed=0))
    assert queries
    for query in queries:
        assert query.asked
        assert all(carries(by_id[id], edit) for id in query.targets for edit in query.asked)
        assert not any(carries(by_id[query.reference], edit) for edit in query.asked)


class Tokens:
    def encode(self, texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros((len(texts), 1), dtype=np.int64), np.zeros(len(texts), dtype=bool)


class AlwaysBlueDress:
    """Its composer asks for the blue dress first and the green one last."""

    tokenizer = Tokens()

    def query(self, features: np.ndarray, ids: np.ndarray) -> np.ndarray:
        return np.tile(np.array([[0.0, 0.9, 0.8, 0.7, 0.1]], dtype=np.float32), (len(ids), 1))

    def text(self, ids: np.ndarray) -> np.ndarray:
        return self.query(ids, ids)


class Gallery:
    embedding = features = np.eye(5, dtype=np.float32)


def test_an_evaluation_reports_all_shares_and_recall() -> None:
    metrics = evaluate(AlwaysBlueDress(), Gallery(), dataset(IN_BLUE))  # type: ignore[arg-type]
    composer = next(metric for metric in metrics if metric.method == "composer")
    shares = {"asked@10": 75.0, "kept@10": 50.0, "fit@10": 100.0}
    assert composer.values == {"R@1": 100.0, "R@10": 100.0, "R@50": 100.0, **shares}
    assert all(shares.keys() <= metric.values.keys() for metric in metrics)
    assert "| R@1 | R@10 | R@50 | asked@10 | kept@10 | fit@10 |" in metrics_table(metrics)


def test_without_attributes_the_table_is_as_before() -> None:
    bare = TripletDataset("shop", tuple(one.id for one in SHOP), (IN_BLUE,), lambda id: b"")
    table = metrics_table(evaluate(AlwaysBlueDress(), Gallery(), bare))  # type: ignore[arg-type]
    assert "| R@1 | R@10 | R@50 |" in table
    assert "@10 | kept" not in table
