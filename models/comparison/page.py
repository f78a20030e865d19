"""Writes the results page of a comparison: tables, claims, curves and pictures."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from statistics import mean

from models.comparison.comparison import Comparison
from models.comparison.curves import curves_svg
from models.comparison.entries import BACKBONE
from models.comparison.examples import examples_sheet, good_and_bad, judged_examples
from models.comparison.latency import query_milliseconds
from models.comparison.provenance import commit, machine, versions
from models.comparison.results import MIN_POINTS, Results, Summary, summary
from models.evaluation.contact_sheet import picture_folder
from models.evaluation.encoding import in_batches
from models.evaluation.tables import markdown_table
from models.training.curve import learning_curve

MEASURES = ("R@1", "R@10", "R@50", "asked@10", "kept@10")
STYLE_MEASURES = ("V-nDCG@20", "T-nDCG@20", "MM@20")
EXAMPLES = 4
"""Queries on each contact sheet."""


def write_results(found: Comparison, page: Path, command: str) -> None:
    """Write the page, and its pictures in a folder of the same name next to it.

    Args:
        found: The comparison.
        page: A Markdown file, which is overwritten.
        command: The command that writes the page.
    """
    pictures = picture_folder(page)
    results = Results(found)
    sections = [
        f"# Results\n\nWritten by `{command}`, without manual changes.",
        _front(found, results, command),
        "## Summary\n\n" + _short(found, results),
        "## Claims\n\n" + _claims(found, results),
        "## By kind of edit\n\n" + _edits(found, results),
        "## Style search\n\n" + _styles(found, results),
        "## Cost\n\n" + _cost(found),
        "## Learning curves\n\n" + _curves(found, pictures),
        "## Examples\n\n" + _examples(found, results, pictures),
        "## Missing results\n\n" + _missing(found),
    ]
    page.write_text("\n\n".join(sections) + "\n", encoding="utf-8")


def _front(found: Comparison, results: Results, command: str) -> str:
    start, backbone, budget = found.start, found.start.config().backbone, found.budget
    galleries = {protocol: gallery for (protocol, _), (_, gallery) in results.questions.items()}
    stages = [stage for stage in ("joint", "finetune") if getattr(start.config(), stage)]
    if (earlier := start.config().start) is not None:
        stages = [f"started from `{earlier}`", *stages]
    rows = [
        ("command", f"`{command}`"),
        ("machine", machine()),
        ("date", datetime.now(UTC).isoformat(timespec="minutes")),
        ("commit", commit()),
        ("versions", versions()),
        (
            "backbone",
            f"`{backbone.name}` of the run `{start.folder.name}` ({', '.join(stages) or 'unchanged'}), frozen",
        ),
        ("budget of each run", ", ".join(f"{name} {value}" for name, value in budget.model_dump().items())),
        ("seeds", ", ".join(map(str, found.seeds))),
        *(("protocol, split", f"{name}: gallery of {size:,} products") for name, size in galleries.items()),
        ("queries", f"at most {found.queries:,} of each kind of edit, the same for all entries and seeds"),
    ]
    return markdown_table(("", ""), rows, words=2)


def _short(found: Comparison, results: Results) -> str:
    protocols = _protocols(results)
    head = ("", *(f"{measure}, {_source(one)}" for one in protocols for measure in ("R@10", "asked@10", "kept@10")))
    rows = [
        (title, *(_cell(results.summary(name, m, one)) for one in protocols for m in ("R@10", "asked@10", "kept@10")))
        for name, title in _compared(found, results)
    ]
    return (
        "Means over the kinds of edit and over the seeds, with the standard deviation over seeds. `asked@10` is the "
        "share of the first ten results with all requested values, `kept@10` the share that keeps everything else. The "
        "first three rows need no training and have no spread; the weighted sum has the weight that is best on these "
        "queries."
        f"\n\n{markdown_table(head, rows)}"
    )


def _claims(found: Comparison, results: Results) -> str:
    rows = []
    for claim in found.settings.claims:
        style = claim.protocol == "style-search"
        for protocol in dict.fromkeys(name for name, _ in (results.style_questions if style else results.questions)):
            judged = results.judgement(claim, protocol)
            if judged is None:
                rows.append((claim.paper, claim.says, _source(protocol), claim.measure, "", "", "", "not measured"))
                continue
            spread = summary(judged.differences)
            difference = f"{spread.mean:+.1f}" + ("" if spread.spread is None else f" ± {spread.spread:.1f}")
            rows.append(
                (
                    claim.paper, claim.says, _source(protocol), claim.measure,
                    f"{judged.than:.1f}", f"{judged.better:.1f}", difference, f"**{judged.word}**",
                )
            )  # fmt: skip
    head = ("paper", "claim", "on", "measure", "than", "better", "difference", "here")
    return (
        "Differences in points, paired by seed, of means over the kinds of edit. A claim *held* if the mean difference "
        "exceeds the one-sided 5% bound of a paired t-test over the seeds, and "
        f"{MIN_POINTS} points; it *did not hold* if it is as far below zero; otherwise it is *within noise*. All "
        "entries have the same queries, so the spread does not include the sampling of queries. The style search "
        f"trains nothing; its seeds draw different queries.\n\n{markdown_table(head, rows, words=4)}"
    )


def _edits(found: Comparison, results: Results) -> str:
    tables = []
    for (protocol, edit), (queries, gallery) in results.questions.items():
        rows = [
            (title, *(_cell(results.summary(name, measure, protocol, edit)) for measure in MEASURES))
            for name, title in _compared(found, results)
        ]
        tables.append(
            f"### {_source(protocol)}: {edit}\n\n{queries:,} queries, gallery of {gallery:,}.\n\n"
            + markdown_table(("", *MEASURES), rows)
        )
    return "\n\n".join(tables)


def _styles(found: Comparison, results: Results) -> str:
    if not results.style_questions:
        return "Not measured: the backbone has no attribute words, or these products have none."
    rows = []
    for (protocol, edit), (queries, _) in results.style_questions.items():
        for method, cases in results.styles.items():
            values_of = [list(results.values(cases, measure, protocol, edit).values()) for measure in STYLE_MEASURES]
            figures = [_cell(summary(values)) if values else "" for values in values_of]
            rows.append((_source(protocol), edit, method, f"{queries:,}", *figures))
    head = ("on", "kind", "method", "queries", *STYLE_MEASURES)
    return (
        "Wanted and unwanted words instead of a sentence (MBMR; Sadeh et al. 2019), by the backbone alone: query "
        "arithmetic, soft attribute filtering, and both. V-nDCG measures the similarity with the reference, T-nDCG the "
        "presence of the words; MM is their geometric mean.\n\n" + markdown_table(head, rows, words=3)
    )


def _cost(found: Comparison) -> str:
    latency = query_milliseconds(found.bundles) if found.bundles else {}
    rows = []
    for entry in found.settings.entries:
        figures = list(found.figures.get(entry.name, {}).values())
        if not figures:
            continue
        bundle = found.bundles.get(entry.name)
        size = f"{sum(path.stat().st_size for path in bundle.iterdir()) / 1e6:.1f}" if bundle else ""
        rows.append(
            (
                entry.title, f"{figures[0].composer / 1e6:.2f}", f"{figures[0].adaptation / 1e6:.2f}", size,
                f"{latency[entry.name]:.2f}" if entry.name in latency else "",
                f"{mean(one.seconds for one in figures):.0f}",
            )
        )  # fmt: skip
    head = ("", "composer, M", "text adaptation, M", "bundle, MB", "query, ms", "training, s")
    return (
        "Parameters beyond the backbone, in millions: those of the composer, including parts used in training alone, "
        "and those of the adapted text tower, which are the same for all. The bundle is everything that is deployed. "
        "The time of a query is the median of `query.onnx` in ONNX Runtime (fp32, CPU, one thread, batch 1), with all "
        "entries timed alternately. The time of training is that of the steps, without reading and "
        f"encoding.\n\n{markdown_table(head, rows)}"
    )


def _curves(found: Comparison, pictures: Path) -> str:
    curves = {
        name: {seed: learning_curve(run.log) for seed, run in by_seed.items()} for name, by_seed in found.runs.items()
    }
    (pictures / "curves.svg").write_text(curves_svg(curves), encoding="utf-8")
    return (
        "Loss by step, with a line for each seed. Composers have different losses (and FashionERN two phases), so only "
        f"shapes can be compared.\n\n![Learning curves]({pictures.name}/curves.svg)"
    )


def _examples(found: Comparison, results: Results, pictures: Path) -> str:
    drawn = {source.name for source in found.start.config().sources if source.kind == "garments"}
    shown = [at for at, (one, _) in enumerate(found.questions) if _source(one.name) in drawn and one.products]
    best = _best(found, results)
    if not shown or best is None:
        return "No pictures: only those of drawn garments may be published, and none were measured."
    seed, run = next(iter(found.runs[best].items()))
    model, (dataset, _) = run.model(), found.questions[shown[0]]
    gallery = found.gallery(model)[shown[0]]
    row_of = {id: row for row, id in enumerate(dataset.gallery)}
    ids, _ = model.tokenizer.encode([query.modification for query in dataset.triplets])
    references = [row_of[query.reference] for query in dataset.triplets]
    queries = in_batches(model.query, gallery.features[references], ids)
    examples = judged_examples(dataset, queries, gallery.embedding)
    for name, part in zip(("good", "bad"), good_and_bad(examples, EXAMPLES), strict=True):
        (pictures / f"{name}.png").write_bytes(examples_sheet(dataset, part))
    title = next(entry.title for entry in found.settings.entries if entry.name == best)
    return (
        f"{title}, seed {seed}, on drawn garments (photographs may not be published): the entry with the best mean "
        f"Recall@10. The score of a query is its `asked@10` times its `kept@10`; {EXAMPLES} queries are drawn with a "
        "fixed seed from the best tenth, and as many from the worst. Each row has the reference, the modification and "
        "the first results. Results with a green frame have the requested values and keep everything else.\n\nBest "
        f"tenth:\n\n![Good examples]({pictures.name}/good.png)\n\nWorst tenth:\n\n![Bad "
        f"examples]({pictures.name}/bad.png)"
    )


def _missing(found: Comparison) -> str:
    lines = [f"- {what} failed: {why}" for what, why in found.failures.items()]
    lines += [f"- {name} was not trained." for name in found.untrained]
    return "\n".join(lines) or "None: every entry was trained with every seed and exported."


def _best(found: Comparison, results: Results) -> str | None:
    def recall(name: str) -> float:
        recalls = [results.summary(name, "R@10", protocol) for protocol in _protocols(results)]
        return mean(one.mean for one in recalls if one is not None)

    return max(found.figures, key=recall, default=None)


def _compared(found: Comparison, results: Results) -> list[tuple[str, str]]:
    named = [(name, name.capitalize()) for name in BACKBONE]
    return named + [(entry.name, entry.title) for entry in found.settings.entries if entry.name in results.edits]


def _protocols(results: Results) -> list[str]:
    return list(dict.fromkeys(protocol for protocol, _ in results.questions))


def _source(protocol: str) -> str:
    return protocol.removeprefix("style-search: ").partition(",")[0]


def _cell(value: Summary | None) -> str:
    return "" if value is None else str(value)
