"""The output of commands: summaries of builds, updates and comparisons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from catalog import Catalog, Problem
from catalog.inspection import summary_lines
from indexer.building.checks import as_problems
from indexer.generations.difference import Difference
from indexer.generations.manifest import REPORT_NAME, Changes, GenerationManifest


class Updated(NamedTuple):
    """The result of an update."""

    id: str
    """The published generation."""
    changes: Changes | None
    """The changes; None if nothing changed and no generation was made."""
    unknown: list[str]
    """Ids of the table that are not in the generation."""
    ignored: list[str]
    """Columns of the table that are not in the catalogue."""
    problems: list[Problem]
    """Rows and cells that cannot be used."""
    seconds: float


def summary(catalog: Catalog, made: GenerationManifest, *, published: bool) -> Iterator[str]:
    """The summary of a build: products, rows, pictures, skipped rows by kind with examples, the index."""
    yield f"{made.products:,} products indexed with {made.bundle} in {made.seconds:.1f} s"
    counts = catalog.counts
    if counts is not None:
        rows = [f"{counts.rows:,} rows"]
        rows += [f"{counts.merged:,} of them variants or pictures of a product"] if counts.merged else []
        rows += [f"{counts.left_out:,} not for sale"] if counts.left_out else []
        yield f"  table     {', '.join(rows)} ({catalog.format})"
    more = f", {made.views:,} of them further pictures of a product" if made.views else ""
    yield f"  pictures  {made.encoded:,} encoded, {made.reused:,} unchanged, {made.repeated:,} repeated{more}"
    yield f"  files     {made.read:,} read"
    if made.changes is not None:
        yield f"  changes   {changes_line(made.changes)}"
    yield f"  skipped   {len(made.skipped):,}"
    yield from (f"          {line}" for line in summary_lines(as_problems(made.skipped), 5))
    if catalog.left_out:
        yield f"  left out  {len(catalog.left_out):,}"
        yield from (f"          {line}" for line in summary_lines(catalog.left_out, 3))
    if catalog.remarks:
        yield f"  remarks   {len(catalog.remarks):,}"
        yield from (f"          {line}" for line in summary_lines(catalog.remarks, 5))
    hidden = [name for name, role in catalog.roles.items() if role == "hidden"]
    if hidden:
        yield f"  hidden    {', '.join(hidden)}"
    if made.skipped or catalog.left_out or catalog.remarks:
        yield f"  generations/{made.id}/{REPORT_NAME} lists all of these rows"
    yield f"  index     {made.index}, recall at {made.quality.k} {made.quality.recall:.4f} of exact search"
    yield f"  generation {made.id} {'is published' if published else 'is not published yet'}"


def changes_line(changes: Changes) -> str:
    """The changes since another generation, in one line."""
    columns = ", ".join(f"{name} {count:,}" for name, count in changes.columns.items())
    what = f" ({columns})" if columns else ""
    return f"{changes.added:,} added, {changes.removed:,} removed, {changes.changed:,} changed{what}"


def difference_lines(
    difference: Difference, before: GenerationManifest, after: GenerationManifest, *, examples: int | None
) -> Iterator[str]:
    """The differences between two generations.

    Args:
        difference: Of their products.
        before: The manifest of the earlier one.
        after: The manifest of the later one.
        examples: Maximum number of ids of each kind; None lists all.
    """

    def named(ids: Sequence[str]) -> str:
        shown = ids if examples is None else ids[:examples]
        more = f" and {len(ids) - len(shown):,} more" if len(shown) < len(ids) else ""
        return f"{len(ids):>9,}" + (f"  {', '.join(shown)}{more}" if ids else "")

    yield f"{before.id} ({before.products:,} products) -> {after.id} ({after.products:,} products)"
    yield f"  added     {named(difference.ids(difference.added))}"
    yield f"  removed   {named(difference.ids(difference.removed, of_before=True))}"
    yield f"  changed   {named(difference.ids(difference.changed))}"
    for name, rows in difference.columns.items():
        yield f"    {name}: {named(difference.ids(rows)).strip()}"
    yield f"  unchanged {after.products - len(difference.added) - len(difference.changed):>9,}"
    reused = f"{after.encoded:,} encoded, {after.reused:,} reused, {after.repeated:,} repeated"
    yield f"  pictures  {reused}; {after.read:,} files read"
    was = {(one.id, one.row) for one in before.skipped}
    skipped = [(one.id, one.row) for one in after.skipped]
    new = sum(one not in was for one in skipped)
    yield f"  skipped   {named([id or f'row {row}' for id, row in skipped])} ({new:,} of them new)"


def update_summary(updated: Updated) -> Iterator[str]:
    """The summary of an update."""
    if updated.changes is None:
        yield f"nothing changed; {updated.id} stays published"
    else:
        changed = updated.changes.changed
        yield f"{changed:,} {'product' if changed == 1 else 'products'} updated in {updated.seconds:.1f} s"
        yield from (f"  {name}: {count:,}" for name, count in updated.changes.columns.items())
    if updated.unknown:
        shown = ", ".join(updated.unknown[:5])
        yield f"  not in the index  {len(updated.unknown):,} ids: {shown}; the next build adds new products"
    if updated.ignored:
        yield f"  ignored columns   {', '.join(updated.ignored)}: the catalogue has no such columns"
    if updated.problems:
        yield f"  problems          {len(updated.problems):,}"
        yield from (f"          {line}" for line in summary_lines(updated.problems, 5))
    if updated.changes is not None:
        yield f"  generation {updated.id} is published; `modiste index rollback` undoes it"
