"""Reuses vectors of unchanged pictures from an earlier generation, and from interrupted builds."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from catalog.errors import ModisteError
from indexer.building.spool import Seen, Spool
from indexer.generations.digests import SIZE, Digests
from indexer.generations.manifest import FILES_NAME, generation_folder
from indexer.generations.opening import Parts, open_parts
from indexer.generations.publication import list_generations
from indexer.generations.tables.arrow import values_of
from indexer.generations.tables.files import KnownFiles, PictureFile, Stamp
from indexer.ranking.attributes import LogOdds
from indexer.stores.cells import CELLS_NAME, Cells
from indexer.stores.store import Halves
from models.bundle import Bundle

logger = logging.getLogger(__name__)

Places = npt.NDArray[np.int32]
"""Places of pictures in ``KnownPictures``."""


class EarlierPictures:
    """The pictures of a generation by their SHA-256, and the stamps of their files. Places are rows of its vectors."""

    def __init__(self, parts: Parts, files: KnownFiles | None, cells: Path) -> None:
        self._files, self._cells = files, cells
        self._manifest, self._vectors, self._seen, self._view_words = (
            parts.manifest, parts.vectors, parts.seen, parts.view_words
        )  # fmt: skip
        hashes = [parts.table.table.column("image_hash")]
        if parts.views is not None and (parts.view_words is not None or not parts.manifest.attributes):
            hashes.append(parts.views.table.column("image_hash"))
        self._digests = Digests(b"".join(map(_digests, hashes)))

    def __len__(self) -> int:
        return len(self._digests)

    @property
    def verified(self) -> datetime | None:
        """When the contents of all files were last compared; None if unknown."""
        stated = self._manifest.pictures_verified
        return None if stated is None or self._files is None else datetime.fromisoformat(stated)

    def find(self, digest: bytes) -> int | None:
        """The place of the picture with this SHA-256; None if the generation has no such picture."""
        return self._digests.find(digest)

    def vectors(self, places: Places) -> Halves:
        """float16 ``[len(places), D]``."""
        return np.asarray(self._vectors[places])

    def shown(self, places: Places) -> LogOdds:
        """Probabilities of words by the pictures alone ``[len(places), A]``."""
        size = self._manifest.products
        shown = np.zeros((len(places), len(self._manifest.attributes)), np.uint8)
        for words, first, last in ((self._seen, 0, size), (self._view_words, size, len(self))):
            inside = (places >= first) & (places < last)
            if words is not None and inside.any():
                shown[inside] = words.log_odds(places[inside].astype(np.int64) - first)
        return shown

    def cells(self, places: Places, vectors: Halves) -> Cells | None:
        """The cells of ``vectors`` with the generation's centroids (``Cells.adapted``); None if they do not fit."""
        if not self._cells.exists():
            return None
        cells = Cells.load(self._cells, self._manifest.products + self._manifest.views, self._manifest.dim)
        return cells.adapted(vectors, np.where(places < len(self), places, -1))

    def unchanged(self, path: Path, stamp: Stamp) -> PictureFile | None:
        """The record of a file that was read for the generation; None if its stamp has changed or it was not read."""
        found = self._files.find(path, stamp) if self._files is not None else None
        if found is None or (found.reason is None and self.find(found.digest) is None):
            return None
        return found


class KnownPictures:
    """All pictures with an output of the vision graph: those of an earlier generation, then those in the spool.

    Args:
        spool: Pictures of interrupted builds, and of this one.
        earlier: Pictures of an earlier generation; None if there is none.
    """

    def __init__(self, spool: Spool, earlier: EarlierPictures | None = None) -> None:
        self.spool, self.earlier = spool, earlier
        self._first = 0 if earlier is None else len(earlier)
        self.new = self._first + spool.earlier
        """The first place of the pictures that are encoded for this build."""

    def __len__(self) -> int:
        return self._first + len(self.spool)

    def find(self, digest: bytes) -> int | None:
        """The place of the picture with this SHA-256; None if there is none."""
        place = None if self.earlier is None else self.earlier.find(digest)
        if place is not None:
            return place
        place = self.spool.find(digest)
        return None if place is None else self._first + place

    def keep(self, digest: bytes, seen: Seen) -> None:
        """Add an encoded picture."""
        self.spool.keep(digest, seen)

    def flush(self) -> None:
        """Write all pictures to disk, so that ``vectors`` and ``shown`` find them."""
        self.spool.flush()

    def vectors(self, places: Places) -> Halves:
        """The vectors of pictures: float16 ``[len(places), D]``."""
        spooled = places >= self._first
        vectors = np.array(self.spool.rows(places[spooled] - self._first)["vector"])
        if self.earlier is None or spooled.all():
            return vectors
        both = np.empty((len(places), vectors.shape[1]), np.float16)
        both[spooled], both[~spooled] = vectors, self.earlier.vectors(places[~spooled])
        return both

    def shown(self, places: Places) -> LogOdds:
        """The probabilities of the bundle's words in pictures: uint8 ``[len(places), A]``."""
        spooled = places >= self._first
        shown = np.array(self.spool.rows(places[spooled] - self._first)["shown"])
        if self.earlier is None or spooled.all():
            return shown
        both = np.empty((len(places), shown.shape[1]), np.uint8)
        both[spooled], both[~spooled] = shown, self.earlier.shown(places[~spooled])
        return both

    def cells(self, places: Places, vectors: Halves) -> Cells:
        """The cells of the vectors at ``places``, with the centroids of the earlier generation if these fit."""
        cells = None if self.earlier is None else self.earlier.cells(places, vectors)
        return Cells.cluster(vectors) if cells is None else cells

    def unchanged(self, path: Path, stamp: Stamp) -> PictureFile | None:
        """The record of a file that was read for the earlier generation; None if its stamp has changed."""
        return None if self.earlier is None else self.earlier.unchanged(path, stamp)


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
                folder = generation_folder(index_root, one.id)
                known = KnownFiles(folder / FILES_NAME) if FILES_NAME in one.manifest.files else None
                return EarlierPictures(open_parts(index_root, one.id), known, folder / CELLS_NAME)
            except (ModisteError, ValueError) as error:
                logger.warning("The vectors of a generation are not reused: %s", error)
    return None


def _digests(hashes: pa.ChunkedArray) -> bytearray:
    """The digests of SHA-256 in hexadecimal, one after another."""
    digests = bytearray()
    for text in values_of(hashes):
        digests += bytes.fromhex(text)
    if len(digests) != SIZE * len(hashes):
        raise ValueError("its pictures have no SHA-256")
    return digests
