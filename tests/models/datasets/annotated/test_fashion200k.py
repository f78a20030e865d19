from __future__ import annotations

from pathlib import Path

import pytest

from catalog.errors import ModisteError
from models.datasets.annotated.fashion200k import read_fashion200k, read_fashion200k_products, replaced_word
from models.datasets.attributes.edit_rules import OneTitleWord
from models.datasets.triplets.attribute_triplets import AttributeTriplets
from tests.models.datasets.annotated.annotations import write_fashion200k
from tests.models.pictures import photograph, saved

CAPTIONS = {
    "women/dresses/1/1_0.jpeg": "black cotton dress",
    "women/dresses/1/1_1.jpeg": "black cotton dress",
    "women/dresses/2/2_0.jpeg": "red cotton dress",
    "women/dresses/2/2_1.jpeg": "red cotton dress",
    "women/dresses/3/3_0.jpeg": "red silk dress",
}
BLACK, BLACK_TOO, RED, RED_TOO, SILK = CAPTIONS


@pytest.mark.parametrize(
    ("reference", "target", "modification"),
    [
        ("black cotton dress", "red cotton dress", "replace black with red"),
        ("red dress", "red long dress", "replace dress with long"),
        ("red long dress", "red dress", "replace long with dress"),
        ("", "red dress", ""),
    ],
)
def test_the_modification_is_tirgs_replaced_word(reference: str, target: str, modification: str) -> None:
    assert replaced_word(reference, target) == modification


def test_every_picture_with_exactly_the_targets_caption_is_right(tmp_path: Path) -> None:
    dataset = read_fashion200k(write_fashion200k(tmp_path, CAPTIONS, [f"{BLACK} {RED}"])).dataset()
    assert dataset.gallery == tuple(CAPTIONS)
    (triplet,) = dataset.triplets
    assert (triplet.reference, triplet.modification, triplet.targets) == (
        BLACK,
        "replace black with red",
        (RED, RED_TOO),
    )


def test_unusable_edits_are_reported_and_the_rest_remains(tmp_path: Path) -> None:
    lines = [f"{BLACK} {BLACK_TOO}", BLACK, f"women/none.jpeg {RED}", f"{RED} {SILK}"]
    annotation = read_fashion200k(write_fashion200k(tmp_path, CAPTIONS, lines))
    assert [(finding.kind, finding.where) for finding in annotation.findings()] == [
        ("unusable entry", "test_queries.txt line 2"),
        ("reference is target", "fashion200k/test entry 1"),
        ("empty caption", "fashion200k/test entry 3"),
        ("reference outside the gallery", "fashion200k/test entry 3"),
    ]
    assert [triplet.modification for _, triplet in annotation.asked()] == ["replace cotton with silk"]


def test_a_label_that_is_repeated_or_no_label_is_reported(tmp_path: Path) -> None:
    folder = write_fashion200k(tmp_path, CAPTIONS, [f"{BLACK} {RED}"])
    again = f"{BLACK}\t0.7\twhite dress\nno tabs here\n"
    (folder / "labels" / "skirt_test_detect_all.txt").write_text(again, encoding="utf-8")
    annotation = read_fashion200k(folder)
    assert [finding.kind for finding in annotation.findings()] == ["repeated id", "unusable entry"]
    assert len(annotation.gallery) == 5
    assert annotation.dataset().triplets[0].modification == "replace black with red"


def test_training_products_give_triplets_by_the_rule_of_one_word(tmp_path: Path) -> None:
    folder = write_fashion200k(tmp_path, CAPTIONS, [], split="train")
    for path in CAPTIONS:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(saved(photograph(20, 20), "JPEG"))
    catalog = read_fashion200k_products(folder, images=tmp_path)
    assert catalog.find(SILK).title == "red silk dress"
    assert catalog.find(SILK).attributes == {"category": "dress"}
    assert catalog.find(SILK).read_image()
    triplets = AttributeTriplets(catalog, [OneTitleWord(1.0)])
    pairs = {(one.reference, one.targets) for one in triplets.enumerate_queries(100, seed=0)}
    assert (BLACK, (RED, RED_TOO)) in pairs
    assert all(reference != BLACK or SILK not in targets for reference, targets in pairs)


def test_a_folder_without_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match=r"no labels <category>_test_detect_all\.txt"):
        read_fashion200k(tmp_path)
