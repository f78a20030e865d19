from __future__ import annotations

from pathlib import Path

import pytest

from models.bundle import Bundle
from tests.toy_bundle import write_toy_bundle

LONGEST = (
    "tests/training/test_composers.py", "tests/test_shipped_bundle.py",
    "tests/training/test_training.py", "tests/training/test_comparison.py", "tests/training/test_expectation.py",
    "tests/test_serving_environment.py", "tests/training/test_start.py", "tests/service/server/test_workers.py",
)  # fmt: skip
"""Begun first, so that at the end no core waits for another's last file."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.nodeid.partition("::")[0], len(LONGEST)))


@pytest.fixture(scope="session")
def toy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy bundle's folder; tests leave it as it is."""
    return write_toy_bundle(tmp_path_factory.mktemp("bundle") / "toy")


@pytest.fixture(scope="session")
def toy(toy_folder: Path) -> Bundle:
    """The toy bundle, loaded."""
    return Bundle(toy_folder, device="cpu", threads=1)
