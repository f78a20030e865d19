"""The program ``modiste``: all commands."""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from catalog import Catalog, Product
from catalog.errors import ModisteError
from indexer.cli import app as index_app
from indexer.options import BundleFolder, DeviceName
from models.bundle import SHIPPED_BUNDLE
from models.bundle.manifest import Metric
from models.cli import add_protocol_of_search, serve_held_out_with
from models.cli import app as models_app
from models.progress import log_to_terminal
from service.access.cli import app as keys_app
from service.settings import Settings, load_settings, warn_of_unknown_variables

logger = logging.getLogger(__name__)

OF_FILES = {errno.ENOENT, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}
"""Numbers of file system errors that may lack the name of the file, because a write failed."""
PROTOCOLS = ("wishes", "conversation", "wishes-development")
"""The protocols of ``service.evaluation``, for ``modiste models evaluate``."""

app = typer.Typer(
    help="Modiste: composed image retrieval for fashion shops.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(models_app, name="models")
app.add_typer(index_app, name="index")
app.add_typer(keys_app, name="keys")


def _measure(
    protocol: str, bundle: Path, held_out: Catalog, larger: Mapping[str, Product], cache: Path, limit: int
) -> list[Metric]:
    from service.evaluation.protocols import measure

    return measure(protocol, bundle, held_out, larger, cache, limit)


def _serve(bundle: Path, products: Catalog, cache: Path) -> AbstractContextManager[Callable[..., list[str]]]:
    from service.evaluation.shop import Shop

    return Shop(products, bundle, cache).served()


for _protocol in PROTOCOLS:
    add_protocol_of_search(_protocol, _measure)
serve_held_out_with(_serve)


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
    """Find products by a picture and a text that states what should be different."""
    log_to_terminal()


def _of(setting: str) -> Any:
    """The option of a setting."""
    return typer.Option(help=Settings.model_fields[setting].description)


@app.command()
def serve(
    index_root: Annotated[Path | None, _of("index_root")] = None,
    index_url: Annotated[str | None, _of("index_url")] = None,
    bundle: Annotated[Path | None, _of("bundle")] = None,
    host: Annotated[str | None, _of("host")] = None,
    port: Annotated[int | None, _of("port")] = None,
    device: Annotated[DeviceName | None, _of("device")] = None,
    workers: Annotated[int | None, _of("workers")] = None,
    processes: Annotated[int | None, _of("processes")] = None,
    threads: Annotated[int | None, _of("threads")] = None,
    redis_url: Annotated[str | None, _of("redis_url")] = None,
    log_level: Annotated[str | None, _of("log_level")] = None,
) -> None:
    """Serve the published generation over HTTP until SIGTERM.

    Other settings are MODISTE_* variables, such as MODISTE_KEYS; flags override variables.
    """
    from service.observability.logs import start_logging
    from service.server.serve import serve

    settings = load_settings(
        index_root=index_root, index_url=index_url, bundle=bundle, host=host, port=port,
        device=device and device.value, workers=workers, processes=processes, threads=threads, redis_url=redis_url,
        log_level=log_level,
    )  # fmt: skip
    start_logging(settings.log_level)
    warn_of_unknown_variables()
    serve(settings)


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Folder of the sample catalogue and its index.")] = Path("demo"),
    products: Annotated[
        int, typer.Option(min=10, max=100_000, help="Number of garments in the sample catalogue.")
    ] = 2000,
    bundle: BundleFolder = SHIPPED_BUNDLE,
    host: Annotated[str | None, _of("host")] = None,
    port: Annotated[int | None, _of("port")] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Exit after the example query, with an error if its results are wrong.")
    ] = False,
) -> None:
    """Draw a sample shop, index it, run an example query, and serve the page."""
    from service.demo import run_demo

    run_demo(folder, products=products, bundle_folder=bundle, host=host, port=port, once=once)


def main() -> None:
    """Run the program; print a ModisteError as its message and hint."""
    _open_standard_streams()
    try:
        app()
    except ModisteError as error:
        with suppress(OSError):  # stderr may be closed or on a full disk.
            typer.echo(f"modiste: {error.message}", err=True)
            if error.hint:
                typer.echo(f"  {error.hint}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:  # A file system error: a read-only or full disk, a missing permission.
        if error.filename is None and error.errno not in OF_FILES:
            raise
        with suppress(OSError):
            where = "" if error.filename is None else f": {error.filename}"
            typer.echo(f"modiste: {error.strerror}{where}", err=True)
            typer.echo("  Check the path, its permissions and the free disk space.", err=True)
        sys.exit(1)


def _open_standard_streams() -> None:
    """Open closed standard streams on ``os.devnull``. Otherwise the next file or socket gets the descriptor of the
    closed stream, and output of libraries goes into it."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(
                os.open(os.devnull, os.O_RDWR), True
            )  # Opens the lowest free descriptor, which is this one.
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115


if __name__ == "__main__":
    main()
