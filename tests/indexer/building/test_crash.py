"""Builds and updates that are killed, or whose disk is full, leave what serves whole."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from catalog.errors import ModisteError
from indexer.build import build_generation
from indexer.generations.generation import Generation
from indexer.generations.publication import current_id, list_generations
from indexer.update import update_generation
from models.bundle import Bundle
from tests.indexer.conftest import QUIET
from tests.indexer.shop import write_shop

POINTS = {"build": 20, "update": 24}
KILLS = 100


class Killed(NamedTuple):
    """Copies of one index root, each with work in it that was killed a step later than in the one before."""

    work: str
    roots: list[Path]
    ends: list[str]
    """How each ended: ``killed`` or ``finished``."""
    old: str
    """The id that served before: 20 products, and p3 costs 11.5. Builds are of 12; updates let p3 cost 99."""
    source: Path


def killed_build(*arguments: object) -> list[str]:
    """The lines that ``tests.indexer.building.killed_build`` prints."""
    command = [sys.executable, "-m", "tests.indexer.building.killed_build", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def write_table(folder: Path) -> Path:
    (folder / "changes.csv").write_text("id,price\np3,99\np4,98\n")
    return folder / "changes.csv"


@pytest.fixture(scope="module", params=["build", "update"])
def killed(request: pytest.FixtureRequest, toy: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Killed:
    folder = tmp_path_factory.mktemp("crash")
    shop, root = write_shop(folder / "shop"), folder / "index"
    build_generation(shop, toy, root, QUIET)
    source = write_table(folder) if request.param == "update" else write_shop(shop, range(12))
    points = range(POINTS[request.param])
    roots = [Path(shutil.copytree(root, folder / f"killed-{point}")) for point in points]
    ends = killed_build("steps", request.param, toy.folder, source, *roots)
    return Killed(request.param, roots, ends, str(current_id(root)), source)


def is_new(generation: Generation, work: str) -> bool:
    row = generation.row_of("p3")
    assert row is not None
    price = generation.product(row)["attributes"]["price"]
    assert (generation.size, price) in {(20, 11.5), (12, 11.5) if work == "build" else (20, 99)}
    return (generation.size, price) != (20, 11.5)


def test_work_is_killed_at_every_step_up_to_the_last(killed: Killed) -> None:
    assert killed.ends[0] == "killed"
    assert killed.ends[-1] == "finished", "POINTS does not reach the end any more"
    assert killed.ends.count("killed") > 10


def test_a_build_killed_at_any_step_leaves_an_intact_generation_published(killed: Killed) -> None:
    new = []
    for root in killed.roots:
        serving = Generation.open(root)
        new.append(is_new(serving, killed.work))
        assert new[-1] == (serving.id != killed.old)
    assert new == sorted(new)
    assert set(new) == {False, True}


def test_work_after_a_kill_succeeds_and_leaves_no_files(killed: Killed, toy: Bundle, tmp_path: Path) -> None:
    for point, left in enumerate(killed.roots):
        root = Path(shutil.copytree(left, tmp_path / str(point)))
        if killed.work == "build":
            assert build_generation(killed.source, toy, root, QUIET) == current_id(root)
        else:
            update_generation(killed.source, root)
        assert is_new(Generation.open(root), killed.work)
        assert all(listed.manifest is not None for listed in list_generations(root))
        assert not any((root / name).exists() for name in (".building", ".updating", ".encoded"))


@pytest.mark.slow
def test_a_hundred_kills_at_random_leave_a_hundred_servable_generations(toy: Bundle, tmp_path: Path) -> None:
    shops = [write_shop(tmp_path / "shop", range(20)), write_shop(tmp_path / "other", range(4, 30))]
    root = tmp_path / "index"
    build_generation(shops[0], toy, root, QUIET)
    lines = killed_build("random", toy.folder, *shops, write_table(tmp_path), root, KILLS)
    assert [line.split()[1] for line in lines] == ["whole"] * KILLS
    assert sum(line == "killed whole" for line in lines) > KILLS / 2
    assert not any("failed" in line for line in lines)
    build_generation(shops[0], toy, root, QUIET)
    assert Generation.open(root).size == 20
    assert all(listed.manifest is not None for listed in list_generations(root))


@pytest.mark.parametrize("work", ["build", "update"])
def test_a_full_disk_at_any_step_is_a_clear_error_and_the_published_generation_stays_intact(
    work: str, root: Path, shop: Path, toy: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_table(tmp_path) if work == "update" else write_shop(shop, range(12))
    steps = {name: getattr(os, name) for name in ("fsync", "rename", "replace")}
    errors = 0
    for point in range(0, POINTS[work], 2):
        here = Path(shutil.copytree(root, tmp_path / f"full-{point}"))
        left = [point]

        def counted(step: Callable[..., Any], left: list[int] = left) -> Callable[..., Any]:
            def run(*arguments: Any, **options: Any) -> Any:
                if left[0] == 0:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                left[0] -= 1
                return step(*arguments, **options)

            return run

        for name, step in steps.items():
            monkeypatch.setattr(os, name, counted(step))
        message = ""
        try:
            if work == "build":
                build_generation(source, toy, here, QUIET)
            else:
                update_generation(source, here)
        except ModisteError as error:
            message = str(error)
        finally:
            monkeypatch.undo()
        errors += bool(message)
        assert not message or re.search("could not be written .*No space left on device", message)
        is_new(Generation.open(here), work)
        assert not any((here / name).exists() for name in (".building", ".updating"))
    assert errors > 4
