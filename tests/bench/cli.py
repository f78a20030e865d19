"""``python -m tests.bench``: run benchmarks and say which targets are met."""

from __future__ import annotations

import logging
import shlex
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from models.bundle import SHIPPED_BUNDLE
from models.errors import ModisteError
from service.settings import load_settings
from tests.bench import backbones, faults, latency, overhead, precision, repeats, saturation, soak
from tests.bench.bench import Bench, Options, logger
from tests.bench.machine import BUSY, machine
from tests.bench.report import JSON_NAME, PAGE_NAME, verdicts, write
from tests.bench.result import Result, Target
from tests.bench.shop import SIZES

MEASURES: dict[str, Callable[[Bench], Result]] = {
    "overhead": overhead.measure,
    "saturation": saturation.measure,
    "latency": latency.measure,
    "repeats": repeats.measure,
    "soak": soak.measure,
    "precision": precision.measure,
    "backbones": backbones.measure,
    "faults": faults.measure,
}
EXIT_MISSED = 4


class ArrivalsName(StrEnum):
    """As ``load.Arrivals``."""

    constant = "constant"
    poisson = "poisson"


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(help=f"Which of {', '.join(MEASURES)}; all if none is named.", show_default=False),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="A smoke run of seconds: shows that everything works; no figure counts.")
    ] = False,
    output: Annotated[Path, typer.Option(help="Folder of bench.json, bench.html and logs.")] = Options.output,
    cache: Annotated[
        Path, typer.Option(help="Folder of drawn pictures, indexes and exported bundles, kept from run to run.")
    ] = Options.cache,
    rounds: Annotated[int, typer.Option(min=1, help="How often each ratio is measured; the median counts.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="Of each stretch of load.")] = 10.0,
    size: Annotated[
        list[str] | None, typer.Option(help=f"Of the pictures: {', '.join(SIZES)}; all if none is given.")
    ] = None,
    arrivals: Annotated[
        ArrivalsName, typer.Option(help="Of the open loop: one every so often, or by chance, which brings bursts.")
    ] = ArrivalsName.constant,
    soak_minutes: Annotated[float, typer.Option(min=0.01, help="Of the soak.")] = 30.0,
    bundle: Annotated[
        list[Path] | None,
        typer.Option(
            help="Bundle to measure; `precision` compares all, in fp32 and int8, with the first in fp32.",
            show_default="the shipped one",
        ),
    ] = None,
    backbone: Annotated[
        list[str] | None,
        typer.Option(help="Backbone of open_clip for `backbones`.", show_default="ViT-B-16 and RN50x4"),
    ] = None,
    products: Annotated[int, typer.Option(min=50, help="In the drawn shop.")] = 2000,
    catalog: Annotated[
        Path | None,
        typer.Option(help="Catalogue that `precision` asks and searches.", show_default="the drawn shop"),
    ] = None,
) -> None:
    """Measure the service against the bare pipeline, write a report, and exit with 4 if a target is missed.

    The service runs with its defaults and the MODISTE_* variables of this environment. Run it on a quiet machine.
    """
    chosen = names or list(MEASURES)
    for name in chosen:
        if name not in MEASURES:
            raise ModisteError(f"There is no benchmark {name!r}.", hint=f"Name some of {', '.join(MEASURES)}.")
    options = Options(
        output=output.resolve(), cache=cache.resolve(), quick=quick, arrivals=arrivals.value,
        rounds=min(rounds, 2) if quick else rounds, seconds=min(seconds, 0.6) if quick else seconds,
        sizes=tuple(size or SIZES), soak_minutes=min(soak_minutes, 0.1) if quick else soak_minutes,
        bundles=tuple(path.resolve() for path in bundle or [SHIPPED_BUNDLE]),
        backbones=tuple(backbone or (("modiste-small",) if quick else Options.backbones)),
        products=60 if quick else products, catalog=catalog,
    )  # fmt: skip
    results = run(chosen, options)
    if not quick and any(target.passed is False for result in results for target in result.targets):
        raise typer.Exit(EXIT_MISSED)


def run(names: list[str], options: Options) -> list[Result]:
    """Run benchmarks by name; the report is written anew after each, so that a long run leaves what it had."""
    about: dict[str, Any] = {
        "command": shlex.join(["python", "-m", "tests.bench", *sys.argv[1:]]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"), "quick": options.quick,
        "rounds": options.rounds, "seconds": options.seconds, "arrivals": options.arrivals,
        "products": options.products, "picture_sizes": {size: SIZES[size] for size in options.sizes},
        "machine": machine(), "settings": load_settings().model_dump(mode="json", exclude={"operations_key"}),
    }  # fmt: skip
    about["warning"] = _warning(about["machine"]["busy_before"], quick=options.quick)
    if about["warning"]:
        logger.warning(about["warning"])
    parts, results = Bench(options), []
    for name in names:
        logger.info("%s ...", name)
        started = time.monotonic()
        try:
            result = MEASURES[name](parts)
        except ModisteError as error:  # One that cannot be had should not cost the hour that others took.
            result = Result(name, name, targets=[Target(f"{name} runs", "a result", False, note=str(error))])
        result.seconds = time.monotonic() - started
        results.append(result)
        write(options.output, results, about)
        logger.info("%s\n", verdicts([result]))
    typer.echo(verdicts(results))
    typer.echo(f"\n{options.output / JSON_NAME}\n{options.output / PAGE_NAME}")
    return results


def _warning(busy: float, *, quick: bool) -> str:
    if quick:
        return "A quick run: it shows that everything works; none of its figures counts."
    if busy > BUSY:
        return f"The machine was not quiet: {busy:.0%} of its cores were busy before anything was measured."
    return ""


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
