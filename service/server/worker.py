"""One worker process: its own application, event loop and listening socket."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path

from catalog.errors import ModisteError
from service.app import create_app
from service.observability.logs import start_logging
from service.observability.tracing import set_up_tracing, shut_down_tracing
from service.server.draining import DrainingServer
from service.server.failed_threads import end_if_a_thread_fails, no_more_threads_is_an_error
from service.server.garbage_collection import exit_without_collection, permanent_objects
from service.server.listening import bind
from service.settings import Settings
from service.signals import OF_TERMINALS, ignore_signals

logger = logging.getLogger(__name__)


def run_worker(settings: Settings, port: int, run_folder: Path, reports: Connection, others_serve: bool) -> None:
    """Serve until SIGTERM or until the supervisor ends.

    The socket listens only after the application has started, so that the kernel does not assign connections to a
    worker that is not ready.

    Args:
        reports: Receives once a second, while the event loop runs, whether there is a generation; or the message and
            hint of a ModisteError.
        others_serve: As in ``create_app``.
    """
    # Only the supervisor handles signals of the terminal. uvicorn's handler of SIGINT follows when it has started.
    ignore_signals(signal.SIGINT, *OF_TERMINALS)
    exit_without_collection()

    def report() -> None:
        with suppress(OSError):
            reports.send(app.state.context.live.generation_id is not None)

    try:
        with no_more_threads_is_an_error():
            start_logging(settings.log_level)
            end_if_a_thread_fails()
            _stop_with_parent()
            set_up_tracing()
            with permanent_objects():
                app = create_app(settings, run_folder=run_folder, others_serve=others_serve)
            DrainingServer(app, settings, report).run(sockets=[bind(settings.host, port, shared=True)])
    except ModisteError as error:
        reports.send((error.message, error.hint))
        sys.exit(error.exit_code)
    finally:
        shut_down_tracing()


def _stop_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=follow, name="parent", daemon=True).start()
