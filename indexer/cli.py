"""``modiste index``: build, publish and list generations of a catalogue."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from indexer.cli_generations import diff, report, update
from indexer.options import DEFAULT_ROOT, Allow, BundleFolder, DeviceName, Id, IndexRoot, IndexUrl
from models.bundle import SHIPPED_BUNDLE

app = typer.Typer(help="Build, publish and manage indexes of a catalogue.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def build(
    catalog: Annotated[
        Path,
        typer.Option(
            help="CSV, TSV, JSON, JSON Lines, Parquet, XLSX or XML feed, or a folder that contains one as catalog.*."
        ),
    ],
    index_root: IndexRoot = DEFAULT_ROOT,
    bundle: BundleFolder = SHIPPED_BUNDLE,
    images: Annotated[
        Path | None, typer.Option(help="Base folder of picture paths. Default: the folder of the catalogue.")
    ] = None,
    id_column: Annotated[str | None, typer.Option(help="Column of the product's id, if not recognised.")] = None,
    title_column: Annotated[str | None, typer.Option(help="Column of the title, if not recognised.")] = None,
    image_column: Annotated[str | None, typer.Option(help="Column of the picture, if not recognised.")] = None,
    max_skipped: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Share of products that may be unusable. A low value keeps a broken catalogue from being "
            "published; a high one tolerates missing pictures.",
        ),
    ] = 0.05,
    max_fall: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Share of the published products that may be gone. A truncated export loses many.",
        ),
    ] = 0.1,
    allow: Allow = None,
    picture_host: Annotated[
        list[str] | None,
        typer.Option(help="Host from which pictures may be fetched, such as cdn.example.com. Can be repeated."),
    ] = None,
    settings_file: Annotated[
        Path | None, typer.Option("--settings", help="A catalog.toml to use instead of the one beside the table.")
    ] = None,
    quality_floor: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Recall at 10 against exact search below which nothing is published. Only approximate indexes of "
            "large catalogues come near it.",
        ),
    ] = 0.95,
    publish: Annotated[
        bool, typer.Option(help="Publish the generation, or leave that to `modiste index publish`.")
    ] = True,
    verify_pictures: Annotated[
        bool,
        typer.Option(
            "--verify-pictures",
            help="Read every picture file, not only those whose size or time changed. Done once a week in any case.",
        ),
    ] = False,
    device: Annotated[
        DeviceName, typer.Option(help="cuda is many times faster and keeps every index exact, but needs modiste[gpu].")
    ] = DeviceName.auto,
    threads: Annotated[
        int, typer.Option(min=0, help="Cores to use; 0 uses all. Use fewer if a service runs on the same machine.")
    ] = 0,
    batch: Annotated[
        int,
        typer.Option(
            min=1,
            max=1024,
            help="Pictures in one graph run. Larger values are faster only on a GPU.",
        ),
    ] = 64,
    store: Annotated[
        str,
        typer.Option(
            help="Where vectors are searched. faiss is embedded in the service; qdrant is the server at "
            "MODISTE_QDRANT_URL. faiss:KIND takes another index: exact-fp16, ivf-fp16, hnsw32-fp16 or a factory string."
        ),
    ] = "faiss",
    index_url: IndexUrl = None,
    workers: Annotated[
        int,
        typer.Option(min=0, help="Encoding processes, managed by Ray (modiste[ray]); 0 encodes in this process."),
    ] = 0,
    ray_address: Annotated[
        str | None,
        typer.Option(help="Address of a Ray cluster, such as auto or ray://head:10001. Default: Ray on this machine."),
    ] = None,
) -> None:
    """Encode the catalogue's pictures, build an index, measure its recall, and publish it."""
    from catalog import CatalogSettings, read_catalog
    from catalog.settings import read_settings
    from indexer.build import BuildOptions, build_generation
    from indexer.building.summary import summary
    from indexer.generations.manifest import generation_folder, read_manifest
    from indexer.generations.remote import RemoteRoot
    from models.bundle import Bundle

    if ray_address and not workers:
        raise typer.BadParameter("Set the number of workers with --workers.", param_hint="--workers")
    settings = CatalogSettings() if settings_file is None else read_settings(settings_file)
    checks = frozenset(check.value for check in allow or ())
    table = read_catalog(
        catalog, images=images, id_column=id_column, title_column=title_column, image_column=image_column,
        allow=checks, settings=settings if settings_file is not None else None,
    )  # fmt: skip
    loaded = Bundle(bundle, device=device.value, threads=threads)
    remote = RemoteRoot(index_url, index_root) if index_url else None
    if remote is not None:
        remote.pull()
    options = BuildOptions(
        publish and remote is None, max_skipped, quality_floor, device.value, threads, batch, store,
        max_fall=max_fall, allow=checks, picture_hosts=tuple(picture_host or ()),
        verify_pictures=verify_pictures, workers=workers, ray_address=ray_address,
    )  # fmt: skip
    id = build_generation(table, loaded, index_root, options)
    if remote is not None:
        (remote.publish if publish else remote.push)(id)
    for line in summary(table, read_manifest(generation_folder(index_root, id)), published=publish):
        typer.echo(line)


@app.command()
def inspect(
    catalog: Annotated[Path, typer.Argument(help="The table, or its folder.")],
    images: Annotated[Path | None, typer.Option(help="Base folder of picture paths.")] = None,
    write: Annotated[
        bool, typer.Option(help="Write a catalog.toml beside the table. An existing one is not changed.")
    ] = True,
    allow: Allow = None,
) -> None:
    """Show what is recognised in a table: columns, kinds, products and problems. Nothing is indexed."""
    from catalog import read_catalog
    from catalog.errors import NoPictures
    from catalog.inspection import report, starting_settings
    from catalog.settings import SETTINGS_NAME

    checks = frozenset(check.value for check in allow or ())
    without_pictures: NoPictures | None = None
    try:
        table = read_catalog(catalog, images=images, allow=checks)
    except NoPictures as error:  # What else is recognised helps to name the column of the pictures.
        without_pictures = error
        table = read_catalog(catalog, images=images, allow=checks, images_required=False)
    for line in report(table):
        typer.echo(line)
    path = table.source.parent / SETTINGS_NAME
    typer.echo("")
    if path.exists():
        typer.echo(f"{path} exists and was used; it was not changed.")
    elif write:
        path.write_text(starting_settings(table), encoding="utf-8")
        typer.echo(f"{path} was written. Correct it if necessary; builds use it.")
    if without_pictures is not None:
        raise without_pictures


@app.command()
def publish(id: Id, index_root: IndexRoot = DEFAULT_ROOT, index_url: IndexUrl = None) -> None:
    """Publish a generation after comparing its files with their checksums."""
    from indexer.generations import publication
    from indexer.generations.remote import RemoteRoot

    if index_url:
        remote = RemoteRoot(index_url, index_root)
        remote.pull(id)
        remote.publish(id)
    else:
        publication.publish(index_root, id)
    typer.echo(f"{id} is published")


@app.command()
def rollback(index_root: IndexRoot = DEFAULT_ROOT, index_url: IndexUrl = None) -> None:
    """Publish the previously published generation again."""
    from indexer.generations import publication
    from indexer.generations.remote import RemoteRoot

    id = RemoteRoot(index_url, index_root).rollback() if index_url else publication.rollback(index_root)
    typer.echo(f"{id} is published again")


@app.command()
def verify(
    id: Annotated[str | None, typer.Argument(help="A generation; without it, the published one.")] = None,
    index_root: IndexRoot = DEFAULT_ROOT,
    index_url: IndexUrl = None,
) -> None:
    """Compare every file of a generation with its checksum and open it as the service would."""
    from indexer.generations.generation import Generation
    from indexer.generations.remote import RemoteRoot

    if index_url:
        RemoteRoot(index_url, index_root).pull(id)
    generation = Generation.open(index_root, id)
    typer.echo(f"{generation.id} is intact: {generation.size:,} products, {generation.manifest.index}")
    generation.close()


@app.command("list")
def list_all(index_root: IndexRoot = DEFAULT_ROOT, index_url: IndexUrl = None) -> None:
    """List all generations, oldest first, with the published one, and the newest published one of each other bundle."""
    from indexer.generations.publication import list_generations
    from indexer.generations.remote import RemoteRoot

    with RemoteRoot(index_url, index_root).outline() if index_url else nullcontext(index_root) as root:
        generations = list_generations(root)
    if not generations:
        typer.echo(f"There are no generations in {index_url or index_root} yet.")
    for one in generations:
        mark = "serves" if one.serving else "rollback" if one.previous else "kept" if one.newest else ""
        about = "damaged: its manifest cannot be read"
        if one.manifest is not None:
            recall = f"recall {one.manifest.quality.recall:.4f}"
            about = f"{one.manifest.products:>9,} products  {one.manifest.index}  {recall}  {one.manifest.bundle}"
        typer.echo(f"{one.id}  {mark:<8}  {about}")


@app.command()
def prune(
    keep: Annotated[int, typer.Option(min=0, help="Number of newest generations to keep, for rollbacks.")] = 3,
    keep_rollback: Annotated[
        bool,
        typer.Option(
            help="Whether to keep the rollback target, and the newest generation of each other bundle. The published "
            "one is always kept.",
        ),
    ] = True,
    index_root: IndexRoot = DEFAULT_ROOT,
    index_url: IndexUrl = None,
) -> None:
    """Delete old generations."""
    from indexer.generations import publication
    from indexer.generations.remote import RemoteRoot

    if index_url:
        gone = RemoteRoot(index_url, index_root).prune(keep, keep_previous=keep_rollback)
    else:
        gone = publication.prune(index_root, keep, keep_previous=keep_rollback)
    typer.echo(f"{len(gone)} deleted{': ' if gone else ''}{', '.join(gone)}")


app.command()(update)
app.command()(diff)
app.command()(report)
