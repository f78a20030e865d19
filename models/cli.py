"""``modiste models``: train, evaluate, export. Torch is only imported once a command that needs it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import MissingExtra, ModisteError

if TYPE_CHECKING:
    from models.bundle.manifest import Metric

app = typer.Typer(no_args_is_help=True, help="Data becomes a bundle: train, evaluate and export a model.")


def _needs_torch(purpose: str) -> None:
    try:
        import open_clip  # noqa: F401
    except ImportError as error:
        raise MissingExtra("torch with open_clip", "train", purpose) from error


@app.command()
def train(
    config: Annotated[
        Path, typer.Argument(help="A YAML file, or the name of a config that comes along (modiste-small).")
    ],
    output: Annotated[
        Path | None, typer.Option(help="The run's folder. An unfinished run in it goes on where it was. [runs/<name>]")
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a value of the config, such as --set compose.steps=200. Repeatable."),
    ] = None,
) -> None:
    """Train a model: joint embedding, fine-tuning, composer, as the config says."""
    _needs_torch("Training")
    from models.evaluation.report import evaluate_run, save_metrics
    from models.evaluation.tables import metrics_table
    from models.training.config import read_config
    from models.training.run import train as run_training

    overrides = dict(_key_and_value(item) for item in change or [])
    settings = read_config(config, overrides)
    run = run_training(settings, output or Path("runs") / settings.name)
    held_out = any(source.validation_share for source in settings.sources)
    metrics = evaluate_run(run) if held_out else []
    save_metrics(run, metrics)
    typer.echo(metrics_table(metrics) if held_out else "Nothing was held out, so nothing was measured.")
    typer.echo(f"\nTrained in {run.folder}. Next: modiste models export {run.folder} --output BUNDLE")


@app.command()
def evaluate(
    model: Annotated[Path | None, typer.Argument(help="A run's folder, or a bundle's.")] = None,
    config: Annotated[
        str | None, typer.Option(help="Config whose held-out products a bundle is measured on. [the one of its name]")
    ] = None,
    queries: Annotated[int, typer.Option(min=10, help="Queries of each kind; more make steadier figures.")] = 2000,
    protocol: Annotated[
        list[str] | None,
        typer.Option(help="A protocol of the literature, such as fashioniq-original. Repeatable, over one dataset."),
    ] = None,
    annotations: Annotated[Path | None, typer.Option(help="The dataset's annotations, as they were published.")] = None,
    images: Annotated[Path | None, typer.Option(help="The dataset's pictures, in whatever sub-folders.")] = None,
    vectors: Annotated[
        Path | None,
        typer.Option(help="Measure these instead of a model: .npz with names [N], gallery [N,D], queries [Q,D]."),
    ] = None,
    category: Annotated[
        list[str] | None, typer.Option(help="FashionIQ: only dress, shirt or toptee. Repeatable.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Also save the figures here, as JSON.")] = None,
) -> None:
    """Measure Recall on held-out products beside image only, text only and the best weighted sum, or by a protocol."""
    from models.evaluation.tables import metrics_table, write_json

    if protocol:
        metrics = _by_protocols(protocol, annotations, category or [], images, model, vectors)
    elif model is None:
        raise ModisteError("There is nothing to measure.", hint="Give a model, or --protocol with --vectors.")
    else:
        metrics = _on_held_out(model, config, queries)
    if output is not None:
        write_json(output, metrics)
    typer.echo(metrics_table(metrics))


@app.command()
def export(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder.")],
    output: Annotated[Path, typer.Option(help="The bundle's folder; must not exist yet.")],
    version: Annotated[str, typer.Option(help="The bundle's version.")] = "1.0.0",
) -> None:
    """Write a bundle (ONNX graphs, tokenizer, manifest, model card) and compare it with torch from picture bytes."""
    _needs_torch("Export")
    from models.evaluation.report import export_run
    from models.training.run import Run

    manifest = export_run(Run(run_folder), output, version)
    size = sum(file.size for file in manifest.files.values()) / 1e6
    typer.echo(
        f"{output}: bundle {manifest.name} {manifest.version}, {size:.1f} MB, fingerprint {manifest.fingerprint}"
    )


@app.command()
def doctor(
    dataset: Annotated[Path, typer.Argument(help="A catalogue, or the folder of an annotated dataset's own files.")],
    images: Annotated[Path | None, typer.Option(help="Folder with the pictures, in whatever sub-folders.")] = None,
    show: Annotated[int, typer.Option(min=0, help="Cases to print of each kind of finding.")] = 10,
    strict: Annotated[bool, typer.Option("--strict", help="Fail for remarks, too, not only for faults.")] = False,
) -> None:
    """Check a dataset: missing, corrupt, duplicate pictures, empty captions, targets outside the gallery, overlaps."""
    from models.datasets.checkup import check_dataset

    checkup = check_dataset(dataset, images)
    for line in checkup.lines(show):
        typer.echo(line)
    if checkup.faults or (strict and checkup.findings):
        raise typer.Exit(1)


@app.command()
def submission(
    annotations: Annotated[Path, typer.Option(help="CIRR's annotations, as they were published.")],
    vectors: Annotated[Path, typer.Option(help="An .npz with names [N], gallery [N,D] and queries [Q,D] of test1.")],
    output: Annotated[Path, typer.Option(help="Folder for the two files.")],
) -> None:
    """Write the two files (Recall and Recall_subset) that CIRR's server takes for its hidden test split."""
    from models.datasets.cirr import read_cirr
    from models.evaluation.submission import write_submission
    from models.evaluation.vectors import read_vectors

    for path in write_submission(read_cirr(annotations, "test1"), read_vectors(vectors), output):
        typer.echo(path)


@app.command()
def draw(
    output: Annotated[Path, typer.Argument(help="Folder for catalog.csv and images/.")],
    count: Annotated[int, typer.Option(min=1, help="How many garments.")] = 2000,
    seed: Annotated[int, typer.Option(help="Another seed draws another shop.")] = 0,
    width: Annotated[int, typer.Option(min=48, max=1200)] = 300,
    height: Annotated[int, typer.Option(min=64, max=1600)] = 400,
) -> None:
    """Draw a catalogue of garments to try things with."""
    from models.datasets.garments import draw_catalog

    typer.echo(draw_catalog(output, count, seed, width, height))


def _key_and_value(item: str) -> tuple[str, str]:
    key, equals, value = item.partition("=")
    if not equals or not key:
        raise ModisteError(f"--set {item} is not KEY=VALUE.", hint="Write for example --set compose.steps=200.")
    return key, value


def _on_held_out(model: Path, config: str | None, queries: int) -> list[Metric]:
    _needs_torch("Evaluation on held-out products")
    from models.bundle import Bundle
    from models.bundle.manifest import MANIFEST_NAME
    from models.evaluation.report import evaluate_config, evaluate_run, save_metrics
    from models.training.config import read_config
    from models.training.run import Run

    if (model / MANIFEST_NAME).is_file():
        bundle = Bundle(model)
        settings = read_config(Path(config or bundle.manifest.name))
        return evaluate_config(bundle, bundle.manifest.images, settings, Path("runs") / "cache", queries)
    run = Run(model)
    metrics = evaluate_run(run, queries)
    save_metrics(run, metrics)
    return metrics


def _by_protocols(
    names: list[str],
    annotations: Path | None,
    categories: list[str],
    images: Path | None,
    model: Path | None,
    vectors: Path | None,
) -> list[Metric]:
    from models.bundle import Bundle
    from models.bundle.manifest import MANIFEST_NAME
    from models.evaluation.annotated import evaluate_vectors, find_protocol
    from models.evaluation.annotated_models import evaluate_encoder
    from models.evaluation.vectors import read_vectors

    if annotations is None or (model is None) == (vectors is None):
        raise ModisteError(
            "A protocol needs --annotations, and either a model or --vectors.",
            hint="Write for example: --protocol fashioniq-original --annotations DIR --vectors FILE.npz",
        )
    runs = {
        protocol: protocol.read(annotations, categories=categories, images=images)
        for protocol in map(find_protocol, names)
    }
    if vectors is not None:
        given = read_vectors(vectors)
        return [
            metric
            for protocol, read in runs.items()
            for metric in evaluate_vectors(protocol, read, given, f"vectors of {vectors.name}")
        ]
    assert model is not None
    if (model / MANIFEST_NAME).is_file():
        bundle = Bundle(model)
        return evaluate_encoder(runs, bundle, bundle.manifest.images)
    _needs_torch("Measuring a run")
    from models.training.run import Run

    trained = Run(model).model()
    return evaluate_encoder(runs, trained, trained.images)
