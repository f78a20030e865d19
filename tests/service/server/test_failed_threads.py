"""A process with a failed thread ends."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import pytest

from catalog.errors import ModisteError
from service.server.failed_threads import EXIT_CODE, no_more_threads_is_an_error
from tests.patience import PATIENCE_S
from tests.service.programs import ROOT


@pytest.mark.parametrize("error", ["MemoryError()", "SystemError('broken')"])
def test_the_process_ends_and_logs_the_reason(error: str) -> None:
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


def test_a_lack_of_threads_is_an_error_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as limited:
        limited.setattr(threading, "_start_new_thread", refuse, raising=False)
        limited.setattr(threading, "_start_joinable_thread", refuse, raising=False)  # From Python 3.13.
        with pytest.raises(ModisteError, match="no more threads"), no_more_threads_is_an_error():
            threading.Thread(target=print).start()
    with pytest.raises(RuntimeError, match="another"), no_more_threads_is_an_error():
        raise RuntimeError("another")
