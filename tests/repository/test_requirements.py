"""The lock files in ``requirements/`` agree with ``pyproject.toml`` and name no index and no path."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
EXTRAS = {
    "serve.txt": ("cpu", "otel", "qdrant", "s3"),
    "gpu.txt": ("gpu", "otel", "qdrant", "s3"),
    "dev.txt": ("cpu", "otel", "train", "qdrant", "s3", "ray", "dev"),
}
NOT_LOCKED = {"torch", "torchvision"}
"""The build that fits depends on the machine."""


def required(extras: tuple[str, ...]) -> list[Requirement]:
    """What ``pip install .[extras]`` asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = project["dependencies"] + [line for extra in extras for line in project["optional-dependencies"][extra]]
    return [Requirement(line) for line in lines]


def locked(name: str) -> dict[str, list[Version]]:
    """The versions of each package in a lock file; a package may have several, by Python version."""
    versions: dict[str, list[Version]] = {}
    for package, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", (ROOT / "requirements" / name).read_text(), re.M):
        versions.setdefault(canonicalize_name(package), []).append(Version(version))
    return versions


@pytest.mark.parametrize("name", EXTRAS)
def test_every_dependency_is_locked_within_its_bounds(name: str) -> None:
    versions = locked(name)
    wanted = [one for one in required(EXTRAS[name]) if one.name not in NOT_LOCKED]
    missing = [one.name for one in wanted if canonicalize_name(one.name) not in versions]
    assert not missing, "run `make lock`"
    outside = [one for one in wanted for found in versions[canonicalize_name(one.name)] if found not in one.specifier]
    assert not outside, "run `make lock`"


@pytest.mark.parametrize("name", EXTRAS)
def test_every_locked_package_has_a_hash(name: str) -> None:
    blocks = re.split(r"^(?=\w)", (ROOT / "requirements" / name).read_text(), flags=re.M)[1:]
    assert len(blocks) > 20
    assert [block.split(" ")[0] for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("name", EXTRAS)
def test_a_lock_file_names_no_index_and_no_path(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text()
    assert "://" not in text
    assert not re.search(r"^(-|\S+ @ )", text, re.M)


@pytest.mark.parametrize("name", EXTRAS)
def test_torch_is_not_locked(name: str) -> None:
    assert locked(name).keys().isdisjoint(NOT_LOCKED)


@pytest.mark.parametrize("name", ["serve.txt", "gpu.txt"])
def test_images_run_the_versions_that_tests_run(name: str) -> None:
    tested = locked("dev.txt")
    differing = {package: versions for package, versions in locked(name).items() if versions != tested.get(package)}
    assert all(package.startswith("nvidia-") or package in ("faiss-gpu", "onnxruntime-gpu") for package in differing)


def test_every_dependency_has_an_upper_bound() -> None:
    open_ended = [
        one.name
        for one in required(("cpu", "gpu", "otel", "train", "qdrant", "s3", "ray"))
        if not any(bound.operator in ("<", "<=", "==", "~=") for bound in one.specifier)
    ]
    assert open_ended == []
