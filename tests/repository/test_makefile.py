"""The Makefile explains itself where it cannot go on."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_python_that_cannot_be_run_is_one_clear_line(tmp_path: Path) -> None:
    shim = tmp_path / "python3.13"  # pyenv's shim of a version that is not selected
    shim.write_text("#!/bin/sh\necho 'pyenv: python3.13: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    done = subprocess.run(
        ["make", "--no-print-directory", "version", f"PYTHON={shim}"], cwd=ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode != 0
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"{shim} cannot be run.")
    assert "3.11 to 3.13" in line
    assert "pyenv" not in done.stderr
