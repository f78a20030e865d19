"""A worker that only reports, for tests of the supervisor that need no service."""

from __future__ import annotations

import os
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path

from service.settings import Settings


def report_until_sigterm(settings: Settings, port: int, run_folder: Path, reports: Connection) -> None:
    """In place of ``run_worker``."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    while True:
        reports.send(None)
        time.sleep(0.1)
