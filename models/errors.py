"""Errors that a person reads: what is wrong, and what to change."""


class ModisteError(Exception):
    """A failure that a user can mend.

    ``message`` is one sentence that says what is wrong; ``hint`` is one that says what to change. Every door of the
    project (command line, HTTP, Python) shows both, so neither may name anything internal.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class MissingExtra(ModisteError):
    """An optional dependency is not installed; the hint names the extra that brings it."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs {package}, which is not installed.",
            hint=f"Install it with: pip install 'modiste[{extra}]'",
        )
