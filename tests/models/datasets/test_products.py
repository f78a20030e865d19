from __future__ import annotations

from pathlib import Path

import pytest

from catalog import Catalog, Product, read_catalog
from catalog.errors import ModisteError
from models.datasets.products import (
    any_type,
    colour,
    colour_and_type,
    hash_photographs,
    one_title_word,
    protocol_rules,
    split_by_title_group,
    strict_colour,
    title_group,
    training_rules,
    type_and_gender,
)
from models.datasets.triplets.attribute_triplets import AttributeTriplets
from tests.models.datasets.sampling import sampled

pytestmark = pytest.mark.slow

FASHION_PRODUCTS = Path(__file__).parents[4] / "shared" / "data" / "fashion-products"


def product(id: str, title: str, colour: str, image: bytes | None = None) -> Product:
    return Product(id, title, {"baseColour": colour}, image or id.encode())


@pytest.fixture(scope="module")
def fashion_products() -> Catalog:
    if not FASHION_PRODUCTS.is_dir():
        pytest.skip("the Fashion Product Images are not at ../shared/data/fashion-products")
    return read_catalog(FASHION_PRODUCTS)


def test_a_title_group_is_one_article_in_all_its_colours() -> None:
    navy = product("1", "Puma Deck Navy Blue Backpack", "Navy Blue")
    red = product("2", "Puma Deck Red Backpack", "Red")
    assert title_group(navy) == title_group(red) == "puma deck backpack"


def test_a_split_never_parts_a_title_group_or_a_photograph() -> None:
    products = [
        product(f"{n}-{colour}", f"Bag number{n} {colour}", colour, b"shared" if n in (3, 17) else None)
        for n in range(40)
        for colour in ("Red", "Blue", "Green")
    ]
    train, validation = split_by_title_group(products, validation_share=0.25, seed=4)
    assert sorted(p.id for p in [*train, *validation]) == sorted(p.id for p in products)
    assert len(validation) == pytest.approx(30, abs=3)
    assert not {title_group(p) for p in train} & {title_group(p) for p in validation}
    assert not {p.image for p in train} & {p.image for p in validation}


def test_a_split_is_the_same_for_its_seed_and_another_for_another() -> None:
    products = [product(str(n), f"Bag number{n}", "Red") for n in range(100)]
    first = split_by_title_group(products, validation_share=0.2, seed=1)
    assert first == split_by_title_group(products, validation_share=0.2, seed=1)
    assert first != split_by_title_group(products, validation_share=0.2, seed=2)


def test_a_split_that_leaves_a_side_empty_is_refused() -> None:
    with pytest.raises(ModisteError, match="between 0 and 1"):
        split_by_title_group([product("1", "a", "Red")], validation_share=1.0, seed=0)
    with pytest.raises(ModisteError, match="one title group"):
        split_by_title_group([product("1", "a red", "Red"), product("2", "a", "")], validation_share=0.5, seed=0)


def test_the_whole_set_is_read_without_a_problem(fashion_products: Catalog) -> None:
    assert len(fashion_products) == 33_617
    assert fashion_products.problems == ()
    assert fashion_products.columns["baseColour"] == "text"
    assert fashion_products.columns["year"] == "number"


def test_the_set_gives_about_as_many_pairs_as_its_description_says(fashion_products: Catalog) -> None:
    strict = AttributeTriplets(fashion_products, [strict_colour()]).pair_counts()["colour"]
    assert strict == pytest.approx(424_000, rel=0.1)
    one_word = AttributeTriplets(fashion_products, [one_title_word(codes=True)]).pair_counts()["title word"]
    assert one_word == pytest.approx(778_000, rel=0.2)
    assert AttributeTriplets(fashion_products, [colour()]).pair_counts()["colour"] > 10_000_000


def test_every_protocol_gives_queries_on_the_set(fashion_products: Catalog) -> None:
    for name, rule in protocol_rules().items():
        queries = list(AttributeTriplets(fashion_products, [rule]).enumerate_queries(200, seed=0))
        assert len(queries) == 200, name
        assert all(query.modification and query.targets for query in queries)


def dressed(id: str, kind: str, gender: str, colour: str = "Black") -> Product:
    return Product(
        id, f"{gender} {kind} {id}", {"articleType": kind, "gender": gender, "baseColour": colour}, id.encode()
    )


SHOP = [
    *(dressed(f"saree {at}", "Sarees", "Women") for at in range(30)),
    dressed("saree 30", "Sarees", "Girls"),
    *(dressed(f"watch {at}", "Watches", ("Men", "Women")[at % 2]) for at in range(30)),
    *(dressed(f"shirt {at}", "Shirts", "Men") for at in range(10)),
]


def test_gender_is_named_only_where_the_type_does_not_imply_it() -> None:
    by_id = {one.id: one for one in SHOP}
    seen = set()
    for triplet in sampled(AttributeTriplets(SHOP, [type_and_gender(SHOP)]), 300, seed=0):
        before, after = by_id[triplet.reference].attributes, by_id[triplet.targets[0]].attributes
        assert before["articleType"] != after["articleType"]
        assert before["gender"] != after["gender"]
        said = tuple(edit.attribute for edit in triplet.asked)
        assert said == (("articleType",) if after["articleType"] in ("Sarees", "Shirts") else ("articleType", "gender"))
        seen.add((before["articleType"], after["articleType"]))
    assert {("Shirts", "Sarees"), ("Sarees", "Watches"), ("Watches", "Shirts")} <= seen


def test_a_change_of_type_keeps_gender_and_colour_unless_others_are_named() -> None:
    shop = [*SHOP, dressed("red watch", "Watches", "Men", "Red")]
    by_id = {one.id: one for one in shop}
    for rule, stays in ((any_type(), ("gender", "baseColour")), (colour_and_type(), ("gender",))):
        for triplet in sampled(AttributeTriplets(shop, [rule]), 50, seed=0):
            before = by_id[triplet.reference].attributes
            for target in triplet.targets:
                after = by_id[target].attributes
                assert before["articleType"] != after["articleType"]
                assert all(before[name] == after[name] for name in stays)
                assert (before["baseColour"] == after["baseColour"]) == ("baseColour" in stays)


def test_training_and_validation_of_the_set_share_no_photograph(fashion_products: Catalog) -> None:
    some = fashion_products[:3000]
    hashes = hash_photographs(some)
    train, validation = split_by_title_group(some, validation_share=0.1, seed=0, photographs=hashes)
    assert len(validation) == pytest.approx(300, abs=60)
    assert not {hashes[p.id] for p in train} & {hashes[p.id] for p in validation}
    assert sampled(AttributeTriplets(train, training_rules(train), photographs=hashes), 100, seed=0)


def test_products_without_a_title_are_split_like_any_others() -> None:
    products = [Product(str(number), "", {"colour": "red"}, f"picture {number}".encode()) for number in range(40)]
    train, validation = split_by_title_group(products, validation_share=0.25, seed=1)
    assert (len(train), len(validation)) == (30, 10)
