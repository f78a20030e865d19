"""A timer of the kernel's: event loops round their waits to milliseconds, which is as long as an answer takes."""

from __future__ import annotations

import asyncio
import ctypes
import os
import time

_libc = ctypes.CDLL(None, use_errno=True)
_ABSOLUTE = 1
_NONBLOCKING = os.O_NONBLOCK | os.O_CLOEXEC


class _Moments(ctypes.Structure):
    _fields_ = (
        ("every_s", ctypes.c_long), ("every_ns", ctypes.c_long),
        ("at_s", ctypes.c_long), ("at_ns", ctypes.c_long),
    )  # fmt: skip


class Timer:
    """Wakes one coroutine at a moment of ``time.monotonic``, to within some ten microseconds. Linux only."""

    def __init__(self) -> None:
        self._file = _libc.timerfd_create(time.CLOCK_MONOTONIC, _NONBLOCKING)
        if self._file < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._loop = asyncio.get_running_loop()
        self._woken: asyncio.Future[None] | None = None
        self._loop.add_reader(self._file, self._wake)

    async def until(self, moment: float) -> None:
        """Sleep until ``moment``; at least one turn of the loop."""
        if moment <= time.monotonic():
            await asyncio.sleep(0)
            return
        seconds, fraction = divmod(moment, 1)
        moments = _Moments(0, 0, int(seconds), int(fraction * 1e9))
        self._woken = self._loop.create_future()
        if _libc.timerfd_settime(self._file, _ABSOLUTE, ctypes.byref(moments), None) < 0:
            raise OSError(ctypes.get_errno(), "timerfd_settime")
        await self._woken

    def close(self) -> None:
        """Let go of the timer."""
        self._loop.remove_reader(self._file)
        os.close(self._file)

    def _wake(self) -> None:
        os.read(self._file, 8)
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)
