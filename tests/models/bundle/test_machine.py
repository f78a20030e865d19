"""Cores and memory of containers, with folders as those of the kernel."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from models.bundle.machine import usable_cores, usable_memory

HALF_GIB = str(2**29)


@pytest.fixture(autouse=True)
def four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 2, 5, 7}, raising=False)


@pytest.mark.parametrize(
    ("own", "files", "cores", "memory"),
    [
        pytest.param("0::/", {"cpu.max": "150000 100000", "memory.max": HALF_GIB}, 2, 2**29, id="version 2"),
        pytest.param("0::/", {"cpu.max": "50000 100000", "memory.max": "max"}, 1, None, id="half a core"),
        pytest.param("0::/", {"cpu.max": "max 100000", "memory.high": HALF_GIB}, 4, 2**29, id="memory.high"),
        pytest.param(
            "0::/a.slice/b.service",
            {"a.slice/cpu.max": "200000 100000", "a.slice/b.service/cpu.max": "300000 100000",
             "a.slice/memory.max": HALF_GIB, "a.slice/b.service/memory.max": "max"},
            2, 2**29, id="the folders that contain it",
        ),
        pytest.param(
            "5:memory:/docker/1\n4:cpu,cpuacct:/docker/1\n0::/",
            {"memory/memory.limit_in_bytes": HALF_GIB, "cpu/cpu.cfs_quota_us": "300000",
             "cpu/cpu.cfs_period_us": "100000"},
            3, 2**29, id="version 1 in a container",
        ),
        pytest.param(
            "5:memory:/docker/1\n4:cpu,cpuacct:/docker/1",
            {"memory/memory.limit_in_bytes": "9223372036854771712", "cpu/cpu.cfs_quota_us": "-1",
             "cpu/cpu.cfs_period_us": "100000", "memory/docker/1/memory.limit_in_bytes": HALF_GIB,
             "cpu/docker/1/cpu.cfs_quota_us": "100000", "cpu/docker/1/cpu.cfs_period_us": "100000"},
            1, 2**29, id="version 1 of the host",
        ),
        pytest.param("0::/../../x", {"cpu.max": "?", "memory.max": "-5"}, 4, None, id="unreadable"),
        pytest.param("garbage\n\n::", {"cpu.max": "100000", "memory.max": ""}, 4, None, id="incomplete"),
        pytest.param("", {}, 4, None, id="none"),
    ],
)  # fmt: skip
def test_the_limits_of_a_container_are_read(
    tmp_path: Path, own: str, files: dict[str, str], cores: int, memory: int | None
) -> None:
    (tmp_path / "own").write_text(own)
    for name, content in files.items():
        file = tmp_path / "cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{content}\n")
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert usable_cores(tmp_path / "cgroup", tmp_path / "own") == cores
    assert usable_memory(tmp_path / "cgroup", tmp_path / "own") == (memory or machine)


def test_without_cgroups_the_machine_counts(tmp_path: Path) -> None:
    assert usable_cores(tmp_path / "none", tmp_path / "none") == 4
    assert usable_memory(tmp_path / "none", tmp_path / "none") > 2**29
