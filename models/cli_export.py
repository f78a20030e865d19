"""Commands that write bundles: ``modiste models export`` and ``quantise``."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from models.extras import require_torch

if TYPE_CHECKING:
    from models.bundle.manifest import BundleManifest


def export(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of the run.")],
    output: Annotated[Path, typer.Option(help="The bundle's folder; must not exist yet.")],
    version: Annotated[str, typer.Option(help="The bundle's version.")] = "1.0.0",
    precision: Annotated[
        list[str] | None,
        typer.Option(
            help="Add graphs in int8 (for CPUs) or fp16 (for GPUs; requires one), unless they lose recall or are not "
            "faster. auto tries those that this machine can measure; fp32 adds none. Repeatable. [auto]"
        ),
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option(help="Licence of the bundle; required if pretrained weights state none. [Apache-2.0]"),
    ] = None,
) -> None:
    """Write a bundle (ONNX graphs, tokenizer, manifest, model card) and check its vectors against torch."""
    require_torch("Export")
    from models.export.from_run import export_run
    from models.export.new_folder import require_absent
    from models.export.variants import add_variants_by_config, chosen_precisions
    from models.training.run import Run

    require_absent(output)
    run, (chosen, strict) = Run(run_folder), chosen_precisions(precision or ["auto"])
    if not chosen or not any(source.validation_share for source in run.config().sources):
        _report(export_run(run, output, version, licence), output)
        return
    with TemporaryDirectory() as folder:
        export_run(run, Path(folder) / "fp32", version, licence)
        _report(
            add_variants_by_config(Path(folder) / "fp32", output, chosen, run.config(), run.cache, strict=strict),
            output,
        )


def quantise(
    bundle: Annotated[Path, typer.Argument(help="A bundle's folder.")],
    output: Annotated[Path, typer.Option(help="The new bundle's folder; must not exist yet.")],
    precision: Annotated[
        list[str] | None, typer.Option(help="int8, fp16 or auto, as in `modiste models export`. [auto]")
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(
            help="Config whose products are used to calibrate and measure. [the config with the bundle's name]"
        ),
    ] = None,
) -> None:
    """Add int8 or fp16 graphs to a bundle if they are faster and lose at most half a point of Recall@10."""
    require_torch("Reading a config's held-out products")
    from models.bundle.manifest import read_manifest
    from models.export.variants import add_variants_by_config, chosen_precisions
    from models.training.config import config_of_bundle

    chosen, strict = chosen_precisions(precision or ["auto"])
    settings = config_of_bundle(read_manifest(bundle).name, config)
    _report(add_variants_by_config(bundle, output, chosen, settings, Path("runs") / "cache", strict=strict), output)


def _report(manifest: BundleManifest, output: Path) -> None:
    size = sum(file.size for file in manifest.files.values()) / 1e6
    typer.echo(
        f"{output}: bundle {manifest.name} {manifest.version}, {size:.1f} MB, fingerprint {manifest.fingerprint}"
    )
    for precision, variant in manifest.variants.items():
        loss = ", ".join(f"{way} {points:+.2f}" for way, points in variant.trial.loss.items())
        speed = ", ".join(f"{graph} {times:.2f}x" for graph, times in variant.trial.speedup.items())
        typer.echo(f"{precision}: speed relative to fp32: {speed}; points of Recall@10 lost: {loss}")
