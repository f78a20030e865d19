"""Rate-limited warnings, for faults that occur with every request."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

INTERVAL_S = 60.0


class ThrottledWarning:
    """Logs a warning at most once per ``INTERVAL_S``.

    Args:
        logger: Logs the warnings.
        clock: Monotonic seconds.
    """

    def __init__(self, logger: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._logger, self._clock = logger, clock
        self._quiet_until, self._suppressed = float("-inf"), 0

    def warn(self, message: str, *arguments: object) -> None:
        """Log ``message``, or count it as suppressed."""
        now = self._clock()
        if now < self._quiet_until:
            self._suppressed += 1
            return
        suffix = f" ({self._suppressed} similar warnings were suppressed.)" if self._suppressed else ""
        self._quiet_until, self._suppressed = now + INTERVAL_S, 0
        self._logger.warning(message + suffix, *arguments)
