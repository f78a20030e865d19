"""Training skips products that cannot be read, reports them before the first step, and refuses when there are many."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from catalog.errors import ModisteError
from models.bundle.images import ImagePreprocessing
from models.datasets.garments import draw_catalog
from models.training.config import TrainConfig
from models.training.data.sources import open_source
from models.training.inputs import Source
from models.training.train import train

IMAGES = ImagePreprocessing(height=32, width=32)
COUNT = 150


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """A catalogue of drawn garments of which three pictures are damaged."""
    folder = tmp_path_factory.mktemp("skipped") / "shop"
    table = draw_catalog(folder, COUNT, 1, 48, 64)
    for path in sorted(folder.rglob("*.jpg"))[:3]:
        path.write_bytes(path.read_bytes()[:100])
    return Source(name="shop", kind="catalog", path=table, validation_share=0.0)


def test_products_without_a_readable_picture_are_skipped(source: Source, tmp_path: Path) -> None:
    opened = open_source(source, IMAGES, tmp_path / "cache", triplets=True)
    assert len(opened.train) == len(opened.pixels) == COUNT - 3
    assert len(opened.skipped) == 3
    trained = {product.id for product in opened.train}
    assert trained.isdisjoint(one.id for one in opened.skipped)


def test_too_many_unreadable_pictures_are_an_error(source: Source, tmp_path: Path) -> None:
    strict = source.model_copy(update={"max_skipped": 0.01})
    with pytest.raises(ModisteError, match=r"3 of the 150 products of the source shop .* 3: The picture is damaged"):
        open_source(strict, IMAGES, tmp_path / "cache", triplets=False)


def test_a_run_reports_what_it_skips_before_its_first_step(
    source: Source, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = TrainConfig.model_validate(
        {
            "name": "tiny", "device": "cpu", "sources": [source],
            "backbone": {"name": "modiste-small", "vocabulary": 500, "images": {"height": 32, "width": 32}},
            "joint": {"epochs": 1, "batch": 64, "lr": 0.001},
        }
    )  # fmt: skip
    with caplog.at_level(logging.INFO):
        run = train(config, tmp_path / "runs" / "tiny")
    lines = [record.getMessage() for record in caplog.records]
    reported = next(at for at, line in enumerate(lines) if line.startswith("shop: skipped 3: The picture is damaged"))
    assert reported < lines.index("training: joint (2 steps)")
    assert len(json.loads(run.skipped_file.read_text())["shop"]) == 3
