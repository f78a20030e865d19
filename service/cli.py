"""The one program: ``modiste``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from indexer.cli import BundleFolder, DeviceName
from indexer.cli import app as index_app
from models.bundle import SHIPPED_BUNDLE
from models.cli import app as models_app
from models.errors import ModisteError
from models.progress import log_to_terminal

app = typer.Typer(
    help="Modiste: composed image retrieval for fashion shops.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(models_app, name="models")
app.add_typer(index_app, name="index")


def _print_version(wanted: bool) -> None:
    if wanted:
        from service.http.application import modiste_version

        typer.echo(f"modiste {modiste_version()}")
        raise typer.Exit


@app.callback()
def modiste(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Find products by a picture and what should be different about it."""
    log_to_terminal()


@app.command()
def serve(
    index_root: Annotated[
        Path | None, typer.Option(help="Folder that `modiste index build` publishes into; followed while serving.")
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Bundle to encode queries with; the index must be built with the same.")
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on. 0.0.0.0 opens the service to the network.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 lets the system choose.")] = None,
    device: Annotated[DeviceName | None, typer.Option(help="Where graphs and index run; auto takes a GPU.")] = None,
    workers: Annotated[
        int | None, typer.Option(help="Threads of each process that encode and search; its share of the cores.")
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(help="Processes that share the port and the index; one a core (8 at most), with a GPU one."),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(help="Threads in one graph run: 1 serves many shoppers, 0 (all) answers one fastest.")
    ] = None,
    redis_url: Annotated[
        str | None,
        typer.Option(help="Redis that processes and replicas share answers in; without, each keeps its own."),
    ] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
) -> None:
    """Serve the published generation over HTTP until SIGTERM.

    Whatever is not given here comes from MODISTE_* variables, such as MODISTE_OPERATIONS_KEY.
    """
    from models.bundle import uses_gpu
    from models.bundle.manifest import read_manifest
    from service.app import create_app
    from service.execution.cores import shared_out
    from service.observability.logs import configure_logging
    from service.observability.tracing import set_up_tracing, shut_down_tracing
    from service.server.server import address, listen, run
    from service.settings import load_settings

    settings = load_settings(
        index_root=index_root, bundle=bundle, host=host, port=port, device=device and device.value, workers=workers,
        processes=processes, threads=threads, redis_url=redis_url, log_level=log_level,
    )  # fmt: skip
    configure_logging(settings.log_level)
    shares = shared_out(settings, gpu=uses_gpu(settings.device))
    if shares.processes > 1:
        from service.server.workers import run_processes

        manifest = read_manifest(settings.bundle)
        with listen(settings.host, settings.port) as bound:
            told = f"{manifest.name} {manifest.version} at {address(bound)} with {shares.processes} processes"
            typer.echo(f"Modiste serves {told}", err=True)
            run_processes(settings, bound, shares)
        return
    set_up_tracing()
    application = create_app(settings)
    with listen(settings.host, settings.port) as bound:
        typer.echo(f"Modiste serves {application.state.context.bundle.name} at {address(bound)}", err=True)
        try:
            run(application, settings, bound)
        finally:
            shut_down_tracing()


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the sample catalogue and its index are kept.")] = Path("demo"),
    products: Annotated[int, typer.Option(min=10, max=100_000, help="Garments in the sample catalogue.")] = 2000,
    bundle: BundleFolder = SHIPPED_BUNDLE,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    once: Annotated[
        bool, typer.Option("--once", help="Exit after the example; fails if the results do not satisfy it.")
    ] = False,
) -> None:
    """Draw a small shop, index it, search it once, and leave it open in the browser."""
    from service.demo import run_demo

    run_demo(folder, products=products, bundle_folder=bundle, host=host, port=port, once=once)


def main() -> None:
    """Run the program; a ModisteError becomes one sentence and a hint."""
    try:
        app()
    except ModisteError as error:
        typer.echo(f"modiste: {error.message}", err=True)
        if error.hint:
            typer.echo(f"  {error.hint}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
