"""Builds and updates in child processes that are killed; run by ``test_crash.py``.

``python -m tests.indexer.building.killed_build steps WORK BUNDLE SOURCE ROOT...`` kills the work of each root one
durable step (fsync, rename, link or replacement) later than that of the one before, as a power cut would.

``python -m tests.indexer.building.killed_build random BUNDLE SHOP SHOP TABLE ROOT TIMES`` works on one root again and
again, and ends each child after a random part of the processor time that its work takes, wherever it is then: in a
write, too.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from indexer.build import BuildOptions, build_generation
from indexer.generations.generation import Generation
from indexer.update import update_generation
from models.bundle import Bundle

Work = tuple[str, Path]
"""``build`` or ``update``, and the shop or table."""


def prepared(work: Work, bundle: Path, root: Path) -> Callable[[], object]:
    """A build or update that has loaded what it needs and only has to be run."""
    kind, source = work
    if kind == "update":
        return lambda: update_generation(source, root)
    loaded = Bundle(bundle, device="cpu", threads=1)
    options = BuildOptions(threads=1, device="cpu", allow=frozenset({"fall"}))
    return lambda: build_generation(source, loaded, root, options)


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

    for name in ("fsync", "rename", "replace", "link"):
        setattr(os, name, counted(getattr(os, name)))


def ended(run: Callable[[], None]) -> str:
    """Run in a child process; ``killed``, ``finished``, or ``failed`` with its traceback on stderr."""
    child = os.fork()
    if child == 0:
        try:
            run()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return "killed" if os.WIFSIGNALED(status) else "failed" if status else "finished"


def at_each_step(kind: str, bundle: Path, source: Path, roots: list[Path]) -> None:
    """Print how the work of each root ended."""
    for point, root in enumerate(roots):

        def run(point: int = point, root: Path = root) -> None:
            work = prepared((kind, source), bundle, root)
            kill_before_step(point)
            work()

        print(ended(run), flush=True)


def at_random(bundle: Path, shops: tuple[Path, Path], table: Path, root: Path, times: int) -> None:
    """Print how each child ended, and whether the root could be served afterwards: ``killed whole``."""
    works: list[Work] = [("build", shops[0]), ("update", table), ("build", shops[1]), ("update", table)]
    rng = random.Random(0)
    needed = {work: processor_time(work, bundle, root) for work in works}
    for turn in range(times):
        work = works[turn % len(works)]

        def run(work: Work = work, seconds: float = rng.uniform(0.001, 1.3 * needed[work])) -> None:
            ready = prepared(work, bundle, root)
            # Without a handler, SIGPROF ends the process like SIGKILL: nothing is caught, flushed or cleaned up.
            signal.setitimer(signal.ITIMER_PROF, seconds)
            ready()

        end = ended(run)
        print(end, "whole" if ended(lambda: serve(root)) == "finished" else "broken", flush=True)


def processor_time(work: Work, bundle: Path, root: Path) -> float:
    """Seconds of processor time that the work takes, measured once on the root itself."""
    reading, writing = os.pipe()

    def run() -> None:
        ready = prepared(work, bundle, root)
        started = time.process_time()
        ready()
        os.write(writing, str(time.process_time() - started).encode())

    assert ended(run) == "finished"
    return float(os.read(reading, 100))


def serve(root: Path) -> None:
    """Open what is published, with all checksums, and find each of its products by its vector."""
    generation = Generation.open(root)
    found = generation.store.search(generation.vectors(range(generation.size)), 1)[0]
    assert (found > 0.99).all()


if __name__ == "__main__":
    mode, *arguments = sys.argv[1:]
    if mode == "steps":
        at_each_step(arguments[0], Path(arguments[1]), Path(arguments[2]), [Path(root) for root in arguments[3:]])
    else:
        paths = [Path(argument) for argument in arguments[:5]]
        at_random(paths[0], (paths[1], paths[2]), paths[3], paths[4], int(arguments[5]))
