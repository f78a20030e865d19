"""How many processes and threads a service takes where nobody says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from service.execution.cores import keep_to_own_cores, shared_out, usable_cores
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
def test_all_cores_are_used_and_none_twice(
    cores: int, gpu: bool, flags: dict[str, int], shares: tuple[int, int]
) -> None:
    assert shared_out(load_settings(**flags), gpu=gpu) == shares


@pytest.mark.parametrize(("said", "allowed"), [("max 100000", 4), ("150000 100000", 2), ("10000 100000", 1), ("?", 4)])
def test_a_containers_quota_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, allowed: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3}, raising=False)
    quota = tmp_path / "cpu.max"
    quota.write_text(f"{said}\n")
    assert usable_cores(quota) == allowed


def test_without_a_container_all_cores_are_there(tmp_path: Path) -> None:
    assert usable_cores(tmp_path / "cpu.max") >= 1


@pytest.mark.parametrize(
    ("cores", "quota", "places"),
    [
        ({0, 1}, "max 100000", [{0}, {1}]),
        ({2, 3, 5, 9}, "max 100000", [{2, 3}, {5, 9}]),
        ({4, 5, 6}, "max 100000", [{4}, {5, 6}]),
        ({7}, "max 100000", [{7}, {7}]),
        ({0, 1, 2, 3}, "200000 100000", [{0, 1, 2, 3}, {0, 1, 2, 3}]),
    ],
    ids=["one each", "two each", "three for two", "fewer cores than processes", "a part of the time"],
)
def test_processes_keep_to_cores_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: set[int], quota: str, places: list[set[int]]
) -> None:
    (tmp_path / "cpu.max").write_text(quota)
    monkeypatch.setattr("service.execution.cores.QUOTA", tmp_path / "cpu.max")
    for place, expected in enumerate(places):
        held = cores
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid: cores, raising=False)

        def hold(pid: int, wanted: list[int]) -> None:
            nonlocal held
            held = set(wanted)

        monkeypatch.setattr(os, "sched_setaffinity", hold, raising=False)
        keep_to_own_cores(place, 2)
        assert held == expected
