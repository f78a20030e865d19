"""Hosts that cannot be reached are given up for good, so that a build does not try them for each of their pictures."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from catalog.fetch.errors import HostUnreachable

MOST_FAILURES = 12
"""Connections in a row that a host may fail to accept: four pictures, each tried three times."""


class UnreachableHosts:
    """Remembers the hosts that cannot be reached, for as long as it exists: one build. Thread-safe.

    A host is given up when its name cannot be resolved, or when ``MOST_FAILURES`` connections to it failed in a row.
    """

    def __init__(self) -> None:
        self._given_up: dict[str, HostUnreachable] = {}
        self._failures: Counter[str] = Counter()
        self._resolved: set[str] = set()
        self._resolving: dict[str, threading.Lock] = {}
        self._turn = threading.Lock()

    def check(self, host: str) -> None:
        """Refuse a host that was given up.

        Raises:
            HostUnreachable: With the reason for which it was given up.
        """
        if (error := self._given_up.get(host)) is not None:
            raise HostUnreachable(error.message, kind=error.kind)

    def resolve(self, host: str, ask: Callable[[], list[str]]) -> list[str]:
        """The addresses that ``ask`` returns. Until a name was resolved once, one thread asks and the others wait.

        Raises:
            HostUnreachable: The name cannot be resolved, now or earlier.
        """
        if host in self._resolved:
            return self._ask(host, ask)
        with self._turn:
            resolving = self._resolving.setdefault(host, threading.Lock())
        with resolving:
            self.check(host)
            return self._ask(host, ask)

    def _ask(self, host: str, ask: Callable[[], list[str]]) -> list[str]:
        try:
            addresses = ask()
        except HostUnreachable as error:
            self._given_up[host] = error
            raise
        self._resolved.add(host)
        return addresses

    def connected(self, host: str) -> None:
        """Note that a host accepted a connection."""
        with self._turn:
            self._failures.pop(host, None)

    def failed(self, host: str, kind: str) -> None:
        """Note that a host did not accept a connection, and give it up if it did not for too often."""
        with self._turn:
            self._failures[host] += 1
            if self._failures[host] >= MOST_FAILURES:
                self._given_up[host] = HostUnreachable(
                    f"{host} cannot be reached: {MOST_FAILURES} connections in a row failed.", kind=kind
                )
