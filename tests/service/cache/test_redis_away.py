"""A Redis that does not respond, or is another kind of server: no request waits for it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from service.cache.connection import MAX_FAILURES
from tests.service.cache.opened import fail_until_away, opened, run, store, until
from tests.service.conftest import Redis


@pytest.mark.parametrize("fault", ["kill", "freeze"])
def test_redis_is_not_used_while_it_is_away_and_used_again_when_it_is_back(
    redis_server: Redis, fault: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("service.cache.connection.AWAY_S", 0.2)
    caplog.set_level("INFO")

    async def scenario() -> None:
        async with opened(redis_server.url, timeout_s=0.2) as cache:
            await store(cache, "key")
            getattr(redis_server, fault)()
            await fail_until_away(cache)
            redis_server.start() if fault == "kill" else redis_server.thaw()
            await until(cache.reachable, "Redis is used again")
            await store(cache, "key")

    run(scenario())
    assert ["does not respond" in message for message in caplog.messages] == [True, False]


def test_a_cancelled_read_does_not_count_as_an_answer(redis_server: Redis, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url, timeout_s=0.05) as cache:
            redis_server.freeze()
            for _ in range(MAX_FAILURES - 1):
                assert await cache.get("key") is None
            read = asyncio.create_task(cache.get("key"))
            await asyncio.sleep(0)  # It waits for Redis.
            read.cancel()
            with pytest.raises(asyncio.CancelledError):
                await read
            assert not caplog.messages
            assert await cache.get("key") is None
            redis_server.thaw()

    run(scenario())
    assert ["does not respond" in message for message in caplog.messages] == [True]


def test_a_database_that_does_not_exist_is_away(redis_server: Redis) -> None:
    async def scenario() -> None:
        async with opened(redis_server.url.replace("/0", "/99")) as cache:
            assert not await cache.reachable()
            await fail_until_away(cache)

    run(scenario())


@contextmanager
def false_redis(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that is not Redis and answers each connection with ``talk``; its URL."""
    connections: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        with suppress(OSError):
            while connection.recv(65536):
                talk(connection)

    def accept(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connections.append(connection)
                threads.append(threading.Thread(target=serve, args=[connection], daemon=True))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = threading.Thread(target=accept, args=[listener], daemon=True)
        accepting.start()
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join()
    for connection in connections:
        with suppress(OSError):  # The client may have closed it.
            connection.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join()
    for connection in connections:
        connection.close()


def answering(answer: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(answer)


FALSE = {
    "silence": lambda connection: None,
    "HTTP": answering(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "bytes": answering(b"\x00\xff\x00\xff\r\n"),
    "half a reply": answering(b"$5\r\nab"),
    "an invalid length": answering(b"*-7\r\n"),
    "too many replies": answering(b"+OK\r\n" * 100),
    "a huge length": answering(b"$999999999999\r\n"),
    "a huge list": answering(b"*1000000000\r\n" + b":1\r\n" * 99),
    "nested lists": answering(b"*1\r\n" * 9999),
    "an error": answering(b"-ERR no\r\n"),
    "hanging up": lambda connection: connection.shutdown(socket.SHUT_RDWR),
}


@pytest.mark.parametrize("talk", FALSE.values(), ids=FALSE.keys())
def test_a_server_that_is_not_redis_is_away(talk: Callable[[socket.socket], None]) -> None:
    async def scenario(url: str) -> None:
        async with opened(url, timeout_s=0.05) as cache:
            for number in range(3 * MAX_FAILURES):
                cache.put(str(number), b"value")
                assert await cache.get(str(number)) is None

    with false_redis(talk) as url:
        run(scenario(url))


def test_an_address_without_a_server_is_away() -> None:
    async def scenario() -> None:
        async with opened("redis://127.0.0.1:1/0") as cache:
            await fail_until_away(cache)

    run(scenario())
