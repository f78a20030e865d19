"""Errors of requests, independent of HTTP. ``http/problems.py`` maps them to status codes."""

from __future__ import annotations

from typing import Literal

from catalog.errors import ModisteError

MAX_EXCERPT = 100

OverloadReason = Literal["busy", "bodies", "deadline", "queue"]


def excerpt(text: str) -> str:
    """Input for an error message: quoted, at most 100 characters, with control characters escaped."""
    return repr(text if len(text) <= MAX_EXCERPT else f"{text[: MAX_EXCERPT - 1]}…")


class RequestError(ModisteError):
    """A request that cannot be answered.

    Args:
        field: The part of the request that is wrong, such as ``k`` or ``filters.colour``.
        retry_after_s: Seconds after which the same request may succeed; None if it will not.
    """

    def __init__(
        self, message: str, hint: str = "", *, field: str | None = None, retry_after_s: int | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.field, self.retry_after_s = field, retry_after_s


class InvalidRequest(RequestError):
    """A request with an invalid field, or without a required one."""


class UnknownWord(InvalidRequest):
    """A word to prefer or avoid that is not in the bundle's vocabulary."""


class NoWords(InvalidRequest):
    """The bundle or the generation has no attribute words."""


class ImageTooLarge(RequestError):
    """The image file, or the whole body, has too many bytes."""


class AddressNotAllowed(RequestError):
    """The address of a picture is not allowed."""


class PictureNotFetched(RequestError):
    """The server at the address of a picture did not return one."""


class UnsupportedEncoding(RequestError):
    """A body in an encoding that is not supported, such as gzip."""


class MalformedRequest(RequestError):
    """The request is not valid HTTP."""

    def __init__(self) -> None:
        super().__init__(
            "The request is not valid HTTP/1.1 or 1.0, or does not have exactly one valid Host.",
            hint="Use an HTTP library to send it.",
        )


class UnsupportedTransferEncoding(RequestError):
    """A transfer encoding other than ``chunked``."""

    def __init__(self) -> None:
        super().__init__("The only supported Transfer-Encoding is chunked.", field="Transfer-Encoding")


class TargetTooLong(RequestError):
    """The path and query of the request are too long."""


class HeadersTooLarge(RequestError):
    """The request has too many headers, or too long ones."""


class UnknownProduct(RequestError):
    """An id that is not in the catalogue."""

    def __init__(self, id: str, *, field: str = "product_id") -> None:
        super().__init__(
            f"There is no product {excerpt(id)} in the current catalogue.",
            hint="Use an id from a search or from GET /products; ids can change when a new catalogue is published.",
            field=field,
        )


class NotFound(RequestError):
    """A resource that does not exist."""


class PictureGone(NotFound):
    """An indexed picture whose file is missing, unreadable or replaced."""

    def __init__(self, id: str, why: str = "is gone", *, field: str | None = None) -> None:
        super().__init__(
            f"The picture of product {excerpt(id)} {why}.", hint="The operator can build the index again.", field=field
        )


class KeyNeeded(RequestError):
    """The key is missing, unknown, revoked or expired."""


class NotAllowed(RequestError):
    """The key lacks the scope, or operations are switched off."""


class TooManyRequests(RequestError):
    """A rate or a quota of the key or the address is used up."""


class NotReady(RequestError):
    """No generation is served yet."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint, retry_after_s=5)


class Overloaded(RequestError):
    """More requests are waiting than can be answered in time.

    Args:
        reason: The limit that was reached; ``docs/operations.md`` explains each.
    """

    def __init__(self, reason: OverloadReason = "queue", *, retry_after_s: int = 1) -> None:
        super().__init__(
            "More requests are waiting than can be answered in time.",
            hint="Send the request again after the number of seconds in Retry-After.",
            retry_after_s=retry_after_s,
        )
        self.reason = reason


class DeadlineExceeded(RequestError):
    """The deadline of the request passed before it was answered."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"There was no answer within {seconds * 1000:,.0f} ms, so the search was cancelled.",
            hint="Try again later, or allow more time with X-Request-Timeout-Ms.",
        )
