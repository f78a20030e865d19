from __future__ import annotations

from pathlib import Path

import pytest

from catalog.errors import ModisteError
from models.datasets.checkup import Checkup, check_dataset
from tests.models.datasets.annotated.annotations import (
    cirr_pair,
    real,
    write_cirr,
    write_fashion200k,
    write_fashioniq,
    write_shoes,
)
from tests.models.pictures import photograph, saved


def kinds(checkup: Checkup) -> dict[str, str | None]:
    return {finding.kind: finding.id for finding in checkup.findings}


def put(folder: Path, *names: str, seed: int = 0) -> None:
    """Another picture under each name."""
    folder.mkdir(parents=True, exist_ok=True)
    for at, name in enumerate(names):
        (folder / name).write_bytes(saved(photograph(24, 24, seed + at)))


def shop(folder: Path) -> Path:
    """Products of which one has no picture, one a cut one, one the picture of another, and one no title."""
    put(folder / "images", "1.png", "2.png", "4.png", "5.png")
    whole = (folder / "images" / "2.png").read_bytes()
    (folder / "images" / "2.png").write_bytes(whole[:-200])
    (folder / "images" / "4.png").write_bytes((folder / "images" / "1.png").read_bytes())
    rows = "id,title\n1,Red dress\n2,Blue dress\n3,White dress\n4,Red dress again\n5,\n"
    (folder / "catalog.csv").write_text(rows, encoding="utf-8")
    return folder


def test_a_catalogue_is_checked_for_pictures_that_are_missing_corrupt_or_the_same(tmp_path: Path) -> None:
    checkup = check_dataset(shop(tmp_path))
    assert kinds(checkup) == {
        "missing picture": "3", "corrupt picture": "2", "duplicate picture": "4", "empty caption": "5",
    }  # fmt: skip
    assert checkup.looked_at == {"catalog.csv: products": 4}
    assert checkup.faults == 2


def test_an_unusable_row_is_reported_apart_from_a_missing_picture(tmp_path: Path) -> None:
    put(tmp_path / "images", "1.png")
    (tmp_path / "catalog.csv").write_text("id,title\n1,Red dress\n1,Blue dress\n2,White dress\n", encoding="utf-8")
    found = [(finding.kind, finding.where) for finding in check_dataset(tmp_path).findings]
    assert found == [("unusable entry", "catalog.csv row 3"), ("missing picture", "catalog.csv row 4")]


def test_a_catalogue_without_problems_is_reported_as_such(tmp_path: Path) -> None:
    put(tmp_path / "images", "1.png")
    (tmp_path / "catalog.csv").write_text("id,title\n1,Red dress\n", encoding="utf-8")
    checkup = check_dataset(tmp_path)
    assert checkup.findings == ()
    assert list(checkup.lines()) == ["        1  catalog.csv: products", "\n0 faults, 0 remarks"]


def test_a_report_counts_every_kind_and_shows_the_first_cases(tmp_path: Path) -> None:
    rows = "".join(f"{number},\n" for number in range(1, 6))
    put(tmp_path / "images", *(f"{number}.png" for number in range(1, 6)))
    (tmp_path / "catalog.csv").write_text(f"id,title\n{rows}", encoding="utf-8")
    assert list(check_dataset(tmp_path).lines(limit=2)) == [
        "        5  catalog.csv: products",
        "\nempty caption (remark): 5",
        "  catalog.csv (1): the product has no title",
        "  catalog.csv (2): the product has no title",
        "  ... and 3 more",
        "\n0 faults, 5 remarks",
    ]


def test_fashioniq_is_checked_with_its_pictures_and_across_its_splits(tmp_path: Path) -> None:
    pairs = {"dress.train": [("a", "b", ["", "x"])], "dress.val": [("c", "z", ["x", "y"])]}
    folder = write_fashioniq(tmp_path, pairs, {"dress.train": ["a", "b", "b"], "dress.val": ["b", "c"]})
    put(tmp_path / "images", "a.png", "c.png")
    checkup = check_dataset(folder, tmp_path / "images")
    assert kinds(checkup) == {
        "repeated id": "b", "empty caption": "a", "target outside the gallery": "z", "split overlap": None,
        "missing picture": "b",
    }  # fmt: skip
    assert checkup.looked_at["fashioniq/dress/train: entries"] == 1
    assert checkup.looked_at["pictures"] == 3
    (overlap,) = (finding for finding in checkup.findings if finding.kind == "split overlap")
    assert str(overlap).startswith("fashioniq/dress/train: 1 of its pictures are in fashioniq/dress/val")


def test_pictures_of_an_annotated_dataset_are_only_looked_at_where_they_are_given(tmp_path: Path) -> None:
    folder = write_fashioniq(tmp_path, {"dress.val": [("a", "b", ["x", "y"])]}, {"dress.val": ["a", "b"]})
    checkup = check_dataset(folder)
    assert checkup.findings == ()
    assert "pictures" not in checkup.looked_at


def test_cirr_shoes_and_fashion200k_are_known_by_their_files(tmp_path: Path) -> None:
    cirr = write_cirr(tmp_path / "cirr", "val", [cirr_pair(1, "a", "b", "a b c d e")], "a b c d e")
    assert set(kinds(check_dataset(cirr))) == {"wrong subset"}
    shoes = write_shoes(tmp_path / "shoes", [("x", "x", "is same"), ("a", "b", "is red")], "a b", "x")
    assert kinds(check_dataset(shoes)) == {"reference is target": "x"}
    captions = {"women/1.jpeg": "black dress", "women/2.jpeg": "red dress"}
    fashion200k = write_fashion200k(tmp_path / "fashion200k", captions, ["women/1.jpeg women/2.jpeg"])
    write_fashion200k(fashion200k, {"women/2.jpeg": "red dress"}, ["women/1.jpeg women/2.jpeg"], split="train")
    assert kinds(check_dataset(fashion200k)) == {"split overlap": None}


def test_a_folder_that_is_no_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match="no catalogue"):
        check_dataset(tmp_path)


def test_the_real_fashioniq_shares_pictures_between_shirts_to_train_on_and_tops_to_measure_on() -> None:
    checkup = check_dataset(real("fashioniq"))
    assert checkup.faults == 0
    overlaps = {
        str(finding).partition(" as well")[0] for finding in checkup.findings if finding.kind == "split overlap"
    }
    assert "fashioniq/shirt/train: 392 of its pictures are in fashioniq/toptee/val" in overlaps
    assert sum(finding.kind == "empty caption" for finding in checkup.findings) == 17
