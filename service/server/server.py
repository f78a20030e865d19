"""Runs the application: in the main thread until SIGTERM, or in another one beside a program."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI

from models.errors import ModisteError
from service.execution.admission import Admission
from service.server.door import Crowd, Door
from service.server.handover import Handover, PassingProtocol
from service.settings import Settings

logger = logging.getLogger(__name__)

START_TIMEOUT_S = 60.0
LAST_WORDS_S = 1.0
"""Who has connected before the door was shut has so long to send a request."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any that is free.

    Raises:
        ModisteError: The port is taken, or the address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(1024)  # Only this finds out that another program listens there already.
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise ModisteError(
                f"Port {port} of {host} is taken by another program.",
                hint=f"Stop it, or give another: --port {port + 1}",
            ) from error
        raise ModisteError(
            f"The service cannot listen on {host}, port {port} ({error.strerror}).",
            hint="Give an address of this machine and a port above 1023: --host 127.0.0.1 --port 8000",
        ) from error
    return bound


def address(bound: socket.socket) -> str:
    """The URL of what listens on a socket."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(
    app: FastAPI, settings: Settings, bound: socket.socket, crowd: Crowd | None = None,
    handover: Handover | None = None,
) -> None:  # fmt: skip
    """Serve until SIGTERM or SIGINT; requests in flight are finished first.

    After SIGTERM the service says for ``notice_s`` that it is not ready, and asks clients to close their connections,
    while it goes on answering; then it stops listening. So nobody finds a door shut that a load balancer, or a
    connection kept alive, still calls open.

    Args:
        crowd: Of the processes that share the socket, if there are others.
        handover: To these, and from them.
    """
    # uvicorn sends itself the signal again once it has drained; to be told to stop is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt):
        _server(app, settings, crowd, handover).run(sockets=[bound])


@contextmanager
def running(app: FastAPI, settings: Settings, bound: socket.socket) -> Iterator[str]:
    """Serve in a thread within the block, at the URL that it yields.

    Raises:
        ModisteError: The server does not start.
    """
    server = _server(app, settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, name="server")
    thread.start()
    try:
        until = time.monotonic() + START_TIMEOUT_S
        while not server.started:
            if not thread.is_alive() or time.monotonic() > until:
                raise ModisteError("The server did not start.", hint="The log above tells why.")
            time.sleep(0.01)
        yield address(bound)
    finally:
        server.should_exit = True
        thread.join()
        bound.close()


class _Server(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, admission: Admission, notice_s: float, crowd: Crowd | None,
        handover: Handover | None,
    ) -> None:  # fmt: skip
        super().__init__(config)
        self._admission, self._notice_s, self._crowd, self._handover = admission, notice_s, crowd, handover
        self._doors: list[Door] = []
        self._stop_at = float("inf")

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self._crowd is None:
            await super().startup(sockets)
            return
        await super().startup([])  # All but the listening.
        if self.should_exit:
            return
        connections = self.server_state.connections = _Connections(self._tell)
        self._doors = [
            Door(listening, self._crowd, self._talk, lambda: len(connections)) for listening in sockets or []
        ]

        if self._handover is not None:
            self._handover.open(self._talk)

    def _talk(self, read: bytes = b"") -> asyncio.Protocol:
        given: dict[str, Any] = {
            "config": self.config, "server_state": self.server_state, "app_state": self.lifespan.state,
        }  # fmt: skip
        if self._handover is not None:
            return PassingProtocol(handover=self._handover, read=read, **given)
        return self.config.http_protocol_class(**given)

    def _tell(self) -> None:
        for door in self._doors:
            door.tell()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig != signal.SIGTERM or self._admission.draining:
            super().handle_exit(sig, frame)
            return
        logger.info("SIGTERM: not ready from now on; no longer listening in %g s.", self._notice_s)
        self._admission.draining = True
        self._keep_to_itself()
        self._stop_at = time.monotonic() + self._notice_s

    def _keep_to_itself(self) -> None:
        if self._handover is not None:
            self._handover.shut()

    async def on_tick(self, counter: int) -> bool:
        if time.monotonic() >= self._stop_at and not self.should_exit:
            super().handle_exit(signal.SIGTERM, None)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._keep_to_itself()
        # uvicorn would hang up on who has connected and is about to send, for whom nobody is to blame. One round of the
        # event loop hears of those who wait to be let in, the next lets them in.
        for _ in range(2):
            await asyncio.sleep(0)
        for door in self._doors:
            await door.shut()
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        if self._admission.draining:
            await asyncio.sleep(LAST_WORDS_S)
        await super().shutdown(sockets)


class _Connections(set[Any]):
    """What uvicorn keeps of its connections, with a word for the others whenever one comes or goes."""

    def __init__(self, tell: Callable[[], None]) -> None:
        super().__init__()
        self._tell = tell

    def add(self, connection: Any) -> None:
        super().add(connection)
        self._tell()

    def discard(self, connection: Any) -> None:
        super().discard(connection)
        self._tell()


def _server(
    app: FastAPI, settings: Settings, crowd: Crowd | None = None, handover: Handover | None = None
) -> uvicorn.Server:
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, ws="none", lifespan="on", proxy_headers=False,
        timeout_graceful_shutdown=round(settings.drain_s),
    )  # fmt: skip
    return _Server(config, app.state.context.admission, settings.notice_s, crowd, handover)
