"""Report of the products that training skips because they cannot be read."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from catalog.errors import ModisteError

logger = logging.getLogger(__name__)

EXAMPLES = 3


class Skipped(NamedTuple):
    """A row of a source's table that is not trained on."""

    id: str | None
    row: int | None
    """Line or row of the table; None for a product whose picture cannot be read."""
    reason: str


def check_skipped(source: str, skipped: Sequence[Skipped], total: int, allowed: float) -> None:
    """Check that no more rows of a source are skipped than allowed.

    Args:
        source: Name of the source.
        skipped: The skipped rows.
        total: Number of rows of its table.
        allowed: Maximum share of skipped rows, 0 to 1.

    Raises:
        ModisteError: More rows are skipped; the message summarises the reasons.
    """
    if len(skipped) > allowed * total:
        raise ModisteError(
            f"{len(skipped):,} of the {total:,} products of the source {source} cannot be read, more than the "
            f"{allowed:.1%} allowed. {'; '.join(summary(skipped))}",
            hint="Correct them (`modiste models doctor` lists them all), or raise `max_skipped` of the source.",
        )


def report_skipped(skipped: Mapping[str, Sequence[Skipped]], file: Path) -> None:
    """Log a summary of the skipped products by source and reason, and list all of them in ``file`` (JSON, by
    source)."""
    if not any(skipped.values()):
        file.unlink(missing_ok=True)
        return
    listed = {source: [one._asdict() for one in of_source] for source, of_source in skipped.items() if of_source}
    file.write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
    for source, of_source in skipped.items():
        for line in summary(of_source):
            logger.warning("%s: skipped %s", source, line)
    logger.warning("all skipped products are listed in %s", file)


def summary(skipped: Sequence[Skipped]) -> list[str]:
    """One line per reason, the most frequent first: the number of products and a few ids or rows."""
    by_reason: dict[str, list[Skipped]] = {}
    for one in skipped:
        by_reason.setdefault(re.sub(r"\S*[\d/]\S*", "…", one.reason), []).append(one)
    lines = []
    for some in sorted(by_reason.values(), key=len, reverse=True):
        names = ", ".join(one.id or f"row {one.row}" for one in some[:EXAMPLES])
        more = ", …" if len(some) > EXAMPLES else ""
        lines.append(f"{len(some):,}: {some[0].reason.rstrip('.')} ({names}{more})")
    return lines
