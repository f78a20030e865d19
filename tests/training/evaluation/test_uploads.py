"""``modiste models evaluate --protocol uploads``, on random weights and drawn garments."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from catalog.errors import ModisteError
from models.bundle.images import decode_image
from models.datasets.garments import draw_catalog
from models.evaluation.held_out.uploads import busy
from models.training.checkpoint import DONE, Checkpoint
from models.training.inputs import Source
from tests.models.test_cli import run as command
from tests.training.untrained import untrained_config, untrained_model


def write_run(folder: Path, *, sharper: bool) -> Path:
    """A run of a model that has learnt nothing, over thumbnails of garments; their large pictures are known, or not."""
    large, small = draw_catalog(folder / "large", 120, 3, 120, 160), folder / "small"
    shutil.copytree(large, small)
    for path in small.rglob("*"):
        if path.suffix in (".jpg", ".png", ".webp"):
            decode_image(path.read_bytes()).resize((60, 80), Image.Resampling.BILINEAR).save(path)
    source = Source(name="shop", kind="catalog", path=small, validation_share=0.3, sharper=large if sharper else None)
    run = folder / "run"
    run.mkdir()
    config = untrained_config("sum").model_copy(update={"sources": (source,)})
    model = untrained_model("sum", run)
    (run / "config.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json")))
    Checkpoint(DONE, 0, model.state_dict()).save(run)
    return run


def test_sharp_pictures_and_busy_backdrops_are_measured_separately(tmp_path: Path) -> None:
    run, figures = write_run(tmp_path, sharper=True), tmp_path / "figures.json"
    command("evaluate", str(run), "--protocol", "uploads", "--output", str(figures))
    sharp, busy = json.loads(figures.read_text())
    assert (sharp["edit"], busy["edit"]) == ("sharp", "in front of a busy backdrop")
    assert sharp["gallery"] == busy["gallery"] == 120
    assert 30 <= sharp["queries"] == busy["queries"] <= 42
    assert set(sharp["values"]) == {"R@1", "R@10", "kind@10"}
    # Even random convolutions know a picture again that was only made smaller, and lose it in a crowd.
    assert sharp["values"]["R@1"] > 50 > busy["values"]["R@1"]


def test_missing_sharper_pictures_are_refused_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match="No source of this config has sharper") as refused:
        command("evaluate", str(write_run(tmp_path, sharper=False)), "--protocol", "uploads")
    assert "sharper" in refused.value.hint


def test_a_backdrop_replaces_the_white_and_leaves_the_garment() -> None:
    pixels = np.full((8, 80, 64, 3), 255, dtype=np.uint8)
    pixels[:, 30:50, 22:42] = (160, 20, 30)
    pixels[1::2, 10:70, 5:60] = np.random.default_rng(0).integers(0, 200, (4, 60, 55, 3))
    made = busy(pixels, seed=1)
    assert made.dtype == np.uint8
    assert made.shape == pixels.shape
    np.testing.assert_array_equal(made[::2, 33:47, 25:39], pixels[::2, 33:47, 25:39])
    assert (made[:, :4, :4] < 250).any(axis=(1, 2, 3)).all()
    np.testing.assert_array_equal(made, busy(pixels, seed=1))
