"""Publishes generations: ``CURRENT`` has the id of the published one, ``PUBLISHED`` the history for rollbacks.

A generation belongs to one bundle. While a bundle is replaced, generations of two bundles are published in turn, and
replicas serve the newest one of their own bundle (``published_with``).

Only ``CURRENT`` decides, and it is replaced atomically. ``PUBLISHED`` lists each published id once, in order; ids after
the current one were rolled back or not published completely. A crash between the two writes is therefore harmless.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from indexer.generations.durable import locked, replace_text
from indexer.generations.manifest import (
    GenerationError,
    GenerationManifest,
    generation_folder,
    read_manifest,
    verify_files,
)
from indexer.stores.registry import publish_store, remove_stores
from models.bundle.checksums import read_bounded

CURRENT_NAME = "CURRENT"
PUBLISHED_NAME = "PUBLISHED"
REMOVED_PREFIX = ".removed-"

logger = logging.getLogger(__name__)


class Listed(NamedTuple):
    """One generation of an index root."""

    id: str
    manifest: GenerationManifest | None
    """None if the manifest cannot be read."""
    serving: bool
    """Whether it is in ``CURRENT``."""
    previous: bool
    """Whether ``rollback`` would publish it."""
    newest: bool = False
    """Whether it is the newest published one of its bundle, which replicas with this bundle serve."""


def current_id(index_root: Path) -> str | None:
    """The id of the published generation; None if nothing was published yet.

    Raises:
        GenerationError: ``CURRENT`` cannot be read or does not contain an id.
    """
    path = index_root / CURRENT_NAME
    try:
        id = read_bounded(path).decode().strip()
        generation_folder(index_root, id)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise GenerationError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, GenerationError) as error:
        raise GenerationError(
            f"{path} does not contain the id of a generation.",
            hint="Publish a generation again: `modiste index list`, then `modiste index publish ID`.",
        ) from error
    return id


def serving_id(index_root: Path) -> str:
    """As ``current_id``, but an error if nothing was published yet.

    Raises:
        GenerationError: Nothing was published, or ``CURRENT`` does not contain an id.
    """
    id = current_id(index_root)
    if id is None:
        raise GenerationError(
            f"No generation is published in {index_root}.", hint="Build one first: `modiste index build`."
        )
    return id


def published_ids(index_root: Path) -> list[str]:
    """The ids of published generations, oldest first, up to the current one."""
    return _history(index_root, _serving(index_root))


def published_with(index_root: Path, fingerprint: str) -> str | None:
    """The id of the newest published generation of a bundle; None if there is none.

    Args:
        fingerprint: The fingerprint of the bundle.
    """
    history = published_ids(index_root)
    return next((id for id in reversed(history) if _fingerprint(index_root, id) == fingerprint), None)


def publish(index_root: Path, id: str, *, verify: bool = True) -> None:
    """Publish the generation ``id``. Replicas follow ``CURRENT``.

    Args:
        verify: Whether to compare its files with their checksums first.

    Raises:
        GenerationError: It is missing or damaged; the published generation is unchanged.
        StoreError: Its store cannot serve it; likewise.
    """
    folder = generation_folder(index_root, id)
    manifest = read_manifest(folder)
    if verify:
        verify_files(folder, manifest)
    with publishing(index_root) as publisher:
        publisher.publish(id)


class Publisher:
    """Publishes and deletes generations while ``publishing`` holds the lock."""

    def __init__(self, index_root: Path) -> None:
        self._index_root = index_root

    def publish(self, id: str, history: Sequence[str] | None = None) -> None:
        """Publish a verified generation.

        Args:
            history: Ids that were published before it, oldest first; None keeps all.
        """
        folder = generation_folder(self._index_root, id)
        publish_store(read_manifest(folder).index, folder)
        earlier = published_ids(self._index_root) if history is None else history
        listed = [*(other for other in earlier if other != id), id]
        replace_text(self._index_root / PUBLISHED_NAME, "".join(f"{line}\n" for line in listed))
        replace_text(self._index_root / CURRENT_NAME, f"{id}\n")

    def delete(self, ids: Sequence[str]) -> None:
        """Delete generations, and what a killed deletion left."""
        for id in ids:
            # Renamed first, so that a crash during the deletion leaves no incomplete generation.
            os.rename(generation_folder(self._index_root, id), self._index_root / f"{REMOVED_PREFIX}{id}")
        for left in self._index_root.glob(f"{REMOVED_PREFIX}*"):
            remove_stores(left, self._index_root / "generations")
            shutil.rmtree(left)


@contextmanager
def publishing(index_root: Path) -> Iterator[Publisher]:
    """Hold the lock, so that nothing else is published or deleted within the block.

    Raises:
        GenerationError: There is no such folder.
    """
    if not index_root.is_dir():
        raise GenerationError(
            f"There is no index root at {index_root}.", hint="Build an index there first: `modiste index build`."
        )
    with locked(index_root / ".publication.lock", work="publication", wait=True):
        yield Publisher(index_root)


def rollback(index_root: Path) -> str:
    """Publish the generation that was published before the current one, and return its id.

    It is the previous one of the same bundle, or of another bundle if there is none. Replicas with other bundles are
    not affected.

    Raises:
        GenerationError: There is no intact one; the published generation is unchanged.
    """
    with publishing(index_root) as publisher:
        id = previous_id(index_root)
        if id is None:
            raise GenerationError(
                f"There is no earlier published generation in {index_root} to go back to.",
                hint="Publish another one by its id: `modiste index list`, then `modiste index publish ID`.",
            )
        folder = generation_folder(index_root, id)
        verify_files(folder, read_manifest(folder))
        serving = _serving(index_root)
        publisher.publish(id, [other for other in _history(index_root, serving) if other != serving])
    return id


def previous_id(index_root: Path) -> str | None:
    """The id that ``rollback`` would publish: the previously published one that still exists, of the same bundle if
    possible."""
    return _previous(index_root, _serving(index_root))


def _previous(index_root: Path, serving: str | None) -> str | None:
    history = _history(index_root, serving)
    earlier = history[:-1] if serving else history
    there = [id for id in earlier if generation_folder(index_root, id).is_dir()]
    same = [] if serving is None else [id for id in there if _same_bundle(index_root, id, serving)]
    return next(reversed(same or there), None)


def list_generations(index_root: Path) -> list[Listed]:
    """All generations of the root, oldest first, including damaged ones."""
    folder = index_root / "generations"
    if not folder.is_dir():
        return []
    serving = _serving(index_root)  # Read once, so that a damaged CURRENT is reported once.
    previous = _previous(index_root, serving)
    by_bundle = {_fingerprint(index_root, id): id for id in _history(index_root, serving)}
    newest = {id for fingerprint, id in by_bundle.items() if fingerprint is not None}
    found = []
    for path in sorted(folder.iterdir()):
        try:
            generation_folder(index_root, path.name)
        except GenerationError:
            continue
        try:
            manifest = read_manifest(path)
        except GenerationError as error:
            logger.warning("%s", error)
            manifest = None
        id = path.name
        found.append(Listed(id, manifest, serving=id == serving, previous=id == previous, newest=id in newest))
    return found


def prune(index_root: Path, keep: int, *, keep_previous: bool = True) -> list[str]:
    """Delete all but the ``keep`` newest generations and return the deleted ids.

    The published one is never deleted. The rollback target, and the newest published one of each other bundle, are
    deleted only without ``keep_previous``.
    """
    with publishing(index_root) as publisher:
        listed = list_generations(index_root)
        if any(one.serving for one in listed) or not listed:
            newest = {one.id for one in listed[max(0, len(listed) - keep) :]}
        else:
            raise GenerationError(
                f"No generation of {index_root} is published, so it is unknown which ones are needed.",
                hint="Publish one first: `modiste index publish ID`.",
            )
        spared = newest | {one.id for one in listed if one.serving or (keep_previous and (one.previous or one.newest))}
        gone = [one.id for one in listed if one.id not in spared]
        publisher.delete(gone)
    return gone


def _serving(index_root: Path) -> str | None:
    try:
        return current_id(index_root)
    except GenerationError as error:
        logger.warning("%s", error)
        return None


def _fingerprint(index_root: Path, id: str) -> str | None:
    """The fingerprint of a generation's bundle; None if its manifest cannot be read."""
    try:
        return read_manifest(generation_folder(index_root, id)).fingerprint
    except GenerationError:
        return None


def _same_bundle(index_root: Path, one: str, other: str) -> bool:
    fingerprint = _fingerprint(index_root, one)
    return fingerprint is not None and fingerprint == _fingerprint(index_root, other)


def _history(index_root: Path, serving: str | None) -> list[str]:
    """Published ids in order, up to the current one, ``serving``; it alone if the history cannot be read."""
    path = index_root / PUBLISHED_NAME
    try:
        ids = read_bounded(path).decode().split()
    except FileNotFoundError:
        ids = []
    except (OSError, ValueError) as error:  # Text in another encoding is a ValueError.
        logger.warning("%s cannot be read, so earlier generations are not known: %s", path, error)
        ids = []
    if serving is None:
        return ids
    return ids[: ids.index(serving) + 1] if serving in ids else [*ids, serving]
