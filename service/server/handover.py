"""A search that comes to a busy process is taken over, connection and all, by one that has less to do.

Connections are shared out when they are made (``door.py``), but which of them will ask next nobody knows: of a few
searches that come together, all may come to one process, while its neighbour's cores idle. Whoever has a shorter queue
takes the newcomer, then and there: its socket is passed on with the bytes that have been read of it, as is possible
between processes of one machine (Linux; elsewhere searches stay where they come).
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.observability.metrics import Metrics
from service.server.door import ABSENT, Counts

logger = logging.getLogger(__name__)

MOST_BYTES = 160 * 2**10
"""Of a request that are passed on with its connection; where more of it have come, it stays. A shopper's picture that
a page or an app has scaled down fits, and a system's usual settings let a message of so many through."""
QUEUED_BYTES = 4 * MOST_BYTES
"""That may wait for a process to take them, where the system allows so many."""
SEARCHING = b"POST "
NOBODY = 255
"""Whom a connection is from that its giver gave to another."""
LAPS = 2**30
"""Counts of what was passed on begin anew after so many; it is their difference that counts."""


class Mailboxes(NamedTuple):
    """Where processes take connections over, one for each of P processes, and what they tell each other."""

    inboxes: Sequence[socket.socket]
    outboxes: Sequence[socket.socket]
    counts: Counts
    """Shared memory ``[P * (1 + 2 * P)]``: searches in progress of each process; connections that each has passed on to
    each, and those that each has taken from each. Every number is written by one process, or by who buries it."""

    @classmethod
    def make(cls, processes: int, shared: Callable[[int], Counts]) -> Mailboxes | None:
        """None where the system cannot pass sockets on.

        Args:
            shared: Makes so many zeros in memory that all processes share.
        """
        if sys.platform != "linux":
            return None
        pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(processes)]
        for end in (end for pair in pairs for end in pair):
            end.setblocking(False)
        for _, outbox in pairs:
            outbox.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, QUEUED_BYTES)
        inboxes, outboxes = zip(*pairs, strict=True)
        counts = shared(processes * (1 + 2 * processes))
        for place in range(processes):  # Who is only starting takes nothing.
            counts[place] = ABSENT
        return cls(inboxes, outboxes, counts)

    def passed(self, giver: int, taker: int) -> int:
        """Where it is counted what one has passed on to another."""
        return len(self.inboxes) * (1 + giver) + taker

    def taken(self, giver: int, taker: int) -> int:
        """Where it is counted what one has taken from another."""
        return len(self.inboxes) * (1 + len(self.inboxes) + giver) + taker

    def add_one(self, place: int) -> None:
        """One more."""
        self.counts[place] = (self.counts[place] + 1) % LAPS

    def bury(self, dead: int) -> None:
        """Pass on to another what waits for a process that has died; where there is none, its successor takes it.
        For whoever sees it die."""
        self.counts[dead] = ABSENT
        while others := [place for place in range(len(self.inboxes)) if self.counts[place] != ABSENT]:
            try:
                data, descriptors, _, _ = socket.recv_fds(self.inboxes[dead], 1 + MOST_BYTES, 1)
            except OSError:  # It is empty. If it died in the midst of taking one, that one has gone with it.
                for giver in range(len(self.inboxes)):
                    self.counts[self.taken(giver, dead)] = self.counts[self.passed(giver, dead)]
                return
            self.add_one(self.taken(data[0], dead))
            heir = min(others, key=lambda place: self.counts[place])
            try:
                socket.send_fds(self.outboxes[heir], [bytes([NOBODY]), data[1:]], descriptors)
            except OSError:
                logger.error("A connection to a process that died is lost: its heir cannot take it.")
            for descriptor in descriptors:
                os.close(descriptor)


class Handover:
    """One process's part in it; closed until it is opened. Used from its event loop.

    Args:
        place: Which of the processes this is.
    """

    def __init__(self, mailboxes: Mailboxes, place: int, metrics: Metrics) -> None:
        self._metrics = metrics
        self._mailboxes, self._place = mailboxes, place
        self._inbox, self._counts = mailboxes.inboxes[place], mailboxes.counts
        self._others = [other for other in range(len(mailboxes.inboxes)) if other != place]
        self._in_progress, self._closed = 0, True
        self._arriving: set[asyncio.Task[None]] = set()
        self._tell()

    def open(self, protocol: Callable[[bytes], asyncio.Protocol]) -> None:
        """Take over from now on.

        Args:
            protocol: Makes what talks to a connection of which so many bytes have been read.
        """
        self._protocol, self._closed = protocol, False
        self._tell()
        asyncio.get_running_loop().add_reader(self._inbox, self._take_over)

    def shut(self) -> None:
        """Be given nothing more. What is on its way is still taken over, as long as the event loop runs."""
        self._closed = True
        self._tell()

    def begin(self) -> None:
        """Count a search that stays here."""
        self._in_progress += 1
        self._tell()

    def end(self) -> None:
        """Count a search no longer."""
        self._in_progress -= 1
        self._tell()

    def pass_on(self, transport: asyncio.Transport, read: bytes) -> bool:
        """Let another process go on with a connection, if one has less to do.

        Args:
            read: What has been read of it since its last answer.

        Returns:
            Whether it is gone.
        """
        least, other = min((self._load(other), other) for other in self._others)
        if least >= self._in_progress or self._closed:
            return False
        if len(read) > MOST_BYTES or transport.get_write_buffer_size():
            return False
        descriptor = transport.get_extra_info("socket").fileno()
        try:
            socket.send_fds(self._mailboxes.outboxes[other], [bytes([self._place]), read], [descriptor])
        except OSError:  # Its inbox is full, or too many files are open.
            return False
        self._mailboxes.add_one(self._mailboxes.passed(self._place, other))
        self._metrics.passed_on()
        transport.abort()
        return True

    def _load(self, other: int) -> float:
        """Searches that another process has; endless for one that takes none, or has not yet taken what it was given
        last: a process that is stuck is given one search and no more."""
        there = self._counts[other]
        given = self._counts[self._mailboxes.passed(self._place, other)]
        taken = self._counts[self._mailboxes.taken(self._place, other)]
        on_its_way = 0 < (given - taken) % LAPS < LAPS // 2
        return float("inf") if there == ABSENT or on_its_way else there

    def _take_over(self) -> None:
        while True:
            try:
                data, descriptors, _, _ = socket.recv_fds(self._inbox, 1 + MOST_BYTES, 1)
            except BlockingIOError:
                return
            except OSError as error:
                logger.error("A connection cannot be taken over: %s", error)
                return
            giver, read = data[0], data[1:]
            self.begin()  # Rather counted twice for a moment than not at all.
            if giver != NOBODY:
                self._mailboxes.add_one(self._mailboxes.taken(giver, self._place))
            if not descriptors:  # Too many files are open here: the system has hung up on the client.
                logger.error("A connection cannot be taken over: too many files are open.")
                self.end()
                continue
            connection = socket.socket(fileno=descriptors[0])
            connection.setblocking(False)
            arriving = asyncio.get_running_loop().create_task(self._go_on(connection, read))
            self._arriving.add(arriving)
            arriving.add_done_callback(self._arriving.discard)

    async def _go_on(self, connection: socket.socket, read: bytes) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: self._protocol(read), connection)
        except OSError:  # The client has gone meanwhile.
            self.end()
            connection.close()

    def _tell(self) -> None:
        self._counts[self._place] = ABSENT if self._closed else self._in_progress


class PassingProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which offers each search to other processes before it begins.

    Args:
        read: What another process has read of the connection before it was passed on; nothing of a new one.
    """

    def __init__(self, *, handover: Handover, read: bytes = b"", **given: Any) -> None:
        super().__init__(**given)
        self._handover, self._read = handover, read
        self._whole, self._begins, self._counted = True, False, bool(read)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self._read:
            super().data_received(self._read)  # Here it stays.
            self._read = b""

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._between and data.startswith(SEARCHING):
            if self._handover.pass_on(self.transport, data):
                self._unset_keepalive_if_required()
                return
            self._begins = True
        super().data_received(data)

    def on_message_begin(self) -> None:
        self._whole = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if self._begins:  # Not at the first byte: who sends no more than that keeps nobody busy.
            self._begins, self._counted = False, True
            self._handover.begin()

    def on_message_complete(self) -> None:
        self._whole = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._ended()
        super().on_response_complete()

    @property
    def _between(self) -> bool:
        """Whether one request is over, in both directions, and nothing of the next has come."""
        return self._whole and not self.pipeline and (self.cycle is None or self.cycle.response_complete)

    def _ended(self) -> None:
        if self._counted:
            self._counted = False
            self._handover.end()
