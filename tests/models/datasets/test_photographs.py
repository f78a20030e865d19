"""Reading people's photographs: labels, boxes, masks, and the split by sender or photograph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from catalog.errors import ModisteError
from models.datasets.photographs import labels_by_eye, photos, street
from models.datasets.photographs.photograph import Photograph, split_by_group
from models.datasets.photographs.photos import read_photos
from models.datasets.photographs.street import read_street
from tests.models.datasets.photographs import label_by_eye, write_photos, write_street

DATA = Path(__file__).parents[3] / ".." / "shared" / "data"


def test_a_photograph_has_the_kinds_that_its_label_covers(tmp_path: Path) -> None:
    write_photos(tmp_path / "photos", [("a", "Shoes", "1"), ("b", "Not sure", "1"), ("c", "Dress", "2")])
    shoes, dress = read_photos(tmp_path / "photos")
    assert (shoes.id, shoes.group) == ("a", "1")
    assert {"casual shoe", "heel"} <= set(shoes.kinds)
    assert dress.kinds == ("dress",)
    assert dress.read_image().size == (60, 80)


def test_labels_by_eye_are_added_to_the_photographs_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_photos(tmp_path / "photos", [("a", "Shoes", "1"), ("c", "Dress", "1")])
    label_by_eye(folder, "Shoes", tmp_path / "narrower.txt", monkeypatch, narrower="heel")
    label_by_eye(folder, "Dress", tmp_path / "colours.txt", monkeypatch, colour="navy,black")
    heels, dress = read_photos(folder)
    assert heels.narrower == ("heel", ("heel", "pump"))
    assert {"heel", "sandal"} <= set(heels.kinds)
    assert heels.colours == ()
    assert dress.narrower is None
    assert dress.colours == ("navy blue", "navy", "blue", "indigo", "black")


def test_labels_of_a_street_photograph_are_those_of_one_garment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_street(tmp_path / "street", 1)
    (tmp_path / "colours.txt").write_text(f"{labels_by_eye.digest(folder / 'images' / '0000.jpg')}/skirt red\n")
    monkeypatch.setattr(labels_by_eye, "COLOUR", tmp_path / "colours.txt")
    assert [(one.label, one.colours) for one in read_street(folder)] == [("shirt", ()), ("skirt", ("red",))]


def test_labels_by_eye_have_words_of_products() -> None:
    covered = {kind for table in (photos.KINDS, street.KINDS) for kinds in table.values() for kind in kinds}
    narrower = set(labels_by_eye._read(labels_by_eye.NARROWER).values())
    assert narrower <= labels_by_eye.NARROWER_KINDS.keys()
    assert all(set(labels_by_eye.NARROWER_KINDS[label]) & covered for label in narrower)
    colours = {colour for named in labels_by_eye._read(labels_by_eye.COLOUR).values() for colour in named.split(",")}
    assert colours <= labels_by_eye.COLOURS.keys()


def test_a_folder_without_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match=r"no photos\.csv"):
        read_photos(tmp_path)


def test_a_missing_picture_names_its_file(tmp_path: Path) -> None:
    write_photos(tmp_path / "photos", [("a", "Hat", "1")])
    (one,) = read_photos(tmp_path / "photos")
    one.image.unlink()
    with pytest.raises(ModisteError, match=r"a\.jpg"):
        one.read_image()


def test_each_labelled_region_of_a_street_photograph_is_a_garment_with_its_box(tmp_path: Path) -> None:
    found = read_street(write_street(tmp_path / "street", 1))
    assert [(one.label, one.box) for one in found] == [("shirt", (20, 10, 40, 40)), ("skirt", (15, 40, 45, 70))]
    assert {one.group for one in found} == {"0000"}
    assert found[1].read_image().size == (30, 30)


def test_a_cutout_shows_the_garment_alone_on_white(tmp_path: Path) -> None:
    shirt, _ = read_street(write_street(tmp_path / "street", 1))
    wide = Photograph("x", "shirt", ("shirt",), "0000", shirt.image, None, shirt.mask)
    pixels = np.asarray(wide.read_cutout())
    assert (pixels[:8, :8] == 255).all()
    assert (pixels[60, 30] == 255).all()
    assert pixels[25, 30, 2] > 150 > pixels[25, 30, 0]


def test_a_label_without_a_name_is_refused(tmp_path: Path) -> None:
    folder = write_street(tmp_path / "street", 1)
    (folder / "names.txt").write_text("null\nskin\n")
    with pytest.raises(ModisteError, match=r"names\.txt ends at 1"):
        read_street(folder)


def _of(group: str, count: int) -> list[Photograph]:
    return [Photograph(f"{group}{at}", "Hat", ("cap",), group, Path("none")) for at in range(count)]


@pytest.mark.parametrize("seed", range(5))
def test_no_sender_is_on_both_sides_of_the_split(seed: int) -> None:
    photographs = [
        one for group, count in zip("abcdefgh", (1, 9, 2, 5, 3, 7, 4, 6), strict=True) for one in _of(group, count)
    ]
    train, held = split_by_group(photographs, validation_share=0.3, seed=seed)
    assert {one.group for one in train}.isdisjoint(one.group for one in held)
    assert sorted(one.id for one in [*train, *held]) == sorted(one.id for one in photographs)
    assert 0 < len(held) <= 0.3 * len(photographs) + 4.5


def test_nothing_is_held_out_of_a_share_of_zero() -> None:
    train, held = split_by_group(_of("a", 3), validation_share=0.0, seed=1)
    assert (len(train), held) == (3, [])


@pytest.mark.skipif(not (DATA / "photos").is_dir(), reason="needs ../shared/data/photos")
def test_the_real_photographs_are_read_whole() -> None:
    photographs = read_photos(DATA / "photos")
    assert len(photographs) == 3787
    _, held = split_by_group(photographs, validation_share=0.2, seed=1)
    assert 0.15 < len(held) / len(photographs) < 0.3
