"""The serving environment, which has no torch: the demo, the indexer and the service run in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE_S
from tests.ports import free_port

ROOT = Path(__file__).parents[1]
PRODUCTS = "300"


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of the serving environment: the one that `make` installed, or that of a new environment."""
    given = os.environ.get("MODISTE_SERVING_PYTHON")
    if given:
        return Path(given)
    folder = tmp_path_factory.mktemp("serving") / "venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    made = folder / "bin" / "python"
    install: list[str | Path] = [made, "-m", "pip", "install", "--quiet", "--no-deps"]
    subprocess.run([*install, "--require-hashes", "-r", ROOT / "requirements" / "serve.txt"], check=True)
    subprocess.run([*install, "--editable", ROOT], check=True)
    return made


@pytest.fixture(scope="session")
def demo(python: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a demo of a small shop that was run once, and its output."""
    folder = tmp_path_factory.mktemp("demo")
    done = modiste(python, "demo", "--folder", str(folder), "--products", PRODUCTS, "--port", "0", "--once")
    assert done.returncode == 0, done.stderr + done.stdout
    return folder, done.stdout


def modiste(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([python.parent / "modiste", *arguments], capture_output=True, text=True, timeout=300)


@contextmanager
def served(python: Path, index_root: Path) -> Iterator[str]:
    """The address of `modiste serve` once it is ready; SIGTERM must end it with 0."""
    port = free_port()
    command = [str(python.parent / "modiste"), "serve", "--index-root", str(index_root), "--port", str(port)]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(server, url)
        yield url
        server.terminate()
        assert server.wait(timeout=PATIENCE_S) == 0
    finally:
        server.kill()
        server.wait()


def wait_until_ready(server: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            with urllib.request.urlopen(f"{url}/health/ready", timeout=5):
                return
        except OSError:
            assert server.poll() is None, f"The service ended with {server.returncode}."
            assert time.monotonic() < deadline, f"The service is not ready after {PATIENCE_S} s."
        time.sleep(0.05)


def search(url: str, text: str) -> dict[str, Any]:
    body = json.dumps({"text": text, "k": 5}).encode()
    request = urllib.request.Request(f"{url}/search", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def test_neither_torch_nor_what_exports_models_is_installed(python: Path) -> None:
    check = "import importlib.util as u; print([m for m in ('torch', 'open_clip', 'timm', 'onnx') if u.find_spec(m)])"
    assert subprocess.run([python, "-c", check], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_demo_prints_a_worked_example_whose_results_satisfy_it(demo: tuple[Path, str]) -> None:
    _, printed = demo
    assert "modification  in " in printed
    assert printed.count("✓") >= 3


def test_a_second_run_of_the_demo_does_not_index_again(python: Path, demo: tuple[Path, str]) -> None:
    folder, _ = demo
    again = modiste(python, "demo", "--folder", str(folder), "--products", PRODUCTS, "--port", "0", "--once")
    assert again.returncode == 0, again.stderr
    assert "Indexing" not in again.stdout
    assert len(list((folder / "index" / "generations").iterdir())) == 1


def test_a_catalogue_is_indexed_served_and_searched(python: Path, demo: tuple[Path, str], tmp_path: Path) -> None:
    catalog = demo[0] / "catalog"
    built = modiste(python, "index", "build", "--catalog", str(catalog), "--index-root", str(tmp_path))
    assert built.returncode == 0, built.stderr
    assert f"{PRODUCTS} products indexed" in built.stdout
    with served(python, tmp_path) as url:
        answer = search(url, "a red dress")
    assert answer["mode"] == "text"
    best = answer["results"][0]["attributes"]
    assert (best["type"], best["colour"]) == ("dress", "red")


def test_training_without_torch_is_refused_with_the_extra_to_install(python: Path) -> None:
    refused = modiste(python, "models", "train", "modiste-base")
    assert refused.returncode == 1
    assert "pip install 'modiste[train]'" in refused.stderr
