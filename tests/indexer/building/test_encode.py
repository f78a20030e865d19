from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from catalog import Product, read_catalog
from indexer.building.encode import encode_products
from indexer.building.reuse import KnownPictures
from indexer.building.spool import Seen, Spool
from models.bundle import Bundle, VisionOutput, decode_image
from models.bundle.images import Pixels
from tests.indexer.shop import picture, write_shop

Vector = npt.NDArray[np.float32]


def vector_of(content: bytes, bundle: Bundle) -> Vector:
    images = bundle.manifest.images
    pixels = images.pixels(decode_image(content, about=(images.width, images.height)))
    vector: Vector = bundle.vision(pixels[None]).embedding[0]
    return vector


def product(id: str, image: bytes | Path) -> Product:
    return Product(id, "", {}, image)


class Failing:
    """The toy bundle with a vision graph that fails where ``broken`` says so, as drivers and full memories do."""

    def __init__(self, bundle: Bundle, broken: Callable[[Pixels], bool]) -> None:
        self.manifest, self.dim, self.inner, self.broken = bundle.manifest, bundle.dim, bundle, broken

    def vision(self, pixels: Pixels) -> VisionOutput:
        if any(self.broken(picture) for picture in pixels):
            raise RuntimeError("CUDA failure 700")
        return self.inner.vision(pixels)


@pytest.mark.parametrize("batch", [1, 7, 20, 64])
def test_vectors_come_in_the_order_of_products_whatever_the_batch(shop: Path, toy: Bundle, batch: int) -> None:
    catalog = read_catalog(shop)
    encoded = encode_products(catalog, toy, batch=batch, threads=3)
    assert [one.id for one in encoded.products] == [f"p{number}" for number in range(20)]
    assert encoded.vectors.dtype == np.float16
    assert encoded.vectors.shape == (20, toy.dim)
    for place in (0, 6, 7, 19):
        expected = vector_of(catalog[place].read_image(), toy)
        np.testing.assert_allclose(encoded.vectors[place], expected, atol=1e-3)


def test_hashes_are_those_of_the_image_file(shop: Path, toy: Bundle) -> None:
    catalog = read_catalog(shop)
    assert encode_products(catalog, toy).hashes == [hashlib.sha256(one.read_image()).hexdigest() for one in catalog]


def test_one_damaged_picture_does_not_affect_other_vectors(shop: Path, toy: Bundle) -> None:
    (shop / "images" / "7.jpg").write_bytes(picture("Red", 7)[:300])
    encoded = encode_products(read_catalog(shop), toy, batch=4)
    assert [one.id for one in encoded.products] == [f"p{number}" for number in range(20) if number != 7]
    assert encoded.vectors.shape == (19, toy.dim)
    assert [one.id for one in encoded.skipped] == ["p7"]
    assert "damaged or cut short" in encoded.skipped[0].reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"<html>404</html>", "not a JPEG, PNG"), (b"GIF89a" + bytes(20), "damaged")],
)
def test_files_that_are_no_pictures_are_skipped_with_the_reason(toy: Bundle, content: bytes, reason: str) -> None:
    encoded = encode_products([product("a", picture("Red", 1)), product("b", content)], toy)
    assert len(encoded.products) == 1
    assert reason in encoded.skipped[0].reason


def test_a_file_deleted_after_the_catalogue_was_read_is_skipped(shop: Path, toy: Bundle) -> None:
    catalog = read_catalog(shop)
    (shop / "images" / "3.jpg").unlink()
    encoded = encode_products(catalog, toy)
    assert [(one.id, one.reason) for one in encoded.skipped] == [
        ("p3", "the picture file cannot be read: No such file or directory")
    ]


def test_products_with_the_same_picture_share_one_encoding(toy: Bundle) -> None:
    red, blue = picture("Red", 1), picture("Blue", 2)
    shared = [product("a", red), product("b", blue), product("c", red), product("d", red)]
    encoded = encode_products(shared, toy, threads=4)
    assert (encoded.encoded, encoded.repeated) == (2, 2)
    np.testing.assert_array_equal(encoded.vectors[0], encoded.vectors[2])
    np.testing.assert_allclose(encoded.vectors[3], vector_of(red, toy), atol=1e-3)
    np.testing.assert_allclose(encoded.vectors[1], vector_of(blue, toy), atol=1e-3)


def test_products_that_share_a_damaged_picture_are_all_skipped(toy: Bundle) -> None:
    broken = picture("Red", 1)[:200]
    encoded = encode_products([product(id, broken) for id in "abc"] + [product("d", picture("Red", 2))], toy)
    assert [one.id for one in encoded.products] == ["d"]
    assert [one.id for one in encoded.skipped] == ["a", "b", "c"]


def test_known_pictures_are_not_encoded_again(toy: Bundle) -> None:
    red, blue = picture("Red", 1), picture("Blue", 2)
    marker = np.full(toy.dim, 0.5, dtype=np.float16)

    earlier = Spool(toy)
    earlier.keep(hashlib.sha256(red).digest(), Seen(marker, np.zeros(0, np.uint8)))
    earlier.earlier = len(earlier)
    products = [product("a", red), product("b", blue), product("c", red)]
    encoded = encode_products(products, toy, pictures=KnownPictures(earlier))
    assert (encoded.encoded, encoded.reused, encoded.repeated) == (1, 2, 0)
    np.testing.assert_array_equal(encoded.vectors[0], marker)
    np.testing.assert_array_equal(encoded.vectors[2], marker)


def test_a_graph_that_fails_on_one_picture_of_a_batch_skips_that_one_only(shop: Path, toy: Bundle) -> None:
    dark = vector_pixels(read_catalog(shop)[5].read_image(), toy)
    failing = Failing(toy, lambda pixels: bool((pixels == dark).all()))
    encoded = encode_products(read_catalog(shop), failing, batch=8)  # type: ignore[arg-type]
    assert [one.id for one in encoded.skipped] == ["p5"]
    assert len(encoded.products) == 19


def test_at_most_two_batches_of_pictures_are_in_memory(toy: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []
    encoded_at: list[int] = []

    class Watched(Failing):
        def vision(self, pixels: Pixels) -> VisionOutput:
            encoded_at.append(len(reads))
            return super().vision(pixels)

    read_image = Product.read_image

    def counted(one: Product, number: int = 0) -> bytes:
        reads.append(1)
        return read_image(one, number)

    monkeypatch.setattr(Product, "read_image", counted)
    products = [product(str(number), picture("Red", number)) for number in range(60)]
    encode_products(products, Watched(toy, lambda _: False), batch=5, threads=2)  # type: ignore[arg-type]
    assert len(encoded_at) == 12
    assert encoded_at[0] <= 5 + 2 * 5 + 1


def vector_pixels(content: bytes, bundle: Bundle) -> Pixels:
    images = bundle.manifest.images
    return images.pixels(decode_image(content, about=(images.width, images.height)))


def test_batches_and_threads_change_no_vector(tmp_path: Path, toy: Bundle) -> None:
    catalog = read_catalog(write_shop(tmp_path, range(300)))
    one_by_one = encode_products(catalog, toy, batch=1, threads=1).vectors
    np.testing.assert_allclose(encode_products(catalog, toy, batch=64, threads=4).vectors, one_by_one, atol=1e-3)
