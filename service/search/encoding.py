"""Decodes pictures and runs the bundle's graphs, in batches of few sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from models.bundle import Bundle, Container, VisionOutput
from models.bundle.encoder import Vectors
from models.bundle.images import Pixels
from service.search.query import Box
from service.search.uploads import decode_pixels

BUCKETS = (1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 32, 40, 48, 64)
"""Batch sizes of graph runs. ONNX Runtime never frees the memory that it allocates for a size, so there are few sizes.
There are more than the powers of two, because on a CPU a row of padding costs as much as a real one: at most one row in
four is padding."""

MAX_QUERIES = 16
"""Maximum batch of the query graph, whose time per row keeps falling for larger batches than that of the vision
graph."""


class EncodingInput(NamedTuple):
    """A reference and its modification, or a text alone."""

    features: Vectors | None
    """float32 ``[1, ...]``: features of the reference, as for ``Bundle.query``; None for a text alone."""
    text: str
    shown: Vectors | None = None
    """float32 ``[1, A]``: probabilities of the bundle's words in the reference, as for ``Bundle.expected``."""


class Encoded(NamedTuple):
    """A query as a vector."""

    vector: Vectors
    """Unit float32 ``[1, D]``."""
    truncated: bool
    """Whether the text was longer than the model's input."""
    expected: Vectors | None = None
    """float32 ``[1, A]``: probabilities of the words in the answer; None if the input had no ``shown``."""


class Encoding:
    """Decodes pictures and runs the graphs for B searches at once.

    Methods that take a list return one result for each entry, as a stage of the scheduler must. A batch is padded to
    its bucket with its last row.

    Args:
        bundle: The bundle with the graphs.
        max_batch: The largest batch of images.
    """

    def __init__(self, bundle: Bundle, max_batch: int) -> None:
        self._bundle, self._max_batch = bundle, max_batch

    def decode(self, pictures: list[tuple[Container, Box | None]]) -> list[Pixels | Exception]:
        """Decode opened pictures, or a box of each."""
        return [self._pixels_or_error(*picture) for picture in pictures]

    def vision(self, pictures: list[Pixels]) -> list[VisionOutput]:
        """Pixels uint8 ``[H, W, 3]`` of each picture -> the vision graph's output for each (arrays of one row)."""
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
        ids, truncated = self._bundle.tokenizer.encode([one.text for one in inputs])
        features = _padded([one.features[0] for one in inputs if one.features is not None])
        if not self._bundle.manifest.expects or all(one.shown is None for one in inputs):
            return _encoded(self._bundle.query(features, _padded(ids)), truncated)
        unknown = np.zeros(len(self._bundle.vocabulary), np.float32)
        shown = _padded([unknown if one.shown is None else one.shown[0] for one in inputs])
        vectors, expected = self._bundle.expected(features, _padded(ids), shown)
        assert expected is not None
        return [
            Encoded(vectors[row : row + 1], cut, None if one.shown is None else expected[row : row + 1])
            for row, (one, cut) in enumerate(zip(inputs, truncated, strict=True))
        ]

    def text(self, inputs: list[EncodingInput]) -> list[Encoded]:
        """Encode texts alone."""
        ids, truncated = self._bundle.tokenizer.encode([one.text for one in inputs])
        return _encoded(self._bundle.text(_padded(ids)), truncated)

    def warm(self) -> None:
        """Run every graph at every batch size."""
        images = self._bundle.manifest.images
        blank = np.full((images.height, images.width, 3), images.fill, dtype=np.uint8)
        for size in (bucket for bucket in BUCKETS if bucket <= _bucket(self._max_batch)):
            self.vision([blank] * size)
        (seen,) = self.vision([blank])
        for size in (bucket for bucket in BUCKETS if bucket <= MAX_QUERIES):
            self.query([EncodingInput(seen.features, "in red", seen.attributes)] * size)
            self.text([EncodingInput(None, "in red")] * size)

    def _pixels_or_error(self, picture: Container, box: Box | None) -> Pixels | Exception:
        try:
            return decode_pixels(picture, box, self._bundle.manifest.images)
        except Exception as error:
            return error


def _encoded(vectors: Vectors, truncated: Sequence[bool]) -> list[Encoded]:
    return [Encoded(vectors[row : row + 1], cut) for row, cut in enumerate(truncated)]


def _bucket(count: int) -> int:
    """The smallest bucket for ``count`` rows. Beyond the largest bucket every size is its own."""
    return next((bucket for bucket in BUCKETS if bucket >= count), count)


def _padded(rows: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """``rows`` as one array, padded to its bucket with the last row."""
    spare = _bucket(len(rows)) - len(rows)
    return np.stack([*rows, *(rows[-1],) * spare])
