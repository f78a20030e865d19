"""A process with a failed thread ends."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from service.server.failed_threads import EXIT_CODE
from tests.patience import PATIENCE_S
from tests.service.programs import ROOT


@pytest.mark.parametrize("error", ["MemoryError()", "SystemError('broken')"])
def test_the_process_ends_and_says_why(error: str) -> None:
    program = (
        "import threading, time\n"
        "from service.observability.logs import start_logging\n"
        "from service.server.failed_threads import end_if_a_thread_fails\n"
        "def fail():\n"
        f"    raise {error}\n"
        "start_logging('info')\n"
        "end_if_a_thread_fails()\n"
        "threading.Thread(target=fail, name='scheduler-0').start()\n"
        "time.sleep(3600)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, timeout=PATIENCE_S, check=False
    )
    line = json.loads(ended.stderr)
    assert ended.returncode == EXIT_CODE
    assert line["level"] == "critical"
    assert line["message"] == f"The thread scheduler-0 failed ({error.partition('(')[0]}), so the process ends."
    assert "in fail" in line["error"]
