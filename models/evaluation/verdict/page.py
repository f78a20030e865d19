"""The page of a verdict: the decision, the next steps, tables, and won and lost searches with pictures."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from catalog.errors import ModisteError
from models.bundle import Bundle
from models.evaluation.contact_sheet import SHOWN, Line, contact_sheet, picture_folder
from models.evaluation.held_out.expected_words import Expecting
from models.evaluation.measurement import Subject, open_subject
from models.evaluation.satisfaction import PAGE
from models.evaluation.tables import markdown_table
from models.evaluation.verdict.answers import MEASURE, REFERENCES, Answers
from models.evaluation.verdict.next_steps import next_steps
from models.evaluation.verdict.paired import MIN_GROUPS, RESAMPLES
from models.evaluation.verdict.verdict import Verdict, find_verdicts, is_shops_own
from models.training.run import Run

EXAMPLES = 4
"""Queries on each contact sheet."""
MEASURES = {
    MEASURE: "a right product on the first page",
    f"fit@{PAGE}": "fitting results, of the maximum possible",
    f"asked@{PAGE}": "results with the requested change",
    f"kept@{PAGE}": "results that keep everything else",
}


def verdict_after_training(run: Run) -> str:
    """As ``write_verdict``, for a run that has just finished, against the shipped bundle. Empty if no source of the run
    is a shop's table. An error is returned as text instead of raised, because the run is finished and usable."""
    if not any(is_shops_own(source) for source in run.config().sources):
        return ""
    try:
        return "\n" + write_verdict(run.folder, Path("shipped"), run.folder / "verdict.md", 500)
    except ModisteError as error:
        return f"\nNo verdict against the shipped bundle: {error.message}"


def write_verdict(run: Path, against: Path, page: Path, queries: int) -> str:
    """Compare a run with a bundle, and write a Markdown page with its pictures in a folder of the same name beside it.

    Args:
        run: Folder of a finished run.
        against: Folder of the bundle (or of another run), or ``shipped``.
        page: The page, which is overwritten.
        queries: Maximum number of queries of each kind of edit.

    Returns:
        The decision for each shop, and the path of the page.

    Raises:
        ModisteError: ``run`` is not a finished run, ``against`` cannot be opened, or there are no queries.
    """
    new, old = open_subject(run), open_subject(against)
    if new.run is None:
        raise ModisteError(
            f"{run} is a bundle; a verdict needs the run, whose config states the held-out products.",
            hint="Give the folder written by `modiste models train`.",
        )
    config, command = new.run.config(), f"modiste models verdict {run} --against {against} --queries {queries}"
    verdicts = find_verdicts(new, old, config, new.run.cache, queries)
    pictures = picture_folder(page)
    name = _name(old)
    sentences = "\n\n".join(decision(verdict, name) for verdict in verdicts)
    sections = [
        f"# Verdict on {new.name}\n\n{sentences}",
        "## What to do next\n\n" + next_steps(verdicts, config, run, name, old_expects=_expects(old)),
        *(_details(verdict, name, pictures) for verdict in verdicts),
        "## How it was measured\n\n" + _how(verdicts, command, name),
    ]
    page.write_text("\n\n".join(sections) + "\n", encoding="utf-8")
    return f"{sentences}\n\nDetails: {page}"


def decision(verdict: Verdict, old: str) -> str:
    """The decision for one shop: better, worse or not shown to differ from ``old``, and by how much."""
    found = verdict.words()
    judged = set(found.values())
    if "too few titles" in judged:
        short = f"cannot be judged: its held-out products have fewer than {MIN_GROUPS} different titles"
    elif judged == {"better"} or judged == {"worse"}:
        short = f"is {judged.pop()} than {old}"
    elif "better" in judged or "worse" in judged:
        short = " and ".join(
            f"{word} for {REFERENCES[reference]}" if word != "no difference shown" else
            f"not shown to differ for {REFERENCES[reference]}" for reference, word in found.items()
        )  # fmt: skip
        short = f"is {short}, compared with {old}"
    else:
        short = f"is not shown to differ from {old}"
    parts = []
    for reference, what in REFERENCES.items():
        difference = verdict.difference(reference)
        assert difference is not None
        parts.append(
            f"from {what}, {difference.after:.1f}% against {difference.before:.1f}% ({difference.points:+.1f} "
            f"points, 95% interval {difference.low:+.1f} to {difference.high:+.1f})"
        )
    return (
        f"**On {verdict.source}, the new bundle {short}.** Share of the searches with a right product among the first "
        f"{PAGE} results: {'; '.join(parts)}."
    )


def _details(verdict: Verdict, old: str, pictures: Path) -> str:
    head = ("", "queries", old, "new", "difference (95% interval)", "")
    blocks = [f"## {verdict.source}"]
    for reference, what in REFERENCES.items():
        rows = []
        for measure, meaning in MEASURES.items():
            if (one := verdict.difference(reference, measure)) is not None:
                rows.append((f"{measure}: {meaning}", f"{one.queries:,}", f"{one.before:.1f}", f"{one.after:.1f}",
                             str(one), one.word))  # fmt: skip
        blocks.append(f"### Starting from {what}\n\n{markdown_table(head, rows)}")
        rows = []
        for wish, _ in Counter(verdict.wishes).most_common():
            one = verdict.difference(reference, wish=wish)
            assert one is not None
            rows.append((wish, f"{one.queries:,}", f"{one.before:.1f}", f"{one.after:.1f}", str(one), one.word))
        blocks.append(f"{MEASURE} by kind of wish:\n\n{markdown_table(head, rows)}")
        blocks += _sheets(verdict, reference, old, pictures)
    return "\n\n".join(blocks)


def _sheets(verdict: Verdict, reference: str, old: str, pictures: Path) -> list[str]:
    blocks = []
    for name, rows in zip(("won", "lost"), verdict.changed(reference), strict=True):
        only = "the new bundle" if name == "won" else old
        searches = "search" if len(rows) == 1 else "searches"
        text = f"{len(rows):,} {searches} {name}: only {only} has a right product on the first page."
        if len(rows):
            chosen = sorted(random.Random(0).sample(rows.tolist(), min(EXAMPLES, len(rows))))
            file = pictures / f"{verdict.source}-{REFERENCES[reference].split()[-1]}-{name}.png"
            lines = [line for at in chosen for line in _lines(verdict, reference, at, old)]
            file.write_bytes(contact_sheet(verdict.dataset, lines))
            text += f" {len(chosen)} of them, drawn at random:\n\n![Searches {name}]({pictures.name}/{file.name})"
        blocks.append(text)
    return blocks


def _lines(verdict: Verdict, reference: str, at: int, old: str) -> list[Line]:
    query = verdict.dataset.triplets[at]

    def line(who: str, found: Answers) -> Line:
        ids = [verdict.dataset.gallery[row] for row in found.rows[at][:SHOWN]]
        words = f"{query.modification}\n{who}: rank {found.ranks[at]}"
        return Line(query.reference, words, ids, [id in query.targets for id in ids])

    return [line(old, verdict.before[reference]), line("new", verdict.after[reference])]


def _how(verdicts: Sequence[Verdict], command: str, old: str) -> str:
    sizes = ", ".join(f"{one.source} {len(one.dataset.gallery):,}" for one in verdicts)
    return (
        f"Written by `{command}` on {datetime.now(UTC).date().isoformat()}. Both bundles answered the same queries on "
        f"products that the run did not train on, held out by title group and photograph ({sizes}; the gallery without "
        f"the reference). They are new to {old} as well, unless it was trained on the same products. Queries are "
        "generated from differences in the table and worded by `models/datasets/wording`; `own` are the shop's "
        f"triplets. Results are ranked as in the service. {MEASURE} decides. Intervals are percentile bootstraps of "
        f"the paired difference over the title groups of the references ({RESAMPLES:,} resamples). *better* and "
        "*worse* mean that the 95% interval does not contain 0; of twenty rows without any difference, one is expected "
        f"to say so by chance. Rows with fewer than {MIN_GROUPS} title groups are not judged. Right products have a "
        "green frame. The words of an upload are estimated from its picture and from similar products; its picture "
        "is that of the catalogue, so snapshots are not measured here."
    )


def _name(subject: Subject) -> str:
    return subject.encoder.name if isinstance(subject.encoder, Bundle) else subject.name


def _expects(subject: Subject) -> bool:
    return isinstance(subject.encoder, Expecting) and subject.encoder.expects
