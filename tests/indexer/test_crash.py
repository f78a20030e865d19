from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from indexer.build import build_generation
from indexer.generations.generation import Generation
from indexer.generations.publication import current_id, list_generations
from models.bundle import Bundle
from tests.indexer.conftest import QUIET
from tests.indexer.shop import write_shop

POINTS = 18


class Killed(NamedTuple):
    """Copies of one index root, each with a build in it that was killed a step later than in the one before."""

    roots: list[Path]
    ends: list[str]
    """How each build ended: ``killed`` or ``finished``."""
    old: str | None
    """The id that served before, of 20 products; the builds were of 12."""
    shop: Path


@pytest.fixture(scope="module")
def killed(toy: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Killed:
    folder = tmp_path_factory.mktemp("crash")
    shop, root = write_shop(folder / "shop"), folder / "index"
    build_generation(shop, toy, root, QUIET)
    write_shop(shop, range(12))
    roots = [Path(shutil.copytree(root, folder / f"killed-{point}")) for point in range(POINTS)]
    paths = [str(path) for path in (toy.folder, shop, *roots)]
    command = [sys.executable, "-m", "tests.indexer.killed_build", *paths]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return Killed(roots, done.stdout.split(), current_id(root), shop)


def test_builds_are_killed_at_every_step_up_to_the_last(killed: Killed) -> None:
    assert killed.ends[0] == "killed"
    assert killed.ends[-1] == "finished", "POINTS does not reach the end of a build any more"
    assert killed.ends.count("killed") > 10


def test_a_build_killed_at_any_step_leaves_a_whole_generation_serving(killed: Killed) -> None:
    sizes = []
    for root in killed.roots:
        serving = Generation.open(root)
        assert serving.size == (20 if serving.id == killed.old else 12)
        sizes.append(serving.size)
    assert sizes == sorted(sizes, reverse=True)
    assert set(sizes) == {20, 12}


def test_the_build_after_a_killed_one_succeeds_and_leaves_nothing_over(
    killed: Killed, toy: Bundle, tmp_path: Path
) -> None:
    for point, left in enumerate(killed.roots):
        root = Path(shutil.copytree(left, tmp_path / str(point)))
        id = build_generation(killed.shop, toy, root, QUIET)
        assert Generation.open(root).id == id
        assert all(listed.manifest is not None for listed in list_generations(root))
        assert not (root / ".building").exists()
