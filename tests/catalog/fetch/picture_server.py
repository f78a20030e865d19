"""A server of pictures that misbehaves in each way that the client has to bear."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from catalog.fetch import FetchError
from tests.models.pictures import photograph, saved
from tests.patience import PATIENCE_S

PICTURE = saved(photograph(32, 32), "JPEG")
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

# What is written in drops: first this, then that again and again.
DRIPS = {
    "/drip-status.jpg": (b"HTTP/1.1 20", b"0"),
    "/drip-head.jpg": (OK + b"X-Long: ", b"x"),
    "/drip-interim.jpg": (b"", b"HTTP/1.1 103 Early Hints\r\n"),
    "/drip-body.jpg": (OK + b"Content-Length: 90000\r\n\r\n" + PICTURE[:20], b"x"),
    "/drip-chunk.jpg": (CHUNKED + b"14\r\n" + PICTURE[:20] + b"\r\n1;", b"x"),
    "/drip-trailer.jpg": (CHUNKED + b"14\r\n" + PICTURE[:20] + b"\r\n0\r\n", b"x"),
}
RAW = {
    "/not-http.jpg": b"SSH-2.0-OpenSSH_9.2\r\n" * 9,
    "/interim.jpg": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000,
    "/long-head.jpg": OK + b"X-Long: " + b"x" * 200_000,
    "/many-headers.jpg": OK + b"X-Many: x\r\n" * 20_000,
    "/packed.jpg": OK + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
    "/claims-large.jpg": OK + b"Content-Length: 99999999999\r\n\r\n" + PICTURE,
    "/two-lengths.jpg": OK + b"Content-Length: 5\r\nContent-Length: 9\r\n\r\n" + PICTURE,
    "/bad-chunk.jpg": CHUNKED + b"zz\r\n" + PICTURE,
    "/nothing.jpg": b"",
    "/empty.jpg": OK + b"Content-Length: 0\r\n\r\n",
    "/nowhere.jpg": b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
    "/to-nonsense.jpg": b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n",
    "/unasked-304.jpg": b"HTTP/1.1 304 Not Modified\r\n\r\n",
}


class Handler(BaseHTTPRequestHandler):
    """Answers by path; ``server.asked`` lists the requests."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, PictureServer)
        server.asked.append((self.path, dict(self.headers)))
        path = self.path.split("?")[0]
        if path == "/etag.jpg" and self.headers.get("If-None-Match") == '"v1"':
            self.answer(304, b"", ETag='"v1"')
        elif path in ("/1.jpg", "/2.jpg", "/etag.jpg"):
            self.answer(200, PICTURE, ETag='"v1"')
        elif path == "/html.jpg":
            self.answer(200, b"<html><body>Login to see this picture</body></html>", **{"Content-Type": "image/jpeg"})
        elif path == "/large.jpg":
            self.answer(200, PICTURE + bytes(200_000))
        elif path == "/endless.jpg":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(PICTURE[:100])
            for _ in range(100):
                self.wfile.write(bytes(10_000))
            self.close_connection = True
        elif path == "/short.jpg":
            self.send_response(200)
            self.send_header("Content-Length", str(len(PICTURE)))
            self.end_headers()
            self.wfile.write(PICTURE[:200])
            self.close_connection = True
        elif path == "/loop.jpg":
            self.answer(302, b"", Location="/loop.jpg")
        elif path == "/to-private.jpg":
            self.answer(302, b"", Location="http://metadata.test/1.jpg")
        elif path == "/to-other-host.jpg":
            self.answer(302, b"", Location="http://elsewhere.test/1.jpg")
        elif path == "/to-1.jpg":
            self.answer(301, b"", Location="/1.jpg")
        elif path == "/sometimes.jpg":
            tried = sum(asked == self.path for asked, _ in server.asked)
            self.answer(200, PICTURE) if tried > 2 else self.answer(503, b"later")
        elif path == "/drip.jpg":
            self.send_response(200)
            self.end_headers()
            server.dripping.set()
            server.released.wait(PATIENCE_S)
            self.close_connection = True
        elif path == "/silent.jpg":
            server.released.wait(PATIENCE_S)
            self.close_connection = True
        elif path in DRIPS:
            self.drip(*DRIPS[path])
        elif path in RAW:
            self.wfile.write(RAW[path])
            self.close_connection = True
        else:
            self.answer(404, b"not here")

    def drip(self, start: bytes, piece: bytes) -> None:
        """Write ``start``, then ``piece`` a hundred times a second for as long as the client reads."""
        server = self.server
        assert isinstance(server, PictureServer)
        server.dripping.set()
        self.close_connection = True
        with suppress(OSError):
            self.wfile.write(start)
            while not server.released.wait(0.01):
                self.wfile.write(piece)

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


class PictureServer(ThreadingHTTPServer):
    """Serves in threads of its own within a ``with`` block.

    Args:
        host: Address to listen on.
        port: 0 takes any that is free.
        context: With it, the server speaks TLS.
    """

    daemon_threads = True

    def __init__(self, host: str = "127.0.0.1", port: int = 0, context: ssl.SSLContext | None = None) -> None:
        super().__init__((host, port), Handler)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.dripping = threading.Event()
        self.released = threading.Event()
        self._context = context
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.released.set()
        self.shutdown()
        self._thread.join()
        self.server_close()

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self._context is None:
            super().finish_request(request, client_address)
            return
        with self._context.wrap_socket(request, server_side=True) as encrypted:  # In the connection's own thread.
            super().finish_request(encrypted, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients leave in the middle of an answer: nothing to report."""


@contextmanager
def two_servers(context: ssl.SSLContext) -> Iterator[tuple[PictureServer, PictureServer]]:
    """Servers on the same port of 127.0.0.1 and 127.0.0.2."""
    with ExitStack() as ports:
        while True:
            public = PictureServer(context=context)
            try:
                inside = PictureServer("127.0.0.2", public.port, context)
                break
            except OSError:  # Another program has this port on 127.0.0.2. It stays taken, so that the next one differs.
                ports.callback(public.server_close)
        with public, inside:
            yield public, inside


def given_up_while_dripping(server: PictureServer, fetch: Callable[[float], object]) -> bool:
    """Whether ``fetch`` gives a server up that drips, in time. It gets twice the time until the server has dripped,
    because on a busy machine the first times may pass before the connection is made."""
    seconds = 0.3
    while seconds < PATIENCE_S:
        refused = _refusal(fetch, seconds)
        assert refused is not None
        assert (refused.kind, refused.passing) in (("too slow", True), ("no answer", True))
        if server.dripping.is_set():
            return refused.kind == "too slow"
        seconds *= 2
    return False


def _refusal(fetch: Callable[[float], object], seconds: float) -> FetchError | None:
    try:
        fetch(seconds)
    except FetchError as error:
        return error
    return None
