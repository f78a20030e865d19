"""The steps of docs/add-a-composer.md work as described."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from catalog import read_catalog
from models.bundle import Bundle, decode_image
from models.comparison.entries import Entry, read_comparison
from models.evaluation.held_out.sources import evaluate_run, save_metrics
from models.export.from_run import export_run
from models.networks.composers.registry import COMPOSERS
from models.training.config import read_config
from models.training.run import Run
from models.training.train import train
from tests.training.tiny import TINY

PAGE = Path(__file__).parents[3] / "docs" / "add-a-composer.md"
SMALLER = {
    "device": "cpu",
    "backbone.name": TINY,
    "backbone.vocabulary": "600",
    "backbone.images": "{height: 32, width: 32, pad_ratio: 1.0, fill: 255}",
    "sources": "[{name: garments, kind: garments, count: 240, seed: 5, validation_share: 0.3}]",
    "joint": "{epochs: 1, batch: 32, lr: 0.001, attributes: {least: 20}}",
    "compose.steps": "6",
    "compose.batch": "16",
    "compose.negatives": "32",
    "expect.steps": "6",
}


def blocks(language: str) -> list[str]:
    """The page's code of one language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> pytest.MonkeyPatch:
    """The page's file and line, where the page says that they go."""
    file, imported, entry = blocks("python")
    path = tmp_path_factory.mktemp("networks") / "film.py"
    path.write_text(file, encoding="utf-8")
    patch = pytest.MonkeyPatch()
    spec = importlib.util.spec_from_file_location("models.networks.composers.film", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    patch.setitem(sys.modules, "models.networks.composers.film", module)
    spec.loader.exec_module(module)
    names: dict[str, object] = {}
    exec(f"{imported}\nENTRIES = {{{entry}}}", names)
    entries = names["ENTRIES"]
    assert isinstance(entries, dict)
    for name, composer in entries.items():
        patch.setitem(COMPOSERS, name, composer)
    return patch


@pytest.fixture(scope="module")
def run(registered: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs")
    config, _ = blocks("yaml")
    (folder / "film.yaml").write_text(config, encoding="utf-8")
    made = train(read_config(folder / "film.yaml", SMALLER), folder / "film")
    save_metrics(made, evaluate_run(made, queries=20))
    return made


@pytest.fixture(scope="module")
def bundle(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("bundles") / "film"
    export_run(run, folder, "1.0.0")
    return Bundle(folder, device="cpu")


def test_the_pages_config_lists_only_what_differs_from_modiste_base(run: Run) -> None:
    film, base = run.config().compose, read_config(Path("modiste-base")).compose
    assert film is not None
    assert base is not None
    assert (film.composer, film.options) == ("film", {"hidden": 512})
    assert (film.lr, film.text_rank) == (base.lr, base.text_rank)


def test_the_pages_composer_is_trained_measured_and_exported_with_parity(bundle: Bundle) -> None:
    assert bundle.manifest.composer == "film"
    assert {"composer", "weighted sum"} <= {metric.method for metric in bundle.manifest.metrics}


def test_the_pages_bundle_answers_a_query(run: Run, bundle: Bundle) -> None:
    products = read_catalog(run.cache / "garments-240-5")[:40]
    size = (bundle.manifest.images.width, bundle.manifest.images.height)
    pictures = [decode_image(product.read_image(), about=size) for product in products]
    seen = bundle.vision(np.stack([bundle.manifest.images.pixels(picture) for picture in pictures]))
    ids, _ = bundle.tokenizer.encode(["the same but in red"])
    query = bundle.query(seen.features[:1], ids)
    assert query.shape == (1, bundle.dim)
    scores = (query @ seen.embedding.T)[0]
    assert np.isfinite(scores).all()
    assert scores.max() > scores.min()


def test_the_pages_entry_of_the_comparison_trains_the_pages_config(tmp_path: Path) -> None:
    config, entry = blocks("yaml")
    (tmp_path / "film.yaml").write_text(config, encoding="utf-8")
    (said,) = yaml.safe_load(entry)
    assert f"{said['config']}.yaml" in PAGE.read_text(encoding="utf-8")
    stage = Entry.model_validate({**said, "config": str(tmp_path / "film.yaml")}).stage(read_comparison().budget)
    assert (stage.composer, stage.options) == ("film", {"hidden": 512})


def test_what_the_page_names_exists() -> None:
    text = PAGE.read_text(encoding="utf-8")
    root = PAGE.parents[1]
    yet_to_be = {"models/networks/composers/film.py", "models/training/configs/film.yaml"}
    named = set(re.findall(r"`((?:models|tests)/[\w./]+)`", text)) - yet_to_be
    assert len(named) >= 5
    assert [name for name in named if not (root / name).exists()] == []
    examples = re.findall(r"\| `(\w+\.py)` \|", text)
    assert [name for name in examples if not (root / "models" / "networks" / "composers" / name).is_file()] == []
