"""uvicorn's server with a graceful shutdown after SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import math
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, cast

import uvicorn
from fastapi import FastAPI

from service.execution.admission import Admission
from service.server.connections import ConnectionLimits, max_connections
from service.settings import Settings
from service.signals import stop_signals

logger = logging.getLogger(__name__)

ANSWER_S = 5.0
"""Time for the response after the deadline of a search."""
LAST_CONNECTIONS_S = 0.05
"""Time to accept the last waiting connections before the socket is closed."""
REPORT_S = 1.0
LAST_REQUESTS_S = 1.0
"""Time for clients that have just connected to send their request after the socket is closed."""
CLOSED_S = 0.05
"""Pause between two checks whether all connections are closed."""


class DrainingServer(uvicorn.Server):
    """After SIGTERM: not ready for ``notice_s``, then not listening, then stopped when all requests are answered.

    During the notice a load balancer sends its requests elsewhere, so that none reaches a closed port. uvicorn itself
    closes new connections that have not sent their request yet. SIGINT ends the notice at once; SIGHUP
    and SIGQUIT are as SIGTERM.

    Args:
        report: Called once a second while the event loop runs, including during startup and shutdown.
    """

    def __init__(self, app: FastAPI, settings: Settings, report: Callable[[], None] | None = None) -> None:
        limits = ConnectionLimits(
            request_s=settings.deadline_ms / 1000 + ANSWER_S,
            max_per_address=settings.max_connections_per_address,
            max_body_bytes=settings.max_body_bytes,
            max_open=max_connections(),
            max_unread_bytes=settings.max_held_bytes,
        )
        # uvicorn uses the service's logging.
        super().__init__(
            uvicorn.Config(
                app, http=cast(Any, limits), log_config=None, access_log=False, server_header=False, ws="none",
                lifespan="on", proxy_headers=False, timeout_graceful_shutdown=round(settings.drain_s),
            )
        )  # fmt: skip
        self._admission: Admission = app.state.context.admission
        self._notice_s, self._report = settings.notice_s, report
        self._stop_at = math.inf

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # A signal may interrupt any code, including logging, so this only assigns.
        if sig == signal.SIGINT:
            self.should_exit = True
        elif not self._admission.draining:  # If the process group is signalled, a worker gets it twice.
            self._admission.draining = True
            self._stop_at = time.monotonic() + self._notice_s

    @contextmanager
    def capture_signals(self) -> Iterator[None]:  # uvicorn handles only SIGTERM and SIGINT.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        with stop_signals(self.handle_exit):
            yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        # uvicorn's `callback_notify` is called neither while a generation is opened nor during the last requests.
        if self._report is not None:
            self._reporting = asyncio.create_task(_repeat(self._report))
        await super().startup(sockets)

    async def on_tick(self, counter: int) -> bool:
        if time.monotonic() >= self._stop_at:
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._admission.draining:
            logger.info("The service has not been ready for %g s and stops listening now.", self._notice_s)
            # Connections that wait to be accepted are reset when the socket is closed. Limit them to one, and accept
            # it.
            for listening in sockets or []:
                listening.listen(0)
            await asyncio.sleep(LAST_CONNECTIONS_S)
            for server in self.servers:
                server.close()
            until = time.monotonic() + LAST_REQUESTS_S
            while self.server_state.connections and time.monotonic() < until:
                await asyncio.sleep(CLOSED_S)
        await super().shutdown(sockets)


async def _repeat(report: Callable[[], None]) -> None:
    while True:
        report()
        await asyncio.sleep(REPORT_S)
