"""Builds in a child process that kills itself; run by ``test_crash.py`` as ``python -m tests.indexer.killed_build``.

Arguments: bundle, catalogue, then one index root for each point. Point n is the n-th durable step (fsync, rename or
replacement); before it the child is gone, as with a power cut. Each root is built into by a child of its own.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from indexer.build import BuildOptions, build_generation
from models.bundle import Bundle


def kill_before_step(last: int) -> None:
    """Let ``last`` durable steps happen, and none after."""
    done = 0

    def counted(step: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            nonlocal done
            if done == last:
                os.kill(os.getpid(), signal.SIGKILL)
            done += 1
            return step(*arguments, **options)

        return run

    for name in ("fsync", "rename", "replace"):
        setattr(os, name, counted(getattr(os, name)))


def main(bundle: Path, catalog: Path, roots: list[Path]) -> None:
    """Print how each child ended: ``killed`` or ``finished``."""
    for point, root in enumerate(roots):
        child = os.fork()
        if child == 0:
            kill_before_step(point)
            options = BuildOptions(threads=1, allow=frozenset({"fall"}))
            build_generation(catalog, Bundle(bundle, device="cpu", threads=1), root, options)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else "finished", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), [Path(argument) for argument in sys.argv[3:]])
