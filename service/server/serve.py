"""Runs the service: in this process, in several worker processes, or in a thread."""

from __future__ import annotations

import logging
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from fastapi import FastAPI

from catalog.errors import ModisteError
from models.bundle import uses_gpu
from models.bundle.manifest import read_manifest
from service.access.exposure import exposures
from service.app import create_app
from service.execution.cores import divide_cores, lacking_memory
from service.observability.tracing import set_up_tracing, shut_down_tracing
from service.server.draining import DrainingServer
from service.server.failed_threads import end_if_a_thread_fails, no_more_threads_is_an_error
from service.server.garbage_collection import exit_without_collection, permanent_objects
from service.server.listening import address, listen, reserve
from service.server.supervisor import supervise
from service.settings import Settings
from service.signals import WITHOUT_MEANING, ignore_signals

logger = logging.getLogger(__name__)

START_TIMEOUT_S = 60.0


def serve(settings: Settings) -> None:
    """Serve until a signal stops the service, and finish the requests in progress.

    Raises:
        ModisteError: The bundle, a setting or the port cannot be used.
    """
    ignore_signals(*WITHOUT_MEANING)
    exit_without_collection()
    _raise_file_limit()
    for exposure in exposures(settings):
        logger.warning(exposure)
    manifest = read_manifest(settings.bundle)
    processes = divide_cores(settings, gpu=uses_gpu(settings.device)).processes
    if warning := lacking_memory(processes):
        logger.warning(warning)
    if processes > 1 and sys.platform != "linux":  # Other kernels do not distribute connections among sockets.
        logger.warning("Processes can share a port only on Linux, so the service runs in one process.")
        processes = 1
    take = listen if processes == 1 else reserve
    with take(settings.host, settings.port) as bound:
        logger.info("Starting %s %s at %s", manifest.name, manifest.version, address(bound))
        if processes == 1:
            _serve_alone(settings, bound)
        else:
            supervise(settings, bound.getsockname()[1], processes)


@contextmanager
def running(app: FastAPI, settings: Settings, bound: socket.socket) -> Iterator[str]:
    """Serve ``app`` in a thread within the block; yields its URL.

    Raises:
        ModisteError: The server does not start.
    """
    server = DrainingServer(app, settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, name="server")
    thread.start()
    try:
        until = time.monotonic() + START_TIMEOUT_S
        while not server.started:
            if not thread.is_alive() or time.monotonic() > until:
                raise ModisteError("The server did not start.", hint="See the log above for the reason.")
            time.sleep(0.01)
        yield address(bound)
    finally:
        server.should_exit = True
        thread.join()
        bound.close()


def _serve_alone(settings: Settings, bound: socket.socket) -> None:
    end_if_a_thread_fails()
    set_up_tracing()
    try:
        with no_more_threads_is_an_error():
            with permanent_objects():
                app = create_app(settings)
            DrainingServer(app, settings).run(sockets=[bound])
    finally:
        shut_down_tracing()


def _raise_file_limit() -> None:
    """Raise the soft limit of open files, and so of connections, to the hard limit; it is usually 1,024."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
