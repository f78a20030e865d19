"""The import contracts hold, and serving imports nothing that only training needs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
PACKAGES = ("catalog", "indexer", "models", "service", "understanding")
FOR_TRAINING = {"torch", "torchvision", "open_clip", "timm", "onnx"}


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a fresh process in the repository's root."""
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S)


def test_the_import_contracts_hold() -> None:
    done = run(
        "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    "module", ["service.app", "service.cli", "indexer.build", "indexer.cli", "models.bundle", "models.cli"]
)
def test_serving_and_indexing_import_no_training_library(module: str) -> None:
    done = run(f"import sys, {module}; print(sorted({FOR_TRAINING} & set(sys.modules)))")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_the_page_on_architecture_names_files_that_exist() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    files = page[page.index("## Files") : page.index("## How a search runs")]
    names = set(re.findall(r"\w+\.py", files))
    assert len(names) > 100
    assert names <= {path.name for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    paths = re.findall(rf"`((?:{'|'.join(PACKAGES)})/[\w./-]+)`", page)
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []
