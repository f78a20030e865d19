"""Every composer on drawn garments: trained, killed, resumed, measured, exported, indexed and searched."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from starlette.testclient import TestClient
from torch import Tensor

from catalog import Catalog, read_catalog
from indexer.build import BuildOptions, build_generation
from models.bundle import Bundle
from models.datasets.garments import draw_catalog
from models.datasets.pictures import load_pixels
from models.datasets.triplets.triplet import TripletDataset
from models.evaluation.encoding import WEIGHTS, EncodedGallery, best_weight, weighted_sum
from models.evaluation.held_out.sources import evaluate_run, save_metrics
from models.evaluation.metrics import ranks_of_targets, recall_at
from models.export.from_run import export_run
from models.networks.composers.registry import COMPOSERS
from models.training.checkpoint import DONE, Checkpoint
from models.training.config import TrainConfig
from models.training.data.held_out_queries import validation_queries
from models.training.data.sources import split_source
from models.training.run import Run
from models.training.stage_settings import ComposeStage
from models.training.stages.compose import Compose
from models.training.train import train
from service.app import create_app
from service.settings import load_settings

pytestmark = pytest.mark.slow

LEARNT = [name for name in COMPOSERS if name != "sum"]
NARROW: dict[str, dict[str, Any]] = {
    "combiner": {"projection": 256, "hidden": 128},
    "fashionern": {"projection": 64, "hidden": 64, "inner": 64, "dropout": 0.1},
}
"""Options where a composer's defaults are wide; a new composer needs none."""
STEPS = 90
ASKED = 150
"""Queries of each kind of edit that the service is asked; twice as many are measured without it."""


class Trained(NamedTuple):
    """A run, its bundle, and an index of the garments that it held out."""

    run: Run
    bundle: Bundle
    index_root: Path


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The backbone of all: stage 0 on a thousand garments, in pictures of half a thumbnail's size."""
    folder = tmp_path_factory.mktemp("runs")
    shop = draw_catalog(folder / "garments", 1000, seed=3, width=48, height=64)
    images = {"height": 40, "width": 32, "pad_ratio": 1.0, "fill": 255, "mean": [0.5] * 3, "std": [0.25] * 3}
    config = {
        "name": "start", "seed": 1, "device": "cpu", "precision": "fp32",
        "backbone": {"name": "modiste-small", "vocabulary": 800, "images": images},
        "sources": [{"name": "garments", "kind": "catalog", "path": shop, "validation_share": 0.3, "seed": 1}],
        "joint": {"epochs": 12, "batch": 64, "lr": 0.001},
    }  # fmt: skip
    return train(TrainConfig.model_validate(config), folder / "start")


@pytest.fixture(scope="module")
def questions(start: Run) -> TripletDataset:
    """Changes of one attribute and of two, asked of the garments that nobody trained on."""
    (source,) = start.config().sources
    _, held_out = split_source(source, start.cache)
    return validation_queries(source, held_out, ASKED)


@pytest.fixture(scope="module", params=LEARNT)
def trained(request: pytest.FixtureRequest, start: Run, questions: TripletDataset) -> Trained:
    """A composer trained on the backbone of all, killed in the middle and taken up again."""
    name = request.param
    stage = ComposeStage(
        composer=name, options=NARROW.get(name, {}), text_rank=16, steps=STEPS, batch=64, negatives=256, lr=0.002
    )
    config = start.config().model_copy(update={"name": name, "joint": None, "start": start.folder, "compose": stage})
    folder = start.folder.parent / name
    killed_at(STEPS // 2, config, folder)
    run = train(config, folder)
    save_metrics(run, evaluate_run(run, 2 * ASKED))
    export_run(run, folder / "bundle", "1.0.0")
    bundle = Bundle(folder / "bundle", device="cpu")
    everything = read_catalog(start.folder.parent / "garments")
    held_out = Catalog(questions.products, source=everything.source, columns=everything.columns)
    build_generation(held_out, bundle, folder / "index", BuildOptions(device="cpu"))
    return Trained(run, bundle, folder / "index")


def killed_at(step: int, config: TrainConfig, folder: Path) -> None:
    """Train until ``step`` is done and kept, and stop in the next one as a kill would."""
    loss, steps = Compose.loss, count(1)

    def killed(stage: Compose, batch: dict[str, Any]) -> Tensor:
        at = next(steps)
        if at == step:
            patch.setattr("models.training.loop.SAVE_EVERY_S", 0.0)
        if at > step:
            raise KeyboardInterrupt
        return loss(stage, batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Compose, "loss", killed)
        with pytest.raises(KeyboardInterrupt):
            train(config, folder)


def test_a_killed_training_resumes_at_its_step(trained: Trained) -> None:
    logged = [json.loads(line)["step"] for line in trained.run.log.read_text().splitlines()]
    assert logged == sorted(set(logged)), "a step was taken twice"
    assert logged[-1] == STEPS
    checkpoint = Checkpoint.load(trained.run.folder)
    assert checkpoint is not None
    assert checkpoint.stage == DONE


def test_the_composer_beats_the_weighted_sum_on_every_kind_of_edit(trained: Trained) -> None:
    metrics = json.loads(trained.run.metrics.read_text())
    recall = {(metric["edit"], metric["method"]): metric["values"]["R@10"] for metric in metrics}
    edits = {edit for edit, _ in recall}
    assert edits == {"one attribute", "two attributes"}
    for edit in edits:
        assert recall[edit, "composer"] > recall[edit, "weighted sum"], edit


def test_the_answers_of_the_service_beat_the_weighted_sum(trained: Trained, questions: TripletDataset) -> None:
    found = 0
    with TestClient(create_app(load_settings(index_root=trained.index_root, bundle=trained.bundle.folder))) as client:
        for query in questions.triplets:
            picture = questions.image_of(query.reference)
            asked = {"text": query.modification, "k": "10", "exclude": query.reference}
            answer = client.post("/search", files={"image": picture}, data=asked)
            assert answer.status_code == 200, answer.text
            results = [result["id"] for result in answer.json()["results"]]
            assert len(results) == 10
            assert query.reference not in results
            found += not set(query.targets).isdisjoint(results)
    recall = 100 * found / len(questions.triplets)
    assert recall > recall_of_the_best_weighted_sum(trained, questions)


def recall_of_the_best_weighted_sum(trained: Trained, questions: TripletDataset) -> float:
    """Recall@10 with the weight that is best on these very queries."""
    bundle, row_of = trained.bundle, {id: row for row, id in enumerate(questions.gallery)}
    gallery = EncodedGallery(bundle, load_pixels(questions.products, bundle.manifest.images)).embedding
    references = [row_of[query.reference] for query in questions.triplets]
    targets = [[row_of[id] for id in query.targets] for query in questions.triplets]
    text = bundle.text(bundle.tokenizer.encode([query.modification for query in questions.triplets])[0])
    recalls = {}
    for weight in WEIGHTS:
        queries = weighted_sum(gallery[references], text, weight).astype(np.float32)
        recalls[weight] = recall_at(ranks_of_targets(queries, gallery, targets, references))
    return recalls[best_weight(recalls)]["R@10"]
