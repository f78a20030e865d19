"""Errors of a request, without HTTP: what is wrong and what to change. ``http/problems.py`` gives each its status."""

from __future__ import annotations

from typing import ClassVar

from models.errors import ModisteError


class RequestError(ModisteError):
    """A request that is refused or cannot be answered. ``retry_after_s`` says when it may succeed unchanged."""

    retry_after_s: ClassVar[int | None] = None


class InvalidRequest(RequestError):
    """A request with a wrong field, or without a needed one."""


class UnknownWord(InvalidRequest):
    """A word to prefer or avoid that the bundle has no attribute for."""


class NoWords(InvalidRequest):
    """The bundle or the generation has no attribute words at all."""


class ImageTooLarge(RequestError):
    """The image file, or the whole body, has too many bytes."""


class UnknownProduct(RequestError):
    """An id that the catalogue does not have."""

    def __init__(self, id: str) -> None:
        super().__init__(
            f"There is no product {id!r} in the catalogue that is searched now.",
            hint="Use an id from a search or from GET /products; products change when a new catalogue is published.",
        )


class NotFound(RequestError):
    """A resource that does not exist."""


class NotAllowed(RequestError):
    """The operations key is missing, wrong, or not configured."""


class NotReady(RequestError):
    """No generation is served yet."""

    retry_after_s = 5


class Overloaded(RequestError):
    """More requests are waiting than can be answered within the wait budget."""

    retry_after_s = 1

    def __init__(self) -> None:
        super().__init__("More requests wait than can be answered soon.", hint="Send the request again in a moment.")


class DeadlineExceeded(RequestError):
    """The deadline of the request passed before it was answered."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"There was no answer within {seconds * 1000:,.0f} ms, so the search was dropped.",
            hint="Send the request again in a moment, or allow it more time with X-Request-Timeout-Ms.",
        )
