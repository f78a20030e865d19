"""Ports for programs that tests start."""

from __future__ import annotations

import os
import socket
from itertools import count

FIRST, NUMBER = 10_000, 20_000
"""Below the ports that systems give to sockets without one, so that no such socket takes a port before its program."""
_next = count(97 * os.getpid())


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on. Processes of one test run start at different ports."""
    while True:
        port = FIRST + next(_next) % NUMBER
        with socket.socket() as free:
            try:
                free.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
