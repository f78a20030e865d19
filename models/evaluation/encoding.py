"""What is evaluated, a gallery that it has encoded, and queries made of its vectors without a composer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol as Interface

import numpy as np
import numpy.typing as npt

from models.bundle.encoder import Vectors, VisionOutput
from models.bundle.images import Pixels
from models.bundle.text import TokenIds, Tokenizer
from models.progress import track

WEIGHTS = tuple(round(0.05 * step, 2) for step in range(21))
"""Weights of the text that the tuned weighted sum may choose from."""


class Encoder(Interface):
    """What is evaluated: a loaded ``Bundle`` or a ``RetrievalModel`` in torch."""

    tokenizer: Tokenizer

    def vision(self, pixels: Pixels) -> VisionOutput: ...
    def query(self, features: Vectors, ids: TokenIds) -> Vectors: ...
    def text(self, ids: TokenIds) -> Vectors: ...


class EncodedGallery:
    """A gallery's embeddings, reference features and attributes, encoded once for all protocols over it."""

    def __init__(self, encoder: Encoder, pixels: Pixels, batch: int = 256) -> None:
        starts = range(0, len(pixels), batch)
        parts = [
            encoder.vision(np.ascontiguousarray(pixels[start : start + batch]))
            for start in track(starts, total=len(starts), what="encode gallery", unit="batch")
        ]
        self.embedding = np.concatenate([part.embedding for part in parts])
        self.features = np.concatenate([part.features for part in parts])
        told = [part.attributes for part in parts if part.attributes is not None]
        self.attributes = np.concatenate(told) if told else None


def weighted_sum(image: Vectors, text: Vectors, weight: float) -> Vectors:
    """Unit queries ``[Q, D]`` of unit embeddings ``[Q, D]``; the text counts ``weight``, the picture the rest."""
    return _unit((1 - weight) * image + weight * text)


def best_weight(recalls: Mapping[float, Mapping[str, float]]) -> float:
    """The weight of the text with the best Recall@10, and the best Recall@1 among those."""
    return max(recalls, key=lambda weight: (recalls[weight]["R@10"], recalls[weight]["R@1"]))


def in_batches(encode: Callable[..., Vectors], *arrays: npt.NDArray[np.generic], size: int = 256) -> Vectors:
    """What ``encode`` makes of the rows of ``arrays``, one at least, ``size`` of them at a time."""
    starts = range(0, len(arrays[0]), size)
    return np.concatenate([encode(*(array[at : at + size] for array in arrays)) for at in starts])


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit
