"""Alignment of stage 0 with a bundle: a new vision tower learns the embedding space that the bundle's texts live in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from models.bundle import Bundle
from models.datasets.pictures import load_pictures
from models.errors import ModisteError
from models.progress import track
from models.training.data.sources import TrainingSource
from models.training.initial.start import Start, tower_weights
from models.training.model import RetrievalModel

AT_ONCE = 256


def take_texts(model: RetrievalModel, bundle: Start) -> None:
    """Load the text tower and the attribute head of a bundle into ``model``.

    Raises:
        ModisteError: The config gives them other shapes.
    """
    weights = dict(tower_weights("backbone.clip.text.", model.backbone.clip.text, bundle, "text"))
    if model.attributes is not None:
        weights |= dict(tower_weights("attributes.", model.attributes, bundle, "vision"))
    model.load_state_dict(weights, strict=False)


def aligned_embeddings(bundle: Bundle, sources: Sequence[TrainingSource]) -> dict[str, Tensor]:
    """What a bundle makes of the products' unchanged pictures: by source, unit embeddings ``[N, D]``.

    Raises:
        ModisteError: A picture that could be read before cannot be read now.
    """
    found = {}
    for source in sources:
        products, pixels, unreadable = load_pictures(source.train, bundle.manifest.images, source.cache)
        if unreadable or len(products) != len(source.train):
            raise ModisteError(
                f"Pictures of {source.name} have become unreadable.", hint="Restore them, or train in a new folder."
            )
        starts = track(range(0, len(pixels), AT_ONCE), total=-(-len(pixels) // AT_ONCE), what=f"align {source.name}",
                       unit="batch")  # fmt: skip
        parts = [bundle.vision(pixels[at : at + AT_ONCE]).embedding for at in starts]
        found[source.name] = torch.from_numpy(np.concatenate(parts))
    return found
