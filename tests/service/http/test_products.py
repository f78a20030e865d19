"""Products, their pictures, and what the catalogue can be filtered by."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from tests.service.conftest import COLOURS, Serve, Served, Shop, build, cloth, write_cloth_catalog
from tests.toy_bundle import write_toy_bundle


def ids(served: Served, query: str) -> list[str]:
    return [product["id"] for product in served.client.get(f"/products?{query}").json()["products"]]


def test_products_come_in_the_catalogues_order(served: Served) -> None:
    assert ids(served, "limit=3") == ["0", "1", "2"]
    assert ids(served, "offset=58&limit=10") == ["58", "59"]
    assert served.client.get("/products").json()["total"] == 60


def test_products_beyond_the_end_are_none(served: Served) -> None:
    assert ids(served, f"offset={10**30}") == []


def test_a_seed_shuffles_the_whole_catalogue_and_always_in_the_same_way(served: Served) -> None:
    shuffled = ids(served, "seed=7&limit=200")
    assert sorted(shuffled, key=int) == [str(number) for number in range(60)]
    assert shuffled != sorted(shuffled, key=int)
    assert ids(served, "seed=7&limit=5&offset=20") == shuffled[20:25]
    assert ids(served, "seed=8&limit=200") != shuffled


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("limit=0", "limit must be 1 or more"),
        ("limit=201", "limit must be 200 or less"),
        ("offset=-1", "offset must be 0 or more"),
        ("offset=ten", "offset must be a whole number"),
        ("seed=-1", "seed must be 0 or more"),
        (f"seed={2**32}", "seed"),
    ],
)
def test_a_bad_page_is_refused_by_name(served: Served, query: str, words: str) -> None:
    response = served.client.get(f"/products?{query}")
    assert response.status_code == 422
    assert response.json()["type"] == "/problems/invalid-request"
    assert words in response.json()["detail"]


def test_a_product_has_its_title_attributes_and_picture(served: Served) -> None:
    product = served.client.get("/products/10").json()
    assert product == {
        "id": "10", "title": "Red and green cloth", "image": "/products/10/image", "images": 1, "group": "10",
        "variants": [],
        "attributes": {"colour": "Red", "second colour": "green", "price": 20, "occasions": ["party"], "new": False},
    }  # fmt: skip


@pytest.mark.parametrize("path", ["60", "60/image", "%00", "%FF", "a/b"])
def test_an_unknown_product_id_is_not_found(served: Served, path: str) -> None:
    response = served.client.get(f"/products/{path}")
    assert response.status_code == 404
    assert response.json()["type"] == "/problems/unknown-product"


def test_an_id_may_have_any_character(serve: Serve, shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    strange = ["a/b", "50% off?", "ü#1", "a b", "x", "x/image", "x/image/image", "y/image", "...", "image", "a//b"]
    lines = ["id,title,image", *(f"{id},Cloth,images/{number}.png" for number, id in enumerate(strange))]
    (tmp_path / "catalog.csv").write_text("\n".join(lines), encoding="utf-8")
    for number, (colour, _) in enumerate(zip([*COLOURS, "red"], strange, strict=True)):
        cloth(colour, size=(60 + number, 80)).save(tmp_path / "images" / f"{number}.png")
    build(tmp_path / "catalog.csv", shop.bundle, tmp_path / "index")
    with serve(shop._replace(index_root=tmp_path / "index")) as served:
        for product in served.client.get("/products").json()["products"]:
            picture = served.client.get(product["image"])
            assert Image.open(io.BytesIO(picture.content)).width == 60 + strange.index(product["id"])
            assert served.client.get(product["image"].removesuffix("/image")).json() == product
        # Some proxies decode %2F. An id that ends in "/image" is still found where it cannot mean a picture.
        assert served.client.get("/products/y/image").json()["id"] == "y/image"
        assert served.client.get("/products/a/b").json()["id"] == "a/b"


def test_the_catalogue_lists_what_can_be_filtered_by(served: Served) -> None:
    summary = served.client.get("/catalog").json()
    assert summary["total"] == 60
    assert summary["bundle"] == "toy 1.0.0"
    assert summary["filters"]["price"] == {
        "kind": "number", "role": "fact", "family": "price", "currency": None, "min": 10, "max": 69,
    }  # fmt: skip
    assert summary["filters"]["colour"]["family"] == "colour"
    assert summary["filters"]["colour"]["values"][0] == {"value": "Red", "count": 11}
    assert summary["filters"]["occasions"] == {
        "kind": "list", "role": "wish", "family": None,
        "values": [{"value": "party", "count": 60}, {"value": "work", "count": 30}],
    }  # fmt: skip
    assert summary["filters"]["new"]["kind"] == "flag"


def test_every_offered_value_filters_to_as_many_products_as_its_count(served: Served) -> None:
    for name, offered in served.client.get("/catalog").json()["filters"].items():
        for choice in offered.get("values", []):
            total = served.search(text="red", filters={name: choice["value"]})["total"]
            assert total == choice["count"], (name, choice)


def test_pictures_are_found_where_they_were_moved_to(serve: Serve, tmp_path: Path) -> None:
    catalog = write_cloth_catalog(tmp_path / "before")
    bundle = write_toy_bundle(tmp_path / "bundle")
    build(catalog, bundle, tmp_path / "index")
    (tmp_path / "before").rename(tmp_path / "after")
    shop = Shop(bundle, catalog, tmp_path / "index")
    with serve(shop) as served:
        assert served.client.get("/products/1/image").status_code == 404
    with serve(shop, images_root=tmp_path / "after" / "images") as served:
        assert served.client.get("/products/1/image").status_code == 200
