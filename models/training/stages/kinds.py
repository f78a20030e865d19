"""Photographs in stage 0: losses that bring them close to products of their kind and colour, and train the attribute
head."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from models.datasets.attributes.default_rules import type_column
from models.datasets.attributes.edit_rules import value_of
from models.datasets.wording import attribute_phrase
from models.networks.losses import kind_retrieval, recognition
from models.training.data.photographs import TrainingPhotographs
from models.training.data.sources import TrainingSource
from models.training.stage_settings import PhotographSettings


def kind_words(sources: Sequence[TrainingSource], words: Sequence[str]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """bool ``[A]``: the words that are the type of at least one product."""
    place = {word: at for at, word in enumerate(words)}
    known = np.zeros(len(words), dtype=np.bool_)
    for source in sources:
        if (column := type_column(source.train)) is None:
            continue
        types = {value for product in source.train if (value := value_of(product, column)) is not None}
        for word in (attribute_phrase(column, value) for value in types):
            if word in place:
                known[place[word]] = True
    return known


class KindTask:
    """Retrieval of products by photographs of the same kind, and recognition of the kind; of the colour, too, where it
    is labelled.

    Embeddings of products are kept for some steps in a queue (MoCo; He et al. 2020), because a batch has too few
    products of rare kinds.

    Args:
        sources: Photographs, one source or more; all of them have the same words.
        settings: Weights and sizes, the section ``joint.photographs``.
        dim: D, width of the embeddings.
    """

    def __init__(self, sources: Sequence[TrainingPhotographs], settings: PhotographSettings, dim: int) -> None:
        self.sources, self.settings = sources, settings
        self.known = torch.from_numpy(sources[0].known)
        self.known_colours = torch.from_numpy(sources[0].known_colours)
        self.shown = [torch.from_numpy(source.kinds | source.colours) for source in sources]
        self.memory = torch.zeros(0, dim)
        self.remembered = torch.zeros(0, len(self.known), dtype=torch.bool)
        self._seen = (self.memory, self.remembered)

    def sample(self, chance: random.Random) -> list[tuple[int, int]]:
        """Draw the photographs of a step: pairs of source index and row."""
        chosen = chance.choices(range(len(self.sources)), [one.weight for one in self.sources], k=self.settings.batch)
        rows = {at: iter(source.sample(chosen.count(at), chance)) for at, source in enumerate(self.sources)}
        return [(at, next(rows[at])) for at in chosen]

    def shown_by(self, drawn: Sequence[tuple[int, int]]) -> Tensor:
        """bool ``[P, A]``: the kinds and colours that the photographs can show."""
        return torch.stack([self.shown[at][row] for at, row in drawn])

    def loss(self, photographs: Tensor, possible: Tensor, products: Tensor, shown: Tensor, logits: Tensor) -> Tensor:
        """The losses of a step's photographs, a scalar.

        Args:
            photographs: Embeddings ``[P, D]``.
            possible: bool ``[P, A]``, as ``shown_by`` returns it.
            products: Embeddings ``[B, D]`` of the step's products.
            shown: bool ``[B, A]``: their words.
            logits: ``[P, A]``, output of the attribute head for the photographs.
        """
        known, known_colours = self.known.to(photographs.device), self.known_colours.to(photographs.device)
        queries, unit = F.normalize(photographs, dim=-1), F.normalize(products, dim=-1)
        among = torch.cat([unit, self.memory.to(unit.device)])
        words = torch.cat([shown & (known | known_colours), self.remembered.to(unit.device)])
        kinds, colours = possible & known, possible & known_colours
        labelled = colours.any(dim=1)
        alike = _share_a_word(kinds, words) & (~labelled[:, None] | _of_a_colour(colours, words & known_colours))
        cost = kind_retrieval(queries, among, alike, self.settings.scale) + recognition(logits, kinds, known) / 4
        if labelled.any():
            cost = cost + recognition(logits[labelled], colours[labelled], known_colours) / 4
        self._seen = (among.detach()[: self.settings.memory], words[: self.settings.memory])
        return self.settings.weight * cost

    def stepped(self) -> None:
        """Add the products of the last step to the queue."""
        self.memory, self.remembered = self._seen

    def state(self) -> dict[str, Tensor]:
        """The queue, for a checkpoint: float32 ``[M, D]`` and bool ``[M, A]``."""
        return {"memory": self.memory, "remembered": self.remembered}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Restore the queue from a checkpoint."""
        self.memory, self.remembered = state["memory"], state["remembered"]


def _share_a_word(ours: Tensor, theirs: Tensor) -> Tensor:
    """bool ``[P, A]`` and ``[N, A]`` -> bool ``[P, N]``."""
    return (ours.float() @ theirs.float().T) > 0


def _of_a_colour(colours: Tensor, stated: Tensor) -> Tensor:
    """The products that state a possible colour of a photograph and no other one, bool ``[P, N]``.

    "Navy Blue" states both navy blue and blue, and is no partner of a photograph that is blue and not navy.
    """
    return _share_a_word(colours, stated) & ~_share_a_word(~colours, stated)
