"""The shipped bundle on photographs that are not part of this repository; without them these tests are skipped.

``tests/test_shipped_bundle.py`` tests it on drawn garments.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from catalog import Catalog, Product, read_catalog
from indexer.build import build_generation
from models.bundle import SHIPPED_BUNDLE, Bundle
from models.bundle.manifest import Metric
from models.datasets.wording import Edit, word_modification
from models.evaluation.held_out.expected_words import PRODUCT
from models.evaluation.held_out.sources import evaluate_config
from models.training.config import read_config
from service.app import create_app
from service.settings import load_settings

pytestmark = pytest.mark.slow
REDS = ("Red", "Maroon", "Burgundy", "Rust")
KINDS = {
    "Tshirts": "Blue", "Handbags": "Black", "Casual Shoes": "White", "Kurtas": "Green", "Shirts": "White",
    "Heels": "Black", "Dresses": "Black",
}  # fmt: skip
"""Up to thirty products of each kind, of this colour, serve as shoppers' photographs; the index leaves them out."""
OWN_WORDS = {
    "could you find me this one, only make it green": {"baseColour": "Green"},
    "love it! got it in black?": {"baseColour": "Black"},
    "not a fan of the colour, show me a white version": {"baseColour": "White"},
    "exact same thing please but the red one": {"baseColour": "Red"},
    "what would it look like in navy blue": {"baseColour": "Navy Blue"},
    "i'd wear this if it were brown": {"baseColour": "Brown"},
    "hmm, too gloomy, a pink one would suit me better": {"baseColour": "Pink"},
    "is there a ladies' edition of it": {"gender": "Women"},
    "do you sell these to guys": {"gender": "Men"},
    "something my girlfriend could wear": {"gender": "Women"},
    "my wife would like the same in pink": {"gender": "Women", "baseColour": "Pink"},
    "a men's one, and black please": {"gender": "Men", "baseColour": "Black"},
    "for her, and in red": {"gender": "Women", "baseColour": "Red"},
}
"""Requests in wordings that no template has, and the attributes that results should have.

All were written before they were tried. One more, "my brother wants one as well", is not understood."""
PRODUCTS = Path(__file__).parents[3] / ".." / "shared" / "data" / "fashion-products"


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle(SHIPPED_BUNDLE, device="cpu")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    if not PRODUCTS.is_dir():
        pytest.skip("needs the product photographs in ../shared/data/fashion-products")
    return read_catalog(PRODUCTS)


@pytest.fixture(scope="module")
def figures(
    bundle: Bundle, catalog: Catalog, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str, str], Metric]:
    settings = read_config(Path(bundle.manifest.name))
    real = tuple(source for source in settings.sources if source.kind == "products")
    cache = tmp_path_factory.mktemp("cache")
    metrics = evaluate_config(
        bundle, bundle.manifest.images, settings.model_copy(update={"sources": real}), cache, queries=500
    )
    return {(_drawn(metric), metric.edit, metric.method): metric for metric in metrics}


def _drawn(metric: Metric) -> str:
    return "pairs" if "drawn by pairs" in metric.protocol else "questions"


@pytest.fixture(scope="module")
def photographs(catalog: Catalog) -> dict[str, list[Product]]:
    def of(kind: str, colour: str) -> list[Product]:
        return [p for p in catalog if p.attributes["articleType"] == kind and p.attributes["baseColour"] == colour]

    return {kind: of(kind, colour)[:180:6] for kind, colour in KINDS.items()}


@pytest.fixture(scope="module")
def index_root(
    bundle: Bundle,
    catalog: Catalog,
    photographs: dict[str, list[Product]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """An index of all products but the photographs."""
    root = tmp_path_factory.mktemp("index")
    taken = {product.id for products in photographs.values() for product in products}
    shop = [product for product in catalog if product.id not in taken]
    build_generation(Catalog(shop, source=catalog.source, columns=catalog.columns), bundle, root)
    return root


@pytest.fixture(scope="module")
def client(index_root: Path) -> Iterator[TestClient]:
    with TestClient(create_app(load_settings(index_root=index_root))) as client:
        yield client


def test_the_composer_beats_the_best_weighted_sum_by_20_points_on_strict_colour_changes(
    figures: dict[tuple[str, str, str], Metric],
) -> None:
    strict = {method: figures["questions", "strict-colour", method] for method in ("composer", "weighted sum")}
    assert strict["composer"].values["R@10"] >= strict["weighted sum"].values["R@10"] + 20


@pytest.mark.parametrize("drawn", ["questions", "pairs"])
@pytest.mark.parametrize("edit", ["strict-colour", "one-title-word", "gender", "usage", "type", "colour-and-gender"])
def test_the_composer_beats_either_half_of_the_query(
    figures: dict[tuple[str, str, str], Metric], edit: str, drawn: str
) -> None:
    composer = figures[drawn, edit, "composer"]
    assert composer.gallery >= 5000
    for measure in ("R@10", "fit@10"):
        assert composer.values[measure] > figures[drawn, edit, "image only"].values[measure]
        assert composer.values[measure] > figures[drawn, edit, "text only"].values[measure]


@pytest.mark.parametrize(("edit", "ten", "fifty"), [("strict-colour", 70, 92), ("one-title-word", 60, 85)])
def test_the_target_of_a_pair_is_found(
    figures: dict[tuple[str, str, str], Metric], edit: str, ten: float, fifty: float
) -> None:
    composer = figures["pairs", edit, "composer"].values
    assert composer["R@10"] >= ten
    assert composer["R@50"] >= fifty


@pytest.mark.parametrize("edit", ["gender", "type", "colour-and-gender"])
def test_results_have_what_was_asked_and_keep_the_rest(
    bundle: Bundle, figures: dict[tuple[str, str, str], Metric], edit: str
) -> None:
    stated = {(_drawn(one), one.edit, one.method): one for one in bundle.manifest.metrics}["pairs", edit, PRODUCT]
    assert (stated.gallery, stated.queries) == (6053, 2000)
    assert stated.values["asked@10"] >= 85
    assert stated.values["kept@10"] >= 75
    # 500 queries instead of 2,000, in int8: the sample alone accounts for two points.
    found = figures["pairs", edit, PRODUCT].values
    assert abs(found["asked@10"] - stated.values["asked@10"]) < 4
    assert abs(found["kept@10"] - stated.values["kept@10"]) < 4


@pytest.mark.parametrize("text", OWN_WORDS)
def test_wordings_outside_the_templates_are_understood(client: TestClient, catalog: Catalog, text: str) -> None:
    asked = OWN_WORDS[text]
    chance = random.Random(3)
    edits = [Edit(name, None, value) for name, value in asked.items()]
    templates = {word_modification(edits, chance, "Tshirts").lower() for _ in range(3000)}
    assert text not in templates
    others = [
        product
        for product in catalog
        if product.attributes["articleType"] in ("Tshirts", "Shirts", "Tops", "Casual Shoes", "Handbags", "Watches")
        and product.attributes["gender"] in ("Men", "Women")
        and not any(_shows(product.attributes, name, value) for name, value in asked.items())
    ]
    right = shown = 0
    for product in chance.sample(others, 20):
        answer = client.post("/search", json={"product_id": product.id, "text": text, "k": 10})
        if answer.status_code == 404:  # One of the photographs.
            continue
        results = [one["attributes"] for one in answer.json()["results"]]
        shown += len(results)
        right += sum(all(_shows(one, name, value) for name, value in asked.items()) for one in results)
    assert shown >= 150
    assert right / shown >= 0.75, f"{right} of {shown} have it"


SOMETHING_ELSE = {
    "a sari": {"articleType": "Sarees"},
    "earrings": {"articleType": "Earrings"},
    "I need socks": {"articleType": "Socks"},
    "not a t-shirt, a watch": {"articleType": "Watches"},
    "a red dress": {"articleType": "Dresses", "baseColour": "Red"},
    "a dress for my wife": {"articleType": "Dresses", "gender": "Women"},
}
"""Requests that begin from a men's T-shirt and ask for another kind of product."""


@pytest.mark.parametrize("text", SOMETHING_ELSE)
def test_a_request_for_another_kind_of_product_is_met(client: TestClient, catalog: list[Product], text: str) -> None:
    shirts = [
        product.id
        for product in catalog
        if (product.attributes["articleType"], product.attributes["gender"]) == ("Tshirts", "Men")
    ]
    right = shown = 0
    for id in random.Random(3).sample(shirts, 20):
        answer = client.post("/search", json={"product_id": id, "text": text, "k": 10})
        for result in answer.json()["results"]:
            shown += 1
            right += all(_shows(result["attributes"], *one) for one in SOMETHING_ELSE[text].items())
    assert shown == 200
    assert right / shown >= 0.9, f"{right} of {shown} have it"


def _shows(attributes: Mapping[str, object], name: str, value: str) -> bool:
    """Whether a product has a value, or one that a shopper would accept for it."""
    alike = {"Red": REDS, "Navy Blue": ("Blue",), "Pink": ("Magenta", "Peach"), "Green": ("Olive", "Sea Green")}
    alike |= {
        "White": ("Off White", "Cream"),
        "Brown": ("Coffee Brown", "Tan"),
        "Men": ("Unisex",),
        "Women": ("Unisex",),
    }
    return attributes[name] in (value, *alike.get(value, ()))


@pytest.mark.parametrize("kind", KINDS)
def test_a_photograph_with_in_red_finds_red_products_of_the_same_kind(
    client: TestClient, photographs: dict[str, list[Product]], kind: str
) -> None:
    right = shown = 0
    for photograph in photographs[kind]:
        picture = {"image": photograph.read_image()}
        results = client.post("/search", files=picture, data={"text": "in red", "k": "10"}).json()["results"]
        shown += len(results)
        red = [one["attributes"] for one in results if one["attributes"]["baseColour"] in REDS]
        right += sum(one["articleType"] == kind for one in red)
    assert shown == 10 * len(photographs[kind]) >= 100
    assert right / shown >= 0.6, f"{right} of {shown} are red {kind}"
