"""A real Redis that can fall silent, talk rubbish, die, and come back, always on the same port."""

from __future__ import annotations

import os
import signal
import socket
import socketserver
import subprocess
import sys
import time
from pathlib import Path
from typing import Literal

from models.errors import ModisteError
from tests.bench.processes import REPOSITORY, free_port

Fault = Literal["silent", "garbage", "killed"]
START_WITHIN_S = 10.0


class RedisServer:
    """Use as a context manager: it is healthy when the block begins.

    Args:
        folder: Where it may write.

    Raises:
        ModisteError: redis-server is not installed, or does not start.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RedisServer:
        self.heal()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def heal(self) -> None:
        """Be a healthy, empty Redis."""
        options = ["--bind", "127.0.0.1", "--port", str(self._port), "--save", "", "--appendonly", "no"]
        self._start(["redis-server", *options])

    def fail(self, fault: Fault) -> None:
        """Fall ``silent`` (accept, never answer), answer ``garbage``, or be ``killed``."""
        if fault == "silent":
            assert self._process is not None
            os.kill(self._process.pid, signal.SIGSTOP)
        elif fault == "killed":
            self._end()
        else:
            self._start([sys.executable, "-m", "tests.bench.redis_server", str(self._port)])

    def _start(self, command: list[str]) -> None:
        self._end()
        self._folder.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        try:
            self._process = subprocess.Popen(
                command, cwd=self._folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        except FileNotFoundError as error:
            raise ModisteError(
                "The program redis-server is not installed.",
                hint="Install it: make system, or apt install redis-server.",
            ) from error
        until = time.monotonic() + START_WITHIN_S
        while time.monotonic() < until and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise ModisteError(f"{command[0]} did not start.", hint="Try again; the port may have been taken meanwhile.")

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class _Garbage(socketserver.BaseRequestHandler):
    """Answers whatever it hears with what is no Redis protocol."""

    def handle(self) -> None:
        while self.request.recv(65_536):
            self.request.sendall(b"\x00\xffHTTP/1.1 418 no redis\r\n$-7\r\n*9\r\n:NaN\r\n" + os.urandom(64))


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Nobody needs to hear of clients that hang up on rubbish."""


if __name__ == "__main__":
    with _Server(("127.0.0.1", int(sys.argv[1])), _Garbage) as server:
        server.serve_forever()
