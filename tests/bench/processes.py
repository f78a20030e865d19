"""What is measured, in processes of its own: the service, a hello-world of the same framework, Redis."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from models.bundle import uses_gpu
from models.errors import ModisteError
from service.execution.cores import shared_out
from service.settings import load_settings

REPOSITORY = Path(__file__).parents[2]
READY_WITHIN_S = 300.0
STOP_WITHIN_S = 40.0
_PAGE = os.sysconf("SC_PAGE_SIZE")
_SERVING = re.compile(rb"^modiste_generation_info\{[^}]*\} (\d+)", re.MULTILINE)


class Service(NamedTuple):
    """A running server."""

    port: int
    process: subprocess.Popen[bytes]

    def memory(self) -> int:
        """Resident bytes of all its processes together; pages that they share count in each."""
        return sum(_resident(pid) for pid in family(self.process.pid))

    def fetch(self, path: str) -> tuple[int, bytes]:
        """Status and body of a GET; (0, nothing) where nobody answers."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""


@contextmanager
def service(index_root: Path, bundle: Path, log: Path, settings: Mapping[str, Any] | None = None) -> Iterator[Service]:
    """``modiste serve`` on a free port until the block ends; its settings are the defaults, then MODISTE_* variables.

    Args:
        log: File that takes what it writes.
        settings: Changes by name, such as ``{"redis_url": ...}``.

    Raises:
        ModisteError: It does not become ready.
    """
    settings = {"notice_s": 0, **(settings or {})}  # No load balancer has to hear that it stops.
    changes = {f"MODISTE_{name.upper()}": str(value) for name, value in settings.items()}
    port = free_port()
    command = [
        sys.executable, "-m", "service.cli", "serve", "--index-root", str(index_root), "--bundle", str(bundle),
        "--host", "127.0.0.1", "--port", str(port),
    ]  # fmt: skip
    given = load_settings(**settings)
    processes = shared_out(given, gpu=uses_gpu(given.device)).processes
    with _running(command, port, "/health/ready", log, changes) as started:
        until = time.monotonic() + READY_WITHIN_S
        while sum(int(serve) for serve in _SERVING.findall(started.fetch("/metrics")[1])) < processes:
            if time.monotonic() > until:
                raise ModisteError(f"Not all of its {processes} processes serve.", hint=f"{log} tells why.")
            time.sleep(0.05)
        yield started


@contextmanager
def hello(log: Path) -> Iterator[Service]:
    """The hello-world of ``tests.bench.hello`` on a free port until the block ends."""
    port = free_port()
    with _running(
        [sys.executable, "-m", "tests.bench.hello", str(port)], port, "/hello", log, {"MODISTE_NOTICE_S": "0"}
    ) as started:
        yield started


@contextmanager
def _running(command: Sequence[str], port: int, ready: str, log: Path, changes: Mapping[str, str]) -> Iterator[Service]:
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **changes, "PYTHONPATH": str(REPOSITORY)}
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, env=environment, cwd=REPOSITORY)
        try:
            started = Service(port, process)
            until = time.monotonic() + READY_WITHIN_S
            while started.fetch(ready)[0] != 200:
                if process.poll() is not None or time.monotonic() > until:
                    raise ModisteError(f"{' '.join(command[1:4])} does not start.", hint=f"{log} tells why.")
                time.sleep(0.05)
            yield started
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found, at = [pid], 0
    while at < len(found):
        try:
            for task in Path(f"/proc/{found[at]}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            pass  # It has just ended.
        at += 1
    return found


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except OSError:
        return 0
