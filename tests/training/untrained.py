"""An untrained model, enough to export and to serve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from models.training.config import TrainConfig
from models.training.data.tokenizer import train_tokenizer
from models.training.model import RetrievalModel
from tests.training.tiny import TINY

WISHES = ["in red", "the same but with long sleeves", "a blue dress without a print", "shorter", ""]


def untrained_config(
    composer: str, options: Mapping[str, Any] | None = None, *, backbone: str = TINY, side: int = 32
) -> TrainConfig:
    """The smallest config of a composer, for pictures of ``side`` pixels."""
    return TrainConfig.model_validate(
        {
            "name": "untrained",
            "backbone": {
                "name": backbone,
                "vocabulary": 500,
                "images": {"height": side, "width": side, "pad_ratio": 1.0, "fill": 255},
            },
            "sources": [{"name": "none", "kind": "garments"}],
            "compose": {"composer": composer, "options": dict(options or {}), "steps": 1, "batch": 2, "lr": 0.001},
        }
    )


def untrained_model(
    composer: str, folder: Path, options: Mapping[str, Any] | None = None, words: Sequence[str] = (), *,
    backbone: str = TINY, side: int = 32,
) -> RetrievalModel:  # fmt: skip
    """A model with random weights and, in its batch norms, the statistics of random inputs; in ``eval``.

    With ``words`` it has an attribute head.
    """
    torch.manual_seed(0)
    tokenizer: Tokenizer = train_tokenizer(WISHES * 50, 500)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = untrained_config(composer, options, backbone=backbone, side=side)
    model = RetrievalModel(config, folder / "tokenizer.json", words)
    model.train()
    parts = () if model.composer.reference == "embedding" else (5,)
    with torch.no_grad():
        for _ in range(20):
            model.compose(torch.randn(len(WISHES), *parts, model.backbone.dim), model.ids(WISHES))
    return model.eval()
