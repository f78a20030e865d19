"""``python -m tests.fuzz --seconds 120``: looks for faults within a time, and ends with 1 if it finds one.

Three parts share the time: each target by coverage (``coverage.py``), the running service by its OpenAPI document
(schemathesis, which checks every answer against it), and the property tests with other examples (hypothesis).
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from tests.fuzz.targets import TARGETS
from tests.service.conftest import Shop, build, eventually, is_ready, write_cloth_catalog
from tests.service.keys import add_key
from tests.service.programs import ROOT, serving
from tests.toy_bundle import write_toy_bundle

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance",
)  # fmt: skip
PROPERTIES = (
    "tests/service/http/test_request_properties.py", "tests/catalog/formats/test_dialects.py",
    "tests/catalog/values/test_values.py", "tests/understanding/test_properties.py",
)  # fmt: skip
EXAMPLES = 200
"""Of each property in one round; rounds are repeated until the time is over."""


def main(
    seconds: Annotated[int, typer.Option(min=9, help="Time for all parts together.")] = 120,
    output: Annotated[Path, typer.Option(help="Folder for corpora and for the inputs that were found.")] = Path(
        "build/fuzz"
    ),
) -> None:
    """Look for inputs that fail, hang or take too much memory."""
    failed = [*_targets(seconds / 3, output), *_api(seconds / 3), *_properties(seconds / 3)]
    for one in failed:
        typer.echo(f"found: {one}", err=True)
    raise typer.Exit(1 if failed else 0)


def _targets(seconds: float, output: Path) -> Iterator[str]:
    for name in TARGETS:
        each = max(1, round(seconds / len(TARGETS)))
        command = [sys.executable, "-m", "tests.fuzz.coverage", name, str(output.resolve() / name), str(each)]
        (output / name).mkdir(parents=True, exist_ok=True)
        done = subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, check=False)
        errors = done.stderr.decode(errors="replace")
        runs = [line for line in errors.splitlines() if "number_of_executed_units" in line]
        typer.echo(f"{name}: {' '.join(runs) or 'ended early'}")
        if done.returncode != 0:
            typer.echo(errors[-5000:], err=True)
            yield f"{name}, see {output / name}"


def _api(seconds: float) -> Iterator[str]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        shop = Shop(write_toy_bundle(folder / "bundle", attributes=True), write_cloth_catalog(folder / "shop"), folder)
        build(shop.catalog, shop.bundle, shop.index_root)
        key = add_key(folder / "keys.json", "search", "events", "operations")
        keys = str(folder / "keys.json")
        with serving(
            shop, processes=2, ready=False, MODISTE_KEYS=keys
        ) as service:  # ``ready`` reads metrics without a key.
            eventually(lambda: is_ready(service.url) and len(service.workers) == 2, "both workers run")
            before = service.workers
            command = [
                str(Path(sys.executable).with_name("schemathesis")), "fuzz", f"{service.url}/openapi.json",
                "--max-time", str(round(seconds)), "--checks", ",".join(CHECKS), "--seed", str(random.randrange(2**32)),
                "--header", f"Authorization: {key.headers['Authorization']}",
                "--header", "X-Request-Timeout-Ms: 30000",  # Shorter deadlines are 504.
                "--continue-on-failure", "--generation-database", "none",
            ]  # fmt: skip
            if subprocess.run(command, cwd=folder, check=False).returncode != 0:  # It leaves a folder.
                yield "an answer that the OpenAPI document does not describe"
            if service.workers != before:
                yield "a worker ended"


def _properties(seconds: float) -> Iterator[str]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        seed = random.randrange(2**32)
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", f"--hypothesis-seed={seed}"]
        environment = {**os.environ, "TEST_EXAMPLES": str(EXAMPLES)}
        try:
            left = max(1.0, end - time.monotonic())
            if subprocess.run([*command, *PROPERTIES], cwd=ROOT, env=environment, check=False, timeout=left).returncode:
                yield f"a property, with --hypothesis-seed={seed}"
                return
        except subprocess.TimeoutExpired:
            return


if __name__ == "__main__":
    typer.run(main)
