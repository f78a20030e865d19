"""How cores are divided among processes and threads by default."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from service.execution.cores import divide_cores, usable_cores
from service.settings import load_settings


@pytest.fixture
def cores(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> int:
    number: int = request.param
    monkeypatch.setattr("service.execution.cores.usable_cores", lambda: number)
    return number


@pytest.mark.parametrize(
    ("cores", "gpu", "flags", "shares"),
    [
        (2, False, {}, (2, 1)),
        (1, False, {}, (1, 1)),
        (16, False, {}, (8, 2)),
        (16, True, {}, (1, 16)),
        (4, False, {"processes": 1}, (1, 4)),
        (4, False, {"processes": 2, "workers": 1}, (2, 1)),
        (2, False, {"processes": 6}, (6, 1)),
        (4, True, {"processes": 2}, (2, 2)),
    ],
    indirect=["cores"],
)
def test_every_core_is_used_once(cores: int, gpu: bool, flags: dict[str, int], shares: tuple[int, int]) -> None:
    assert divide_cores(load_settings(**flags), gpu=gpu) == shares


@pytest.mark.parametrize(("said", "allowed"), [("max 100000", 4), ("150000 100000", 2), ("10000 100000", 1), ("?", 4)])
def test_the_quota_of_a_container_bounds_the_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, allowed: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3}, raising=False)
    quota = tmp_path / "cpu.max"
    quota.write_text(f"{said}\n")
    assert usable_cores(quota) == allowed


def test_without_a_container_every_core_of_the_affinity_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 2, 5}, raising=False)
    assert usable_cores(tmp_path / "cpu.max") == 3
