"""The signals that stop the service, and those that it ignores."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

OF_TERMINALS = tuple(getattr(signal, name) for name in ("SIGHUP", "SIGQUIT") if hasattr(signal, name))
"""A closed terminal, and Ctrl-\\."""
STOPPING = (signal.SIGTERM, signal.SIGINT, *OF_TERMINALS)
"""The signals that stop the service."""
WITHOUT_MEANING = tuple(getattr(signal, name) for name in ("SIGUSR1", "SIGUSR2") if hasattr(signal, name))


@contextmanager
def stop_signals(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Handle SIGTERM, SIGINT and the signals of a terminal within the block.

    The signals of a terminal are not handled if they are ignored, as SIGHUP is by ``nohup``.
    """
    of_terminals = [kind for kind in OF_TERMINALS if signal.getsignal(kind) != signal.SIG_IGN]
    before = {kind: signal.signal(kind, handler) for kind in (signal.SIGTERM, signal.SIGINT, *of_terminals)}
    try:
        yield
    finally:
        for kind, handled in before.items():
            signal.signal(kind, handled)


def ignore_signals(*kinds: signal.Signals) -> None:
    """Ignore signals in this process and in those that it starts."""
    for kind in kinds:
        signal.signal(kind, signal.SIG_IGN)
