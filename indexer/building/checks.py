"""Checks that stop a build before it is published, and the reports of skipped rows."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from pathlib import Path

from catalog import Catalog, ModisteError, Problem, summed_up
from catalog.table import excerpt
from catalog.values.currencies import are_same
from indexer.generations.durable import replace_text
from indexer.generations.manifest import GenerationManifest, Skipped

REFUSED_NAME = "REFUSED.json"
MAX_REASON = 1_000
"""Maximum length of the example in an error: its end may name a similar file."""


class BuildRefused(ModisteError):
    """A build that is not published; ``REFUSED.json`` in the index root lists all skipped products."""


def refuse(index_root: Path, skipped: Sequence[Skipped], message: str, *, hint: str) -> BuildRefused:
    """Write ``REFUSED.json`` and return the error to raise."""
    report = {
        "refused": message,
        "summary": [f"{count:,} x {kind}" for count, kind, _ in summed_up(as_problems(skipped))],
        "skipped": [one.model_dump() for one in skipped],
    }
    replace_text(index_root / REFUSED_NAME, json.dumps(report, ensure_ascii=False, indent=2) + "\n")
    return BuildRefused(message, hint=hint)


def check_skipped(skipped: Sequence[Skipped], total: int, allowed: float, index_root: Path) -> None:
    """Refuse a build with too many unusable products.

    Args:
        skipped: Products and rows that cannot be used.
        total: Products and rows of the catalogue.
        allowed: Share of ``total``, 0 to 1.

    Raises:
        BuildRefused: More products, or all, are skipped.
    """
    unusable = len({one.id or one.row for one in skipped})  # A product may have several rows.
    total -= len(skipped) - unusable
    if unusable < total and unusable <= allowed * total:
        return
    kinds = summed_up(as_problems(skipped))[:3]
    commonest = "; ".join(f"{count} x {kind.rstrip('.')}" for count, kind, _ in kinds)
    if kinds and kinds[0][2][0].reason.rstrip(".") != kinds[0][1].rstrip("."):
        commonest += f", such as: {excerpt(kinds[0][2][0].reason, MAX_REASON).rstrip('.')}"
    hint = f"Correct them; all are listed in {index_root / REFUSED_NAME}."
    if unusable == total:
        message = f"None of the {total:,} products can be used ({commonest}); nothing was published."
    else:
        message = (
            f"{unusable:,} of {total:,} products cannot be used, more than the {allowed:.1%} allowed "
            f"({commonest}); nothing was published."
        )
        hint += " To allow more: --max-skipped."
    raise refuse(index_root, skipped, message, hint=hint)


def check_fall(
    catalog: Catalog, products: int, before: GenerationManifest | None, allowed: float, index_root: Path,
    skipped: Sequence[Skipped],
) -> None:  # fmt: skip
    """Refuse a build with far fewer products than the published generation, because the export may be truncated.

    Args:
        products: Number of products in the new generation.
        before: The published generation.
        allowed: Share of the published products, 0 to 1, that may be gone.

    Raises:
        BuildRefused: More products are gone.
    """
    if before is None or products >= (1 - allowed) * before.products:
        return
    gone = before.products - products
    out = f", {len(catalog.left_out):,} rows are not for sale" if catalog.left_out else ""
    raise refuse(
        index_root, skipped,
        f"The catalogue has {products:,} products, {gone:,} ({gone / before.products:.1%}) fewer than the published "
        f"generation {before.id} ({before.products:,}){out}; at most {allowed:.0%} may be gone. Nothing was published.",
        hint="Check that the export is complete. If it is, build once with --allow fall.",
    )  # fmt: skip


def check_kinds(
    catalog: Catalog, before: GenerationManifest | None, index_root: Path, skipped: Sequence[Skipped]
) -> None:
    """Refuse a build in which a column changes its kind, unless the kind is stated, because filters on it would break.

    Raises:
        BuildRefused: A column has another kind than in the published generation.
    """
    if before is None:
        return
    stated = {name for name, column in catalog.settings.columns.items() if column.kind}
    for name, kind in catalog.columns.items():
        was = before.columns.get(name)
        if was is None or was == kind or name in stated:
            continue
        because = next((one for one in catalog.remarks if one.reason.startswith(f"{name} is ")), None)
        why = f" (row {because.row}: {because.reason})" if because else ""
        raise refuse(
            index_root, skipped,
            f"The column {name} was {was} in the published generation {before.id} and would become {kind}{why}; "
            "filters on it would break. Nothing was published.",
            hint=f'Correct the cells, or state the kind in catalog.toml: [columns."{name}"] kind = "{was}". '
            "To change it: --allow kinds.",
        )  # fmt: skip
    gone = [name for name in stated if name in before.columns and name not in catalog.roles]
    if gone:
        raise refuse(
            index_root, skipped,
            f"The column {gone[0]}, stated in catalog.toml, is not in the table any more or has no values. "
            "Nothing was published.",
            hint="Correct the table, or remove the column from catalog.toml. To build without it: --allow kinds.",
        )  # fmt: skip


def currency_changes(catalog: Catalog, before: GenerationManifest | None) -> list[Problem]:
    """A remark for each column whose prices had another currency in the published generation: the numbers are not
    converted, so that they mean something else."""
    found = []
    for name, was in (before.currencies if before is not None else {}).items():
        column = catalog.details.get(name)
        if column is not None and column.currency and not are_same(column.currency, was):
            kind = f"{name} was in {was} in the published generation and is in {column.currency}; nothing is converted"
            found.append(Problem(0, None, kind, kind))
    return found


def as_problems(skipped: Sequence[Skipped]) -> list[Problem]:
    """Skipped products in the form of the catalogue reader's problems."""
    # Numbers and paths are removed, because they would make every reason unique.
    return [
        Problem(one.row or 0, one.id, one.reason, one.kind or re.sub(r"\S*[\d/]\S*", "…", one.reason))
        for one in skipped
    ]


def write_report(path: Path, catalog: Catalog, skipped: Sequence[Skipped], remarks: Sequence[Skipped]) -> None:
    """Write a row for each row of the table that is not in the generation: row, id, what, kind, reason."""
    lines: list[tuple[str, Problem]] = [("skipped", one) for one in as_problems(skipped)]
    lines += [("not for sale", one) for one in catalog.left_out]
    lines += [("remark", one) for one in (*catalog.remarks, *as_problems(remarks))]
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["row", "id", "what", "kind", "reason"])
        for what, one in lines:
            table.writerow([one.row or "", one.id or "", what, one.kind or one.reason, one.reason])
