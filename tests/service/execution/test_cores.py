"""How cores are divided among processes and threads by default."""

from __future__ import annotations

import pytest

from service.execution import cores as cores_module
from service.execution.cores import divide_cores, lacking_memory
from service.settings import load_settings


@pytest.fixture
def cores(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> int:
    number: int = request.param
    monkeypatch.setattr(cores_module, "usable_cores", lambda: number)
    monkeypatch.setattr(cores_module, "usable_memory", lambda: 2**40)
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


@pytest.mark.parametrize(("mebibytes", "processes"), [(256, 1), (512, 1), (1100, 2), (2**20, 8)])
def test_a_small_container_gets_fewer_processes(
    monkeypatch: pytest.MonkeyPatch, mebibytes: int, processes: int
) -> None:
    monkeypatch.setattr(cores_module, "usable_cores", lambda: 16)
    monkeypatch.setattr(cores_module, "usable_memory", lambda: mebibytes * 2**20)
    assert divide_cores(load_settings(), gpu=False) == (processes, 16 // processes)


@pytest.mark.parametrize(
    ("mebibytes", "processes", "advice"),
    [(512, 1, ""), (511, 1, "Allow it more."), (1024, 2, ""), (512, 2, "--processes"), (4000, 8, "--processes")],
)
def test_too_little_memory_for_the_processes_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, mebibytes: int, processes: int, advice: str
) -> None:
    monkeypatch.setattr(cores_module, "usable_memory", lambda: mebibytes * 2**20)
    warning = lacking_memory(processes)
    assert bool(warning) == bool(advice)
    assert advice in warning
