"""Product images: originals, resized copies, and files that were replaced after indexing."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from PIL import Image

from service.http.images import accepted_format, media_type_of
from service.http.resizing import FORMATS
from tests.service.conftest import (
    Serve,
    Served,
    Shop,
    build,
    cloth,
    encoded,
    write_cloth_catalog,
    write_views_catalog,
)

LARGE, HUGE = 16, 17
"""Ids of products with pictures of 1,200 x 1,600 and of 6,000 x 4,000 pixels."""


@pytest.fixture(scope="module")
def shop_of_photos(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop with two larger pictures."""
    folder = tmp_path_factory.mktemp("photos")
    catalog = write_cloth_catalog(folder / "catalog")
    cloth("red", "blue", size=(1200, 1600)).save(catalog.parent / "images" / f"{LARGE}.png")
    cloth("green", size=(6000, 4000)).save(catalog.parent / "images" / f"{HUGE}.png")
    build(catalog, shop.bundle, folder / "index")
    return shop._replace(catalog=catalog, index_root=folder / "index")


@pytest.fixture(scope="module")
def photos(serve: Serve, shop_of_photos: Shop) -> object:
    with serve(shop_of_photos) as served:
        yield served


def opened(response: httpx.Response) -> Image.Image:
    assert response.status_code == 200, response.text
    return Image.open(io.BytesIO(response.content))


def test_without_a_width_the_image_is_what_the_catalogue_has(served: Served) -> None:
    response = served.client.get("/products/4/image")
    assert response.content == encoded(cloth("black"))
    assert response.headers["content-type"] == "image/png"
    assert "max-age=300" in response.headers["cache-control"]


@pytest.mark.parametrize(
    ("accept", "format"),
    [
        ("image/avif,image/webp,image/apng,*/*;q=0.8", "AVIF"),
        ("image/webp,*/*", "WEBP"),
        ("image/png, image/WebP;q=0.9", "WEBP"),
        ("*/*", "JPEG"),
        ("", "JPEG"),
    ],
)
def test_a_resized_image_has_the_width_and_the_best_accepted_format(photos: Served, accept: str, format: str) -> None:
    response = photos.client.get(f"/products/{LARGE}/image?w=320", headers={"Accept": accept})
    image = opened(response)
    assert (image.format, image.size) == (format, (320, 427))
    assert response.headers["content-type"] == Image.MIME[format]
    assert response.headers["vary"] == "Accept"
    red, blue = image.convert("RGB").getpixel((160, 100)), image.convert("RGB").getpixel((160, 300))
    assert isinstance(red, tuple)
    assert isinstance(blue, tuple)
    assert red[0] > 200 > 60 > red[2]
    assert blue[2] > 200 > 60 > blue[0]


def test_a_format_that_is_refused_explicitly_is_not_sent() -> None:
    assert accepted_format("image/avif;q=0, image/webp").name == "WEBP"
    assert accepted_format("image/avif; q=0.0, image/webp;q=0") is FORMATS[-1]
    assert accepted_format("image/avif;q=0.000;v=b3 , image/webp;q=0.01").name == "WEBP"


def test_a_long_accept_header_is_read_in_linear_time() -> None:
    """Otherwise this takes hours, and 30 KB in a request hold up all others for seconds."""
    assert accepted_format(";" * 2**20) is FORMATS[-1]


def test_a_small_image_is_not_enlarged(photos: Served) -> None:
    assert opened(photos.client.get("/products/4/image?w=640")).size == (60, 80)


def test_a_huge_image_is_resized_if_there_is_memory_and_sent_as_it_is_if_not(
    serve: Serve, shop_of_photos: Shop
) -> None:
    address = f"/products/{HUGE}/image?w=100"
    with serve(shop_of_photos, decoders=1, processes=1, max_pixel_bytes=2**30) as served:
        assert opened(served.client.get(address)).size == (100, 67)
    with serve(shop_of_photos, max_pixel_bytes=2**26) as served:
        assert opened(served.client.get(address)).size == (6000, 4000)


def test_a_resized_image_is_the_same_with_and_without_a_cache(serve: Serve, shop_of_photos: Shop) -> None:
    address = f"/products/{LARGE}/image?w=200"
    with serve(shop_of_photos, image_cache_bytes=0) as uncached, serve(shop_of_photos) as cached:
        first = uncached.client.get(address).content
        assert [served.client.get(address).content for served in (uncached, cached, cached)] == [first] * 3


@pytest.mark.parametrize("width", ["0", "15", "2049", "-1", "1e3", "x", ""])
def test_a_width_out_of_bounds_is_refused_by_name(served: Served, width: str) -> None:
    response = served.client.get(f"/products/4/image?w={width}")
    assert response.status_code == 422
    assert response.json()["field"] == "w"


def test_each_variant_has_an_entity_tag_of_its_own(photos: Served) -> None:
    def tag(query: str, accept: str) -> str:
        return photos.client.get(f"/products/{LARGE}/image{query}", headers={"Accept": accept}).headers["etag"]

    tags = {tag("", "*/*"), tag("?w=99", "*/*"), tag("?w=100", "*/*"), tag("?w=99", "image/webp")}
    assert len(tags) == 4
    assert tag("?w=99", "image/webp") in tags


@pytest.mark.parametrize("query", ["", "?w=100"])
def test_an_image_that_the_client_has_is_not_sent_again(served: Served, query: str) -> None:
    address = f"/products/4/image{query}"
    tag = served.client.get(address).headers["etag"]
    for known in (tag, f'W/"other", {tag}', f"W/{tag}", "*"):
        again = served.client.get(address, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = served.client.get(f"/products/5/image{query}", headers={"If-None-Match": f"{tag[:-1]}x"})
    assert other.status_code == 200


def link_to_a_secret(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def another_picture(path: Path) -> None:
    path.write_bytes(encoded(cloth("pink")))


def page(path: Path) -> None:
    path.write_text("<script>alert(1)</script>")


REPLACEMENTS: dict[str, Callable[[Path], object]] = {
    "nothing": lambda path: None, "a link to a secret": link_to_a_secret, "another picture": another_picture,
    "a pipe": os.mkfifo, "a folder": os.mkdir, "a page": page,
}  # fmt: skip


def test_a_file_that_was_replaced_after_indexing_is_not_served(serve: Serve, shop: Shop, tmp_path: Path) -> None:
    catalog = write_cloth_catalog(tmp_path / "catalog")
    build(catalog, shop.bundle, tmp_path / "index")
    for number, replace in enumerate(REPLACEMENTS.values()):
        path = catalog.parent / "images" / f"{number}.png"
        path.unlink()
        replace(path)
    with serve(shop._replace(index_root=tmp_path / "index")) as served:
        for number, what in enumerate(REPLACEMENTS):
            for query in ("", "?w=100"):
                response = served.client.get(f"/products/{number}/image{query}")
                assert response.status_code == 404, what
                assert response.json()["type"] == "/problems/not-found"
                assert str(tmp_path) not in response.text
        assert served.client.get("/products/50/image").status_code == 200
        assert served.found(product_id="0", text="red")


def test_the_media_type_is_that_of_the_content() -> None:
    assert media_type_of(encoded(cloth("red"), "AVIF")) == "image/avif"
    assert media_type_of(encoded(cloth("red"), "GIF")) == "image/gif"
    assert media_type_of(encoded(cloth("red"), "TIFF")) is None
    assert media_type_of(b"RIFF\0\0\0\0WAVE") is None
    assert media_type_of(b"<svg xmlns='http://www.w3.org/2000/svg'/>") is None


def test_every_picture_of_a_product_is_answered(serve: Serve, shop: Shop, tmp_path: Path) -> None:
    catalog = write_views_catalog(tmp_path / "catalog")
    build(catalog, shop.bundle, tmp_path / "index")
    with serve(shop._replace(catalog=catalog, index_root=tmp_path / "index")) as served:
        product = served.client.get("/products/4").json()
        assert (product["image"], product["images"]) == ("/products/4/image", 3)
        assert served.client.get("/products/5").json()["images"] == 1
        results = {one["id"]: one for one in served.search(product_id="0", k=20)["results"]}
        assert (results["4"]["matched"], results["4"]["matched_image"]) == (1, "/products/4/image?n=1")
        assert (results["5"]["matched"], results["5"]["matched_image"]) == (0, "/products/5/image")
        link = served.client.get(results["4"]["matched_image"])
        assert link.content == served.client.get("/products/0/image").content
        answers = [served.client.get(product["image"], params={"n": number}) for number in range(3)]
        files = [(catalog.parent / "images" / f"{name}.png").read_bytes() for name in (4, 0, 1)]
        assert [answer.content for answer in answers] == files
        assert answers[0].content == served.client.get(product["image"]).content
        assert len({answer.headers["etag"] for answer in answers}) == 3
        assert opened(served.client.get("/products/4/image?n=1&w=30")).size == (30, 40)
        tag = {"If-None-Match": answers[1].headers["etag"]}
        assert served.client.get("/products/4/image?n=1", headers=tag).status_code == 304
        assert served.client.get("/products/4/image?n=2", headers=tag).status_code == 200

        missing = served.client.get("/products/4/image?n=3")
        assert (missing.status_code, missing.json()["detail"]) == (404, "Product '4' has no picture 3.")
        assert served.client.get("/products/4/image?n=-1").status_code == 422
        (catalog.parent / "images" / "0.png").write_bytes(encoded(cloth("green")))
        replaced = served.client.get("/products/4/image?n=1")
        assert (replaced.status_code, "not the one that was indexed" in replaced.json()["detail"]) == (404, True)
