"""The servers that are measured, each as processes of its own: the service and its peers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from catalog.errors import ModisteError
from tests.bench.harness.load import Run
from tests.bench.harness.workload import batch_of_one, upload
from tests.bench.peer_apps.model import BUNDLE, INDEX
from tests.ports import free_port

REPOSITORY = Path(__file__).parents[3]
START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 40.0
PROCESSES = 2
"""Of each peer, one per core of the machine that the figures are from."""


class Peer(StrEnum):
    """The servers that the service is compared with, by the name of their package."""

    fastapi = "fastapi"
    litserve = "litserve"
    bentoml = "bentoml"


TITLES = {
    "service": "Modiste",
    "fastapi": "FastAPI in a thread pool, two uvicorn workers",
    "litserve": "LitServe, batches of 8",
    "bentoml": "BentoML, adaptive batches of up to 8",
}

_TICK = os.sysconf("SC_CLK_TCK")
_READY = re.compile(rb"^modiste_generation_info\{[^}]*\} (\d+)", re.MULTILINE)


@dataclass
class Server:
    """A running server.

    Attributes:
        payload: Makes its search request of a picture and a modification.
    """

    port: int
    process: subprocess.Popen[bytes]
    payload: Callable[[bytes, str], bytes] = field(default=upload)

    def memory(self) -> int:
        """Resident bytes of all its processes; a page that they share counts once."""
        return sum(int(fields[fields.index("Pss:") + 1]) * 1024 for fields in self._read("smaps_rollup"))

    def cpu_seconds(self) -> float:
        """CPU seconds that all its processes have used so far."""
        # The name, in brackets, may hold spaces; utime and stime are the 12th and 13th field after it.
        return sum(int(fields[-39]) + int(fields[-38]) for fields in self._read("stat")) / _TICK

    def measured(self, run: Callable[[], Run]) -> Run:
        """Run a stretch of load, with the CPU time that the server took for it."""
        before = self.cpu_seconds()
        done = run()
        done.server_cpu_s = self.cpu_seconds() - before
        return done

    def workers(self) -> set[int]:
        """The process ids of its children."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return {int(pid) for children in tasks for pid in children.read_text().split()}

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body of a GET; (0, nothing) if there is no response."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def _read(self, name: str) -> Iterator[list[str]]:
        for pid in _descendants(self.process.pid):
            with suppress(OSError):  # It has just ended.
                yield Path(f"/proc/{pid}/{name}").read_text().split()


@contextmanager
def service(
    index_root: Path, bundle: Path, log: Path, settings: Mapping[str, Any] | None = None, processes: int = PROCESSES
) -> Iterator[Server]:
    """``modiste serve`` with its defaults until the block ends.

    Args:
        log: The file that its output goes to.
        settings: Settings that differ, by name, such as ``{"redis_url": ...}``.

    Raises:
        ModisteError: It does not become ready.
    """
    settings = {"notice_s": 0, "processes": processes, **(settings or {})}
    variables = {f"MODISTE_{name.upper()}": str(value) for name, value in settings.items()}
    port = free_port()
    command = [
        sys.executable, "-m", "service.cli", "serve", "--index-root", str(index_root), "--bundle", str(bundle),
        "--host", "127.0.0.1", "--port", str(port),
    ]  # fmt: skip

    def ready(server: Server) -> bool:
        return sum(int(count) for count in _READY.findall(server.get("/metrics")[1])) >= processes

    with _running(command, port, log, variables, ready) as server:
        yield server


@contextmanager
def peer(name: Peer, index_root: Path, bundle: Path, log: Path) -> Iterator[Server]:
    """A peer with two processes until the block ends; see ``service``."""
    port = free_port()
    apps = "tests.bench.peer_apps"
    commands: dict[Peer, list[str]] = {
        Peer.fastapi: [
            "uvicorn", f"{apps}.fastapi_app:app", "--workers", str(PROCESSES), "--no-access-log", "--port", str(port),
        ],
        Peer.litserve: [f"{apps}.litserve_app", str(port)],
        Peer.bentoml: ["bentoml", "serve", f"{apps}.bentoml_app:Search", "--host", "127.0.0.1", "--port", str(port)],
    }  # fmt: skip
    variables = {
        BUNDLE: str(bundle), INDEX: str(index_root), "OMP_NUM_THREADS": "1",
        "BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": str(log.parent / "bentoml"),
        "BENTOML_CONFIG_OPTIONS": "api_server.logging.access.enabled=false",
    }  # fmt: skip
    path = "/readyz" if name is Peer.bentoml else "/health"

    def ready(server: Server) -> bool:
        return server.get(path)[0] == 200

    with _running([sys.executable, "-m", *commands[name]], port, log, variables, ready) as server:
        if name is Peer.bentoml:
            server.payload = batch_of_one
        yield server


@contextmanager
def _running(
    command: list[str], port: int, log: Path, variables: Mapping[str, str], ready: Callable[[Server], bool]
) -> Iterator[Server]:
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **variables, "PYTHONPATH": str(REPOSITORY)}
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, stdout=stream, stderr=stream, env=environment, cwd=REPOSITORY, start_new_session=True
        )
        try:
            server = Server(port, process)
            end = time.monotonic() + START_TIMEOUT_S
            while not ready(server):
                if process.poll() is not None or time.monotonic() > end:
                    raise ModisteError(f"{' '.join(command[1:4])} does not start.", hint=f"Read {log}.")
                time.sleep(0.05)
            yield server
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_TIMEOUT_S)
    with suppress(ProcessLookupError):  # LitServe leaves processes behind.
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _descendants(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found, at = [pid], 0
    while at < len(found):
        with suppress(OSError):  # It has just ended.
            for task in Path(f"/proc/{found[at]}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
        at += 1
    return found
