"""Writes the report of a generation."""

from __future__ import annotations

from pathlib import Path

from catalog.errors import ModisteError
from indexer.generations.difference import Difference, read_for_comparison
from indexer.generations.generation import Generation
from indexer.generations.manifest import GenerationError, generation_folder
from indexer.generations.publication import current_id
from indexer.reporting import page
from indexer.reporting.facts import NEAR, column_facts, find_duplicates, map_of


def write_report_page(generation: Generation, index_root: Path, path: Path, *, colour_by: str | None = None) -> None:
    """Write one self-contained HTML page about a generation.

    Args:
        generation: The generation.
        index_root: The folder of all generations.
        path: The file to write.
        colour_by: The attribute for the colours of the map; None chooses one.

    Raises:
        ModisteError: There is no such attribute, or the page cannot be written.
    """
    if colour_by is not None and colour_by not in generation.columns:
        raise ModisteError(
            f"There is no attribute {colour_by!r} to colour the map by.",
            hint=f"There are: {', '.join(generation.columns) or 'none'}.",
        )
    manifest = generation.manifest
    serving = " It is published." if current_id(index_root) == generation.id else ""
    subtitle = f"{manifest.catalog}, {manifest.created}, {manifest.bundle}.{serving}"
    sections = [
        page.counts(manifest),
        page.changes(generation, manifest.changes, _difference(index_root, generation)),
        page.skipped(manifest.skipped),
        page.columns(column_facts(generation)),
        page.product_map(generation, map_of(generation, colour_by)),
        page.duplicates(generation, find_duplicates(generation), NEAR),
        page.sizes(manifest),
    ]
    try:
        path.write_text(page.whole_page(generation, subtitle, sections), encoding="utf-8")
    except OSError as error:
        raise ModisteError(
            f"The report cannot be written to {path} ({error.strerror}).", hint="Give another --output."
        ) from error


def _difference(index_root: Path, generation: Generation) -> Difference | None:
    """To the generation that was published before; None if it is gone."""
    changes = generation.manifest.changes
    if changes is None:
        return None
    try:
        before = read_for_comparison(generation_folder(index_root, changes.since))
    except GenerationError:
        return None
    return Difference(before, read_for_comparison(generation_folder(index_root, generation.id)))
