"""``python -m tests.bench``: run benchmarks and say which targets are met."""

from __future__ import annotations

import logging
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from catalog.errors import ModisteError
from models.bundle import SHIPPED_BUNDLE
from tests.bench.harness.options import Bench, Options, logger
from tests.bench.harness.report import BUSY, Result, Target, machine, text, write
from tests.bench.harness.servers import Peer
from tests.bench.serving import abuse, latency, overload, peers, soak

BENCHMARKS: dict[str, Callable[[Bench], Result]] = {
    "abuse": abuse.measure,
    "latency": latency.measure,
    "overload": overload.measure,
    "peers": peers.measure,
    "soak": soak.measure,
}
EXIT_MISSED = 4
REPORT = "bench.json"


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(help=f"Which of {', '.join(BENCHMARKS)}; all if none is named.", show_default=False),
    ] = None,
    output: Annotated[Path, typer.Option(help="Folder of bench.json and of the servers' logs.")] = Options.output,
    cache: Annotated[Path, typer.Option(help="Folder of drawn pictures and indexes, kept.")] = Options.cache,
    rounds: Annotated[int, typer.Option(min=1, help="How often each ratio is measured.")] = Options.rounds,
    seconds: Annotated[float, typer.Option(min=0.1, help="Of each stretch of load.")] = Options.seconds,
    soak_minutes: Annotated[float, typer.Option(min=0.05, help="Of the soak.")] = Options.soak_minutes,
    bundle: Annotated[Path, typer.Option(help="The bundle that is served.", show_default="the shipped one")] = (
        SHIPPED_BUNDLE
    ),
    products: Annotated[int, typer.Option(min=50, help="In the drawn shop.")] = Options.products,
    peer: Annotated[list[Peer] | None, typer.Option(help="Server to compare with.", show_default="all")] = None,
) -> None:
    """Measure the service, write a report, and exit with 4 if a target is missed.

    The service runs with its defaults and the MODISTE_* variables of this environment. Run it on a quiet machine.
    """
    chosen = names or list(BENCHMARKS)
    for name in chosen:
        if name not in BENCHMARKS:
            raise ModisteError(f"There is no benchmark {name!r}.", hint=f"Name some of {', '.join(BENCHMARKS)}.")
    options = Options(
        output=output.resolve(), cache=cache.resolve(), rounds=rounds, seconds=seconds, soak_minutes=soak_minutes,
        bundle=bundle.resolve(), products=products,
        peers=tuple(peer or Peer),
    )  # fmt: skip
    results = run(chosen, options)
    if any(target.passed is False for result in results for target in result.targets):
        raise typer.Exit(EXIT_MISSED)


def run(names: Sequence[str], options: Options) -> list[Result]:
    """Run benchmarks by name. The report is written after each, so that a run that is stopped leaves the others."""
    about: dict[str, Any] = {
        "command": shlex.join(["python", "-m", "tests.bench", *sys.argv[1:]]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "rounds": options.rounds, "seconds": options.seconds, "products": options.products, "machine": machine(),
    }  # fmt: skip
    if (busy := about["machine"]["busy_before"]) > BUSY:
        logger.warning("The machine is not quiet: other processes use %.0f%% of its cores.", busy * 100)
    parts, results = Bench(options), []
    for name in names:
        logger.info("%s ...", name)
        started = time.monotonic()
        try:
            result = BENCHMARKS[name](parts)
        except ModisteError as error:  # The other benchmarks still run.
            result = Result(name, targets=[Target(f"{name} runs", "a result", False, note=f"{error} {error.hint}")])
        result.seconds = time.monotonic() - started
        results.append(result)
        write(options.output / REPORT, results, about)
        typer.echo(f"{text(result)}\n")
    typer.echo(f"{about['machine']['processor']}, {about['machine']['cores']} cores\n{options.output / REPORT}")
    return results


def main() -> None:
    """Run the program; a ModisteError becomes one sentence and a hint."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    for name in ("tests.bench", "models", "indexer"):
        logging.getLogger(name).setLevel(logging.INFO)
    try:
        app()
    except ModisteError as error:
        typer.echo(f"bench: {error.message}\n  {error.hint}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":  # Child processes import this module.
    main()
