"""``box``: a part of a picture as the reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from models.bundle.manifest import read_manifest, write_manifest
from service.search.uploads import decode_part
from tests.service.conftest import Serve, Served, Shop, cloth, encoded
from tests.toy_bundle import write_toy_bundle

TOP, BOTTOM = [0.25, 0, 0.75, 0.5], [0.25, 0.5, 0.75, 1]
"""With the proportions of the whole picture."""


def titles(served: Served, picture: bytes, **fields: Any) -> list[str]:
    response = served.client.post("/search", files={"image": ("cloth", picture)}, data={"k": "3", **fields})
    assert response.status_code == 200, response.text
    return [result["title"] for result in response.json()["results"]]


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_the_part_in_the_box_is_the_reference(served: Served, format: str) -> None:
    picture = encoded(cloth("red", "navy", size=(300, 400)), format)
    assert titles(served, picture)[0] == "Red and navy cloth"
    assert titles(served, picture, box="[0.25, 0, 0.75, 0.5]")[0] == "Red cloth"
    assert titles(served, picture, box="0.25, 0.5, 0.75, 1")[0] == "Navy cloth"


def test_a_box_is_measured_on_the_upright_picture(served: Served) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # Rotated by 180 degrees.
    picture = encoded(cloth("red", "navy", size=(300, 400)).rotate(180), "JPEG", quality=95, exif=exif)
    assert titles(served, picture, box="[0.25, 0, 0.75, 0.5]")[0] == "Red cloth"


def test_a_large_picture_is_cropped_too(served: Served) -> None:
    picture = encoded(cloth("green", "white", size=(2000, 2000)), "JPEG")
    assert titles(served, picture, box="[0.1, 0.55, 0.4, 0.95]")[0] == "White cloth"


def test_boxes_of_one_picture_are_cached_apart(served: Served) -> None:
    product = {"product_id": "10", "text": "cloth", "k": 3}  # Red over green.
    whole, top, bottom = (served.search(**product, **box) for box in ({}, {"box": TOP}, {"box": BOTTOM}))
    assert not top["cached"]
    assert not bottom["cached"]
    assert top["results"] != bottom["results"]
    assert served.search(**product, box=TOP)["cached"]
    assert served.search(**product, box=BOTTOM)["results"] == bottom["results"]
    assert served.search(**product, box=[0, 0, 1, 1])["results"] == whole["results"]


def test_a_box_of_a_product_is_seen_in_its_picture(served: Served) -> None:
    answer = served.search(product_id="10", box=TOP, k=60)
    assert answer["mode"] == "image"
    assert answer["results"][0]["title"] == "Red cloth"
    assert "10" not in [result["id"] for result in answer["results"]]


def test_a_box_works_with_a_bundle_that_composes_local_features(serve: Serve, shop: Shop, tmp_path: Path) -> None:
    folder = write_toy_bundle(tmp_path / "bundle", attributes=True)
    write_manifest(folder, read_manifest(folder).model_copy(update={"reference": "local"}))
    with serve(shop._replace(bundle=folder)) as served:
        assert served.search(product_id="10", box=BOTTOM, k=1)["results"][0]["title"] == "Green cloth"


@pytest.mark.parametrize(
    "box",
    [[0, 0, 1], [0, 0, 1, 1, 1], [0.5, 0, 0.5, 1], [0.6, 0, 0.4, 1], [-0.1, 0, 1, 1], [0, 0, 1.1, 1], ["0", 0, 1, 1],
     [0, 0, 0.001, 1], "left", {"x0": 0}, True],
)  # fmt: skip
def test_an_invalid_box_is_refused_by_name(served: Served, box: Any) -> None:
    response = served.client.post("/search", json={"product_id": "10", "box": box})
    assert response.status_code == 422
    assert response.json()["type"] == "/problems/invalid-request"
    assert response.json()["detail"].startswith("box")


def test_a_box_without_a_picture_is_refused(served: Served) -> None:
    response = served.client.post("/search", json={"text": "red", "box": TOP})
    assert response.status_code == 422
    assert response.json()["detail"] == "box needs a picture."


def test_a_box_of_too_few_pixels_is_refused(served: Served) -> None:
    response = served.client.post("/search", json={"product_id": "10", "box": [0, 0, 0.05, 0.05]})
    assert response.status_code == 422
    assert response.json()["type"] == "/problems/unreadable-image"


def test_a_small_part_of_a_large_jpeg_keeps_its_detail() -> None:
    picture = Image.new("RGB", (1600, 1600), "white")
    picture.paste(Image.effect_noise((160, 160), 100).convert("RGB"), (800, 800))
    part = decode_part(encoded(picture, "JPEG"), (0.5, 0.5, 0.6, 0.6), about=(128, 128))
    assert part.size >= (128, 128)


def test_a_box_with_too_few_pixels_is_refused_by_name(served: Served) -> None:
    response = served.client.post("/search", json={"product_id": "10", "box": [0.5, 0.5, 0.55, 0.55]})
    assert response.status_code == 422
    assert response.json()["field"] == "box"
    assert "too small" in response.json()["detail"]


def test_missing_pictures_are_404_and_other_searches_are_answered(
    serve: Serve, shop: Shop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serve(shop, images_root=tmp_path) as served:
        refusals = [
            served.client.get("/products/10/image"),
            served.client.post("/search", json={"product_id": "10", "box": TOP}),
        ]
        assert [(one.status_code, one.json()["type"]) for one in refusals] == [(404, "/problems/not-found")] * 2
        assert refusals[1].json()["field"] == "product_id"
        assert served.client.get("/products/11/image").status_code == 404
        assert served.search(product_id="10", text="cloth")["results"]
    warnings = [record.getMessage() for record in caplog.records if record.name == "service.http.images"]
    assert len(warnings) == 1
    assert "product 10 cannot be read (No such file or directory)" in warnings[0]
