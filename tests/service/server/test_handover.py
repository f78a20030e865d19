"""Connections that are passed on between processes: here two parts of it in one event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import pytest

from service.observability.metrics import Metrics
from service.server.door import ABSENT
from service.server.handover import MOST_BYTES, Handover, Mailboxes

pytestmark = pytest.mark.skipif("sys.platform != 'linux'", reason="sockets are passed on only there")


class Talker(asyncio.Protocol):
    """Says back what it hears, and by whom."""

    def __init__(self, name: bytes, talkers: list[Talker], read: bytes = b"") -> None:
        self._name, self._read = name, read
        talkers.append(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self._read:
            self.data_received(self._read)

    def data_received(self, data: bytes) -> None:
        self.transport.write(self._name + b" heard " + data)


class Two(NamedTuple):
    """Two processes, as it were: connections come to the first."""

    first: Handover
    second: Handover
    mailboxes: Mailboxes
    counts: Any
    port: int
    talkers: list[Talker]

    async def visitor(self) -> tuple[socket.socket, Talker]:
        """A client and what talks to it."""
        known = len(self.talkers)
        client = socket.create_connection(("127.0.0.1", self.port))
        client.setblocking(False)
        while len(self.talkers) == known:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.001)
        return client, self.talkers[-1]


@asynccontextmanager
async def two(*, opened: bool = True) -> AsyncIterator[Two]:
    mailboxes = Mailboxes.make(2, lambda size: [0] * size)
    assert mailboxes is not None
    first, second = (Handover(mailboxes, place, Metrics()) for place in range(2))
    talkers: list[Talker] = []
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Talker(b"first", talkers), "127.0.0.1", 0)
    if opened:
        for handover, name in ((first, b"first"), (second, b"second")):
            handover.open(lambda read, name=name: Talker(name, talkers, read))  # type: ignore[misc]
    try:
        yield Two(first, second, mailboxes, mailboxes.counts, server.sockets[0].getsockname()[1], talkers)
    finally:
        for talker in talkers:
            talker.transport.abort()
        server.close()
        for inbox in mailboxes.inboxes:
            loop.remove_reader(inbox)
        await asyncio.sleep(0.01)
        for end in (*mailboxes.inboxes, *mailboxes.outboxes):
            end.close()


async def heard(client: socket.socket) -> bytes:
    return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, 1000), 10)


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 30))


def test_the_other_goes_on_with_the_connection_and_what_was_read_of_it() -> None:
    async def scenario() -> None:
        async with two() as it:
            client, talker = await it.visitor()
            with client:
                it.first.begin()
                assert it.first.pass_on(talker.transport, b"half a")
                assert await heard(client) == b"second heard half a"
                client.send(b" wish")
                assert await heard(client) == b"second heard  wish"
                assert list(it.counts[:2]) == [1, 1]  # Until the protocol says that it has ended.

    run(scenario())


def test_who_is_idle_or_no_busier_than_the_other_keeps_it() -> None:
    async def scenario() -> None:
        async with two() as it:
            client, talker = await it.visitor()
            with client:
                assert not it.first.pass_on(talker.transport, b"x")
                it.first.begin()
                it.second.begin()
                assert not it.first.pass_on(talker.transport, b"x")
                it.second.end()
                assert it.first.pass_on(talker.transport, b"x")

    run(scenario())


def test_nothing_more_is_passed_to_one_that_has_not_taken_the_last() -> None:
    async def scenario() -> None:
        async with two() as it:
            (one, first), (other, second) = [await it.visitor() for _ in range(2)]
            with one, other:
                it.first.begin()
                for _ in range(9):
                    it.first.begin()
                assert it.first.pass_on(first.transport, b"x")
                assert it.counts[1] == 0  # The other has not looked yet, and may be stuck.
                assert not it.first.pass_on(second.transport, b"x")
                assert await heard(one) == b"second heard x"
                assert it.first.pass_on(second.transport, b"x")
                assert await heard(other) == b"second heard x"

    run(scenario())


@pytest.mark.parametrize("opened", [True, False])
def test_nothing_is_passed_to_who_does_not_take_it(opened: bool) -> None:
    async def scenario() -> None:
        async with two(opened=opened) as it:
            client, talker = await it.visitor()
            with client:
                it.second.shut()
                assert it.counts[1] == ABSENT
                it.first.open(lambda read: Talker(b"first", it.talkers, read))
                it.first.begin()
                assert not it.first.pass_on(talker.transport, b"x")
                client.send(b"still here")
                assert await heard(client) == b"first heard still here"

    run(scenario())


def test_nothing_is_passed_to_one_that_is_still_starting() -> None:
    mailboxes = Mailboxes.make(3, lambda size: [0] * size)
    assert mailboxes is not None
    assert list(mailboxes.counts) == [ABSENT] * 3 + [0] * 18  # type: ignore[call-overload]
    for end in (*mailboxes.inboxes, *mailboxes.outboxes):
        end.close()


def test_what_is_on_its_way_when_the_other_shuts_is_still_taken() -> None:
    async def scenario() -> None:
        async with two() as it:
            client, talker = await it.visitor()
            with client:
                it.first.begin()
                assert it.first.pass_on(talker.transport, b"x")
                it.second.shut()
                assert await heard(client) == b"second heard x"

    run(scenario())


def test_much_of_a_request_stays_where_it_has_come() -> None:
    async def scenario() -> None:
        async with two() as it:
            client, talker = await it.visitor()
            with client:
                it.first.begin()
                assert not it.first.pass_on(talker.transport, bytes(MOST_BYTES + 1))
                assert it.first.pass_on(talker.transport, bytes(MOST_BYTES))
                assert (await heard(client)).startswith(b"second heard")

    run(scenario())


def test_what_waits_for_one_that_dies_goes_to_another() -> None:
    async def scenario() -> None:
        async with two() as it:
            client, talker = await it.visitor()
            with client:
                for _ in range(2):
                    it.first.begin()
                asyncio.get_running_loop().remove_reader(it.mailboxes.inboxes[1])  # It looks no more.
                assert it.first.pass_on(talker.transport, b"x")
                it.mailboxes.bury(1)
                assert await heard(client) == b"first heard x"
                assert list(it.counts[:2]) == [3, ABSENT]
                # For its successor all is even again.
                assert it.counts[it.mailboxes.passed(0, 1)] == it.counts[it.mailboxes.taken(0, 1)]
                assert it.counts[it.mailboxes.passed(1, 0)] == it.counts[it.mailboxes.taken(1, 0)]

    run(scenario())


def test_one_that_died_taking_a_connection_has_a_successor_that_is_given_others() -> None:
    async def scenario() -> None:
        async with two() as it:
            client, talker = await it.visitor()
            with client:
                it.first.begin()
                it.mailboxes.add_one(it.mailboxes.passed(0, 1))  # The second took it, and died before it could say so.
                it.mailboxes.bury(1)
                it.second.open(lambda read: Talker(b"successor", it.talkers, read))
                assert it.first.pass_on(talker.transport, b"x")
                assert await heard(client) == b"successor heard x"

    run(scenario())


def test_what_waits_where_all_have_died_waits_for_a_successor() -> None:
    async def scenario() -> None:
        async with two() as it:
            client, talker = await it.visitor()
            with client:
                it.first.begin()
                asyncio.get_running_loop().remove_reader(it.mailboxes.inboxes[1])
                assert it.first.pass_on(talker.transport, b"x")
                it.mailboxes.bury(0)
                it.mailboxes.bury(1)
                successor = Handover(it.mailboxes, 1, Metrics())
                successor.open(lambda read: Talker(b"successor", it.talkers, read))
                assert await heard(client) == b"successor heard x"

    run(scenario())


def test_counts_of_what_was_passed_begin_anew_before_they_overflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.server.handover.LAPS", 2)

    async def scenario() -> None:
        async with two() as it:
            for _ in range(5):
                client, talker = await it.visitor()
                with client:
                    it.first.begin()
                    assert it.first.pass_on(talker.transport, b"x")
                    assert await heard(client) == b"second heard x"
                    it.second.end()
            assert max(it.counts[2:]) < 2

    run(scenario())
