"""Fetches the picture of a search from its address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from catalog.fetch import FetchError, FetchLimits, PictureClient, TooManyBytes
from service.errors import AddressNotAllowed, ImageTooLarge, PictureNotFetched
from service.execution.admission import Admission
from service.execution.threads import Threads

THREADS = 8
"""Maximum number of concurrent fetches of a process."""
_SEND_IT = "Send the picture itself: as a file named image, or as image_base64."


class PictureAddresses:
    """Fetches the pictures of searches from allowed hosts.

    Args:
        hosts: Allowed hosts; without any, no address is allowed.
        seconds: Timeout of one fetch.
        max_bytes: Maximum size of a picture.
        queue: Maximum number of waiting fetches.
        admission: Counts the bytes of fetched pictures together with those of bodies.
    """

    def __init__(
        self, hosts: tuple[str, ...], *, seconds: float, max_bytes: int, queue: int, admission: Admission
    ) -> None:
        limits = FetchLimits(hosts, default_port=True, max_bytes=max_bytes, seconds=seconds, tries=1)
        self._client = PictureClient(limits) if hosts else None
        self._max_bytes, self._admission = max_bytes, admission
        self._threads = Threads("fetch", threads=THREADS, queue=queue, abandon=True)

    @asynccontextmanager
    async def picture(self, url: str) -> AsyncIterator[bytes]:
        """The file at an address. Its bytes are counted within the block.

        If the caller is cancelled, it returns at once, and the fetch ends by its own timeout or with the program.

        Raises:
            AddressNotAllowed: The address is not allowed.
            PictureNotFetched: The server did not return a picture in time.
            ImageTooLarge: The picture has too many bytes.
            Overloaded: Too many fetches are waiting, or too many bytes are in memory.
        """
        if self._client is None:
            raise AddressNotAllowed("This service does not fetch pictures from addresses.", hint=_SEND_IT)
        try:
            fetched = await self._threads.run(partial(self._client.fetch, url))
        except TooManyBytes as error:
            raise ImageTooLarge(
                f"The picture at image_url has more than {self._max_bytes:,} bytes.",
                hint="Give the address of a smaller one: 1,000 pixels a side are plenty.", field="image_url",
            ) from error  # fmt: skip
        except FetchError as error:
            if error.refused:
                raise AddressNotAllowed(
                    f"The address in image_url is not allowed: {error.kind}.", hint=_SEND_IT
                ) from error
            raise PictureNotFetched(
                f"The picture at image_url was not fetched: {error.kind}.", hint=_SEND_IT
            ) from error
        content = fetched.content or b""
        self._admission.hold(len(content))
        try:
            yield content
        finally:
            self._admission.release(len(content))
