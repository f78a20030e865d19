"""The interface of models under evaluation, encoded galleries, and baseline queries."""

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
"""Candidate weights of the text in the weighted sum."""


class Encoder(Interface):
    """A model under evaluation: a loaded ``Bundle``, or a ``RetrievalModel`` in torch."""

    tokenizer: Tokenizer

    def vision(self, pixels: Pixels) -> VisionOutput: ...
    def query(self, features: Vectors, ids: TokenIds) -> Vectors: ...
    def text(self, ids: TokenIds) -> Vectors: ...


class EncodedGallery:
    """Embeddings, reference features and word probabilities of a gallery, encoded once for all protocols.

    Args:
        encoder: A model or a bundle.
        pixels: uint8 ``[N, H, W, 3]``, preprocessed for it.
        batch: Pictures per batch.

    Attributes:
        embedding: float32 ``[N, D]``, unit length.
        features: Reference features, as in ``VisionOutput``.
        attributes: float32 ``[N, A]``, probabilities of words; None without an attribute head.
    """

    def __init__(self, encoder: Encoder, pixels: Pixels, batch: int = 256) -> None:
        starts = range(0, len(pixels), batch)
        parts = [
            encoder.vision(np.ascontiguousarray(pixels[start : start + batch]))
            for start in track(starts, total=len(starts), what="encode gallery", unit="batch")
        ]
        self.embedding = np.concatenate([part.embedding for part in parts])
        self.features = np.concatenate([part.features for part in parts])
        attributes = [part.attributes for part in parts if part.attributes is not None]
        self.attributes = np.concatenate(attributes) if attributes else None


def weighted_sum(image: Vectors, text: Vectors, weight: float) -> Vectors:
    """Unit queries ``[Q, D]`` from unit embeddings ``[Q, D]``; the text has the weight ``weight``."""
    return _unit((1 - weight) * image + weight * text)


def best_weight(recalls: Mapping[float, Mapping[str, float]]) -> float:
    """The weight with the best Recall@10; ties are broken by Recall@1."""
    return max(recalls, key=lambda weight: (recalls[weight]["R@10"], recalls[weight]["R@1"]))


def in_batches(encode: Callable[..., Vectors], *arrays: npt.NDArray[np.generic], size: int = 256) -> Vectors:
    """Results of ``encode`` for the rows of ``arrays`` (at least one), in batches of ``size``."""
    starts = range(0, len(arrays[0]), size)
    return np.concatenate([encode(*(array[at : at + size] for array in arrays)) for at in starts])


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit
