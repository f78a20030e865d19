from __future__ import annotations

from pathlib import Path

import pytest

from models.bundle import Bundle
from tests.toy_bundle import write_toy_bundle


@pytest.fixture(scope="session")
def toy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy bundle's folder; tests leave it as it is."""
    return write_toy_bundle(tmp_path_factory.mktemp("bundle") / "toy")


@pytest.fixture(scope="session")
def toy(toy_folder: Path) -> Bundle:
    """The toy bundle, loaded."""
    return Bundle(toy_folder, device="cpu", threads=1)
