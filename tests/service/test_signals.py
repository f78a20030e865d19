"""The signals that stop the service."""

from __future__ import annotations

import os
import signal

import pytest

from service.signals import OF_TERMINALS, stop_signals


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT, *OF_TERMINALS], ids=str)
@pytest.mark.parametrize("ignored", [False, True])
def test_only_ignored_signals_of_a_terminal_are_not_handled(kind: signal.Signals, ignored: bool) -> None:
    """``nohup`` ignores SIGHUP."""
    handled: list[int] = []
    before = signal.signal(kind, signal.SIG_IGN if ignored else signal.SIG_DFL)
    try:
        with stop_signals(lambda number, _: handled.append(number)):
            os.kill(os.getpid(), kind)
        after = signal.getsignal(kind)
    finally:
        signal.signal(kind, before)
    assert handled == ([] if ignored and kind in OF_TERMINALS else [kind])
    assert after == (signal.SIG_IGN if ignored else signal.SIG_DFL)
