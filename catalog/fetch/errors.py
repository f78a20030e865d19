"""Why a picture was not fetched."""

from __future__ import annotations

from catalog.errors import ModisteError
from catalog.table import excerpt


class FetchError(ModisteError):
    """An address that is not allowed, or did not send a picture.

    ``kind`` is equal for all addresses with this fault, and contains nothing of the address except its host.
    ``refused`` means that the address is not allowed and no request was made, ``passing`` that a later try may succeed.
    """

    def __init__(
        self, message: str, *, kind: str, hint: str = "", refused: bool = False, passing: bool = False
    ) -> None:
        super().__init__(message, hint=hint)
        self.kind, self.refused, self.passing = kind, refused, passing


class TooManyBytes(FetchError):
    """A picture with too many bytes."""


class NoPicture(FetchError):
    """A response that is not a picture."""


class Unanswered(FetchError):
    """A try without a complete response; ``passing`` is true."""

    def __init__(self, message: str, *, kind: str) -> None:
        super().__init__(message, kind=kind, passing=True)


class HostUnreachable(FetchError):
    """A host that is not tried again now: its name cannot be resolved, or it does not respond.

    ``passing`` is true: a picture that was fetched earlier stays in use.
    """

    def __init__(self, message: str, *, kind: str) -> None:
        super().__init__(message, kind=kind, passing=True)


def refusal(message: str, kind: str, hint: str = "") -> FetchError:
    """The error for an address that is not allowed."""
    return FetchError(message, kind=kind, hint=hint, refused=True)


def short(url: str) -> str:
    """An address for a message: shortened, without query and fragment, which may contain secrets."""
    return excerpt(url.split("?", 1)[0].split("#", 1)[0])
