"""``modiste models``: train, evaluate, export. Torch is only imported once a command that needs it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models.errors import MissingExtra, ModisteError

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
    metrics = evaluate_run(run)
    save_metrics(run, metrics)
    typer.echo(metrics_table(metrics))
    typer.echo(f"\nTrained in {run.folder}. Next: modiste models export {run.folder} --output BUNDLE")


@app.command()
def evaluate(
    model: Annotated[Path, typer.Argument(help="A run's folder, or a bundle's.")],
    config: Annotated[
        str | None, typer.Option(help="Config whose held-out products a bundle is measured on. [the run's own]")
    ] = None,
    queries: Annotated[int, typer.Option(min=10, help="Queries of each kind; more make steadier figures.")] = 2000,
    output: Annotated[Path | None, typer.Option(help="Also save the figures here, as JSON.")] = None,
) -> None:
    """Measure Recall@1/10/50 on held-out products, beside image only, text only and the best weighted sum."""
    _needs_torch("Evaluation")
    from models.bundle import Bundle
    from models.bundle.manifest import MANIFEST_NAME
    from models.evaluation.report import evaluate_config, evaluate_run, save_metrics, write_json
    from models.evaluation.tables import metrics_table
    from models.training.config import read_config
    from models.training.run import Run

    if (model / MANIFEST_NAME).is_file():
        bundle = Bundle(model)
        settings = read_config(Path(config or bundle.manifest.name))
        metrics = evaluate_config(bundle, bundle.manifest.images, settings, Path("runs") / "cache", queries)
    else:
        run = Run(model)
        metrics = evaluate_run(run, queries)
        save_metrics(run, metrics)
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
