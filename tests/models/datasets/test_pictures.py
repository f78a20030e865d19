"""Pictures of products as pixels: unreadable ones are left out and reported, and the rest is cached."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from catalog import Product
from catalog.errors import ModisteError
from models.bundle.images import ImagePreprocessing
from models.datasets.pictures import load_pictures, load_pixels
from tests.models.pictures import photograph, saved

IMAGES = ImagePreprocessing(height=16, width=12)


@pytest.fixture
def products(tmp_path: Path) -> list[Product]:
    """Five products; the picture of ``p1`` is cut short, and the file of ``p3`` does not exist."""
    made = []
    for number in range(5):
        path = tmp_path / f"{number}.png"
        content = saved(photograph(40, 50, seed=number))
        path.write_bytes(content[: len(content) // 2] if number == 1 else content)
        made.append(Product(f"p{number}", f"Shirt {number}", {}, path))
    (tmp_path / "3.png").unlink()
    return made


def test_unreadable_pictures_are_left_out_with_their_reasons(products: list[Product]) -> None:
    loaded = load_pictures(products, IMAGES)
    assert [product.id for product in loaded.products] == ["p0", "p2", "p4"]
    assert loaded.pixels.shape == (3, 16, 12, 3)
    assert {one.product for one in loaded.unreadable} == {"p1", "p3"}
    reasons = {one.product: one.reason for one in loaded.unreadable}
    assert "damaged or cut short" in reasons["p1"]
    assert "No such file" in reasons["p3"]


def test_pixels_belong_to_their_products(products: list[Product]) -> None:
    loaded = load_pictures(products, IMAGES)
    for product, pixels in zip(loaded.products, loaded.pixels, strict=True):
        np.testing.assert_array_equal(pixels, load_pixels([product], IMAGES)[0])


def test_the_cache_returns_the_same_pictures(products: list[Product], tmp_path: Path) -> None:
    readable = [product for product in products if product.id != "p3"]
    first = load_pictures(readable, IMAGES, tmp_path / "cache")
    again = load_pictures(readable, IMAGES, tmp_path / "cache")
    assert isinstance(again.pixels, np.memmap)
    assert again.products == first.products
    assert again.unreadable == first.unreadable
    np.testing.assert_array_equal(again.pixels, first.pixels)


def test_a_picture_that_was_replaced_is_read_again(products: list[Product], tmp_path: Path) -> None:
    assert load_pictures(products[:2], IMAGES, tmp_path / "cache").unreadable
    (tmp_path / "1.png").write_bytes(saved(photograph(40, 50, seed=1)))
    assert not load_pictures(products[:2], IMAGES, tmp_path / "cache").unreadable


def test_a_file_that_could_not_be_read_is_tried_again(products: list[Product], tmp_path: Path) -> None:
    load_pictures(products, IMAGES, tmp_path / "cache")
    assert not list(tmp_path.glob("cache/*"))


def test_an_unreadable_picture_is_an_error_if_every_picture_is_needed(products: list[Product]) -> None:
    with pytest.raises(ModisteError, match=r"product p1 cannot be used: .* \(2 such pictures\)"):
        load_pixels(products, IMAGES)
