from __future__ import annotations

from pathlib import Path

import pytest

from models.bundle import Bundle
from tests.drawn import Draw, draw_into, shared_folder
from tests.toy_bundle import write_toy_bundle

LONGEST = (
    "tests/training/composers/test_composers.py", "tests/bench/test_bench.py",
    "tests/training/evaluation/test_shipped_figures.py", "tests/test_serving_environment.py",
    "tests/test_shipped_bundle.py", "tests/training/evaluation/test_comparison.py", "tests/training/test_training.py",
    "tests/training/stages/test_expected_words.py", "tests/training/test_start.py",
    "tests/service/server/test_supervisor.py",
)  # fmt: skip
"""Files that take longest. They start first, so that no core waits for the last file of another."""
SYSTEM = {"redis_server", "browser"}
"""Fixtures that start a program which `make system` installs; tests that use one are marked ``system``."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.nodeid.partition("::")[0], len(LONGEST)))
    for item in items:
        if not SYSTEM.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker("system")


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Draw:
    """Draws catalogues of garments, each once for all test processes."""
    return draw_into(shared_folder(tmp_path_factory))


@pytest.fixture(scope="session")
def toy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy bundle's folder; tests leave it as it is."""
    return write_toy_bundle(tmp_path_factory.mktemp("bundle") / "toy")


@pytest.fixture(scope="session")
def toy(toy_folder: Path) -> Bundle:
    """The toy bundle, loaded."""
    return Bundle(toy_folder, device="cpu", threads=1)
