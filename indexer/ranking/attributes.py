"""What every product shows, word by word: the attribute probabilities of a generation.

They are what the bundle sees in the pictures, corrected by what the catalogue itself says: a shop knows better than any
picture whom a shirt is for.

They are kept as log-odds in one byte, from -8 to 8 in 255 steps. Plain probabilities in a byte would call everything
under 1/510 impossible, and ``float16`` takes twice the room; log-odds tell the improbable (a wanted word) and the
nearly certain (an unwanted one) apart to within about three parts in a hundred, which a ranking does not notice. The
file holds one word after another, ``[A, N]``: a search reads few words of all products.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

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
    """What is seen in N pictures ``[N, A]``, with what the catalogue says in the place of what it contradicts."""
    said, denied = quantised(np.array([STATED, EXCLUDED]))
    return np.where(stated.stated, said, np.where(stated.excluded, denied, seen))


def write_attributes(path: Path, shown: LogOdds) -> None:
    """Write ``[N, A]``, one word after another."""
    with path.open("wb") as stream:
        stream.write(np.ascontiguousarray(shown.T).data)


class AttributeColumns:
    """The probabilities of a generation, mapped into memory. Safe to use from several threads at once.

    Args:
        path: What ``write_attributes`` wrote.
        words: A words, in their order.
        size: N, the number of products.

    Raises:
        ValueError: The file has not one byte for every word and product.
    """

    def __init__(self, path: Path, words: Sequence[str], size: int) -> None:
        self.words = tuple(words)
        self.size = size
        # A plain array: the class of mapped ones watches every slice that is taken of it.
        self._odds = np.asarray(np.memmap(path, dtype=np.uint8, mode="r", shape=(len(self.words), size)))
        if path.stat().st_size != self._odds.nbytes:
            raise ValueError(f"{path.name} holds more than {len(self.words)} words of {size} products")

    def probabilities(self, places: Sequence[int], rows: npt.NDArray[np.integer] | None = None) -> Floats:
        """How probably each product, or each of ``rows``, shows some words: float32 ``[len(places), N]``."""
        words = np.asarray(places, dtype=np.int64)
        return PROBABILITIES[self._odds[words] if rows is None else self._odds[words[:, None], rows]]

    def column(self, place: int) -> LogOdds:
        """The bytes of the word at ``place``, of all products ``[N]``, as they are kept."""
        column: LogOdds = self._odds[place]
        return column

    def of(self, rows: Sequence[int] | Rows) -> Floats:
        """float32 ``[len(rows), A]``: how probably some products show each word."""
        return PROBABILITIES[self.log_odds(rows)]

    def log_odds(self, rows: Sequence[int] | Rows) -> LogOdds:
        """The bytes of some products ``[len(rows), A]``, as they are kept."""
        return np.ascontiguousarray(self._odds[:, np.asarray(rows, dtype=np.int64)].T)
