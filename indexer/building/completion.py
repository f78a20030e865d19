"""The id of a new generation, and its changes since the published one."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from indexer.generations.difference import Difference, read_for_comparison
from indexer.generations.manifest import Changes, GenerationError, GenerationManifest, generation_folder
from indexer.generations.publication import list_generations
from models.bundle.checksums import File

logger = logging.getLogger(__name__)


def changes_since(before: GenerationManifest | None, folder: Path, index_root: Path) -> Changes | None:
    """How the products in ``folder`` differ from those of an earlier generation; None if it cannot be read."""
    if before is None:
        return None
    try:
        earlier = read_for_comparison(generation_folder(index_root, before.id))
    except GenerationError as error:
        logger.warning("%s", error)
        return None
    return changes_of(before.id, Difference(earlier, read_for_comparison(folder)))


def changes_of(since: str, difference: Difference) -> Changes:
    """A difference in the form of a manifest."""
    return Changes(
        since=since, added=len(difference.added), removed=len(difference.removed), changed=len(difference.changed),
        columns={name: len(rows) for name, rows in difference.columns.items()},
    )  # fmt: skip


def next_id(index_root: Path, files: Mapping[str, File]) -> tuple[str, str]:
    """The time of the build, and its id, which sorts after every other id even if the clock was set back."""
    moment = datetime.now(UTC).replace(microsecond=0)
    pattern = "%Y%m%d-%H%M%S"
    generations = list_generations(index_root)
    if generations:
        newest = datetime.strptime(generations[-1].id[:15], pattern).replace(tzinfo=UTC)
        moment = max(moment, newest + timedelta(seconds=1))
    digests = "".join(file.sha256 for file in files.values())
    return moment.isoformat(), f"{moment.strftime(pattern)}-{hashlib.sha256(digests.encode()).hexdigest()[:4]}"
