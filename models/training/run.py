"""The folder of a training run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import yaml

from catalog.errors import ModisteError
from models.training.checkpoint import Checkpoint
from models.training.config import TrainConfig
from models.training.model import RetrievalModel


class Run:
    """A folder that holds everything about one run: resolved config, tokenizer, checkpoint, log of losses, metrics.

    Args:
        folder: The run's folder.
        cache: Folder for decoded pictures and their features; by default ``cache`` beside the run's folder.
    """

    def __init__(self, folder: Path, cache: Path | None = None) -> None:
        self.folder = folder
        self.tokenizer = folder / "tokenizer.json"
        self.words_file = folder / "attributes.json"
        self.config_file = folder / "config.yaml"
        self.precision_file = folder / "precision.json"
        self.skipped_file = folder / "skipped.json"
        self.log = folder / "log.jsonl"
        self.metrics = folder / "metrics.json"
        self.cache = cache or folder.parent / "cache"

    def config(self) -> TrainConfig:
        """The resolved config with which the run was started.

        Raises:
            ModisteError: The folder is not a run.
        """
        if not self.config_file.is_file():
            raise ModisteError(
                f"{self.folder} is not a training run.", hint="Give a folder written by `modiste models train`."
            )
        return TrainConfig.model_validate(yaml.safe_load(self.config_file.read_text(encoding="utf-8")))

    def words(self) -> list[str]:
        """The words of the attribute head; empty if the run has no head."""
        if not self.words_file.is_file():
            return []
        words: list[str] = json.loads(self.words_file.read_text(encoding="utf-8"))
        return words

    def write_words(self, words: Sequence[str]) -> None:
        """Set the words of the attribute head."""
        self.words_file.write_text(json.dumps(words, indent=0), encoding="utf-8")

    def model(self) -> RetrievalModel:
        """The trained model, in ``eval`` mode and on the CPU.

        Raises:
            ModisteError: The folder is not a run, or the run has no readable checkpoint.
        """
        config = self.config()
        checkpoint = Checkpoint.load(self.folder)
        if checkpoint is None:
            raise ModisteError(f"The run {self.folder} has no checkpoint yet.", hint="Train it first.")
        model = RetrievalModel(config, self.tokenizer, self.words())
        model.load_state_dict(checkpoint.model)
        return model.eval()
