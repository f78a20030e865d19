"""``modiste index``: build generations of the catalogue, and say which one serves."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from models.bundle import SHIPPED_BUNDLE

app = typer.Typer(help="Index a catalogue, and publish what was indexed.", no_args_is_help=True)


class DeviceName(StrEnum):
    """Where vectors are made and searched."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


IndexRoot = Annotated[
    Path,
    typer.Option(envvar="MODISTE_INDEX_ROOT", help="Folder of all generations. Replicas that share it serve the same."),
]
BundleFolder = Annotated[
    Path,
    typer.Option(
        envvar="MODISTE_BUNDLE",
        show_default="the shipped one",
        help="Bundle to encode with. Another bundle means encoding every picture again.",
    ),
]
Id = Annotated[str, typer.Argument(help="A generation, as `modiste index list` shows it.")]

DEFAULT_ROOT = Path("index")


@app.command()
def build(
    catalog: Annotated[
        Path,
        typer.Option(help="CSV, JSON Lines or Parquet file, or a folder that holds one as catalog.* or styles.csv."),
    ],
    index_root: IndexRoot = DEFAULT_ROOT,
    bundle: BundleFolder = SHIPPED_BUNDLE,
    images: Annotated[
        Path | None, typer.Option(help="Folder that image paths count from, where it is not the catalogue's own.")
    ] = None,
    id_column: Annotated[
        str | None, typer.Option(help="Column of the product's id, where its name is unusual.")
    ] = None,
    title_column: Annotated[str | None, typer.Option(help="Column of the title, likewise.")] = None,
    image_column: Annotated[str | None, typer.Option(help="Column of the image's path or bytes, likewise.")] = None,
    max_skipped: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Share of products that may be unusable. Low stops a broken catalogue from going live; high lets a "
            "night pass with some pictures missing.",
        ),
    ] = 0.05,
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
        bool, typer.Option(help="Let it serve at once, or leave that to `modiste index publish`.")
    ] = True,
    device: Annotated[
        DeviceName, typer.Option(help="cuda is many times faster and keeps every index exact, but needs modiste[gpu].")
    ] = DeviceName.auto,
    threads: Annotated[
        int, typer.Option(min=0, help="Cores to use; 0 takes all. Fewer leaves room for a service beside it.")
    ] = 0,
    batch: Annotated[
        int, typer.Option(min=1, max=1024, help="Pictures at a time. More helps a GPU, costs memory, and no CPU gains.")
    ] = 64,
    store: Annotated[str, typer.Option(help="Where vectors are searched. faiss is embedded in the service.")] = "faiss",
) -> None:
    """Encode the catalogue's pictures, index them, measure, and publish. What serves is untouched until then."""
    from catalog import read_catalog
    from indexer.build import BuildOptions, build_generation
    from indexer.manifest import generation_folder, read_manifest
    from models.bundle import Bundle

    table = read_catalog(
        catalog, images=images, id_column=id_column, title_column=title_column, image_column=image_column
    )
    loaded = Bundle(bundle, device=device.value, threads=threads)
    options = BuildOptions(publish, max_skipped, quality_floor, device.value, threads, batch, store)
    id = build_generation(table, loaded, index_root, options)
    made = read_manifest(generation_folder(index_root, id))
    typer.echo(f"{made.products:,} products indexed with {made.bundle} in {made.seconds:.1f} s")
    typer.echo(f"  pictures  {made.encoded:,} encoded, {made.reused:,} unchanged, {made.repeated:,} repeated")
    typer.echo(f"  skipped   {len(made.skipped):,}")
    for reason, count in Counter(one.reason for one in made.skipped).most_common(5):
        typer.echo(f"            {count:,} x {reason}")
    typer.echo(f"  index     {made.index}, recall at {made.quality.k} {made.quality.recall:.4f} of exact search")
    typer.echo(f"  generation {id} {'is published' if publish else 'is not published yet'}")


@app.command()
def publish(id: Id, index_root: IndexRoot = DEFAULT_ROOT) -> None:
    """Let a generation serve, after comparing its files with their checksums."""
    from indexer import publication

    publication.publish(index_root, id)
    typer.echo(f"{id} is published")


@app.command()
def rollback(index_root: IndexRoot = DEFAULT_ROOT) -> None:
    """Let the generation serve that was published before this one."""
    from indexer import publication

    typer.echo(f"{publication.rollback(index_root)} is published again")


@app.command()
def verify(
    id: Annotated[str | None, typer.Argument(help="A generation; without it, the published one.")] = None,
    index_root: IndexRoot = DEFAULT_ROOT,
) -> None:
    """Compare every file of a generation with its checksum and open it as the service would."""
    from indexer.generation import Generation

    generation = Generation.open(index_root, id)
    typer.echo(f"{generation.id} is whole: {generation.size:,} products, {generation.manifest.index}")
    generation.close()


@app.command("list")
def list_all(index_root: IndexRoot = DEFAULT_ROOT) -> None:
    """Show all generations, oldest first, and which one serves."""
    from indexer.publication import list_generations

    generations = list_generations(index_root)
    if not generations:
        typer.echo(f"There are no generations in {index_root} yet.")
    for one in generations:
        mark = "serves" if one.serving else "rollback" if one.previous else ""
        about = "damaged: its manifest cannot be read"
        if one.manifest is not None:
            recall = f"recall {one.manifest.quality.recall:.4f}"
            about = f"{one.manifest.products:>9,} products  {one.manifest.index}  {recall}  {one.manifest.bundle}"
        typer.echo(f"{one.id}  {mark:<8}  {about}")


@app.command()
def prune(
    keep: Annotated[
        int, typer.Option(min=0, help="How many of the newest to keep. More leaves more to go back to.")
    ] = 3,
    keep_rollback: Annotated[
        bool, typer.Option(help="Whether to spare the one that `rollback` goes to. The serving one is always spared.")
    ] = True,
    index_root: IndexRoot = DEFAULT_ROOT,
) -> None:
    """Delete old generations."""
    from indexer import publication

    gone = publication.prune(index_root, keep, keep_previous=keep_rollback)
    typer.echo(f"{len(gone)} deleted{': ' if gone else ''}{', '.join(gone)}")
