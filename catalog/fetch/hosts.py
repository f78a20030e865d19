"""Hosts that cannot be reached are given up for good, so that a build does not try them for each of their pictures."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from catalog.fetch.errors import HostUnreachable

MAX_FAILURES = 12
"""Tries in a row to which a host may fail to respond: four pictures, each tried three times."""


class UnreachableHosts:
    """Remembers the hosts that cannot be reached, for as long as it exists: one build. Thread-safe.

    A host is given up when its name cannot be resolved, or when ``MAX_FAILURES`` tries in a row had no complete
    response: it accepts no connection, does not answer in time, or closes the connection early.
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

    def note(self, host: str, *, answered: bool) -> None:
        """Note whether a try had a complete response, and give the host up if too many in a row had none."""
        with self._turn:
            self._failures[host] = 0 if answered else self._failures[host] + 1
            if self._failures[host] >= MAX_FAILURES:
                self._given_up[host] = HostUnreachable(
                    f"{host} does not respond: {MAX_FAILURES} tries in a row failed.", kind="no answer"
                )
