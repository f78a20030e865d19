"""How many examples property tests try: few, and the same in every run, unless `make fuzz` asks for others."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

ASKED = os.environ.get("TEST_EXAMPLES")


def properties(examples: int) -> settings:
    """Settings of a property that tries ``examples`` in every run of the tests."""
    return settings(
        max_examples=int(ASKED or examples), derandomize=ASKED is None, database=None, deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )  # fmt: skip
