"""Rates: a number of requests in a window of time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

WINDOWS_S = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_RATE = re.compile(rf"([1-9][0-9]{{0,8}})/({'|'.join(WINDOWS_S)})")


@dataclass(frozen=True)
class Rate:
    """``amount`` requests in a window."""

    amount: int
    window: str
    """A key of ``WINDOWS_S``."""

    @classmethod
    def parse(cls, given: Any) -> Any:
        """Parse a rate such as ``20/second``. Other types than ``str`` are left to pydantic.

        Raises:
            ValueError: The text is not a rate.
        """
        if not isinstance(given, str):
            return given
        parsed = _RATE.fullmatch(given.strip())
        if parsed is None:
            raise ValueError(f"{given[:40]!r} is not a rate such as 20/second, 1000/minute, 10000/hour or 100000/day")
        return cls(int(parsed[1]), parsed[2])

    @property
    def window_s(self) -> int:
        """Length of the window in seconds."""
        return WINDOWS_S[self.window]

    def __str__(self) -> str:
        return f"{self.amount}/{self.window}"


RateText = Annotated[Rate, BeforeValidator(Rate.parse), PlainSerializer(str)]
"""A rate in settings and in the key file."""
