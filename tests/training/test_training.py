"""A model on a few drawn garments: train, kill, resume, evaluate, export, refuse."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from catalog import read_catalog
from catalog.errors import ModisteError
from models.bundle import Bundle, BundleManifest, decode_image
from models.evaluation.held_out.sources import evaluate_run, save_metrics
from models.export.bundle import check_parity, export_bundle, least_cosine
from models.export.from_run import export_run
from models.training.checkpoint import DONE, Checkpoint
from models.training.config import TrainConfig, read_config
from models.training.data.sources import open_sources
from models.training.run import Run
from models.training.stages.joint import Joint
from models.training.train import train
from tests.drawn import Draw
from tests.training.first_run import link_drawn
from tests.training.tiny import TINY

SMALL = {
    "name": "tiny",
    "seed": 3,
    "device": "cpu",
    "precision": "fp32",
    "backbone": {
        "name": TINY,
        "vocabulary": 600,
        "images": {"height": 32, "width": 32, "pad_ratio": 1.0, "fill": 255},
    },
    "sources": [{"name": "garments", "kind": "garments", "count": 240, "seed": 5, "validation_share": 0.3}],
    "joint": {"epochs": 8, "batch": 32, "lr": 0.003},
    "finetune": {"steps": 3, "batch": 16, "lr": 0.0001, "policy": "both-frozen-bn"},
    "compose": {
        "steps": 6,
        "batch": 16,
        "lr": 0.001,
        "negatives": 32,
        "text_rank": 4,
        "options": {"projection": 32, "hidden": 32},
    },
}


def config(**changes: object) -> TrainConfig:
    return TrainConfig.model_validate({**SMALL, **changes})


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory, drawn: Draw) -> Run:
    runs = tmp_path_factory.mktemp("runs")
    link_drawn(runs, drawn, config())
    return train(config(), runs / "tiny")


@pytest.fixture(scope="session")
def bundle(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    save_metrics(run, evaluate_run(run, queries=40))
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    export_run(run, folder, "1.0.0")
    return Bundle(folder, device="cpu")


def test_the_last_steps_of_stage_0_can_be_without_augmentation(run: Run, tmp_path: Path) -> None:
    settings = config(joint={**SMALL["joint"], "plain": 0.5})  # type: ignore[dict-item]
    assert settings.joint is not None
    sources, model = open_sources(settings, run.model().images, run.cache, triplets=False), run.model()
    stage = Joint(model, sources, settings.seed, settings.joint)
    known = {picture.tobytes() for one in sources[0].pixels for picture in (one, one[:, ::-1])}

    def as_they_are(step: int) -> list[bool]:
        pixels = (stage.shown_pixels(stage.prepare(step)) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
        return [picture.tobytes() in known for picture in pixels]

    assert not any(as_they_are(stage.steps // 2 - 1))
    assert all(as_they_are(stage.steps // 2 + 1))


def test_the_loss_of_the_joint_embedding_falls(run: Run) -> None:
    model = run.model()
    fresh = type(model)(run.config(), run.tokenizer).eval()
    catalog = read_catalog(run.cache / "garments-240-5")
    pixels = np.stack([model.images.pixels(decode_image(product.read_image())) for product in catalog[:100]])
    ids, _ = model.tokenizer.encode([product.title for product in catalog[:100]])

    def own_above_others(one: object) -> float:
        scores = one.vision(pixels).embedding @ one.text(ids).T  # type: ignore[attr-defined]
        return float(np.diag(scores).mean() - scores.mean())

    assert own_above_others(model) > own_above_others(fresh) + 0.05


def test_a_run_keeps_its_resolved_config_and_a_log_of_every_stage(run: Run) -> None:
    assert run.config() == config()
    stages = {json.loads(line)["stage"] for line in run.log.read_text().splitlines()}
    assert stages == {"joint", "finetune", "compose"}


def test_training_again_in_a_finished_run_changes_nothing(run: Run) -> None:
    kept = {path: path.read_bytes() for path in run.folder.iterdir() if path.is_file()}
    checkpoint = Checkpoint.load(run.folder)
    assert checkpoint is not None
    assert checkpoint.stage == DONE
    train(config(), run.folder)
    assert {path: path.read_bytes() for path in run.folder.iterdir() if path.is_file()} == kept


def test_another_config_in_the_same_folder_is_refused(run: Run) -> None:
    with pytest.raises(ModisteError, match="another config"):
        train(config(seed=4), run.folder)


KILLED = """
import os, signal, sys
from pathlib import Path
import models.training.loop as loop
from models.training.config import read_config
from models.training.stages.joint import Joint
from models.training.train import train
import tests.training.tiny

def killed(stage, left=[5], stepped=Joint.stepped):
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    stepped(stage)

loop.SAVE_EVERY_S = 0.0
Joint.stepped = killed
train(read_config(Path(sys.argv[1])), Path(sys.argv[2]))
"""


def test_a_killed_run_resumes_and_ends_with_the_same_weights(run: Run, tmp_path: Path) -> None:
    (tmp_path / "cache").symlink_to(run.cache)
    folder = tmp_path / "killed"
    folder.mkdir()
    shutil.copy(run.tokenizer, folder)  # The library breaks ties at random when it trains a tokenizer.
    settings = tmp_path / "tiny.yaml"
    settings.write_text(yaml.safe_dump(config().model_dump(mode="json")))
    child = subprocess.run([sys.executable, "-c", KILLED, settings, folder], cwd=Path(__file__).parents[2])
    assert child.returncode == -signal.SIGKILL
    killed = Checkpoint.load(folder)
    assert killed is not None
    assert (killed.stage, killed.step) == ("joint", 5)
    train(config(), folder)
    whole, resumed = run.model().state_dict(), Run(folder).model().state_dict()
    assert all(torch.allclose(whole[name], resumed[name], atol=1e-4) for name in whole)


def test_the_exported_bundle_answers_as_the_trained_model_does(run: Run, bundle: Bundle) -> None:
    pictures = [product.read_image() for product in read_catalog(run.cache / "garments-240-5")[:20]]
    assert check_parity(run.model(), bundle, pictures, ["in red", "the same but with long sleeves", ""]) >= 0.9999


def test_the_bundle_records_its_training_data_and_metrics(bundle: Bundle) -> None:
    manifest: BundleManifest = bundle.manifest
    assert manifest.composer == "combiner"
    assert manifest.trained_on[0].startswith("garments: 168 products")
    methods = {metric.method for metric in manifest.metrics}
    assert methods == {"image only", "text only", "weighted sum", "composer"}
    card = (bundle.folder / "MODEL_CARD.md").read_text()
    for metric in manifest.metrics:
        assert f"| {metric.values['R@10']:.1f} |" in card


def test_all_graphs_read_one_file_of_weights(bundle: Bundle) -> None:
    sizes = {name: file.size for name, file in bundle.manifest.files.items()}
    assert sizes["weights.bin"] > 5 * (sizes["query.onnx"] + sizes["text.onnx"])


def test_graphs_accept_any_number_of_pictures_and_texts(bundle: Bundle) -> None:
    pixels = np.zeros((1, 32, 32, 3), dtype=np.uint8)
    ids, _ = bundle.tokenizer.encode(["in red"])
    for count in (1, 3, 17):
        seen = bundle.vision(pixels.repeat(count, axis=0))
        assert bundle.query(seen.features, ids.repeat(count, axis=0)).shape == (count, bundle.dim)


@pytest.mark.parametrize(
    ("right", "cosine"),
    [([[3, 4], [0, 0]], 1), ([[3, 4], [0, 1]], 0), ([[np.nan, 4], [0, 0]], 0), ([[4, 3], [0, 0]], 0.96)],
)
def test_vectors_without_a_cosine_are_compared_too(right: list[list[float]], cosine: float) -> None:
    assert least_cosine(np.array([[3.0, 4], [0, 0]]), np.array(right, dtype=float)) == pytest.approx(cosine)


def test_export_refuses_when_onnx_and_torch_disagree(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.export.bundle.MIN_COSINE", 1.1)
    pictures = [product.read_image() for product in read_catalog(run.cache / "garments-240-5")[:4]]
    with pytest.raises(ModisteError, match="differs from the trained model"):
        export_bundle(
            run.model(),
            tmp_path / "b",
            name="tiny",
            version="1",
            tokenizer=run.tokenizer,
            pictures=pictures,
            texts=["x"],
        )
    assert list(tmp_path.iterdir()) == []


def test_export_does_not_overwrite_a_bundle(run: Run, bundle: Bundle) -> None:
    with pytest.raises(ModisteError, match="already exists"):
        export_run(run, bundle.folder, "1.0.1")


def test_a_damaged_checkpoint_is_refused_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"no checkpoint")
    with pytest.raises(ModisteError, match="train again"):
        Checkpoint.load(tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"compose.steps": "0"}, "compose.steps"),
        ({"backbone.nmae": "x"}, "backbone.nmae"),
        ({"sources": "[]"}, "sources"),
    ],
)
def test_a_wrong_config_is_refused_before_anything_starts(change: dict[str, str], said: str) -> None:
    with pytest.raises(ModisteError, match=said):
        read_config(Path("modiste-base"), change)


def test_an_unknown_config_is_refused_with_a_list_of_shipped_configs(tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match="modiste-base"):
        read_config(tmp_path / "missing.yaml")
