"""Workers that only report, or hang, for tests of the supervisor that need no service."""

from __future__ import annotations

import os
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path

from service.settings import Settings


def report_until_sigterm(
    settings: Settings, port: int, run_folder: Path, reports: Connection, others_serve: bool
) -> None:
    """In place of ``run_worker``."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    while True:
        reports.send(True)
        time.sleep(0.1)


def report_until_sigint(
    settings: Settings, port: int, run_folder: Path, reports: Connection, others_serve: bool
) -> None:
    """In place of ``run_worker``: after SIGTERM it drains for good."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        reports.send(True)
        time.sleep(0.1)


def hang(settings: Settings, port: int, run_folder: Path, reports: Connection, others_serve: bool) -> None:
    """In place of ``run_worker``: never reports."""
    signal.pause()


def ignores_sigterm(pid: int) -> bool:
    """Whether ``report_until_sigint`` runs in a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    ignored = int(next(line for line in status.splitlines() if line.startswith("SigIgn:")).split()[1], 16)
    return bool(ignored >> (signal.SIGTERM - 1) & 1)
