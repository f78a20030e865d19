"""``make audit DATABASE=...`` finds known vulnerabilities without the network."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.repository.advisories import Advisories, Advisory, main

ROOT = Path(__file__).parents[2]
# pip-audit sends such a query for each locked version, and prints what is found.
ASK = """
import json, sys, urllib.request
address = sys.argv[sys.argv.index("--osv-url") + 1]
assert "osv" in sys.argv
for version in ("1.0", "1.5"):
    query = {"package": {"name": "some-package", "ecosystem": "PyPI"}, "version": version}
    with urllib.request.urlopen(address, json.dumps(query).encode()) as response:
        print(version, [one["id"] for one in json.load(response).get("vulns", [])], flush=True)
sys.exit(1)
"""


def advisory(id: str, *events: dict[str, str], name: str = "some_package", **affected: Any) -> Advisory:
    ranges = [{"type": "ECOSYSTEM", "events": list(events)}] if events else []
    package = {"name": name, "ecosystem": affected.pop("ecosystem", "PyPI")}
    return {
        "id": id, "modified": f"2026-01-0{id[-1]}T00:00:00Z",
        "affected": [{"package": package, "ranges": ranges, **affected}],
    }  # fmt: skip


DATABASE = [
    advisory("A-1", {"introduced": "0"}, {"fixed": "1.2"}),
    advisory("A-2", {"introduced": "1.2"}, {"last_affected": "1.5"}),
    advisory("A-3", versions=["1.5", "2.0"]),
    advisory("A-4", {"introduced": "0"}, name="other"),
    advisory("A-5", {"introduced": "0"}, ecosystem="npm"),
    advisory("A-6", {"introduced": "3.0rc1"}),
]


@pytest.fixture(params=["folder", "zip"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    files = {f"{one['id']}.json": json.dumps(one) for one in DATABASE}
    if request.param == "folder":
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        return tmp_path
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def test_the_advisories_of_a_version_are_found(database: Path) -> None:
    advisories = Advisories(database)
    expected = {
        "1.1": ["A-1"], "1.2": ["A-2"], "1.5": ["A-2", "A-3"], "1.6": [], "2.0": ["A-3"], "3.0rc1": ["A-6"],
        "4": ["A-6"],
    }  # fmt: skip
    for version, ids in expected.items():
        assert [one["id"] for one in advisories.of("Some.Package", version)] == ids, version
    assert advisories.of("unknown", "1") == []
    assert (advisories.count, advisories.newest[:10]) == (6, "2026-01-06")


def test_the_command_is_answered_from_the_database(database: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(database, [sys.executable, "-c", ASK]) == 1
    captured = capfd.readouterr()
    assert captured.out == "1.0 ['A-1']\n1.5 ['A-2', 'A-3']\n"
    assert "6 advisories, the newest of 2026-01-06" in captured.err


@pytest.mark.parametrize("content", [None, b"", b"no zip"])
def test_a_database_that_cannot_be_read_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "all.zip"
    if content is not None:
        path.write_bytes(content)
    assert main(path, ["true"]) == 2
    assert main(tmp_path, ["true"]) == 2  # No advisory is in the folder: "no vulnerability" would be wrong.


def test_the_target_takes_a_database() -> None:
    def commands(*variables: str) -> str:
        done = subprocess.run(
            ["make", "--dry-run", "--old-file", ".venv-dev/.ready", "audit", *variables], cwd=ROOT,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    assert "tests.repository.advisories" not in commands()
    assert "-m tests.repository.advisories all.zip" in commands("DATABASE=all.zip")
