"""A bundle of a large backbone with random weights, for timing: ``python -m tests.bench.random_bundle NAME FOLDER``.

Speed needs no training. It runs in a process of its own, which gives the memory of torch back before anything is timed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from models.datasets.garments import draw_garment, sample_shop
from models.export.bundle import export_bundle
from models.training.config import TrainConfig
from models.training.data.tokenizer import clip_tokenizer
from models.training.model import RetrievalModel
from tests.bench.requests import MODIFICATIONS
from tests.models.pictures import saved

CLIP_VOCABULARY = 49_408
"""Size of the tokenizer, also for a backbone whose config was made for another."""


def write_random_bundle(backbone: str, folder: Path) -> None:
    """Export ``backbone`` with a Combiner on top, as ``modiste models export`` would after training."""
    torch.manual_seed(0)
    config = TrainConfig.model_validate(
        {
            "name": "bench",
            "device": "cpu",
            "backbone": {"name": backbone, "vocabulary": CLIP_VOCABULARY},
            "sources": [{"name": "garments", "kind": "garments", "count": 100}],
            "compose": {"steps": 1, "batch": 2, "lr": 0.001},
        }
    )
    folder.parent.mkdir(parents=True, exist_ok=True)
    tokenizer = folder.parent / f"{folder.name}-tokenizer.json"
    clip_tokenizer().save(str(tokenizer))
    garments = [saved(draw_garment(garment, 240, 320), "JPEG") for garment in sample_shop(4, 5)]
    export_bundle(
        RetrievalModel(config, tokenizer).eval(), folder, name=f"random-{backbone.lower()}", version="0.0.0",
        tokenizer=tokenizer, pictures=garments, texts=MODIFICATIONS[:4],
    )  # fmt: skip


if __name__ == "__main__":
    write_random_bundle(sys.argv[1], Path(sys.argv[2]))
