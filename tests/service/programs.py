"""``modiste`` as a program, for tests that start processes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx
import orjson

from tests.patience import PATIENCE_S
from tests.ports import free_port
from tests.service.conftest import Shop, eventually, is_ready

ROOT = Path(__file__).parents[2]
SERVED = re.compile(r'modiste_generation_info\{[^}]*generation="([^"]+)"[^}]*\} (\d+)')
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("MODISTE_")}


def modiste(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the program to its end."""
    command = [sys.executable, "-m", "service", *map(str, arguments)]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**ENVIRONMENT, **variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@dataclass
class Service:
    """``modiste serve`` as a process."""

    process: subprocess.Popen[bytes]
    url: str
    processes: int = 1
    """Number of workers; 1 is a service without workers."""
    lines: list[dict[str, Any]] = field(default_factory=list)
    """What it has logged, where stderr is a pipe that is read."""

    def get(self, path: str) -> httpx.Response:
        """GET on a new connection."""
        return httpx.get(f"{self.url}{path}", trust_env=False, timeout=PATIENCE_S)

    def search(self, text: str = "red") -> httpx.Response:
        """A text search on a new connection."""
        return httpx.post(f"{self.url}/search", json={"text": text}, trust_env=False, timeout=PATIENCE_S)

    def logged(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first log line that is ``wanted``, once it is there."""
        found: list[dict[str, Any]] = []

        def look() -> bool:
            found.extend(line for line in list(self.lines) if wanted(line))
            return bool(found)

        eventually(look, "the line is logged")
        return found[0]

    @property
    def workers(self) -> set[int]:
        """The process ids of the workers."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        pids = {int(pid) for children in tasks for pid in children.read_text().split()}
        return {pid for pid in pids if is_alive(pid) and b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()}

    @property
    def generations(self) -> dict[str, int]:
        """The number of workers that serve each generation, by ``/metrics``; empty while it cannot be reached."""
        try:
            return {id: int(number) for id, number in SERVED.findall(self.get("/metrics").text)}
        except httpx.TransportError:
            return {}

    def all_serve(self) -> bool:
        """Whether every worker serves a generation. A service is ready as soon as one of them does."""
        if self.processes == 1:
            return is_ready(self.url)
        return sum(self.generations.values()) == self.processes == len(self.workers)


@contextmanager
def serving(
    shop: Shop, *arguments: str, processes: int = 1, stderr: str = "pipe", folder: Path | None = None,
    ready: bool = True, files: int | None = None, **variables: str,
) -> Iterator[Service]:  # fmt: skip
    """``modiste serve`` within the block.

    Args:
        arguments: Flags of the command.
        processes: Number of workers; 1 serves without workers.
        stderr: ``"pipe"`` (read), ``"unread"``, ``"file"`` (in ``folder``), ``"closed"`` or ``"full"``.
        ready: Whether to wait until all its workers serve.
        files: Hard limit of open files of each process.
        variables: Of its environment.
    """
    port = free_port()
    command = [sys.executable, "-m", "service", "serve", "--port", str(port), "--device", "cpu"]
    command += ["--index-root", str(shop.index_root), "--bundle", str(shop.bundle), "--processes", str(processes)]
    command += arguments
    environment = {**ENVIRONMENT, "MODISTE_POLL_S": "0.1", "MODISTE_NOTICE_S": "0", **variables}
    target: int | IO[bytes] | None = subprocess.PIPE
    if stderr == "file":
        assert folder is not None
        target = open(folder / "stderr", "wb")  # noqa: SIM115
    elif stderr == "full":
        target = open("/dev/full", "wb")  # noqa: SIM115
    elif stderr == "closed":
        target = None
        command = ["sh", "-c", 'exec "$@" 2>&-', "sh", *command]
    if files is not None:
        command = ["sh", "-c", 'ulimit -n "$0"; exec "$@"', str(files), *command]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=target, stdout=subprocess.DEVNULL)
    if not isinstance(target, int) and target is not None:
        target.close()
    service = Service(process, f"http://127.0.0.1:{port}", processes)
    reader = threading.Thread(target=_read, args=(process.stderr, service.lines), daemon=True)
    if stderr == "pipe":
        reader.start()
    workers: set[int] = set()
    try:
        if ready:
            eventually(lambda: process.poll() is not None or service.all_serve(), "all workers serve")
            assert process.poll() is None, f"It ended with {process.poll()}: {service.lines}"
            workers = service.workers
        yield service
        process.terminate()
        process.wait(PATIENCE_S)
    finally:
        process.kill()
        process.wait()
        for pid in filter(is_alive, workers):  # Of a test that failed.
            with suppress(ProcessLookupError):
                os.kill(pid, 9)
        if stderr == "pipe":
            reader.join(PATIENCE_S)
        if process.stderr is not None:
            process.stderr.close()


def is_alive(pid: int) -> bool:
    """Whether a process runs, is stopped, or is still ending: its sockets are open until its last thread has ended."""
    process = Path(f"/proc/{pid}")
    try:
        ended = (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        return not ended or len(list((process / "task").iterdir())) > 1
    except OSError:
        return False


def refuses_connections(url: str) -> bool:
    """Whether no program listens there any more."""
    try:
        httpx.get(f"{url}/health/live", timeout=PATIENCE_S, trust_env=False)
    except httpx.TransportError:
        return True
    return False


def _read(stream: IO[bytes] | None, lines: list[dict[str, Any]]) -> None:
    for line in stream or ():
        with suppress(orjson.JSONDecodeError):  # What Python itself prints.
            lines.append(orjson.loads(line))
