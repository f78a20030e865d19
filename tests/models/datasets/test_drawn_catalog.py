"""Catalogues of drawn garments."""

import csv
import json
from pathlib import Path

import pytest
from PIL import Image

from catalog.errors import ModisteError
from models.datasets.garments import (
    ATTRIBUTE_VALUES,
    COLUMNS,
    draw_catalog,
    sample_shop,
)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_catalog(tmp_path_factory.mktemp("shops") / "shop", 30, seed=3, width=60, height=80, workers=1)


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "catalog.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_catalogue_lists_each_garment_with_its_picture_attributes_and_price(drawn: Path) -> None:
    products = rows(drawn)
    assert tuple(products[0]) == COLUMNS
    assert len({product["id"] for product in products}) == 30
    for product, garment in zip(products, sample_shop(30, seed=3), strict=True):
        assert {name: product[name] for name in ATTRIBUTE_VALUES if product[name]} == garment.attributes
        assert product["title"] == garment.title
        assert 5 < float(product["price"]) < 500
        assert product["image"] == f"images/{product['id']}.jpg"
        with Image.open(drawn / product["image"]) as image:
            assert (image.size, image.format) == ((60, 80), "JPEG")
    assert {path.name for path in drawn.iterdir()} == {"catalog.csv", "drawn.json", "images"}


def test_a_catalogue_that_is_there_is_not_drawn_again(drawn: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in drawn.rglob("*")}
    assert draw_catalog(drawn, 30, seed=3, width=60, height=80, workers=1) == drawn
    assert {path: path.stat().st_mtime_ns for path in drawn.rglob("*")} == before


def test_a_half_drawn_catalogue_is_drawn_again(tmp_path: Path) -> None:
    folder = draw_catalog(tmp_path / "shop", 4, seed=1, width=48, height=64, workers=1)
    table = (folder / "catalog.csv").read_bytes()
    stamp = json.loads((folder / "drawn.json").read_text())
    (folder / "drawn.json").write_text(json.dumps({**stamp, "complete": False}))
    (folder / "catalog.csv").unlink()
    (folder / "images" / "G00002.jpg").write_bytes(b"half a pict")

    draw_catalog(folder, 4, seed=1, width=48, height=64, workers=1)

    assert (folder / "catalog.csv").read_bytes() == table
    Image.open(folder / "images" / "G00002.jpg").load()


def test_a_lost_picture_is_noticed(tmp_path: Path) -> None:
    folder = draw_catalog(tmp_path / "shop", 3, seed=1, width=48, height=64, workers=1)
    (folder / "images" / "G00003.jpg").unlink()
    draw_catalog(folder, 3, seed=1, width=48, height=64, workers=1)
    assert (folder / "images" / "G00003.jpg").exists()


def test_another_recipe_replaces_the_catalogue(tmp_path: Path) -> None:
    folder = draw_catalog(tmp_path / "shop", 5, seed=1, width=48, height=64, workers=1)
    draw_catalog(folder, 3, seed=2, width=48, height=64, workers=1)
    assert len(rows(folder)) == len(list((folder / "images").iterdir())) == 3


def test_several_processes_draw_the_same_catalogue_as_one(drawn: Path, tmp_path: Path) -> None:
    folder = draw_catalog(tmp_path / "shop", 30, seed=3, width=60, height=80, workers=2)
    for path in sorted(drawn.rglob("*.*")):
        assert (folder / path.relative_to(drawn)).read_bytes() == path.read_bytes()


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(ModisteError) as error:
        draw_catalog(tmp_path, 3, seed=1)
    assert "empty folder" in error.value.hint
    assert (tmp_path / "thesis.txt").read_text() == "precious"


@pytest.mark.parametrize(
    "wrong",
    [{"count": 0}, {"seed": -1}, {"workers": 0}, {"width": 20}, {"height": 9000}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_catalogue_that_cannot_be_drawn_is_refused_before_anything_is_written(
    wrong: dict[str, int], tmp_path: Path
) -> None:
    recipe = {"count": 3, "seed": 1, "width": 60, "height": 80, "workers": 1, **wrong}
    with pytest.raises(ModisteError) as error:
        draw_catalog(tmp_path / "shop", **recipe)
    assert error.value.hint
    assert not (tmp_path / "shop").exists()
