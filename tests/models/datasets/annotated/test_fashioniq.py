from __future__ import annotations

from pathlib import Path

import pytest

from catalog.errors import ModisteError
from models.datasets.annotated.fashioniq import CATEGORIES, Category, Gallery, read_fashioniq, spelled
from tests.models.datasets.annotated.annotations import Pair, real, write, write_fashioniq
from tests.models.pictures import photograph, saved


def dresses(folder: Path, *pairs: Pair, gallery: str = "a b c d") -> Path:
    return write_fashioniq(folder, {"dress.val": pairs}, {"dress.val": gallery.split()})


def test_an_entry_becomes_a_reference_a_sentence_and_a_target(tmp_path: Path) -> None:
    folder = dresses(tmp_path, ("a", "b", ["is shiny.", " Fit and flare"]))
    (triplet,) = read_fashioniq(folder, "dress").dataset().triplets
    assert (triplet.reference, triplet.targets, triplet.edit) == ("a", ("b",), "dress")
    assert triplet.modification == "Is shiny and Fit and flare"
    assert triplet.captions == ("is shiny.", " Fit and flare")


def test_captions_are_joined_separate_or_in_both_orders() -> None:
    captions = ["is red", "has long sleeves"]
    assert spelled(captions, "joined") == ("Is red and has long sleeves",)
    assert spelled(captions, "separate") == ("Is red", "Has long sleeves")
    assert spelled(captions, "both-orders") == ("Is red and has long sleeves", "Has long sleeves and is red")


def test_an_empty_caption_leaves_no_and_behind() -> None:
    assert spelled(["", "is grey"], "joined") == ("Is grey",)
    assert spelled(["Darker", "."], "joined") == ("Darker",)
    assert spelled(["", "is grey"], "separate") == ("", "Is grey")


def test_the_original_gallery_is_the_splits_file_and_that_of_val_only_references_and_targets(tmp_path: Path) -> None:
    folder = dresses(tmp_path, ("b", "a", ["x", "y"]), ("c", "a", ["x", "y"]))
    assert read_fashioniq(folder, "dress", gallery="original").gallery == ("a", "b", "c", "d")
    assert read_fashioniq(folder, "dress", gallery="val").gallery == ("b", "a", "c")


def test_an_empty_caption_is_reported_and_its_own_query_left_out(tmp_path: Path) -> None:
    folder = dresses(tmp_path, ("a", "b", ["", "is grey"]), ("a", "c", ["is red", "is long"]))
    joined = read_fashioniq(folder, "dress")
    assert [finding.kind for finding in joined.findings()] == ["empty caption"]
    assert [row for row, _ in joined.asked()] == [0, 1]
    separate = read_fashioniq(folder, "dress", captions="separate")
    assert separate.rows == 4
    assert [row for row, _ in separate.asked()] == [1, 2, 3]


def test_a_reference_that_is_its_own_target_is_reported_and_left_out(tmp_path: Path) -> None:
    annotation = read_fashioniq(dresses(tmp_path, ("a", "a", ["x", "y"]), ("a", "b", ["x", "y"])), "dress")
    assert [str(finding) for finding in annotation.findings()] == [
        "fashioniq/dress/val entry 1 (a): it is its own target; the entry is left out"
    ]
    assert [(row, triplet.targets) for row, triplet in annotation.asked()] == [(1, ("b",))]


def test_a_target_outside_the_gallery_is_reported_and_never_measured(tmp_path: Path) -> None:
    annotation = read_fashioniq(dresses(tmp_path, ("a", "z", ["x", "y"])), "dress")
    assert [finding.kind for finding in annotation.findings()] == ["target outside the gallery"]
    with pytest.raises(ModisteError, match=r"Target 'z' .* not in the gallery of fashioniq/dress/val"):
        annotation.dataset()


def test_a_split_without_targets_is_refused_with_the_splits_that_have_them(tmp_path: Path) -> None:
    folder = write_fashioniq(tmp_path, {"dress.test": [("a", None, ["x", "y"])]}, {"dress.test": ["a"]})
    with pytest.raises(ModisteError, match=r"not published.*validation split"):
        read_fashioniq(folder, "dress", "test").dataset()


def test_pictures_are_found_by_id_in_whatever_folder(tmp_path: Path) -> None:
    folder = dresses(tmp_path / "annotations", ("a", "b", ["x", "y"]))
    (tmp_path / "images" / "dress").mkdir(parents=True)
    picture = saved(photograph(20, 20))
    (tmp_path / "images" / "dress" / "a.png").write_bytes(picture)
    dataset = read_fashioniq(folder, "dress", images=tmp_path / "images").dataset()
    assert dataset.image_of("a") == picture
    with pytest.raises(ModisteError, match="no picture of b below"):
        dataset.image_of("b")


def test_reading_a_picture_without_a_picture_folder_is_an_error(tmp_path: Path) -> None:
    dataset = read_fashioniq(dresses(tmp_path, ("a", "b", ["x", "y"])), "dress").dataset()
    with pytest.raises(ModisteError, match="no folder of pictures was given"):
        dataset.image_of("a")
    with pytest.raises(ModisteError, match="no folder of pictures at"):
        read_fashioniq(tmp_path, "dress", images=tmp_path / "none")


def test_a_missing_or_foreign_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match=r"cap\.dress\.val\.json.*in its published layout"):
        read_fashioniq(tmp_path, "dress")
    write(tmp_path / "captions" / "cap.dress.val.json", [{"target": "b", "captions": ["x", "y"]}])
    with pytest.raises(ModisteError, match=r"at 0\.candidate"):
        read_fashioniq(tmp_path, "dress")


@pytest.mark.parametrize(
    ("category", "queries", "original", "val"),
    [("dress", 2017, 3817, 2628), ("shirt", 2038, 6346, 3089), ("toptee", 1961, 5373, 2902)],
)
def test_the_real_val_split_has_the_published_sizes(category: Category, queries: int, original: int, val: int) -> None:
    sizes: dict[Gallery, int] = {"original": original, "val": val}
    for gallery, size in sizes.items():
        dataset = read_fashioniq(real("fashioniq"), category, gallery=gallery).dataset()
        assert (len(dataset.triplets), len(dataset.gallery)) == (queries, size)


def test_the_real_train_split_has_the_published_eighteen_thousand_triplets() -> None:
    train = [read_fashioniq(real("fashioniq"), category, "train").dataset() for category in CATEGORIES]
    assert sum(len(dataset.triplets) for dataset in train) == 18_000


def test_the_three_empty_captions_of_the_real_val_split_are_reported() -> None:
    found = [finding for name in CATEGORIES for finding in read_fashioniq(real("fashioniq"), name).findings()]
    assert [(finding.kind, finding.where) for finding in found] == [
        ("empty caption", "fashioniq/shirt/val entry 1929"),
        ("empty caption", "fashioniq/toptee/val entry 677"),
        ("empty caption", "fashioniq/toptee/val entry 1077"),
    ]
