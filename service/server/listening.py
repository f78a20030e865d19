"""The listening sockets of the service."""

from __future__ import annotations

import errno
import socket

from catalog.errors import ModisteError


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free port.

    Raises:
        ModisteError: The port is taken, or the address cannot be listened on.
    """
    bound = bind(host, port)
    try:
        bound.listen(1024)  # This fails if another program already listens on the port.
    except OSError as error:
        bound.close()
        raise _unusable(host, port, error) from error
    return bound


def reserve(host: str, port: int) -> socket.socket:
    """A socket that reserves ``port`` for the workers without listening; port 0 takes any free port.

    Raises:
        ModisteError: The port is taken, or the address cannot be listened on.
    """
    # Binding a shared port succeeds even if another service uses it, so that is checked first.
    with listen(host, port) as free:
        port = free.getsockname()[1]
    return bind(host, port, shared=True)


def bind(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A bound socket that does not listen yet.

    Args:
        shared: Whether other processes of this user may bind the same port. The kernel then divides new connections
            among the sockets that listen.

    Raises:
        ModisteError: The port is taken, or the address cannot be listened on.
    """
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise _unusable(host, port, error) from error
    return bound


def address(bound: socket.socket) -> str:
    """The URL of a bound socket."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _unusable(host: str, port: int, error: OSError) -> ModisteError:
    if error.errno == errno.EADDRINUSE:
        return ModisteError(
            f"Port {port} of {host} is used by another program.",
            hint=f"Stop it, or use another port: --port {port + 1}, or MODISTE_PORT={port + 1} in the environment.",
        )
    return ModisteError(
        f"The service cannot listen on {host}, port {port} ({error.strerror}).",
        hint="Use an address of this machine and a port above 1023: --host 127.0.0.1 --port 8000",
    )
