"""Which weights each stage trains, and the loss of stage 1 against its equation in numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from catalog import Product
from models.datasets.attributes.edit_rules import Attributes
from models.datasets.triplets.attribute_triplets import AttributeTriplets
from models.training.data.sources import TrainingSource
from models.training.model import RetrievalModel
from models.training.stage_settings import ComposeStage, FinetuneStage
from models.training.stages.compose import Compose
from models.training.stages.finetune import Finetune
from models.training.stages.stage import Stage
from tests.training.composers.equations import array, classification, unit
from tests.training.untrained import untrained_model

NARROW = {"projection": 16, "hidden": 16}


def source() -> TrainingSource:
    """Forty dresses and shirts in four colours, with random pictures."""
    products = [
        Product(
            str(at), "", {"type": ("dress", "shirt")[at % 2], "colour": ("red", "blue", "green", "black")[at % 4]}, b""
        )
        for at in range(40)
    ]
    pixels = np.random.default_rng(0).integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)
    return TrainingSource(
        "shop", 1.0, products, pixels, AttributeTriplets(products, [Attributes(1.0, ("colour",), ())])
    )


@pytest.fixture
def model(tmp_path: Path) -> RetrievalModel:
    return untrained_model("combiner", tmp_path, NARROW)


def part_of(name: str) -> str:
    parts = {"backbone.clip.visual.": "vision", "backbone.clip.text.": "titles", "backbone.adapted_text.": "adapted"}
    found = next((part for prefix, part in parts.items() if name.startswith(prefix)), name.split(".")[0])
    return f"{found} statistics" if "running" in name else found


def trained(stage: Stage) -> set[str]:
    """The parts of the model that two steps of a stage change."""
    stage.start(fresh=True)
    optimizer = torch.optim.AdamW([group for group in stage.parameters() if group["params"]], lr=0.01)
    before = {name: value.clone() for name, value in stage.model.state_dict().items()}
    for step in range(2):
        stage.model.train()
        optimizer.zero_grad()
        stage.loss(stage.prepare(step)).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    after = stage.model.state_dict()
    return {
        part_of(name) for name, value in before.items() if value.is_floating_point() and (value != after[name]).any()
    }


@pytest.mark.parametrize(
    ("policy", "parts"),
    [
        ("text-only", {"titles"}),
        ("both-frozen-bn", {"titles", "vision"}),
        ("both", {"titles", "vision", "vision statistics"}),
    ],
)
def test_stage_1_trains_the_towers_of_its_policy_alone(model: RetrievalModel, policy: Any, parts: set[str]) -> None:
    schedule = FinetuneStage(batch=8, lr=0.01, steps=2, policy=policy)
    assert trained(Finetune(model, [source()], 0, schedule)) == parts


@pytest.mark.parametrize(("rank", "parts"), [(0, {"composer"}), (2, {"composer", "adapted"})])
def test_stage_2_trains_the_composer_and_its_own_text_tower_alone(
    model: RetrievalModel, rank: int, parts: set[str]
) -> None:
    schedule = ComposeStage(batch=8, lr=0.01, steps=2, options=NARROW, text_rank=rank, negatives=8)
    assert trained(Compose(model, [source()], 0, schedule)) == parts


def test_stage_1_classifies_the_target_of_the_sum_among_the_targets_of_the_batch(model: RetrievalModel) -> None:
    stage = Finetune(model, [source()], 0, FinetuneStage(batch=8, lr=0.01, steps=2, scale=9.0))
    images, ids, right, count = stage.prepare(0)
    model.eval()

    def embedded(pictures: Tensor) -> np.ndarray:
        return unit(array(model.backbone.vision(model.normalised(pictures))))

    text = unit(array(model.backbone.words(ids).embedding))
    query = unit(embedded(images[: int(count)]) + text)
    expected = classification(query, embedded(images[int(count) :]), 9.0, right.numpy())
    assert stage.loss((images, ids, right, count)).item() == pytest.approx(expected, rel=1e-4)
