from __future__ import annotations

import random
import re

import pytest

from models.datasets.wording import Edit, title_colour, title_word, without_colours, word_modification
from models.datasets.wording.comparatives import LADDERS, comparison
from models.datasets.wording.nouns import noun_of
from models.datasets.wording.values import SAYINGS
from tests.work import lines_run


def words(*edits: Edit, noun: str | None = None, count: int = 300, seed: int = 0) -> list[str]:
    rng = random.Random(seed)
    return [word_modification(edits, rng, noun) for _ in range(count)]


NAVY = re.compile(r"navy|(dark|deep|darker) blue", re.IGNORECASE)


def test_every_wording_of_a_colour_names_it() -> None:
    for text in words(Edit("baseColour", "Red", "Navy Blue"), noun="Tshirts", count=2000):
        assert NAVY.search(text), text


def test_every_edit_of_several_is_named() -> None:
    edits = (Edit("colour", "red", "navy"), Edit("sleeve", "long", "sleeveless"), Edit("gender", "Women", "Men"))
    for text in words(*edits, noun="shirt", count=2000):
        assert NAVY.search(text), text
        assert re.search(r"sleeveless|(no|without|without any) sleeves", text, re.IGNORECASE), text
        masculine = r"\b(men|man|male|him|guys?|gents|husband|boyfriend|dad|brother|mens|menswear)\b"
        assert re.search(masculine, text, re.IGNORECASE), text


def test_one_edit_has_thousands_of_wordings() -> None:
    assert len(set(words(Edit("baseColour", "Red", "Navy Blue"), noun="Tshirts", count=10_000))) > 5_000


def test_every_kind_of_wording_occurs() -> None:
    texts = {text.lower().strip(".!?") for text in words(Edit("colour", "red", "blue"), noun="dress", count=20_000)}
    for expected in (
        "blue",
        "in blue",
        "blue please",
        "change the colour to blue",
        "change the color to blue",
        "replace red with blue",
        "blue instead of red",
        "is more blue and less red",
        "same but in blue",
        "do you have this in blue",
        "is there a blue dress",
        "make it blue",
        "is blue",
    ):
        assert expected in texts, expected


def test_the_same_chance_gives_the_same_words() -> None:
    assert words(Edit("colour", "red", "blue"), seed=3) == words(Edit("colour", "red", "blue"), seed=3)


@pytest.mark.parametrize("family", list(SAYINGS))
def test_every_known_value_is_worded_cleanly(family: str) -> None:
    values = list(SAYINGS[family])
    for before, after in [(None, values[0]), *zip(values, values[1:] + values[:1], strict=True)]:
        for text in words(Edit(family, before, after), noun="dress", count=200):
            assert not re.search(r"[\[\]{}|<>\0]|  | [,.?!]|\b(an? an?|but but|please please|with with)\b", text), text
            assert text == text.strip()


def test_something_new_is_added_and_something_old_removed() -> None:
    assert any("add" in text.lower() for text in words(Edit("features", None, "pockets")))
    for text in words(Edit("features", "pockets", None)):
        assert re.search(
            r"\b(no|without|minus|remove|drop|lose|take|leave|rid|skip|not|doesn'?t)\b", text, re.IGNORECASE
        )


def test_a_flag_is_worded_by_its_name() -> None:
    assert any(text.lower().startswith("make it waterproof") for text in words(Edit("waterproof", None, "waterproof")))
    assert any("not waterproof" in text.lower() for text in words(Edit("waterproof", "waterproof", None)))


def test_an_attribute_of_the_shops_own_is_worded_by_its_name_and_values() -> None:
    texts = [text.lower() for text in words(Edit("closureType", "Zip", "Lace Up"), noun="Shoes", count=1000)]
    assert all("lace up" in text for text in texts)
    assert any("change the closure type to lace up" in text for text in texts)
    assert any("lace up instead of zip" in text for text in texts)


def test_a_material_is_something_to_be_made_of() -> None:
    texts = {text.lower().strip(".!?") for text in words(Edit("material", "Cotton", "Linen"), count=3000)}
    assert {"in linen", "linen instead of cotton", "made of linen"} <= texts


def test_signs_of_a_catalogue_cannot_break_the_grammar() -> None:
    for text in words(Edit("print[s]", "{a|b}", "[c|d] {noun}"), count=100):
        assert "c d noun" in text.lower()


def test_comparatives_are_used_only_where_they_are_unambiguous() -> None:
    assert comparison("fit", "regular", "loose") is not None
    longer = comparison("length", "mini", "knee-length")
    assert longer is not None
    assert "slightly" in longer[0]
    assert comparison("length", "mini", "midi") is None
    assert comparison("sleeve", "sleeveless", "long") is None
    bare = re.compile(r"(^|with |has |give it |a )longer", re.IGNORECASE)
    assert not any(bare.search(text) for text in words(Edit("length", "mini", "maxi"), count=2000))


def test_every_step_of_an_ordered_attribute_has_a_wording() -> None:
    for family, ladders in LADDERS.items():
        for ladder in ladders:
            assert set(ladder.steps) <= set(SAYINGS[family])


def test_neighbouring_colours_are_distinguished() -> None:
    for text in words(Edit("baseColour", "Maroon", "Burgundy"), count=1000):
        without_the_old = re.sub(
            r"(instead of|not|than|less|replace|swap|from|no)( the)? maroon|maroon to|the maroon", "", text.lower()
        )
        assert "maroon" not in without_the_old, text


def test_a_title_word_is_worded_by_what_it_means() -> None:
    assert any("colour" in text.lower() for text in words(Edit("title", "red", "blue")))
    assert any("for my" in text.lower() for text in words(Edit("title", "men", "women"), count=1000))
    texts = {text.lower().strip(".!?") for text in words(Edit("title", "striped", "printed"), count=3000)}
    assert {"replace striped with printed", "printed instead of striped"} <= texts


@pytest.mark.parametrize(
    ("value", "singular", "plural", "paired"),
    [
        ("Tshirts", "t-shirt", "t-shirts", False),
        ("Casual Shoes", "casual shoe", "casual shoes", True),
        ("Dresses", "dress", "dresses", False),
        ("Scarves", "scarf", "scarves", False),
        ("Watches", "watch", "watches", False),
        ("trousers", "trouser", "trousers", True),
        ("Accessory Gift Set", "gift set", "gift sets", False),
        ("spiffy hats", "spiffy hat", "spiffy hats", False),
    ],
)
def test_types_become_nouns(value: str, singular: str, plural: str, paired: bool) -> None:
    noun = noun_of(value)
    assert (noun.singulars[0], noun.plurals[0], noun.paired) == (singular, plural, paired)


def test_colour_words_are_found_in_titles_and_taken_out() -> None:
    assert title_colour("Puma Deck Navy Blue Backpack") == "navy blue"
    assert title_colour("Mustard Women Top") is None
    assert without_colours("Puma Deck Navy Blue Backpack") == "puma deck backpack"
    assert without_colours("Mustard Women Red Top", own="Red") == "mustard women top"
    assert without_colours("Forever New Mustard Top", own="Mustard") == "forever new top"


def test_spellings_of_one_title_word_are_one() -> None:
    assert title_word("Men's") == title_word("men")
    assert title_word("Tshirts") == title_word("T-shirt")
    assert title_word("gray") == title_word("grey")


def test_an_edit_that_changes_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="must change"):
        Edit("colour", "red", "red")
    with pytest.raises(ValueError, match="at least one edit"):
        word_modification([], random.Random(0))


def test_a_wording_runs_few_lines() -> None:
    edits = (Edit("colour", "red", "blue"), Edit("sleeve", "short", "long"))
    rng = random.Random(0)
    run = [lines_run(lambda: word_modification(edits, rng, "dress")) for _ in range(200)]
    assert sorted(run)[100] < 1000
