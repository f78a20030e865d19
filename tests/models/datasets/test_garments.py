"""Drawn garments show their attributes and are deterministic."""

import re
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from catalog.errors import ModisteError
from models.datasets.garments import (
    ATTRIBUTE_VALUES,
    FAMILY_SHARE,
    Garment,
    applicable,
    draw_garment,
    sample_garment,
    sample_shop,
    values_of,
)
from models.datasets.garments.palette import PALETTE, colour_distance

TYPES = ATTRIBUTE_VALUES["type"]


def a(type: str, **changes: str | int) -> Garment:
    """A plain garment of this type in its type's most ordinary form."""
    fields: dict[str, str] = {"type": type, "colour": "teal"}
    usual = {"sleeve": "short", "neckline": "round", "fit": "regular", "heel": "mid", "pattern": "plain"}
    for attribute in applicable(type):
        if attribute not in ("type", "colour", "second colour"):
            fields[attribute] = usual.get(attribute, values_of(type, attribute)[1])
    return Garment(**fields).replaced(**changes)  # type: ignore[arg-type]


def pixels(garment: Garment, width: int = 90, height: int = 120) -> NDArray[np.int16]:
    return np.asarray(draw_garment(garment, width, height)).astype(np.int16)


@pytest.mark.parametrize("type", TYPES)
def test_the_same_garment_and_size_give_the_same_pixels(type: str) -> None:
    first, second = a(type, pattern="floral", seed=4), a(type, pattern="floral", seed=4)
    assert draw_garment(first, 75, 100).tobytes() == draw_garment(second, 75, 100).tobytes()


@pytest.mark.parametrize("type", TYPES)
def test_another_seed_varies_the_picture_and_no_attribute(type: str) -> None:
    one, other = a(type, seed=1), a(type, seed=2)
    assert one.attributes == other.attributes
    assert np.abs(pixels(one) - pixels(other)).max() > 20


@pytest.mark.parametrize("type", TYPES)
def test_every_value_of_every_attribute_looks_different_even_on_a_thumbnail(type: str) -> None:
    for attribute in applicable(type):
        if attribute in ("type", "second colour"):
            continue
        changes = [{attribute: value} for value in values_of(type, attribute)]
        pictures = [pixels(a(type, **change), 60, 80) for change in changes]
        for (i, one), (j, other) in combinations(enumerate(pictures), 2):
            changed = (np.abs(one - other).max(axis=2) > 12).mean()
            assert changed > 0.004, f"{changes[i]} and {changes[j]} look alike"


@pytest.mark.parametrize("type", TYPES)
@pytest.mark.parametrize("pattern", ATTRIBUTE_VALUES["pattern"][1:])
def test_the_second_colour_shows_in_every_pattern(type: str, pattern: str) -> None:
    garment = a(type, colour="navy", pattern=pattern, second_colour="white")
    changed = np.abs(pixels(garment) - pixels(garment.replaced(second_colour="yellow"))).max(axis=2) > 60
    assert changed.mean() > 0.008


@pytest.mark.parametrize("type", TYPES)
def test_the_drawn_colour_is_nearest_to_its_name(type: str) -> None:
    for seed, colour in enumerate(PALETTE):
        garment = a(type, colour=colour, seed=seed)
        unlike = max(PALETTE, key=lambda name: colour_distance(PALETTE[name], PALETTE[colour]))
        picture = pixels(garment, 150, 200)
        cloth = picture[np.abs(picture - pixels(garment.replaced(colour=unlike), 150, 200)).max(axis=2) > 60]
        assert len(cloth) > 500
        measured = np.median(cloth, axis=0)
        nearest = min(PALETTE, key=lambda name: colour_distance(PALETTE[name], measured))
        assert nearest == colour, f"{colour} {type} came out as {measured}"


def test_the_main_colour_covers_more_than_the_second() -> None:
    for type in TYPES:
        for pattern in ("striped", "checked", "dotted", "floral"):
            picture = pixels(a(type, colour="red", pattern=pattern, second_colour="blue")).astype(int)
            red = (picture[..., 0] - picture[..., 2] > 60).sum()
            blue = (picture[..., 2] - picture[..., 0] > 60).sum()
            assert red > blue > 0, f"{pattern} {type}"


@pytest.mark.parametrize("size", [(48, 64), (224, 224), (300, 400), (200, 90), (1200, 1600)])
def test_a_garment_fits_into_a_picture_of_any_size(size: tuple[int, int]) -> None:
    for garment in (a("dress", length="maxi"), a("jacket", sleeve="long", fit="loose")):
        image = draw_garment(garment, *size)
        assert (image.size, image.mode) == (size, "RGB")
        border = np.asarray(image)[[0, -1]].reshape(-1, 3)
        assert border.min() > 200, "only wall may touch the border"


@pytest.mark.parametrize("size", [(47, 64), (300, 63), (1201, 1600), (300, 4000)])
def test_a_size_beyond_the_limits_is_refused_with_the_limits(size: tuple[int, int]) -> None:
    with pytest.raises(ModisteError) as error:
        draw_garment(a("bag"), *size)
    assert "48x64 to 1200x1600" in error.value.hint


def test_a_sampled_garment_has_the_attributes_that_apply_to_its_type_and_no_other() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        garment = sample_garment(rng)
        expected = set(applicable(garment.type))
        if garment.pattern == "plain":
            expected.discard("second colour")
        assert set(garment.attributes) == expected
        assert all(value in values_of(garment.type, attribute) for attribute, value in garment.attributes.items())


def test_sampling_reaches_every_value_of_every_attribute() -> None:
    rng = np.random.default_rng(1)
    seen = {pair for _ in range(2500) for pair in sample_garment(rng).attributes.items()}
    assert seen == {(attribute, value) for attribute, values in ATTRIBUTE_VALUES.items() for value in values}


@pytest.mark.parametrize(
    ("changes", "said", "hinted"),
    [
        ({"colour": "mauve"}, "'mauve' is not a colour", "navy"),
        ({"type": "hat"}, "'hat' is not a type", "dress"),
        ({"length": "shorts"}, "'shorts' is not a length that a dress can have", "midi"),
        ({"heel": "high"}, "A dress has no heel", "neckline"),
        ({"second_colour": "red"}, "plain garment has no second colour", "another pattern"),
        ({"pattern": "dotted", "second_colour": "teal"}, "cannot be teal on teal", "differs"),
        ({"seed": -1}, "seed cannot be -1", "non-negative integer"),
        ({"collar": "round"}, "no attribute 'collar'", "neckline"),
        ({"sleeve": None}, "None is not a sleeve", "long"),
    ],
)
def test_impossible_attributes_are_refused_with_a_hint(
    changes: dict[str, str | int | None], said: str, hinted: str
) -> None:
    with pytest.raises(ModisteError) as error:
        a("dress").replaced(**changes)
    assert said in error.value.message
    assert hinted in error.value.hint


@pytest.mark.parametrize("ask", [lambda: applicable("hat"), lambda: values_of("dress", "price")])
def test_unknown_attributes_are_refused_with_a_hint(ask: "object") -> None:
    with pytest.raises(ModisteError) as error:
        ask()  # type: ignore[operator]
    assert error.value.hint


def test_replacing_an_attribute_leaves_the_others() -> None:
    dress = a("dress", pattern="striped", second_colour="white", seed=7)
    changed = dress.replaced(sleeve="long")
    assert changed.attributes == {**dress.attributes, "sleeve": "long"}
    assert changed.seed == 7


def test_replacing_the_type_drops_and_gains_what_it_must() -> None:
    skirt = a("dress", length="midi", fit="slim").replaced(type="skirt")
    assert skirt.attributes == {"type": "skirt", "colour": "teal", "pattern": "plain", "length": "midi", "fit": "slim"}
    assert set(skirt.replaced(type="shoes").attributes) == {"type", "colour", "pattern", "heel", "style"}


def test_a_new_pattern_brings_a_second_colour_and_a_plain_one_drops_it() -> None:
    dotted = a("shirt").replaced(pattern="dotted")
    assert dotted.second_colour not in (None, dotted.colour)
    assert dotted.replaced(pattern="plain").second_colour is None


def test_taking_on_the_second_colour_swaps_the_two() -> None:
    striped = a("shirt", colour="navy", pattern="striped", second_colour="white").replaced(colour="white")
    assert (striped.colour, striped.second_colour) == ("white", "navy")


# What a title may say of an attribute, and the value that this means; longer wordings are looked for first.
SAID = {
    "sleeve": {
        r"sleeveless|no sleeves": "sleeveless",
        r"(?<!quarter[- ])short[- ]sleeve": "short",
        r"three-quarter[- ]sleeve": "three-quarter",
        r"long[- ]sleeve": "long",
    },
    "neckline": {
        r"round[- ]neck": "round", r"v-neck": "v-neck", r"square[- ]neck": "square",
        r"collar": "collar", r"turtleneck": "turtleneck",
    },
    "fit": {r"slim-fit": "slim", r"loose-fit": "loose"},
    "heel": {r"\bflat\b": "flat", r"mid[- ]heel": "mid", r"high-heeled|high heel": "high"},
    "length": {
        r"\bmini\b": "mini", r"knee-length": "knee-length", r"\bmidi\b": "midi", r"\bmaxi\b": "maxi",
        r"cropped": "cropped", r"longline": "long", r"\bshorts\b": "shorts", r"full-length": "full-length",
    },
    "pattern": {
        r"\bplain\b": "plain", r"strip": "striped", r"check": "checked", r"\bdot": "dotted",
        r"floral|flowers": "floral", r"block": "colour-block",
    },
    "style": {
        r"sneaker": "sneaker", r"pump": "pump", r"boot": "boot", r"sandal": "sandal", r"\btote": "tote",
        r"shoulder": "shoulder", r"backpack": "backpack", r"clutch": "clutch",
    },
    "type": {
        r"dress": "dress", r"(?<!t-)shirt": "shirt", r"t-shirt": "t-shirt", r"skirt": "skirt",
        r"trousers|\bshorts\b": "trousers", r"jacket": "jacket",
    },
}  # fmt: skip


def test_a_title_names_only_attributes_that_the_garment_has() -> None:
    rng = np.random.default_rng(2)
    for _ in range(600):
        garment = sample_garment(rng)
        title = garment.title.lower()
        for attribute, wordings in SAID.items():
            for wording, value in wordings.items():
                if re.search(wording, title):
                    assert garment.attributes[attribute] == value, title
        colours = set(re.findall(rf"\b(light blue|{'|'.join(PALETTE)})\b", title))
        assert garment.colour in colours
        assert colours <= {garment.colour, garment.second_colour}, title


def test_titles_are_worded_in_many_ways() -> None:
    titles = {a("dress", pattern="striped", second_colour="white", seed=seed).title for seed in range(60)}
    assert len(titles) > 20


def test_more_than_half_a_shop_has_siblings_that_differ_in_few_attributes() -> None:
    shop = sample_shop(300, seed=5)
    with_sibling = 0
    for garment in shop:
        differences = [
            len(set(garment.attributes.items()) ^ set(other.attributes.items()))
            for other in shop
            if other is not garment and other.type == garment.type
        ]
        with_sibling += min(differences) <= 2  # one attribute: one value left, one came
    assert len(shop) == 300
    assert with_sibling > 0.8 * FAMILY_SHARE * 300
