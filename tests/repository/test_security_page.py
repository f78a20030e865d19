"""The threat model in SECURITY.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_threat_names_tests_that_exist() -> None:
    rows = [line for line in (ROOT / "SECURITY.md").read_text().splitlines() if line.startswith("| ")]
    threats = [row.strip("| ").split(" | ") for row in rows if not row.startswith(("| what is protected", "| ---"))]
    assert len(threats) > 20
    assert [threat for threat in threats if len(threat) != 4] == []
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"def (test_\w+)", tests))
    for *_, where in threats:
        names = re.findall(r"`(\w+)`", where)
        assert names, where
        assert [name for name in names if not any(name in test for test in defined)] == []
