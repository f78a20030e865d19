"""Runs the application: in the main thread until SIGTERM, or in another one beside a program."""

from __future__ import annotations

import errno
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn
from fastapi import FastAPI

from models.errors import ModisteError
from service.settings import Settings

START_TIMEOUT_S = 60.0


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


def run(app: FastAPI, settings: Settings, bound: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight are finished first."""
    # uvicorn sends itself the signal again once it has drained; to be told to stop is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt):
        _server(app, settings).run(sockets=[bound])


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


def _server(app: FastAPI, settings: Settings) -> uvicorn.Server:
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, ws="none", lifespan="on",
        timeout_graceful_shutdown=round(settings.drain_s),
    )  # fmt: skip
    return uvicorn.Server(config)
