"""What is known of unchanged pictures, taken from an earlier generation, so that a night costs what changed."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from indexer.encode import Seen
from indexer.generation import Generation
from indexer.publication import list_generations
from models.bundle import Bundle
from models.errors import ModisteError

logger = logging.getLogger(__name__)


class EarlierPictures:
    """Finds the vectors of a generation, and the words it knows, by the hashes of its pictures."""

    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        hashes = generation.products.column("image_hash").to_pylist()
        self._rows = {image_hash: row for row, image_hash in enumerate(hashes)}
        self._views = {image_hash: row for row, image_hash in enumerate(generation.view_hashes)}

    def find(self, image_hash: str) -> Seen | None:
        """What the picture with this sha256 became, None where the generation has no such picture."""
        row, view = self._rows.get(image_hash), self._views.get(image_hash)
        if row is not None:
            vector = self._generation.vectors([row])[0].astype(np.float16)
            seen = self._generation.seen
            return Seen(vector, np.zeros(0, np.uint8) if seen is None else seen.log_odds([row])[0])
        if view is not None:
            return Seen(self._generation.view_vector(view), self._generation.view_words(view))
        return None


def earlier_pictures(bundle: Bundle, index_root: Path) -> EarlierPictures | None:
    """The generation that serves if ``bundle`` made it, else the newest that it made; None if none is whole.

    One from before generations held the bundle's words cannot tell them, so its pictures are encoded again.
    """
    generations = sorted(list_generations(index_root), key=lambda one: (one.serving, one.id), reverse=True)
    for one in generations:
        if one.manifest is None or one.manifest.attributes != bundle.manifest.attributes:
            continue
        if one.manifest.fingerprint == bundle.fingerprint:
            try:
                return EarlierPictures(Generation.open(index_root, one.id))
            except ModisteError as error:
                logger.warning("Its vectors are not reused: %s", error)
    return None
