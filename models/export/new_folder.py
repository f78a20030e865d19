"""Creates a folder atomically, with all its files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from catalog.errors import ModisteError


def require_absent(folder: Path) -> None:
    """Check that ``folder`` does not exist, before long work whose result is written to it with ``new_folder``.

    Raises:
        ModisteError: ``folder`` exists.
    """
    if folder.exists():
        raise ModisteError(f"{folder} already exists.", hint="Bundles are immutable. Write to a new folder.")


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder beside ``folder``, which is renamed to ``folder`` at the end of the block.

    If the block fails, the temporary folder is removed.

    Raises:
        ModisteError: ``folder`` exists.
    """
    require_absent(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        building.chmod(0o755)  # Temporary folders are accessible to their owner only.
        yield building
        building.rename(folder)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
