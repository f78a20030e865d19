"""The bundle's graphs in batches: of few sizes only, all of which are run once before the service is ready."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from models.bundle import Bundle, VisionOutput
from models.bundle.encoder import Vectors
from models.bundle.images import Pixels

BUCKETS = (1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 32, 40, 48, 64)
"""Batch sizes that graphs see: memory that ONNX Runtime keeps for a size is never given back, so there are few. Not
only powers of two: on a CPU a row of padding costs as much as a real one, and with these it is one in four at most."""


class EncodingInput(NamedTuple):
    """A modification of a reference, or with no reference a text alone."""

    features: Vectors | None
    """float32 ``[1, ...]``: the reference's, as ``Bundle.query`` takes them."""
    text: str
    shown: Vectors | None = None
    """float32 ``[1, A]``: how probably the reference shows the bundle's words, as ``Bundle.expected`` takes it."""


class Encoded(NamedTuple):
    """A wish as a vector."""

    vector: Vectors
    """Unit float32 ``[1, D]``."""
    truncated: bool
    """Whether the model read only the beginning of the text."""
    expected: Vectors | None = None
    """float32 ``[1, A]``: the answer's words, where the reference's were told."""


class Encoding:
    """Runs a bundle's graphs for B queries at once.

    Each method takes a list of inputs and gives as many outcomes, for ``stages.Work``. Rows that fill a batch up to its
    bucket repeat the last one: values as graphs expect them, whatever the graph.

    Args:
        most: The largest batch.
    """

    def __init__(self, bundle: Bundle, most: int) -> None:
        self._bundle, self.most = bundle, most

    def vision(self, pictures: list[Pixels]) -> list[VisionOutput]:
        """Pixels uint8 ``[H, W, 3]`` of each picture -> what is seen in each (arrays of one row)."""
        seen = self._bundle.vision(_padded(pictures))
        return [
            VisionOutput(
                seen.embedding[row : row + 1],
                seen.features[row : row + 1],
                None if seen.attributes is None else seen.attributes[row : row + 1],
            )
            for row in range(len(pictures))
        ]

    def query(self, inputs: list[EncodingInput]) -> list[Encoded]:
        """Compose references and modifications."""
        ids, truncated = self._bundle.tokenizer.encode([wish.text for wish in inputs])
        features = _padded([wish.features[0] for wish in inputs if wish.features is not None])
        if not self._bundle.manifest.expects or all(wish.shown is None for wish in inputs):
            return _encoded(self._bundle.query(features, _padded(ids)), truncated)
        untold = np.zeros(len(self._bundle.vocabulary), np.float32)
        shown = _padded([untold if wish.shown is None else wish.shown[0] for wish in inputs])
        vectors, expected = self._bundle.expected(features, _padded(ids), shown)
        assert expected is not None
        return [
            Encoded(vectors[row : row + 1], cut, None if wish.shown is None else expected[row : row + 1])
            for row, (wish, cut) in enumerate(zip(inputs, truncated, strict=True))
        ]

    def text(self, inputs: list[EncodingInput]) -> list[Encoded]:
        """Encode texts alone."""
        ids, truncated = self._bundle.tokenizer.encode([wish.text for wish in inputs])
        return _encoded(self._bundle.text(_padded(ids)), truncated)

    def warm(self) -> None:
        """Run every graph at every size that it will see."""
        images = self._bundle.manifest.images
        blank = np.full((images.height, images.width, 3), images.fill, dtype=np.uint8)
        for size in (bucket for bucket in BUCKETS if bucket <= _bucket(self.most)):
            seen = self.vision([blank] * size)
            self.query([EncodingInput(one.features, "in red", one.attributes) for one in seen])
            self.text([EncodingInput(None, "in red")] * size)


def _encoded(vectors: Vectors, truncated: Sequence[bool]) -> list[Encoded]:
    return [Encoded(vectors[row : row + 1], cut) for row, cut in enumerate(truncated)]


def _bucket(count: int) -> int:
    """The smallest bucket that holds ``count``; beyond the largest each size is its own."""
    return next((bucket for bucket in BUCKETS if bucket >= count), count)


def _padded(rows: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """``rows`` as one array, the last one repeated until a bucket is full."""
    if len(rows) == 1:  # One alone fills its bucket; there is nothing to copy.
        return rows[0][None]
    spare = _bucket(len(rows)) - len(rows)
    if not spare and isinstance(rows, np.ndarray):
        return rows
    return np.stack([*rows, *(rows[-1],) * spare])
