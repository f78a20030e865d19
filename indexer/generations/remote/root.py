"""An index root on object storage, and its local copy.

The files are the same as in a local root: ``generations/<id>/*``, ``PUBLISHED`` and ``CURRENT``. Objects are replaced
atomically, and ``CURRENT`` is written last, so that its generation is always complete. There are no locks: the operator
must run only one build at a time.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from indexer.generations import publication
from indexer.generations.durable import locked, move_durably, replace_file
from indexer.generations.manifest import (
    ID,
    MANIFEST_NAME,
    GenerationError,
    generation_folder,
    read_manifest,
    verify_files,
)
from indexer.generations.publication import CURRENT_NAME, PUBLISHED_NAME
from indexer.generations.remote.storage import ObjectStorage
from indexer.stores.registry import OUTSIDE

DOWNLOADS_NAME = ".downloads"
UPLOAD_TAKES = timedelta(days=1)
"""An upload that wrote nothing for so long has been stopped; the upload of one file takes less."""

logger = logging.getLogger(__name__)


class RemoteRoot:
    """Copies generations between object storage and a local index root.

    Args:
        url: The remote root, such as ``s3://bucket/shop``; any scheme of fsspec. Endpoints and credentials come from
            the configuration of its library, such as ``AWS_*`` variables.
        index_root: The local root; created if it is missing.
    """

    def __init__(self, url: str, index_root: Path) -> None:
        self.url, self.index_root = url, index_root
        self._storage = ObjectStorage(url)

    def follow(self, fingerprint: str) -> None:
        """``pull`` the published generation, and the newest published one of the served bundle if it is another one.
        Older local copies are deleted, except the previous one.

        Args:
            fingerprint: The fingerprint of the served bundle.

        Raises:
            RemoteError: The storage cannot be reached; the local root is unchanged.
            GenerationError: The published generation is damaged; likewise.
        """
        self.pull()
        published = publication.current_id(self.index_root)
        if published is None:
            return
        # Even if nothing new is published: the copy of this generation may have failed before.
        own = self._newest_of(fingerprint)
        if own is not None:
            self.pull(own)
        kept = {own, published, publication.previous_id(self.index_root)}
        for folder in (self.index_root / "generations").iterdir():
            # A build or an update on this machine may be about to publish a newer one.
            if ID.fullmatch(folder.name) and folder.name < published and folder.name not in kept:
                shutil.rmtree(folder)

    def pull(self, id: str | None = None) -> bool:
        """Copy the generation ``id``; without it, the published one with ``PUBLISHED`` and ``CURRENT``.

        Every file is compared with its checksum before the generation is moved into place.

        Returns:
            Whether anything was copied.

        Raises:
            RemoteError: The storage cannot be reached.
            GenerationError: The generation is missing there, or damaged.
        """
        pointers = {} if id else self._pointers()
        wanted = id or _current(pointers)
        if not wanted:
            return False
        is_here = generation_folder(self.index_root, wanted).is_dir()
        if is_here and all(content == _content(self.index_root / name) for name, content in pointers.items()):
            return False
        with self._alone():
            if id is None:  # This machine may have published while this process waited.
                pointers = self._pointers()
                wanted = _current(pointers)
            if not generation_folder(self.index_root, wanted).is_dir():
                self._download(wanted)
            self._take(pointers)
        return True

    def push(self, id: str) -> None:
        """Copy a generation to the storage, its manifest last. An existing one is not changed."""
        folder = generation_folder(self.index_root, id)
        there = f"generations/{id}"
        if self._storage.read(f"{there}/{MANIFEST_NAME}") == (folder / MANIFEST_NAME).read_bytes():
            return
        for name in [*read_manifest(folder).files, MANIFEST_NAME]:
            self._storage.upload(folder / name, f"{there}/{name}")

    def publish(self, id: str) -> None:
        """Copy a generation to the storage, and publish it there and locally.

        Raises:
            ModisteError: See ``publication.publish``.
        """
        self.push(id)
        with self._alone():
            self._take(self._pointers())  # Another machine may have published meanwhile.
            publication.publish(self.index_root, id)
            self._push_pointers()

    def rollback(self) -> str:
        """See ``publication.rollback``."""
        with self.outline() as root:
            previous = publication.previous_id(root)
        self.pull()
        if previous is not None:
            self.pull(previous)
        with self._alone():
            id = publication.rollback(self.index_root)
            self._push_pointers()
        return id

    def prune(self, keep: int, *, keep_previous: bool = True) -> list[str]:
        """See ``publication.prune``; deletes in the storage, with what uploads and deletions that were stopped left."""
        with self.outline() as root:
            gone = publication.prune(root, keep, keep_previous=keep_previous)
        for id in gone:
            # The manifest first, because a folder without one is not a generation.
            self._storage.delete(f"generations/{id}/{MANIFEST_NAME}")
        stopped = datetime.now(UTC) - UPLOAD_TAKES
        gone = sorted({*gone, *self._incomplete(stopped)})
        for id in gone:
            self._storage.delete_folder(f"generations/{id}")
        self._storage.abort_uploads("generations", stopped)
        return gone

    @contextmanager
    def outline(self) -> Iterator[Path]:
        """A temporary index root with ``CURRENT``, ``PUBLISHED``, all manifests, and the files of external stores."""
        names = [MANIFEST_NAME, *(f"index.{name}" for name in OUTSIDE)]
        ids = [id for id, files in self._uploaded().items() if MANIFEST_NAME in files]
        with tempfile.TemporaryDirectory(prefix="modiste-") as temporary:
            root = Path(temporary)
            for name in [PUBLISHED_NAME, CURRENT_NAME, *(f"generations/{id}/{name}" for id in ids for name in names)]:
                content = self._storage.read(name)
                if content is not None:
                    (root / name).parent.mkdir(parents=True, exist_ok=True)
                    (root / name).write_bytes(content)
            yield root

    def _uploaded(self) -> dict[str, list[str]]:
        """The names of the files of each generation in the storage."""
        files: dict[str, list[str]] = {}
        for path in self._storage.names("generations"):
            id, _, name = path.partition("/")
            if ID.fullmatch(id):
                files.setdefault(id, []).append(name)
        return files

    def _incomplete(self, stopped: datetime) -> list[str]:
        """Generations without a manifest of which no file was written since ``stopped``."""
        return [
            id
            for id, files in self._uploaded().items()
            if MANIFEST_NAME not in files
            and all(self._storage.modified(f"generations/{id}/{name}") <= stopped for name in files)
        ]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock of the local copy, so that no other process of this machine changes it within the block."""
        self.index_root.mkdir(parents=True, exist_ok=True)
        with locked(self.index_root / ".download.lock", work="download", wait=True):
            yield

    def _newest_of(self, fingerprint: str) -> str | None:
        for id in reversed(publication.published_ids(self.index_root)):
            name = f"generations/{id}/{MANIFEST_NAME}"
            content = _content(self.index_root / name) or self._storage.read(name)
            if content is not None and _fingerprint(content) == fingerprint:
                return id
        return None

    def _download(self, id: str) -> None:
        downloads = self.index_root / DOWNLOADS_NAME  # In the layout of an index root, so that it can be checked.
        shutil.rmtree(downloads, ignore_errors=True)
        folder = generation_folder(downloads, id)
        folder.mkdir(parents=True)
        content = self._storage.read(f"generations/{id}/{MANIFEST_NAME}")
        if content is None:
            raise GenerationError(
                f"There is no generation {id} in {self.url}.", hint="See `modiste index list` for those that there are."
            )
        (folder / MANIFEST_NAME).write_bytes(content)
        manifest = read_manifest(folder)
        logger.info("Copying generation %s from %s.", id, self.url)
        for name in manifest.files:
            self._storage.download(f"generations/{id}/{name}", folder / name)
        verify_files(folder, manifest)
        move_durably(folder, generation_folder(self.index_root, id))
        shutil.rmtree(downloads)

    def _pointers(self) -> dict[str, bytes]:
        """The contents of ``PUBLISHED`` and ``CURRENT`` there, if they exist."""
        read = {name: self._storage.read(name) for name in (PUBLISHED_NAME, CURRENT_NAME)}
        return {name: content for name, content in read.items() if content is not None}

    def _take(self, pointers: dict[str, bytes]) -> None:
        for name, content in pointers.items():
            if content != _content(self.index_root / name):
                replace_file(self.index_root / name, content)

    def _push_pointers(self) -> None:
        for name in (PUBLISHED_NAME, CURRENT_NAME):
            self._storage.write(name, (self.index_root / name).read_bytes())


def _current(pointers: dict[str, bytes]) -> str:
    """The id of the published generation; empty if there is none."""
    return pointers.get(CURRENT_NAME, b"").decode(errors="replace").strip()


def _fingerprint(manifest: bytes) -> Any:
    """The fingerprint of the bundle in a manifest of any revision; None if it cannot be read."""
    try:
        stated = json.loads(manifest)
    except (ValueError, RecursionError):
        return None
    return stated.get("fingerprint") if isinstance(stated, dict) else None


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
