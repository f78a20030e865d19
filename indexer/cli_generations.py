"""Commands for existing generations: ``modiste index update``, ``diff`` and ``report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from indexer.options import DEFAULT_ROOT, Allow, Id, IndexRoot, IndexUrl


def update(
    table: Annotated[
        Path,
        typer.Argument(help="Table with ids of products or variants, and new prices, stock or other columns."),
    ],
    index_root: IndexRoot = DEFAULT_ROOT,
    id_column: Annotated[str | None, typer.Option(help="Column of the id, if its name is not recognised.")] = None,
    settings_file: Annotated[
        Path | None, typer.Option("--settings", help="The catalogue's catalog.toml, if it is not beside the table.")
    ] = None,
    allow: Allow = None,
    index_url: IndexUrl = None,
) -> None:
    """Update prices, stock and other columns of the published generation, in seconds. No picture is read."""
    from catalog.settings import read_settings
    from indexer.building.summary import update_summary
    from indexer.generations.remote import RemoteRoot
    from indexer.update import update_generation

    settings = None if settings_file is None else read_settings(settings_file)
    checks = frozenset(check.value for check in allow or ())
    remote = RemoteRoot(index_url, index_root) if index_url else None
    if remote is not None:
        remote.pull()
    updated = update_generation(table, index_root, id_column=id_column, settings=settings, allow=checks)
    if remote is not None and updated.changes is not None:
        remote.publish(updated.id)
    for line in update_summary(updated):
        typer.echo(line)


def diff(
    before: Id,
    after: Id,
    index_root: IndexRoot = DEFAULT_ROOT,
    ids: Annotated[bool, typer.Option("--ids", help="List every product, not only the first ones.")] = False,
) -> None:
    """Show the differences between two generations: added, removed, changed, reused and skipped products."""
    from indexer.building.summary import difference_lines
    from indexer.generations.difference import Difference, read_for_comparison
    from indexer.generations.manifest import generation_folder, read_manifest

    folders = [generation_folder(index_root, id) for id in (before, after)]
    manifests = [read_manifest(folder) for folder in folders]
    difference = Difference(*(read_for_comparison(folder) for folder in folders))
    for line in difference_lines(difference, *manifests, examples=None if ids else 5):
        typer.echo(line)


def report(
    id: Annotated[str | None, typer.Argument(help="A generation; without it, the published one.")] = None,
    index_root: IndexRoot = DEFAULT_ROOT,
    output: Annotated[Path | None, typer.Option(help="The page.", show_default="report-ID.html")] = None,
    colour_by: Annotated[str | None, typer.Option(help="Column for the colours of the map of products.")] = None,
    images_root: Annotated[Path | None, typer.Option(help="Folder of the pictures, if they have moved.")] = None,
) -> None:
    """Write an HTML page about a generation: counts, changes, skipped rows, columns, near-duplicates and a map."""
    from indexer.generations.generation import Generation
    from indexer.reporting.report import write_report_page

    generation = Generation.open(index_root, id, verify=False, images_root=images_root)
    path = output or Path(f"report-{generation.id}.html")
    write_report_page(generation, index_root, path, colour_by=colour_by)
    generation.close()
    typer.echo(f"{path} was written")
