"""Target embeddings for ``JointStage.align``: a bundle's embeddings of the products' pictures, not augmented."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from catalog.errors import ModisteError
from models.bundle import Bundle
from models.datasets.pictures import load_pictures
from models.progress import track
from models.training.data.sources import TrainingSource

BATCH = 256


def aligned_embeddings(bundle: Bundle, sources: Sequence[TrainingSource]) -> dict[str, Tensor]:
    """Encode the training products of each source with a bundle and its own preprocessing.

    Returns:
        By source name, unit embeddings, float32 ``[N, D]``, on the CPU.

    Raises:
        ModisteError: A picture that could be read before cannot be read now.
    """
    found = {}
    for source in sources:
        products, pixels, unreadable = load_pictures(source.train, bundle.manifest.images, source.cache)
        if unreadable or len(products) != len(source.train):
            raise ModisteError(
                f"Pictures of {source.name} can no longer be read.", hint="Restore them, or train in a new folder."
            )
        starts = range(0, len(pixels), BATCH)
        batches = track(starts, total=len(starts), what=f"align {source.name}", unit="batch")
        parts = [bundle.vision(pixels[at : at + BATCH]).embedding for at in batches]
        found[source.name] = torch.from_numpy(np.concatenate(parts))
    return found
