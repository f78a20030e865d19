"""Who lets in whom, where several processes listen at one socket."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from service.server.door import ABSENT, COURTESY_S, Crowd, Door


class Guest(asyncio.Protocol):
    """A connection that was let in."""

    def __init__(self, guests: set[Guest], tell: Callable[[], None]) -> None:
        self._guests, self._tell = guests, tell

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._guests.add(self)
        self._tell()

    def connection_lost(self, exc: Exception | None) -> None:
        self._guests.discard(self)
        self._tell()

    def leave(self) -> None:
        self._transport.close()


class House:
    """Doors of several processes at one socket, and who is behind each."""

    def __init__(self, listening: socket.socket, counts: list[int], doors: int) -> None:
        self.counts, self.port = counts, listening.getsockname()[1]
        self.guests: list[set[Guest]] = [set() for _ in range(doors)]
        self.doors = [
            # A process has a descriptor of its own for the socket that all share.
            Door(listening.dup(), Crowd(counts, place), self._guest(place), self._guests(place))
            for place in range(doors)
        ]

    def _guest(self, place: int) -> Callable[[], Guest]:
        return lambda: Guest(self.guests[place], self.doors[place].tell)

    def _guests(self, place: int) -> Callable[[], int]:
        return lambda: len(self.guests[place])

    @property
    def inside(self) -> list[int]:
        return [len(guests) for guests in self.guests]

    async def visit(self, clients: list[socket.socket]) -> None:
        """Connect and wait until someone has let the visitor in."""
        before = sum(self.inside)
        clients.append(socket.create_connection(("127.0.0.1", self.port)))
        until = time.monotonic() + 10
        while sum(self.inside) == before:
            assert time.monotonic() < until, "nobody opens"
            await asyncio.sleep(0.001)


@asynccontextmanager
async def house(doors: int, *, counts: list[int] | None = None) -> AsyncIterator[tuple[House, list[socket.socket]]]:
    clients: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        opened = House(listening, [ABSENT] * doors if counts is None else counts, doors)
        try:
            yield opened, clients
        finally:
            for door in opened.doors:
                if not door._closing.is_set():
                    await door.shut()
            for guest in set[Guest]().union(*opened.guests):
                guest.leave()
            for client in clients:
                client.close()
            await asyncio.sleep(0.01)


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 30))


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is to let the next one in has the time to, however busy this machine is."""
    monkeypatch.setattr("service.server.door.COURTESY_S", 2.0)


@pytest.mark.usefixtures("patient")
def test_connections_are_shared_out_evenly() -> None:
    async def scenario() -> None:
        async with house(3) as (opened, clients):
            for _ in range(9):
                await opened.visit(clients)
            assert opened.inside == [3, 3, 3]

    run(scenario())


@pytest.mark.usefixtures("patient")
def test_who_lost_connections_gets_the_next_ones() -> None:
    async def scenario() -> None:
        async with house(2) as (opened, clients):
            for _ in range(8):
                await opened.visit(clients)
            for guest in list(opened.guests[0]):
                guest.leave()
            await asyncio.sleep(0.01)
            for _ in range(3):
                await opened.visit(clients)
            assert opened.inside == [3, 4]

    run(scenario())


@pytest.mark.usefixtures("patient")
def test_who_gives_way_sees_at_once_that_its_turn_has_come() -> None:
    async def scenario() -> None:
        counts = [ABSENT, 0]  # The second says that it has nobody, and does not come to the door.
        async with house(1, counts=counts) as (opened, clients):
            counts[0] = 1
            start = time.monotonic()
            visit = asyncio.ensure_future(opened.visit(clients))
            await asyncio.sleep(0.05)
            assert not visit.done()
            counts[1] = 2
            await visit
            assert time.monotonic() - start < 1

    run(scenario())


def test_a_stuck_process_keeps_nobody_waiting_for_long() -> None:
    async def scenario() -> None:
        counts = [ABSENT, 0]  # The second says that it has nobody, and does not come to the door.
        async with house(1, counts=counts) as (opened, clients):
            start = time.monotonic()
            for _ in range(5):
                await opened.visit(clients)
            assert opened.inside == [5]
            assert time.monotonic() - start >= 4 * COURTESY_S

    run(scenario())


def test_a_process_that_is_gone_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.server.door.COURTESY_S", 60.0)

    async def scenario() -> None:
        async with house(1, counts=[ABSENT, ABSENT]) as (opened, clients):
            for _ in range(5):
                await opened.visit(clients)

    run(scenario())


def test_who_has_connected_before_it_is_shut_is_let_in() -> None:
    async def scenario() -> None:
        async with house(1) as (opened, clients):
            clients += [socket.create_connection(("127.0.0.1", opened.port)) for _ in range(5)]
            await opened.doors[0].shut()
            assert opened.inside == [5]
            assert opened.counts == [ABSENT]

    run(scenario())


def test_too_many_open_files_end_nothing(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("service.server.door.PAUSE_S", 0.01)

    async def scenario() -> None:
        async with house(1) as (opened, clients):
            door = opened.doors[0]
            accepted, failures = door._accepted, iter([OSError(24, "Too many open files")])

            def failing() -> socket.socket | None:
                if error := next(failures, None):
                    raise error
                return accepted()

            monkeypatch.setattr(door, "_accepted", failing)
            await opened.visit(clients)
            assert "Too many open files" in caplog.text

    run(scenario())
