"""Texts that are understood: what the answer says of them, and which products come first."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer.generations.generation import Generation
from models.datasets.wording import attribute_phrase
from service.search.words import vocabulary
from service.search.words.vocabulary import GenerationWords, words_of_generation
from service.search.words.wishes import Wishes
from tests.patience import PATIENCE_S
from tests.service.conftest import Serve, Served, Shop, build, cloth, encoded, write_cloth_catalog
from tests.toy_bundle import write_toy_bundle
from understanding import understand


@pytest.fixture(scope="module")
def service(shop: Shop, serve: Serve) -> Iterator[Served]:
    with serve(shop, understand_text=True) as served:
        yield served


@pytest.fixture(scope="module")
def expecting(shop: Shop, serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The shop, with a bundle that predicts which of its colours an answer has."""
    folder = tmp_path_factory.mktemp("expecting")
    bundle = write_toy_bundle(folder / "bundle", expects=True)
    build(shop.catalog, bundle, folder / "index")
    with serve(Shop(bundle, shop.catalog, folder / "index"), understand_text=True) as served:
        yield served


def colours(answer: dict[str, Any]) -> set[str]:
    return {result["attributes"]["colour"] for result in answer["results"]}


def words(answer: dict[str, Any], part: str) -> list[str]:
    return [wish["word"] for wish in answer["understood"][part]]


@pytest.mark.parametrize(
    "text",
    ["not red", "anything but red", "in a colour other than red", "nicht rot", "rouge exclu", "赤以外", "no, not red"],
)
def test_refused_products_are_not_found(service: Served, text: str) -> None:
    answer = service.search(product_id="0", text=text, k=30)
    assert words(answer, "unwanted") == ["red"]
    assert "Red" not in colours(answer)


def test_a_refused_colour_takes_its_shades_with_it(service: Served) -> None:
    assert not {"Blue", "Navy"} & colours(service.search(product_id="0", text="not blue", k=10))


def test_a_refused_word_is_not_expected(expecting: Served) -> None:
    answer = expecting.search(product_id="0", text="not red")
    assert "red" not in answer["expected"]
    assert expecting.search(product_id="0", text="in blue")["expected"][0] == "blue"


@pytest.mark.parametrize("text", ["in navy", "nvay please", "en azul marino", "marineblau", "紺色", "maybe navy"])
def test_a_colour_is_found_in_many_words(service: Served, text: str) -> None:
    answer = service.search(product_id="0", text=text, k=1)
    assert words(answer, "wanted") == ["navy blue"]
    assert answer["understood"]["wanted"][0]["values"]["colour"] == ["Navy"]
    assert colours(answer) == {"Navy"}


def test_words_alone_find_what_the_catalogue_says(service: Served) -> None:
    answer = service.search(text="a yellow cloth", k=3)
    assert answer["mode"] == "text"
    assert colours(answer) == {"Yellow"}


def test_an_id_and_a_title_name_a_product(service: Served) -> None:
    for text in ("27", "Green and navy cloth"):
        answer = service.search(text=text, k=1)
        assert answer["understood"]["products"] == [answer["results"][0]["id"]]
    assert service.search(text="27", k=1)["results"][0]["id"] == "27"


def test_a_product_that_is_named_is_listed_once_on_all_pages(service: Served) -> None:
    pages = [service.search(text="27", k=10, offset=offset)["results"] for offset in range(0, 60, 10)]
    found = [result["id"] for page in pages for result in page]
    assert len(set(found)) == len(found) == 60


def _shop_of(shop: Shop, folder: Path, column: str, kinds: Sequence[tuple[str, str]], category: str = "Goods") -> Shop:
    """A shop of ten products each of some types in one category, with a value in one more column."""
    lines = [f"id,title,image,subCategory,articleType,{column}"]
    for at in range(10 * len(kinds)):
        kind, value = kinds[at % len(kinds)]
        cloth("blue", "red", shade=1 - at / 80).save(folder / f"{at}.png")
        lines.append(f"{at},Brand {at},{at}.png,{category},{kind},{value}")
    (folder / "catalog.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    build(folder / "catalog.csv", shop.bundle, folder / "index")
    return Shop(shop.bundle, folder / "catalog.csv", folder / "index")


def test_another_kind_does_not_come_first_if_no_product_of_the_kind_fits(
    shop: Shop, serve: Serve, tmp_path: Path
) -> None:
    kinds = [("Jackets", "Cotton"), ("Jackets", "Wool"), ("Wallets", "Leather"), ("Belts", "Leather")]
    with serve(_shop_of(shop, tmp_path, "material", kinds), understand_text=True) as served:
        for text in ("in leather", "in leather, not cotton"):
            results = served.search(product_id="0", text=text, k=10)["results"]
            assert {result["attributes"]["articleType"] for result in results} == {"Jackets"}
        wallets = served.search(product_id="0", text="leather wallets", k=5)["results"]
        assert {result["attributes"]["articleType"] for result in wallets} == {"Wallets"}


def test_the_kind_that_is_asked_for_comes_before_other_wishes(shop: Shop, serve: Serve, tmp_path: Path) -> None:
    kinds = [("Dresses", "Black"), ("Dresses", "Red"), ("Socks", "Navy Blue"), ("Shirts", "Maroon")]
    with serve(_shop_of(shop, tmp_path, "baseColour", kinds), understand_text=True) as served:
        for text in ("a white dress, not red", "robe longue, bleu ou violet"):
            results = served.search(product_id="0", text=text, k=19)["results"]
            assert {result["attributes"]["articleType"] for result in results} == {"Dresses"}


def test_a_broad_category_of_the_reference_does_not_stand_for_its_kind(
    shop: Shop, serve: Serve, tmp_path: Path
) -> None:
    kinds = [("Sweaters", "Black"), ("Tshirts", "White"), ("Sweaters", "Grey"), ("Shirts", "White")]
    served_shop = _shop_of(shop, tmp_path, "baseColour", kinds, category="Topwear")
    with serve(served_shop, understand_text=True) as served:
        for text in ("in white", "something warmer in white"):
            results = served.search(product_id="0", text=text, k=15)["results"]
            assert {result["attributes"]["articleType"] for result in results} == {"Sweaters"}


def test_the_kind_of_the_reference_is_kept_if_it_is_for_the_occasion(shop: Shop, serve: Serve, tmp_path: Path) -> None:
    kinds = [("Dresses", "Casual"), ("Dresses", "Party"), ("Sports Shoes", "Sports"), ("Casual Shoes", "Casual")]
    with serve(_shop_of(shop, tmp_path, "usage", kinds), understand_text=True) as served:
        for reference, text, found in (("0", "for a party", "Dresses"), ("3", "for running", "Sports Shoes")):
            results = served.search(product_id=reference, text=text, k=10)["results"]
            assert {result["attributes"]["articleType"] for result in results} == {found}


def test_a_requested_kind_overrides_the_audience(shop: Shop, serve: Serve, tmp_path: Path) -> None:
    kinds = [("Shirts", "Men"), ("Watches", "Men"), ("Sarees", "Women"), ("Shirts", "Women")]
    with serve(_shop_of(shop, tmp_path, "gender", kinds), understand_text=True) as served:
        results = served.search(product_id="0", text="a sari", k=10)["results"]
        assert {result["attributes"]["articleType"] for result in results} == {"Sarees"}


def test_a_word_for_two_kinds_asks_for_that_of_the_reference(shop: Shop, serve: Serve, tmp_path: Path) -> None:
    kinds = [("Dresses", "Cotton"), ("Skirts", "Cotton"), ("Shirts", "Cotton")]
    with serve(_shop_of(shop, tmp_path, "material", kinds), understand_text=True) as served:
        for reference, asked in (("0", {"Dresses"}), ("1", {"Skirts"}), ("2", {"Dresses", "Skirts"})):
            results = served.search(product_id=reference, text="裙子", k=9)["results"]
            assert {result["attributes"]["articleType"] for result in results} == asked


def test_a_bound_is_kept(service: Served) -> None:
    answer = service.search(product_id="0", text="under 30", k=15)
    assert answer["understood"]["constraints"][0] | {"said": ""} == {
        "family": "price", "column": "price", "min": None, "max": 30.0, "said": "", "currency": None,
    }  # fmt: skip
    assert max(result["attributes"]["price"] for result in answer["results"]) <= 30


def test_cheaper_compares_with_the_reference(service: Served) -> None:
    answer = service.search(product_id="20", text="cheaper", k=10)
    assert max(result["attributes"]["price"] for result in answer["results"]) < 30
    assert answer["understood"]["relative"][0]["column"] == "price"


@pytest.mark.parametrize("text", ["the same but cheaper", "les mêmes en moins cher", "同じもので、もっと安い"])
def test_what_should_be_the_same_keeps_its_colour(service: Served, text: str) -> None:
    everything = service.search(text="cloth", k=60)["results"]
    reference = next(one["attributes"] for one in everything if one["id"] == "20")
    answer = service.search(product_id="20", text=text, k=1)
    assert colours(answer) == {reference["colour"]}
    assert answer["results"][0]["attributes"]["price"] < reference["price"]


def test_products_come_first_that_have_what_is_wanted_by_the_catalogue(
    shop: Shop, serve: Serve, tmp_path: Path
) -> None:
    catalog = write_cloth_catalog(tmp_path / "catalog")
    header, *rows = catalog.read_text(encoding="utf-8").splitlines()
    for number in range(0, len(rows), 2):
        _, _, image, _, *others = rows[number].split(",")
        rows[number] = ",".join([str(number), "Cloth", image, "", *others])
    catalog.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    build(catalog, shop.bundle, tmp_path / "index")
    with serve(shop._replace(catalog=catalog, index_root=tmp_path / "index"), understand_text=True) as served:
        answer = served.search(text="red", k=60)["results"]
        stated = [result["attributes"].get("colour") == "Red" for result in answer]
        assert stated == sorted(stated, reverse=True)


def test_darker_compares_with_the_reference(service: Served) -> None:
    assert colours(service.search(product_id="2", text="darker", k=1)) == {"Navy"}


def test_nothing_fits_nonsense(service: Served) -> None:
    answer = service.search(text="qwxz jklv")
    assert answer["understood"]["fitting"] == 0
    assert answer["understood"]["language"] is None
    assert answer["understood"]["not_understood"] == ["qwxz", "jklv"]


@pytest.mark.parametrize("text", ["?????", "what time do you close"])
def test_nothing_fits_a_text_that_asks_for_nothing(service: Served, text: str) -> None:
    assert service.search(text=text)["understood"]["fitting"] == 0
    assert service.search(product_id="0", text="nice!")["understood"]["fitting"] != 0


def test_the_number_of_products_that_fit_is_reported(service: Served) -> None:
    answer = service.search(text="yellow under 30", k=60)
    fitting = [r for r in answer["results"] if "yellow" in r["title"].lower() and r["attributes"]["price"] <= 30]
    assert answer["understood"]["fitting"] == len(fitting) > 0
    assert answer["results"][: len(fitting)] == fitting


def test_a_refusal_of_what_the_catalogue_does_not_state_is_judged_by_the_picture(
    shop: Shop, serve: Serve, tmp_path: Path
) -> None:
    catalog = write_cloth_catalog(tmp_path / "catalog")
    header, *rows = catalog.read_text(encoding="utf-8").splitlines()
    for number in range(10):  # Those of one colour: red, green, ...
        _, _, image, _, *others = rows[number].split(",")
        rows[number] = ",".join([str(number), "Cloth", image, "", *others])
    catalog.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    build(catalog, shop.bundle, tmp_path / "index")
    with serve(shop._replace(catalog=catalog, index_root=tmp_path / "index"), understand_text=True) as served:
        answer = served.search(text="not red", k=60)
        stated = [one for one in answer["results"] if one["attributes"].get("colour") not in (None, "Red")]
        assert answer["understood"]["fitting"] == len(stated) + 8  # All but red and maroon, which looks red.
        for id, less in (("0", 0), ("1", 1), ("8", 0)):
            without = served.search(text="not red", exclude=[id])["understood"]["fitting"]
            assert without == answer["understood"]["fitting"] - less


@pytest.mark.parametrize(
    "asked", [{"product_id": "0"}, {"exclude": ["0", "10", "59", "none"]}, {"filters": {"price": {"min": 1000}}}]
)
def test_the_products_that_fit_are_among_the_results_on_every_page(service: Served, asked: dict[str, Any]) -> None:
    """The reference, excluded products and those that a filter leaves out fit as well, but are no results."""
    answer = service.search(text="the same in red" if "product_id" in asked else "red", k=60, **asked)
    reds = [result for result in answer["results"] if result["attributes"]["colour"] == "Red"]
    assert answer["understood"]["fitting"] == len(reds)
    for offset in (7, 60, 1000):
        page = service.search(text="the same in red" if "product_id" in asked else "red", k=5, offset=offset, **asked)
        assert page["understood"]["fitting"] == len(reds)


def test_filters_override_the_text(service: Served) -> None:
    answer = service.search(product_id="5", text="in red", filters={"colour": "Blue"}, k=5)
    assert colours(answer) == {"Blue"}
    assert words(answer, "wanted") == []


def test_stated_words_override_the_text(service: Served) -> None:
    answer = service.search(product_id="5", text="in red", prefer=["blue"], k=1)
    assert words(answer, "wanted") == []
    assert "Blue" in colours(answer)


def test_a_wish_can_be_taken_back(service: Served) -> None:
    assert words(service.search(text="red under 30", ignore=["red"]), "wanted") == []
    assert service.search(text="red under 30", ignore=["under 30"])["understood"]["constraints"] == []


def test_a_conversation_folds_into_one_wish(service: Served) -> None:
    answer = service.search(product_id="5", history=["in red", "under 30"], text="no, in blue", k=1)
    assert words(answer, "wanted") == ["blue"]
    assert [bound["max"] for bound in answer["understood"]["constraints"]] == [30]
    assert colours(answer) == {"Blue"}
    back = service.search(product_id="5", history=["in red", "in blue"], text="go back", k=2)
    assert words(back, "wanted") == ["red"]


def test_an_upload_is_refused_its_own_colour(expecting: Served) -> None:
    picture = encoded(cloth("blue"))
    answer = expecting.client.post("/search", files={"image": picture}, data={"text": "not blue", "k": "20"}).json()
    assert "Blue" not in colours(answer)


def test_an_upload_is_compared_in_the_colours_that_it_may_have(shop: Shop, tmp_path: Path) -> None:
    build(shop.catalog, write_toy_bundle(tmp_path / "bundle", attributes=True), tmp_path / "index")
    generation = Generation.open(tmp_path / "index")
    words = words_of_generation(generation)
    wishes = Wishes(understand("darker", words.shop), words, alone=False)
    shown = [0.0] * len(generation.manifest.attributes)
    for colour in ("red", "blue"):
        place = words.position("colour", colour)
        assert place is not None
        shown[place] = 0.4  # Neither is certain.
    judge = wishes.judge(generation, None, shown)
    assert judge is not None
    names = generation.column("colour").to_pylist()
    fit = dict(zip(names, judge.fit(np.arange(len(names))), strict=True))
    assert min(fit["Maroon"], fit["Navy"]) > max(fit["White"], fit["Pink"], fit["Green"])


def test_a_product_of_unknown_kind_does_not_outrank_the_likely_kinds_of_an_upload(shop: Shop, tmp_path: Path) -> None:
    kinds = ["Skirts", "Shorts", "Dresses", ""]
    rows = "".join(f"{number},Thing {number},{kind},images/{number}.png\n" for number, kind in enumerate(kinds))
    (tmp_path / "catalog.csv").write_text(f"id,title,type,image\n{rows}", encoding="utf-8")
    (tmp_path / "images").mkdir()
    for number, colour in enumerate(["red", "blue", "green", "white"]):
        (tmp_path / f"images/{number}.png").write_bytes(encoded(cloth(colour)))
    build(tmp_path / "catalog.csv", shop.bundle, tmp_path / "index")
    generation = Generation.open(tmp_path / "index")
    generation.manifest = generation.manifest.model_copy(update={"attributes": ("skirt", "short", "trouser")})
    words = GenerationWords(generation)
    for shown in ([0.9, 0, 0], [0.5, 0.3, 0], [0.3, 0.3, 0.3]):
        judge = Wishes(understand("longer", words.shop), words, alone=False).judge(generation, None, shown)
        assert judge is not None
        skirt, _, dress, unknown = judge.fit(np.arange(len(kinds)))
        assert skirt > unknown >= dress, shown


@pytest.mark.parametrize("value", ["Shorts", "Heels", "Flats", "Sunglasses", "Jeans", "Watches", "Casual Shoes"])
def test_the_word_of_a_bundle_for_a_kind_is_that_kind(shop: Shop, value: str) -> None:
    """Words of bundles are in the singular; in a text, "short" is a length and "heel" a detail."""
    generation = Generation.open(shop.index_root)
    word = attribute_phrase("articleType", value)
    generation.manifest = generation.manifest.model_copy(update={"attributes": ("collar", word)})
    words = GenerationWords(generation)
    assert words.positions("kind") == [1]
    assert 1 not in words.positions("detail")


def test_without_understanding_the_model_reads_the_text(shop: Shop, serve: Serve) -> None:
    with serve(shop, understand_text=False) as served:
        answer = served.search(product_id="0", text="not red")
        assert answer["understood"] is None


def test_equal_texts_share_an_answer_and_what_was_understood(service: Served) -> None:
    first, second = (service.search(product_id="7", text="not pink, please") for _ in range(2))
    assert second["cached"]
    assert first["understood"] == second["understood"]


def test_a_text_of_the_greatest_length_is_answered(service: Served) -> None:
    answer = service.search(text=("not red " * 300)[:2000])
    assert words(answer, "unwanted") == ["red"]


def test_a_shop_without_columns_finds_what_titles_say(serve: Serve, shop: Shop, tmp_path: Path) -> None:
    lines = shop.catalog.read_text(encoding="utf-8").splitlines()
    bare = tmp_path / "catalog.csv"
    bare.write_text("\n".join(",".join(line.split(",")[:3]) for line in lines) + "\n", encoding="utf-8")
    (tmp_path / "images").symlink_to(shop.catalog.parent / "images")
    build(bare, shop.bundle, tmp_path / "index")
    with serve(Shop(shop.bundle, bare, tmp_path / "index"), understand_text=True) as served:
        answer = served.search(text="yellow", k=5)
        assert all("yellow" in result["title"].lower() for result in answer["results"])
        answer = served.search(text="cloth, but not yellow", k=30)
        assert not any("yellow" in result["title"].lower() for result in answer["results"])


def test_the_words_of_a_new_generation_do_not_hold_up_searches_of_the_current_one(
    shop: Shop, generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``LiveIndex`` computes them in a thread, and the event loop asks for those of the current generation."""
    current = words_of_generation(generation)
    begun, go_on = threading.Event(), threading.Event()

    def slow(of: Generation) -> GenerationWords:
        begun.set()
        assert go_on.wait(PATIENCE_S)
        return GenerationWords(of)

    monkeypatch.setattr(vocabulary, "GenerationWords", slow)
    with ThreadPoolExecutor(2) as threads:
        opening = threads.submit(words_of_generation, Generation.open(shop.index_root))
        assert begun.wait(PATIENCE_S)
        try:
            assert threads.submit(words_of_generation, generation).result(PATIENCE_S) is current
        finally:
            go_on.set()
        assert opening.result(PATIENCE_S) is not current


def test_the_id_of_a_variant_in_a_text_names_its_product(shop: Shop, serve: Serve, tmp_path: Path) -> None:
    lines = ["Handle,Title,Variant SKU,Option1 Name,Option1 Value,Image Src"]
    for number in range(3):
        cloth("blue", "red", shade=1 - number / 10).save(tmp_path / f"{number}.png")
        lines += [
            f"dress-{number},Dress,D{number}-S,Size,S,{number}.png",
            f"dress-{number},,D{number}-M,,M,",
        ]
    (tmp_path / "catalog.csv").write_text("\n".join(lines), encoding="utf-8")
    build(tmp_path / "catalog.csv", shop.bundle, tmp_path / "index")
    with serve(Shop(shop.bundle, tmp_path / "catalog.csv", tmp_path / "index"), understand_text=True) as served:
        answer = served.search(product_id="dress-0", text="d1-m")
        assert answer["understood"]["products"] == ["dress-1"]
        assert answer["results"][0]["id"] == "dress-1"
