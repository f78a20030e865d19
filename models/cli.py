"""``modiste models``: train, evaluate and export. Only commands that need torch import it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from catalog.errors import ModisteError
from models.cli_export import export, quantise
from models.extras import require_torch

if TYPE_CHECKING:
    from models.evaluation.whole_search import ProtocolOfSearch, Serve

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Train, evaluate and export models.")

_protocols_of_search: dict[str, ProtocolOfSearch] = {}
_serve: Serve | None = None


def add_protocol_of_search(name: str, measure: ProtocolOfSearch) -> None:
    """Register a protocol over the whole search for ``evaluate``, because it is defined above this package."""
    _protocols_of_search[name] = measure


def serve_held_out_with(serve: Serve) -> None:
    """Register a service of held-out products for ``evaluate``, because it is defined above this package."""
    global _serve
    _serve = serve


@app.command("list")
def list_composers() -> None:
    """List the composers with their papers, inputs, sizes and configs."""
    require_torch("Counting the parameters of composers")
    from models.training.inventory import WIDTHS, inventory, inventory_table

    typer.echo(inventory_table(inventory()))
    typer.echo(f"\nParameters at the widths of {WIDTHS}. Train one with: modiste models train CONFIG")


@app.command()
def train(
    config: Annotated[
        Path, typer.Argument(help="A YAML file, or the name of a config that comes with Modiste (modiste-base).")
    ],
    output: Annotated[
        Path | None, typer.Option(help="The run's folder. An unfinished run in it is resumed. [runs/<name>]")
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a value of the config, such as compose.steps=200. Repeatable."),
    ] = None,
) -> None:
    """Train the stages of a config and measure the model on held-out products."""
    require_torch("Training")
    from models.evaluation.held_out.sources import evaluate_run, save_metrics
    from models.evaluation.tables import metrics_table
    from models.evaluation.verdict.page import verdict_after_training
    from models.training.config import read_config
    from models.training.train import train as run_training

    overrides = dict(_key_and_value(item) for item in change or [])
    settings = read_config(config, overrides)
    run = run_training(settings, output or Path("runs") / settings.name)
    held_out = any(source.validation_share for source in settings.sources)
    metrics = evaluate_run(run) if held_out else []
    save_metrics(run, metrics)
    typer.echo(metrics_table(metrics) if held_out else "No products were held out, so nothing was measured.")
    typer.echo(verdict_after_training(run))
    typer.echo(f"\nTrained in {run.folder}. Next: modiste models export {run.folder} --output BUNDLE")


@app.command()
def verdict(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run on a shop's table.")],
    against: Annotated[Path, typer.Option(help="Folder of a bundle, or `shipped`.")] = Path("shipped"),
    page: Annotated[
        Path | None, typer.Option(help="The page to write; its pictures are written next to it. [RUN/verdict.md]")
    ] = None,
    queries: Annotated[int, typer.Option(min=10, help="Maximum queries of each kind.")] = 500,
) -> None:
    """Compare a run's model with a bundle on the shop's held-out products, and write the verdict to a page."""
    require_torch("A verdict")
    from models.evaluation.verdict.page import write_verdict

    typer.echo(write_verdict(run, against, page or run / "verdict.md", queries))


@app.command()
def evaluate(
    model: Annotated[Path | None, typer.Argument(help="Folder of a run or a bundle, or `shipped`.")] = None,
    config: Annotated[
        str | None,
        typer.Option(help="Config with the held-out products for a bundle. [the config with the bundle's name]"),
    ] = None,
    queries: Annotated[int, typer.Option(min=10, help="Maximum queries of each kind.")] = 2000,
    protocol: Annotated[
        list[str] | None,
        typer.Option(
            help="A published protocol, such as fashioniq-original; or style-search, style-weights, uploads, photos, "
            "street, wishes or conversation, on the held-out products of a config. Repeatable."
        ),
    ] = None,
    annotations: Annotated[Path | None, typer.Option(help="The dataset's annotations, as published.")] = None,
    images: Annotated[Path | None, typer.Option(help="The dataset's pictures, in any sub-folders.")] = None,
    vectors: Annotated[
        Path | None,
        typer.Option(help="Vectors to measure instead of a model: .npz with names [N], gallery [N,D], queries [Q,D]."),
    ] = None,
    category: Annotated[
        list[str] | None, typer.Option(help="FashionIQ only: dress, shirt or toptee. Repeatable.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Also write the figures to this JSON file.")] = None,
    record: Annotated[
        bool,
        typer.Option("--record", help="With protocols: write the figures into the bundle and its model card."),
    ] = False,
) -> None:
    """Measure recall on held-out products, with the baselines image only, text only and weighted sum, or by
    protocols."""
    from models.evaluation.measurement import measure_by_protocols, measure_held_out
    from models.evaluation.tables import metrics_table, write_json

    if protocol:
        metrics = measure_by_protocols(
            protocol, model, vectors, config=config, queries=queries, annotations=annotations,
            categories=category or [], images=images, of_search=_protocols_of_search,
            serve=_serve,
        )  # fmt: skip
    elif model is None:
        raise ModisteError("There is no model to measure.", hint="Give a model, or --protocol with --vectors.")
    else:
        metrics = measure_held_out(model, config, queries)
    if output is not None:
        write_json(output, metrics)
    if record and protocol and model is not None:
        from models.bundle import bundle_folder
        from models.evaluation.recording import record as record_in

        record_in(bundle_folder(model), metrics)
    typer.echo(metrics_table(metrics))


@app.command()
def compare(
    start: Annotated[
        Path, typer.Argument(metavar="RUN", help="A finished run; all entries use its backbone, words and sources.")
    ],
    config: Annotated[
        Path | None, typer.Option(help="YAML file with the entries to compare. [Modiste's comparison.yaml]")
    ] = None,
    output: Annotated[Path, typer.Option(help="Folder of the runs. Finished runs are not trained again.")] = Path(
        "runs/comparison"
    ),
    page: Annotated[Path, typer.Option(help="The page to write; its pictures are written next to it.")] = Path(
        "docs/results.md"
    ),
    only: Annotated[
        list[str] | None,
        typer.Option(help="Train only this entry; the page also includes earlier runs of other entries. Repeatable."),
    ] = None,
    seeds: Annotated[str | None, typer.Option(help="Seeds, such as 1,2,3. [those of the config]")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Steps of every entry. [those of the config]")] = None,
    queries: Annotated[int, typer.Option(min=10, help="Maximum queries of each kind.")] = 2000,
) -> None:
    """Train all composers with one backbone and budget, and write a page of results. Resumes if run again."""
    require_torch("Training")
    from models.comparison.comparison import compare as run_comparison
    from models.comparison.entries import ENTRIES, read_comparison
    from models.comparison.page import write_results
    from models.training.run import Run

    stated = {"config": config, "seeds": seeds, "steps": steps, "queries": queries if queries != 2000 else None}
    options = [f"--{name} {value}" for name, value in stated.items() if value is not None]
    options += [f"--only {name}" for name in only or ()]
    found = run_comparison(
        read_comparison(config or ENTRIES), Run(start), output, seeds=_numbers(seeds), only=only or (), steps=steps,
        queries=queries,
    )  # fmt: skip
    write_results(found, page, " ".join(["modiste models compare", str(start), *options]))
    for what, why in found.failures.items():
        typer.echo(f"{what} failed: {why}", err=True)
    typer.echo(page)
    if found.failures:
        raise typer.Exit(1)


app.command()(export)
app.command()(quantise)


@app.command()
def doctor(
    dataset: Annotated[Path, typer.Argument(help="A catalogue, or the folder of an annotated dataset.")],
    images: Annotated[Path | None, typer.Option(help="Folder with the pictures, in any sub-folders.")] = None,
    show: Annotated[int, typer.Option(min=0, help="Maximum examples of each kind of finding.")] = 10,
    strict: Annotated[bool, typer.Option("--strict", help="Treat remarks as faults.")] = False,
) -> None:
    """Check a dataset for missing, corrupt and duplicate pictures, empty captions, unknown targets and overlaps."""
    from models.datasets.checkup import check_dataset

    checkup = check_dataset(dataset, images)
    for line in checkup.lines(show):
        typer.echo(line)
    if checkup.faults or (strict and checkup.findings):
        raise typer.Exit(1)


@app.command()
def submission(
    annotations: Annotated[Path, typer.Option(help="CIRR's annotations, as published.")],
    vectors: Annotated[Path, typer.Option(help="An .npz with names [N], gallery [N,D] and queries [Q,D] of test1.")],
    output: Annotated[Path, typer.Option(help="Folder for the two files.")],
) -> None:
    """Write the two files (Recall and Recall_subset) for CIRR's evaluation server."""
    from models.datasets.annotated.cirr import read_cirr
    from models.evaluation.published.cirr_submission import write_submission
    from models.evaluation.published.vectors import read_vectors

    for path in write_submission(read_cirr(annotations, "test1"), read_vectors(vectors), output):
        typer.echo(path)


@app.command()
def draw(
    output: Annotated[Path, typer.Argument(help="Folder for catalog.csv and images/.")],
    count: Annotated[int, typer.Option(min=1, help="Number of garments.")] = 2000,
    seed: Annotated[int, typer.Option(help="Seed of the random generator.")] = 0,
    width: Annotated[int, typer.Option(min=48, max=1200)] = 300,
    height: Annotated[int, typer.Option(min=64, max=1600)] = 400,
) -> None:
    """Draw a catalogue of garments for experiments."""
    from models.datasets.garments import draw_catalog

    typer.echo(draw_catalog(output, count, seed, width, height))


def _numbers(listed: str | None) -> tuple[int, ...]:
    try:
        return tuple(int(one) for one in (listed or "").split(",") if one)
    except ValueError as error:
        raise ModisteError(
            f"--seeds {listed} is not a list of numbers.", hint="Write for example --seeds 1,2,3."
        ) from error


def _key_and_value(item: str) -> tuple[str, str]:
    key, equals, value = item.partition("=")
    if not equals or not key:
        raise ModisteError(f"--set {item} is not KEY=VALUE.", hint="Write for example --set compose.steps=200.")
    return key, value
