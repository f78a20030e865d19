"""Adds figures to an exported bundle: to ``bundle.json``, and as tables to its model card.

Neither is part of the fingerprint, so indexes that were built with the bundle stay valid.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from catalog.errors import ModisteError
from models.bundle.checksums import file_digest
from models.bundle.manifest import MODEL_CARD, Metric, read_manifest, write_manifest
from models.evaluation.tables import methods_table, metrics_table
from models.files import replacing

NEXT_SECTION = "## Limits"
"""The section of the card before which figures are inserted."""


def record(folder: Path, metrics: Sequence[Metric]) -> None:
    """Add figures to a bundle; they replace those of the same protocols.

    Args:
        folder: The bundle's folder.
        metrics: The figures.

    Raises:
        ModisteError: The folder is not a bundle, or the bundle has no model card.
    """
    manifest, card = read_manifest(folder), folder / MODEL_CARD
    if MODEL_CARD not in manifest.files:
        raise ModisteError(
            f"The bundle in {folder} has no {MODEL_CARD}.", hint="Export it with `modiste models export`."
        )
    protocols = dict.fromkeys(metric.protocol for metric in metrics)
    text = card.read_text(encoding="utf-8")
    # The table of the export leaves a protocol to its section.
    exported = [metric for metric in manifest.metrics if _heading(metric.protocol) not in text]
    left = [metric for metric in exported if metric.protocol not in protocols]
    if left != exported:
        text = text.replace(metrics_table(exported), metrics_table(left) if left else "")
    for protocol in protocols:
        text = _with_section(text, protocol, [metric for metric in metrics if metric.protocol == protocol])
    with replacing(card) as stream:
        stream.write(text.encode())
    kept = [metric for metric in manifest.metrics if metric.protocol not in protocols]
    files = {**manifest.files, MODEL_CARD: file_digest(card)}
    write_manifest(folder, manifest.model_copy(update={"metrics": (*kept, *metrics), "files": files}))


def _with_section(card: str, protocol: str, metrics: Sequence[Metric]) -> str:
    heading = _heading(protocol)
    alike = len({tuple(metric.values) for metric in metrics}) == 1
    table = methods_table(metrics) if alike else metrics_table(metrics)
    section = f"{heading}\n{table}\n\n"
    without = re.sub(rf"^{re.escape(heading)}.*?(?=^## |\Z)", "", card, flags=re.DOTALL | re.MULTILINE)
    before, limits, after = without.partition(NEXT_SECTION)
    return f"{before.rstrip()}\n\n{section}{limits}{after}".rstrip() + "\n"


def _heading(protocol: str) -> str:
    return f"## Figures of {protocol}\n"
