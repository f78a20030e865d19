"""The attribute probabilities of a generation: how probably each product has each word of the bundle.

The bundle computes them from the pictures. Words that the catalogue states or excludes replace these, because a picture
does not show, for example, whom a shirt is for.

They are stored as log-odds in one byte, from -8 to 8 in 255 steps. Plain probabilities in a byte would round everything
below 1/510 to 0, and ``float16`` takes twice the space. The error of log-odds is about 3% of a small probability, or of
the complement of a large one, which hardly affects the ranking. The file has one word after another, ``[A, N]``,
because a search reads few words of all products.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from indexer.stores.store import Rows
from models.bundle.style_search import Floats
from models.datasets.attributes.words import EXCLUDED, STATED, StatedWords

LogOdds = npt.NDArray[np.uint8]

FARTHEST = 8.0
STEPS = 255
PROBABILITIES: Floats = (1 / (1 + np.exp(-np.linspace(-FARTHEST, FARTHEST, STEPS + 1)))).astype(np.float32)
"""The probability that each byte stands for."""


def quantised(probabilities: Floats) -> LogOdds:
    """Probabilities of any shape as log-odds in a byte each."""
    bounded = np.clip(probabilities.astype(np.float64), PROBABILITIES[0], PROBABILITIES[-1])
    odds = np.log(bounded) - np.log1p(-bounded)
    return np.rint((odds + FARTHEST) * (STEPS / (2 * FARTHEST))).astype(np.uint8)


def corrected(seen: LogOdds, stated: StatedWords) -> LogOdds:
    """The words seen in N pictures ``[N, A]``, replaced where the catalogue states or excludes a word."""
    certain, impossible = quantised(np.array([STATED, EXCLUDED]))
    return np.where(stated.stated, certain, np.where(stated.excluded, impossible, seen))


class AttributeWriter:
    """Writes ``[N, A]``, one word after another, in blocks of products.

    Args:
        path: The file.
        size: N.
    """

    def __init__(self, path: Path, size: int) -> None:
        self._stream = path.open("wb")
        self._size = size
        self._start = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def write(self, shown: LogOdds) -> None:
        """Write the next products ``[n, A]``."""
        for place, word in enumerate(np.ascontiguousarray(shown.T)):
            self._stream.seek(place * self._size + self._start)
            self._stream.write(word.data)
        self._start += len(shown)


class AttributeColumns:
    """The probabilities of a generation, mapped into memory. Safe to use from several threads at once.

    Args:
        path: The file that ``AttributeWriter`` wrote.
        words: The A words, in the order of the file.
        size: N, the number of products.

    Raises:
        ValueError: The file does not have exactly one byte for each word and product.
    """

    def __init__(self, path: Path, words: Sequence[str], size: int) -> None:
        self.words = tuple(words)
        self.size = size
        # A plain array, because slicing a ``memmap`` is slow.
        self._odds = np.asarray(np.memmap(path, dtype=np.uint8, mode="r", shape=(len(self.words), size)))
        if path.stat().st_size != self._odds.nbytes:
            raise ValueError(f"{path.name} holds more than {len(self.words)} words of {size} products")

    def probabilities(self, places: Sequence[int], rows: npt.NDArray[np.integer] | None = None) -> Floats:
        """How probably each product, or each of ``rows``, has some words: float32 ``[len(places), N]`` or
        ``[len(places), len(rows)]``."""
        words = np.asarray(places, dtype=np.int64)
        return PROBABILITIES[self._odds[words] if rows is None else self._odds[words[:, None], rows]]

    def column(self, place: int) -> LogOdds:
        """The stored bytes of the word at ``place`` for all products ``[N]``."""
        column: LogOdds = self._odds[place]
        return column

    def of(self, rows: Sequence[int] | Rows) -> Floats:
        """How probably some products have each word: float32 ``[len(rows), A]``."""
        return PROBABILITIES[self.log_odds(rows)]

    def log_odds(self, rows: Sequence[int] | Rows) -> LogOdds:
        """The stored bytes of some products ``[len(rows), A]``."""
        return np.ascontiguousarray(self._odds[:, np.asarray(rows, dtype=np.int64)].T)
