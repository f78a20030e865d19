"""The door of one of several processes that listen at the same socket: who has the fewest connections opens it."""

from __future__ import annotations

import asyncio
import logging
import math
import select
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

logger = logging.getLogger(__name__)

COURTESY_S = 0.01
"""How long a process leaves a connection to those with fewer. They may be stuck, so it does not leave it for good."""
LOOK_S = 0.001
"""How often it looks meanwhile whether one of them has come, or its own turn."""
PAUSE_S = 1.0
"""After an error that will not go away at once, such as too many open files."""
ABSENT = -1


class Counts(Protocol):
    """Memory that all processes share: a number for each."""

    def __getitem__(self, place: int) -> int: ...

    def __setitem__(self, place: int, count: int) -> None: ...

    def __len__(self) -> int: ...


class Crowd:
    """How many connections each process has, as far as it has told.

    Args:
        counts: Shared by all; ``ABSENT`` for a process that lets nobody in.
        place: This process's.
    """

    def __init__(self, counts: Counts, place: int) -> None:
        self._counts, self._place = counts, place

    def tell(self, count: int) -> None:
        """Say how many this process has."""
        self._counts[self._place] = count

    @property
    def smaller_elsewhere(self) -> bool:
        """Whether another process has fewer."""
        there = [count for count in (self._counts[place] for place in range(len(self._counts))) if count > ABSENT]
        return min(there, default=math.inf) < self._counts[self._place]


class Door:
    """Lets connections in from a listening socket that other processes listen at, too.

    Left to themselves, processes take whatever waits, as much of it as there is: of a front end's few lasting
    connections one may get all, and its cores' neighbours idle. So each looks at how many the others have first.

    Args:
        listening: Non-blocking from now on, for all who share it.
        protocol: Makes what talks to a connection.
        connections: How many this process has.
    """

    def __init__(
        self, listening: socket.socket, crowd: Crowd, protocol: Callable[[], asyncio.Protocol],
        connections: Callable[[], int],
    ) -> None:  # fmt: skip
        listening.setblocking(False)
        self._listening, self._crowd, self._protocol, self._connections = listening, crowd, protocol, connections
        self._closing = asyncio.Event()
        self.tell()
        self._keeper = asyncio.create_task(self._keep())

    def tell(self) -> None:
        """Tell the others how many connections there are now."""
        if not self._closing.is_set():
            self._crowd.tell(self._connections())

    async def shut(self) -> None:
        """Let in who has connected by now, and nobody after."""
        self._closing.set()
        self._crowd.tell(ABSENT)
        await self._keeper
        waiting = []
        with suppress(OSError):  # Too many open files: those who still wait are hung up on.
            while (connection := self._accepted()) is not None:
                waiting.append(connection)
        # At once: if no other process listens, who connects between the last look and this finds the door slammed.
        self._listening.close()
        for connection in waiting:
            await self._let_in(connection)

    async def _keep(self) -> None:
        while not self._closing.is_set():
            await self._knock()
            await self._give_way()
            try:
                connection = self._accepted()
            except OSError as error:
                logger.error("No connection can be let in: %s", error)
                await asyncio.sleep(PAUSE_S)
            else:
                if connection is not None:
                    await self._let_in(connection)

    async def _knock(self) -> None:
        """Wait until somebody is at the door, or it is to be closed."""
        loop, knocked = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._listening, knocked.set)
        try:
            either = [asyncio.ensure_future(event.wait()) for event in (knocked, self._closing)]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            for one in either:
                one.cancel()
        finally:
            loop.remove_reader(self._listening)

    async def _give_way(self) -> None:
        """Leave who is at the door to those with fewer connections, for as long as that is right."""
        loop, waiting = asyncio.get_running_loop(), select.poll()
        waiting.register(self._listening, select.POLLIN)
        until = loop.time() + COURTESY_S
        while self._crowd.smaller_elsewhere and loop.time() < until and waiting.poll(0):
            await asyncio.sleep(LOOK_S)

    def _accepted(self) -> socket.socket | None:
        """Who has waited longest; None if nobody waits, because another process was faster.

        Raises:
            OSError: There is somebody, but too many files are open, or the like.
        """
        while True:
            try:
                connection, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError):
                return None
            except ConnectionAbortedError:  # There was somebody, who has gone.
                continue
            connection.setblocking(False)
            return connection

    async def _let_in(self, connection: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)
        except OSError:
            connection.close()
