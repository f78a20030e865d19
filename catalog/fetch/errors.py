"""Why a picture was not fetched."""

from __future__ import annotations

from catalog.errors import ModisteError
from catalog.table import shown


class FetchError(ModisteError):
    """An address that is not fetched, or did not answer with a picture.

    ``kind`` is equal for all addresses with this fault, and names nothing of the address but its host. ``refused``
    tells an address that nothing was asked of, ``passing`` a fault that another try may not have.
    """

    def __init__(
        self, message: str, *, kind: str, hint: str = "", refused: bool = False, passing: bool = False
    ) -> None:
        super().__init__(message, hint=hint)
        self.kind, self.refused, self.passing = kind, refused, passing


class TooManyBytes(FetchError):
    """A picture of more bytes than are fetched."""


class NoPicture(FetchError):
    """An answer that does not begin like a picture."""


def refusal(message: str, kind: str, hint: str = "") -> FetchError:
    """The error of an address that nothing is asked of."""
    return FetchError(message, kind=kind, hint=hint, refused=True)


def short(url: str) -> str:
    """An address for a message: without query and fragment, which may hold secrets, and cut."""
    return shown(url.split("?", 1)[0].split("#", 1)[0])
