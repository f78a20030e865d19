"""Reuses vectors of unchanged pictures from an earlier generation."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

import numpy as np

from indexer.building.encode import Seen
from indexer.building.spool import Spool
from indexer.generations.files import KnownFiles, PictureFile, Stamp
from indexer.generations.generation import Generation
from indexer.generations.manifest import FILES_NAME, generation_folder
from indexer.generations.publication import list_generations
from models.bundle import Bundle
from models.errors import ModisteError

logger = logging.getLogger(__name__)


class EarlierPictures:
    """Vectors and attribute words of a generation by the hashes of its pictures, and the stamps of their files."""

    def __init__(self, generation: Generation, files: KnownFiles | None) -> None:
        self._generation = generation
        self._files = files
        hashes = generation.products.column("image_hash").to_pylist()
        self._rows = {image_hash: row for row, image_hash in enumerate(hashes)}
        self._views = {image_hash: row for row, image_hash in enumerate(generation.view_hashes)}

    @property
    def verified(self) -> datetime | None:
        """When the contents of all files were last compared; None if unknown."""
        stated = self._generation.manifest.pictures_verified
        return None if stated is None or self._files is None else datetime.fromisoformat(stated)

    def find(self, image_hash: str) -> Seen | None:
        """The stored output for the picture with this SHA-256; None if the generation has no such picture."""
        row, view = self._rows.get(image_hash), self._views.get(image_hash)
        if row is not None:
            vector = self._generation.vectors([row])[0].astype(np.float16)
            seen = self._generation.seen
            return Seen(vector, np.zeros(0, np.uint8) if seen is None else seen.log_odds([row])[0])
        if view is not None:
            return Seen(self._generation.view_vector(view), self._generation.view_words(view))
        return None

    def unchanged(self, path: Path, stamp: Stamp) -> PictureFile | None:
        """The record of a file that was read for the generation; None if its stamp has changed or it was not read."""
        found = self._files.find(path, stamp) if self._files is not None else None
        if found is None or (found.reason is None and found.hash not in self._rows and found.hash not in self._views):
            return None
        return found


class Resumed:
    """Pictures of an earlier generation, and of interrupted builds."""

    def __init__(self, earlier: EarlierPictures | None, spool: Spool) -> None:
        self._earlier, self._spool = earlier, spool

    def find(self, image_hash: str) -> Seen | None:
        """The stored output for the picture with this SHA-256; None if there is none."""
        seen = self._earlier.find(image_hash) if self._earlier is not None else None
        return self._spool.find(image_hash) if seen is None else seen

    def unchanged(self, path: Path, stamp: Stamp) -> PictureFile | None:
        """The record of a file that was read for the earlier generation."""
        return self._earlier.unchanged(path, stamp) if self._earlier is not None else None


def earlier_pictures(bundle: Bundle, index_root: Path) -> EarlierPictures | None:
    """Pictures of the published generation if it was built with ``bundle``, else of the newest one that was; None if
    there is no intact one.

    A generation without the bundle's attribute words is not used, so its pictures are encoded again.
    """
    generations = sorted(list_generations(index_root), key=lambda one: (one.serving, one.id), reverse=True)
    for one in generations:
        if one.manifest is None or one.manifest.attributes != bundle.manifest.attributes:
            continue
        if one.manifest.fingerprint == bundle.fingerprint:
            try:
                files = generation_folder(index_root, one.id) / FILES_NAME
                known = KnownFiles(files) if FILES_NAME in one.manifest.files else None
                return EarlierPictures(Generation.open(index_root, one.id), known)
            except (ModisteError, ValueError) as error:
                logger.warning("The vectors of a generation are not reused: %s", error)
    return None
