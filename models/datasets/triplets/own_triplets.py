"""A shop's own triplets: a table of references, targets and modifications over its catalogue."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from catalog import Row, read_table
from catalog.errors import ModisteError
from models.datasets.triplets.triplet import Triplet

MODIFICATION_NAMES = ("modification", "caption", "text", "query")


def read_own_triplets(path: Path, known: Collection[str] | None = None) -> list[Triplet]:
    """Read triplets from annotations or from a shop's log of searches and purchases.

    Args:
        path: CSV, JSON Lines or Parquet with the columns ``reference`` and ``target`` (ids of products) and
            ``modification``; a column ``edit`` names the kind of edit, if there is one. Rows with the same reference
            and modification are one query with several right targets.
        known: Ids of the catalogue; with None ids are not checked.

    Returns:
        Triplets in the order of the table.

    Raises:
        ModisteError: A column is missing, or a row cannot be used; the message names the first such row and counts the
            others.
    """
    table = read_table(path)
    modification = next((name for name in MODIFICATION_NAMES if name in table.columns), "modification")
    for needed in ("reference", "target", modification):
        if needed not in table.columns:
            raise ModisteError(
                f"{path} has no column {needed!r}.",
                hint="Triplets are a table with the columns reference, target and modification.",
            )
    faults = [(problem.row, problem.reason) for problem in table.problems]
    targets: dict[tuple[str, str], list[str]] = {}
    edits: dict[tuple[str, str], str] = {}
    for number, row in table.rows:
        fault = _fault(row, modification, known)
        if fault is not None:
            faults.append((number, fault))
            continue
        query = (_text(row["reference"]), _text(row[modification]))
        targets.setdefault(query, []).append(_text(row["target"]))
        edits.setdefault(query, _text(row.get("edit")) or "own")
    if faults:
        number, fault = min(faults)
        others = f" ({len(faults) - 1} more rows cannot be used)" if len(faults) > 1 else ""
        raise ModisteError(f"{path}, row {number}: {fault}{others}.", hint="Correct or remove these rows.")
    return [
        Triplet(reference, words, tuple(dict.fromkeys(found)), edits[reference, words])
        for (reference, words), found in targets.items()
    ]


def _fault(row: Row, modification: str, known: Collection[str] | None) -> str | None:
    reference, target = _text(row.get("reference")), _text(row.get("target"))
    for side, id in (("reference", reference), ("target", target)):
        if not id:
            return f"there is no {side}"
        if known is not None and id not in known:
            return f"the {side} {id!r} is not in the catalogue"
    if reference == target:
        return f"{reference!r} is its own target"
    return None if _text(row.get(modification)) else "the modification is empty"


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()
