"""A shop's own triplets, and those of annotated datasets, as something to train on."""

import csv
import random
from pathlib import Path

import pytest

from catalog import read_catalog
from catalog.errors import ModisteError
from models.bundle.images import ImagePreprocessing
from models.datasets.triplets.own_triplets import read_own_triplets
from models.datasets.triplets.triplet import Triplet
from models.training.data.given_triplets import GivenTriplets, read_annotated
from models.training.data.held_out_queries import validation_queries
from models.training.data.sources import open_source
from models.training.inputs import Source
from tests.models.pictures import photograph, saved

KNOWN = {"1", "2", "3"}
IMAGES = ImagePreprocessing(height=16, width=12, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as stream:
        table = csv.DictWriter(stream, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return path


def row(reference: str, target: str, modification: str) -> dict[str, str]:
    return {"reference": reference, "target": target, "modification": modification}


def test_rows_that_ask_the_same_are_one_query_with_several_targets(tmp_path: Path) -> None:
    path = write(tmp_path / "own.csv", [row("1", "2", "in red"), row("1", "3", "in red"), row("2", "1", "in blue")])
    assert read_own_triplets(path, KNOWN) == [
        Triplet("1", "in red", ("2", "3"), "own"),
        Triplet("2", "in blue", ("1",), "own"),
    ]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (row("9", "2", "in red"), "the reference '9' is not in the catalogue"),
        (row("1", "9", "in red"), "the target '9' is not in the catalogue"),
        (row("1", "", "in red"), "there is no target"),
        (row("1", "1", "in red"), "is its own target"),
        (row("1", "2", " "), "the modification is empty"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_and_the_others_counted(
    tmp_path: Path, bad: dict[str, str], said: str
) -> None:
    path = write(tmp_path / "own.csv", [row("1", "2", "in red"), bad, row("8", "8", "x")])
    with pytest.raises(ModisteError, match=said) as caught:
        read_own_triplets(path, KNOWN)
    assert "row 3" in caught.value.message
    assert "1 more row" in caught.value.message


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "own.csv", [{"reference": "1", "target": "2", "words": "in red"}])
    with pytest.raises(ModisteError, match="no column 'modification'"):
        read_own_triplets(path, KNOWN)


def test_two_captions_are_joined_in_either_order_or_stand_alone() -> None:
    given = GivenTriplets([Triplet("1", "Is red and is longer", ("2",), "dress", ("is red.", "is longer"))])
    chance = random.Random(0)
    said = {given.sample(chance).modification for _ in range(100)}
    assert said == {"is red and is longer", "is longer and is red", "is red", "is longer"}


def shop(folder: Path, count: int) -> Path:
    folder.mkdir()
    rows = [{"id": str(at), "title": f"article {at}", "image": f"{at}.png"} for at in range(count)]
    for at in range(count):
        (folder / f"{at}.png").write_bytes(saved(photograph(24, 32, seed=at)))
    return write(folder / "catalog.csv", rows)


def test_own_triplets_are_learnt_from_on_one_side_of_the_split_and_measured_on_the_other(tmp_path: Path) -> None:
    catalog = shop(tmp_path / "shop", 120)
    rows = [row(str(one), str(other), f"{one} to {other}") for one in range(0, 120, 3) for other in range(1, 120, 7)]
    own = write(tmp_path / "own.csv", [one for one in rows if one["reference"] != one["target"]])
    source = Source(name="shop", kind="catalog", path=catalog, triplets=own, validation_share=0.3)
    opened = open_source(source, IMAGES, tmp_path / "cache", triplets=True)
    held_out = [product for product in read_catalog(catalog) if product.id not in opened.row_of]
    for triplet in opened.sample(50, random.Random(0)):
        assert {triplet.reference, *triplet.targets} <= opened.row_of.keys()
    queries = validation_queries(source, held_out, 100)
    assert "own" in {triplet.edit for triplet in queries.triplets}
    assert not any(triplet.reference in opened.row_of for triplet in queries.triplets)


def test_a_catalogue_with_columns_of_other_names_and_pictures_elsewhere_can_be_learnt_from(tmp_path: Path) -> None:
    shop(tmp_path / "shop", 60)
    rows = [{"key": str(at), "label": f"article {at}", "photo": f"{at}.png"} for at in range(60)]
    table = write(tmp_path / "table.csv", rows)
    source = Source(
        name="shop", kind="catalog", path=table, images=tmp_path / "shop", id_column="key", title_column="label",
        image_column="photo", validation_share=0,
    )  # fmt: skip
    opened = open_source(source, IMAGES, tmp_path / "cache", triplets=False)
    assert [product.title for product in opened.train] == [f"article {at}" for at in range(60)]


ANNOTATIONS = Path(__file__).parents[3] / ".." / "shared" / "data" / "annotations"


def test_shoes_gives_its_training_split_with_pictures(tmp_path: Path) -> None:
    if not ANNOTATIONS.is_dir():
        pytest.skip("needs the annotations in ../shared/data/annotations")
    for name in (ANNOTATIONS / "shoes" / "train_im_names.txt").read_text().split():
        (tmp_path / name.rsplit("/", 1)[-1]).touch()
    products, triplets = read_annotated("shoes", ANNOTATIONS / "shoes", tmp_path)
    ids = {product.id for product in products}
    assert len(triplets) > 8000
    assert all({one.reference, *one.targets} <= ids for one in triplets)
