"""Errors that are shown to users."""


class ModisteError(Exception):
    """A failure that a user can correct.

    ``message`` is one sentence that states what is wrong; ``hint`` is one that states what to change. The command line,
    the HTTP API and Python show both, so neither contains internal details.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class MissingExtra(ModisteError):
    """An optional dependency is not installed; the hint names the extra that installs it."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs {package}, which is not installed.",
            hint=f"Install it with: pip install 'modiste[{extra}]'",
        )


class NoPictures(ModisteError):
    """A catalogue in which no product has a picture. The rest of it may be valid."""


class CatalogRefused(ModisteError):
    """A catalogue that can be read, but may lack products.

    ``check`` is the check that failed; with it in ``allow`` (``--allow`` on the command line) the catalogue is read
    anyway.
    """

    def __init__(self, message: str, *, check: str, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.check = check
