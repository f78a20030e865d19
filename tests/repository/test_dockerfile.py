"""The Dockerfile copies what the package needs. `.ci/image` runs its steps."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def copied() -> set[str]:
    """What the Dockerfile copies from the repository."""
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.M)
    return {source for line in lines for source in line.split()}


def test_every_package_is_copied_into_the_image() -> None:
    find = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    assert {pattern.rstrip("*") for pattern in find["include"]} <= copied()


def test_everything_that_is_copied_exists_and_is_not_ignored() -> None:
    assert [source for source in copied() if not (ROOT / source).exists()] == []
    assert copied().isdisjoint((ROOT / ".dockerignore").read_text().split())


def test_images_install_dependencies_from_the_locks_only() -> None:
    installs = re.findall(r"pip install ([^&\n]+)", DOCKERFILE)
    assert len(installs) == 4
    assert all("--no-deps" in arguments for arguments in installs)
    locked = {arguments.split()[-1] for arguments in installs if "--require-hashes" in arguments}
    assert locked == {"requirements/serve.txt", "requirements/gpu.txt"}
