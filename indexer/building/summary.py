"""What a build says at its end."""

from __future__ import annotations

from collections.abc import Iterator

from catalog import Catalog
from catalog.inspection import summary_lines
from indexer.building.checks import as_problems
from indexer.generations.manifest import REPORT_NAME, GenerationManifest


def summary(catalog: Catalog, made: GenerationManifest, *, published: bool) -> Iterator[str]:
    """Lines for people: products, rows, pictures, what was skipped by kind with examples, the index."""
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
        yield f"  all rows are listed in generations/{made.id}/{REPORT_NAME}"
    yield f"  index     {made.index}, recall at {made.quality.k} {made.quality.recall:.4f} of exact search"
    yield f"  generation {made.id} {'is published' if published else 'is not published yet'}"
