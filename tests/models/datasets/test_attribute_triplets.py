from __future__ import annotations

import random
from collections import Counter
from itertools import product as every

import pytest

from catalog import AttributeValue, Product
from catalog.errors import ModisteError
from models.datasets.attributes.default_rules import default_rules, loose_rules
from models.datasets.attributes.edit_rules import Attributes, ListItem, OneTitleWord, SameTitle
from models.datasets.triplets.attribute_triplets import AttributeTriplets, NoTriplets
from models.datasets.triplets.triplet import Triplet, TripletDataset
from tests.models.datasets.sampling import sampled


def product(id: str, title: str = "", **attributes: AttributeValue) -> Product:
    return Product(id, title, attributes, b"image of " + id.encode())


def shop() -> list[Product]:
    """Two of each: dresses and shirts in three colours, for men and women."""
    combinations = every(("dress", "shirt"), ("red", "blue", "green"), ("Men", "Women"), (1, 2))
    return [
        product(f"{kind}-{colour}-{gender}-{copy}", type=kind, colour=colour, gender=gender, price=copy * 10)
        for kind, colour, gender, copy in combinations
    ]


COLOUR = Attributes(changes=("colour",), keeps=("type", "gender"))


def test_a_triplet_has_every_equally_right_target() -> None:
    products = shop()
    for triplet in AttributeTriplets(products, [COLOUR]).enumerate_queries(1000, seed=0):
        kind, colour, gender, _ = triplet.reference.split("-")
        asked = triplet.targets[0].split("-")[1]
        assert asked != colour
        assert set(triplet.targets) == {f"{kind}-{asked}-{gender}-1", f"{kind}-{asked}-{gender}-2"}
        assert asked in triplet.modification.lower()
        assert triplet.edit == "colour"


def test_all_queries_come_when_they_fit_and_none_comes_twice() -> None:
    triplets = AttributeTriplets(shop(), [COLOUR])
    queries = list(triplets.enumerate_queries(1000, seed=0))
    assert triplets.query_counts() == {"colour": 24 * 2}
    assert triplets.pair_counts() == {"colour": 24 * 4}
    assert len({(query.reference, query.targets) for query in queries}) == len(queries) == 48


def test_enumeration_keeps_its_limit_and_repeats_for_its_seed() -> None:
    triplets = AttributeTriplets(shop())
    some = list(triplets.enumerate_queries(20, seed=1))
    assert len(some) == 20
    assert some == list(triplets.enumerate_queries(20, seed=1))
    assert some != list(triplets.enumerate_queries(20, seed=2))


def test_drawn_by_pairs_a_query_comes_as_often_as_it_has_answers() -> None:
    products = [product(f"{colour}-{copy}", type="bag", colour=colour) for colour in ("red", "blue") for copy in (1, 2)]
    products.append(product("green", type="bag", colour="green"))
    triplets = AttributeTriplets(products, [Attributes(changes=("colour",), keeps=("type",))])
    drawn = list(triplets.draw_pairs(1000, seed=0))
    assert len(drawn) == triplets.pair_counts()["colour"] == 4 * (2 + 1) + 4
    asked = Counter((one.reference, one.asked[0].after) for one in drawn)
    assert asked == {
        **{(f"red-{copy}", other): count for copy in (1, 2) for other, count in (("blue", 2), ("green", 1))},
        **{(f"blue-{copy}", other): count for copy in (1, 2) for other, count in (("red", 2), ("green", 1))},
        ("green", "red"): 2,
        ("green", "blue"): 2,
    }
    assert all(len(one.targets) == asked[one.reference, one.asked[0].after] for one in drawn)


def test_pairs_keep_their_limit_and_repeat_for_their_seed() -> None:
    triplets = AttributeTriplets(shop())  # Edits of one attribute and of several, of which only some keep columns.
    some = list(triplets.draw_pairs(30, seed=1))
    assert len(some) == 30
    assert some == list(triplets.draw_pairs(30, seed=1))
    assert some != list(triplets.draw_pairs(30, seed=2))
    every = list(triplets.draw_pairs(10**6, seed=1))
    assert len(every) == sum(triplets.pair_counts().values())
    counts = Counter(one.edit for one in every)
    assert counts == triplets.pair_counts()


def test_sampling_repeats_for_its_seed() -> None:
    triplets = AttributeTriplets(shop())
    assert sampled(triplets, 50, seed=1) == sampled(triplets, 50, seed=1)
    assert sampled(triplets, 50, seed=1) != sampled(triplets, 50, seed=2)


def test_rules_come_as_often_as_their_weights() -> None:
    rules = [Attributes(3.0, ("colour",), ("type", "gender")), Attributes(1.0, ("gender",), ("type", "colour"))]
    drawn = sampled(AttributeTriplets(shop(), rules), 4000, seed=0)
    assert 0.70 < sum(triplet.edit == "colour" for triplet in drawn) / 4000 < 0.80


def test_an_edit_of_two_attributes_changes_and_names_both() -> None:
    rule = Attributes(changes=("colour", "gender"), keeps=("type",))
    for triplet in sampled(AttributeTriplets(shop(), [rule]), 200, seed=0):
        before, after = triplet.reference.split("-"), triplet.targets[0].split("-")
        assert before[0] == after[0]
        assert before[1] != after[1]
        assert before[2] != after[2]
        assert after[1] in triplet.modification.lower()
        assert triplet.edit == "colour+gender"


def test_the_same_title_in_another_colour_is_a_pair() -> None:
    products = [
        product("1", "Puma Deck Blue Bag", baseColour="Blue"),
        product("2", "Puma Deck Red Bag", baseColour="Red"),
        product("3", "Puma Deck Red Bag", baseColour="Red"),
        product("4", "Nike Red Bag", baseColour="Red"),
    ]
    queries = list(AttributeTriplets(products, [SameTitle(changes=("baseColour",))]).enumerate_queries(9, seed=0))
    assert {(query.reference, query.targets) for query in queries} == {
        ("1", ("2", "3")),
        ("2", ("1",)),
        ("3", ("1",)),
    }


def test_without_a_column_the_colour_is_read_from_the_title() -> None:
    products = [product("1", "Deck bag, navy blue"), product("2", "Deck bag, red"), product("3", "Hat, red")]
    (one, two) = sorted(
        AttributeTriplets(products, [SameTitle()]).enumerate_queries(9, seed=0), key=lambda t: t.reference
    )
    assert (one.reference, one.targets, two.targets) == ("1", ("2",), ("1",))


def test_titles_that_differ_in_one_word_are_a_pair() -> None:
    products = [
        product("1", "Arrow striped shirt"),
        product("2", "Arrow printed shirt"),
        product("3", "Arrow printed wide shirt"),
    ]
    queries = list(AttributeTriplets(products, [OneTitleWord()]).enumerate_queries(9, seed=0))
    assert {(query.reference, query.targets) for query in queries} == {("1", ("2",)), ("2", ("1",))}


def test_spellings_and_codes_in_titles_are_no_edits() -> None:
    products = [
        product("1", "Arrow men shirt M1"),
        product("2", "Arrow men's shirt M1"),
        product("3", "Arrow men shirt M2"),
    ]
    with pytest.raises(NoTriplets):
        AttributeTriplets(products, [OneTitleWord()])
    assert AttributeTriplets(products, [OneTitleWord(codes=True)]).pair_counts() == {"title word": 2}


def test_one_item_of_a_list_is_added_removed_or_replaced() -> None:
    products = [
        product("none", features=[]),
        product("hood", features=["hood"]),
        product("zip", features=["zip"]),
        product("both", features=["zip", "hood"]),
    ]
    pairs = {
        (triplet.reference, target)
        for triplet in AttributeTriplets(products, [ListItem(column="features")]).enumerate_queries(99, seed=0)
        for target in triplet.targets
    }
    one_step = {("none", "hood"), ("none", "zip"), ("hood", "zip"), ("hood", "both"), ("zip", "both")}
    assert pairs == one_step | {(b, a) for a, b in one_step}


def test_an_identical_title_or_photograph_is_equally_right() -> None:
    products = [
        product("1", "Bag in red", colour="red", type="bag"),
        product("2", "Bag in blue", colour="blue", type="bag"),
        product("3", "Bag in blue", colour="teal", type="bag"),
        product("4", "Another", colour="teal", type="hat"),
    ]
    rule = Attributes(changes=("colour",), keeps=("type",))
    triplets = AttributeTriplets(products, [rule], photographs={"1": "a", "2": "b", "3": "c", "4": "b"})
    blue = [t for t in triplets.enumerate_queries(99, seed=0) if t.reference == "1" and "2" in t.targets]
    assert {target for triplet in blue for target in triplet.targets} == {"2", "3", "4"}


def test_a_photograph_cannot_be_the_target_of_itself() -> None:
    products = [product("1", colour="red", type="bag"), product("2", colour="blue", type="bag")]
    rule = Attributes(changes=("colour",), keeps=("type",))
    triplets = AttributeTriplets(products, [rule], photographs={"1": "same", "2": "same"})
    assert list(triplets.enumerate_queries(9, seed=0)) == []
    with pytest.raises(NoTriplets, match="share their photographs"):
        triplets.sample(random.Random(0))


def test_rules_are_derived_for_any_catalogue() -> None:
    rules = {rule.name: rule for rule in default_rules(shop())}
    assert {"colour", "gender", "type", "colour+gender"} <= rules.keys()
    colour = rules["colour"]
    assert isinstance(colour, Attributes)
    assert set(colour.keeps) == {"type", "gender"}


def test_attributes_that_depend_on_a_changed_value_are_not_kept() -> None:
    colours = ("red", "blue", "green")
    plain = [product(f"p{n}", type="dress", colour=colours[n % 3], pattern="plain") for n in range(12)]
    striped = [
        product(
            f"s{n}", type="dress", colour=colours[n % 3], pattern="striped", **{"second colour": colours[(n + 1) % 3]}
        )
        for n in range(12)
    ]
    pattern = next(rule for rule in default_rules(plain + striped) if rule.name == "pattern")
    assert isinstance(pattern, Attributes)
    assert set(pattern.keeps) == {"colour"}


def test_numbers_and_texts_that_are_all_different_are_no_attributes_to_change() -> None:
    products = [
        product(str(n), type="ab"[n % 2], colour="cd"[n // 2 % 2], text=f"text {n}", price=n) for n in range(16)
    ]
    named = {name for rule in default_rules(products) for name in rule.name.split("+")}
    assert not {"text", "price"} & named


def test_a_flag_can_be_asked_for() -> None:
    products = [product(str(n), type="coat", waterproof=n % 2 == 0) for n in range(8)]
    for triplet in sampled(AttributeTriplets(products), 20, seed=0):
        assert "waterproof" in triplet.modification.lower()


def test_a_catalogue_without_differences_is_refused() -> None:
    with pytest.raises(NoTriplets, match="No two of the 2 products") as caught:
        AttributeTriplets([product("1", "a", type="x"), product("2", "b", type="x")])
    assert caught.value.hint


def test_the_queries_are_a_dataset_over_all_products() -> None:
    products = shop()
    dataset = AttributeTriplets(products, [COLOUR]).dataset("shop/colour", limit=10, seed=0)
    assert dataset.name == "shop/colour"
    assert dataset.gallery == tuple(p.id for p in products)
    assert len(dataset.triplets) == 10
    assert dataset.image_of(products[0].id) == products[0].read_image()


def test_a_triplet_needs_a_target_that_is_not_its_reference() -> None:
    with pytest.raises(ModisteError, match="no target"):
        Triplet("1", "in red", (), "colour")
    with pytest.raises(ModisteError, match="among its own targets"):
        Triplet("1", "in red", ("2", "1"), "colour")


def test_a_dataset_needs_its_targets_in_its_gallery() -> None:
    triplet = Triplet("1", "in red", ("3",), "colour")
    with pytest.raises(ModisteError, match="'3' of reference '1' is not in the gallery"):
        TripletDataset("x", ("1", "2"), (triplet,), lambda id: b"")
    with pytest.raises(ModisteError, match="repeats an id"):
        TripletDataset("x", ("1", "1"), (), lambda id: b"")


def test_large_buckets_are_indexed_without_listing_their_pairs() -> None:
    products = [
        product(str(n), f"bag of brand{'x' * (n % 7)}{chr(97 + n % 26)}", type="bag", colour=f"c{n % 9000}")
        for n in range(18_000)
    ]
    triplets = AttributeTriplets(products, [Attributes(changes=("colour",), keeps=("type",))])
    assert triplets.pair_counts()["colour"] == 18_000 * 17_998
    assert len(triplets.sample(random.Random(0)).targets) >= 2


def test_loose_rules_keep_type_and_gender_only() -> None:
    exact = Attributes(0.8, ("colour",), ("type", "gender", "sleeve"))
    loose = loose_rules([exact, Attributes(1.0, ("colour",), ("type",)), OneTitleWord()])
    assert loose == [Attributes(0.4, ("colour",), ("type", "gender"))]


@pytest.mark.parametrize(("evenness", "share"), [(0.0, 0.1), (0.5, 0.25), (1.0, 0.5)])
def test_rare_types_can_be_asked_about_more_often(evenness: float, share: float) -> None:
    products = [
        product(f"{kind}-{number}", type=kind, colour=("red", "blue")[number % 2], gender="Women")
        for kind, count in (("shirt", 900), ("dress", 100))
        for number in range(count)
    ]
    triplets = AttributeTriplets(products, [COLOUR], evenness=evenness)
    drawn = sampled(triplets, 4000, seed=0)
    dresses = sum(triplet.reference.startswith("dress") for triplet in drawn) / len(drawn)
    assert dresses == pytest.approx(share, abs=0.03)
    assert triplets.query_counts() == {COLOUR.name: 1000}


def test_another_colour_stays_in_the_kind_that_categories_state() -> None:
    products = [
        product(f"{kind}-{colour}-{copy}", colour=colour, Categories=[f"Clothing > {kind}", *["Sale"] * (copy - 1)])
        for kind in ("Hoodies", "Dresses") for colour in ("red", "blue") for copy in (1, 2)
    ]  # fmt: skip
    (rule,) = [rule for rule in default_rules(products) if rule.name == "colour" and isinstance(rule, Attributes)]
    for triplet in sampled(AttributeTriplets(products, [rule]), 100, seed=0):
        kind = triplet.reference.partition("-")[0]
        assert len(triplet.targets) == 2
        assert all(target.startswith(kind) for target in triplet.targets)
