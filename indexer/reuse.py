"""Vectors of unchanged pictures, taken from an earlier generation, so that a night costs what changed."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.generation import Generation
from indexer.publication import list_generations
from models.bundle import Bundle
from models.errors import ModisteError

logger = logging.getLogger(__name__)


class EarlierVectors:
    """Finds the vectors of a generation by the hashes of its pictures."""

    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        hashes = generation.products.column("image_hash").to_pylist()
        self._rows = {image_hash: row for row, image_hash in enumerate(hashes)}

    def find(self, image_hash: str) -> npt.NDArray[np.float16] | None:
        """The vector ``[D]`` of the picture with this sha256, None where the generation has no such picture."""
        row = self._rows.get(image_hash)
        return None if row is None else self._generation.vectors([row])[0].astype(np.float16)


def earlier_vectors(bundle: Bundle, index_root: Path) -> EarlierVectors | None:
    """The generation that serves if ``bundle`` made it, else the newest that it made; None if none is whole."""
    generations = sorted(list_generations(index_root), key=lambda one: (one.serving, one.id), reverse=True)
    for one in generations:
        if one.manifest is not None and one.manifest.fingerprint == bundle.fingerprint:
            try:
                return EarlierVectors(Generation.open(index_root, one.id))
            except ModisteError as error:
                logger.warning("Its vectors are not reused: %s", error)
    return None
