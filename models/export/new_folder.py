"""A folder that appears whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.errors import ModisteError


def require_absent(folder: Path) -> None:
    """Say at once what ``new_folder`` would say, before the work of what is to be written.

    Raises:
        ModisteError: ``folder`` exists.
    """
    if folder.exists():
        raise ModisteError(f"{folder} exists already.", hint="Bundles are immutable: write into a new folder.")


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a temporary folder beside ``folder`` to write into; it takes that name at the end of the block.

    If the block fails, it is removed, and nothing is left at ``folder``.

    Raises:
        ModisteError: ``folder`` exists.
    """
    require_absent(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        building.chmod(0o755)  # As any other folder; a temporary one is for its owner alone.
        yield building
        building.rename(folder)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
