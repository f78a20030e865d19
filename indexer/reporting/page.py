"""Renders the page of a report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template

from catalog import summed_up
from indexer.building.checks import as_problems
from indexer.generations.difference import Difference
from indexer.generations.generation import Generation
from indexer.generations.manifest import Changes, GenerationManifest, Skipped
from indexer.reporting.facts import ColumnFacts, Duplicates, Map
from indexer.reporting.thumbnails import of_file, of_product

TEMPLATE = Template((Path(__file__).parent / "page.html").read_text(encoding="utf-8"))
MAX_SHOWN = 24
"""Maximum number of products or pairs with pictures in a section."""
COLOURS = (
    "#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#994f00", "#000000", "#88ccaa", "#ff9955",
)  # fmt: skip
OTHER = "#bbbbbb"
SIDE = 1000
"""Width of the map in its units."""


def whole_page(generation: Generation, subtitle: str, sections: Iterable[str]) -> str:
    """The page with its sections, self-contained."""
    return TEMPLATE.substitute(
        title=escape(f"Generation {generation.id}"), subtitle=escape(subtitle), body="\n".join(sections)
    )


def counts(manifest: GenerationManifest) -> str:
    """The section of counts."""
    tiles = {
        "products": manifest.products, "further pictures": manifest.views, "pictures encoded": manifest.encoded,
        "reused": manifest.reused, "repeated": manifest.repeated, "files read": manifest.read,
        "rows skipped": len(manifest.skipped),
    }  # fmt: skip
    shown = "".join(f"<div><dt>{escape(name)}</dt><dd>{count:,}</dd></div>" for name, count in tiles.items())
    recall = f"<div><dt>recall at {manifest.quality.k}</dt><dd>{manifest.quality.recall:.4f}</dd></div>"
    made = f"<div><dt>made in</dt><dd>{manifest.seconds:,.0f} s</dd></div>"
    origin = f"<p>Its attributes were updated; pictures and index are those of {manifest.updated_from}.</p>"
    protocol = f"Recall of the index {manifest.index} against exact search: {manifest.quality.protocol}."
    return (
        f'<dl class="tiles">{shown}{recall}{made}</dl>{origin if manifest.updated_from else ""}'
        f'<p class="soft">{escape(protocol)}</p>'
    )


def changes(generation: Generation, stated: Changes | None, difference: Difference | None) -> str:
    """The section of changes since the previously published generation."""
    if stated is None:
        return _section("Changes", "<p>There is no earlier generation to compare with.</p>")
    summary = f"{stated.added:,} added, {stated.removed:,} removed, {stated.changed:,} changed since {stated.since}."
    rows = "".join(f'<tr><td>{escape(name)}</td><td class="n">{n:,}</td></tr>' for name, n in stated.columns.items())
    table = f'<table><tr><th>changed</th><th class="n">products</th></tr>{rows}</table>' if rows else ""
    parts = [f"<p>{escape(summary)}</p>", table]
    if difference is None:
        parts.append(f'<p class="soft">{stated.since} is not there any more, so its products are not shown.</p>')
    else:
        for name, found in {"Added": difference.added, "Changed": difference.changed}.items():
            if len(found):
                parts.append(f"<p>{name}{_first_of(len(found))}</p>")
                parts.append(_cards(_product(generation, int(row)) for row in found[:MAX_SHOWN]))
        if len(difference.removed):
            gone = ", ".join(difference.ids(difference.removed[:MAX_SHOWN], of_before=True))
            parts.append(f"<p>Removed{_first_of(len(difference.removed))} {escape(gone)}</p>")
    return _section("Changes", "".join(parts))


def skipped(found: Sequence[Skipped]) -> str:
    """The section of products that are not in the generation."""
    if not found:
        return _section("Skipped", "<p>None.</p>")
    kinds = summed_up(as_problems(found))
    rows = "".join(f'<tr><td class="n">{count:,}</td><td>{escape(kind)}</td></tr>' for count, kind, _ in kinds)
    cards = (_card(_file(one), [one.id or f"row {one.row}", one.reason]) for one in found[:MAX_SHOWN])
    first = f"<p>{len(found):,} rows{_first_of(len(found))}</p>"
    return _section(
        "Skipped", f'<table><tr><th class="n">rows</th><th>reason</th></tr>{rows}</table>{first}{_cards(cards)}'
    )


def sizes(manifest: GenerationManifest) -> str:
    """The section of the generation's files."""
    files = sorted(((name, file.size) for name, file in manifest.files.items()), key=lambda one: -one[1])
    rows = "".join(
        f'<tr><td>{escape(name)}</td><td class="n">{size:,}</td><td class="n">{size / manifest.products:,.1f}</td></tr>'
        for name, size in [*files, ("all", sum(size for _, size in files))]
    )
    head = '<tr><th>file</th><th class="n">bytes</th><th class="n">a product</th></tr>'
    return _section("Sizes", f"<table>{head}{rows}</table>")


def duplicates(generation: Generation, found: Duplicates, near: float) -> str:
    """The section of pictures that several products have."""
    several = sum(map(len, found.shared))
    parts = [f"<p>{several:,} products share {len(found.shared):,} picture files{_first_of(len(found.shared))}</p>"]
    parts.append(_cards(_pair(generation, rows, f"{len(rows)} products") for rows in found.shared[:MAX_SHOWN]))
    of = "all products" if found.sampled == generation.size else f"a sample of {found.sampled:,} products"
    what = f"pairs of different files with a cosine of {near} or more, among the three nearest of {of}"
    parts.append(f"<p>{len(found.near):,} {what}{_first_of(len(found.near))}</p>")
    pairs = ((generation, [one.first, one.second], f"cosine {one.cosine:.4f}") for one in found.near[:MAX_SHOWN])
    parts.append(_cards(_pair(*pair) for pair in pairs))
    return _section("Near-duplicates", "".join(parts))


def columns(found: Sequence[ColumnFacts]) -> str:
    """The section of attributes."""
    head = '<tr><th>column</th><th>kind</th><th>filled</th><th class="n">values</th><th>most frequent</th></tr>'
    rows = "".join(
        f"<tr><td>{escape(one.name)}</td><td>{one.kind}</td>"
        f'<td class="fill"><span class="bar"><i style="width:{one.filled:.1%}"></i></span>{one.filled:.1%}</td>'
        f'<td class="n">{one.distinct:,}</td><td>{escape(_common(one))}</td></tr>'
        for one in found
    )
    return _section("Columns", f"<table>{head}{rows}</table>" if found else "<p>There are no attributes.</p>")


def product_map(generation: Generation, found: Map) -> str:
    """The section with the map."""
    ids = generation.products.column("id")
    points = "".join(
        _point(x, y, _colour(colour), ": ".join([ids[int(row)].as_py(), *found.values[colour : colour + 1]]))
        for row, (x, y), colour in zip(found.rows, found.places.tolist(), found.colours, strict=True)
    )
    named = [*((value, _colour(place)) for place, value in enumerate(found.values)), ("other or none", OTHER)]
    legend = "".join(f'<span><i style="background:{colour}"></i>{escape(value)}</span>' for value, colour in named)
    key = f'<p class="legend">{legend}</p>' if found.column else ""
    by = f", coloured by {found.column}" if found.column else ""
    about = (
        f"{len(found.rows):,} products by the first two principal components of their vectors, which show "
        f"{found.explained:.0%} of the variance{by}."
    )
    frame = f'viewBox="-10 -10 {SIDE + 20} {SIDE * 0.6 + 20:.0f}" role="img" aria-label="Map of the products"'
    return _section("Map", f"<p>{escape(about)}</p>{key}<svg {frame}>{points}</svg>")


def _point(x: float, y: float, colour: str, about: str) -> str:
    place = f'cx="{x * SIDE:.0f}" cy="{(1 - y) * SIDE * 0.6:.0f}" r="5"'
    return f'<circle {place} fill="{colour}" fill-opacity=".7"><title>{escape(about)}</title></circle>'


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def _first_of(count: int) -> str:
    return f" (the first {MAX_SHOWN}):" if count > MAX_SHOWN else ":" if count else "."


def _cards(cards: Iterable[str]) -> str:
    return f'<ul class="cards">{"".join(cards)}</ul>'


def _card(picture: str, lines: Sequence[str], *, pair: bool = False) -> str:
    named = "".join(f"<div>{escape(line)}</div>" for line in lines)
    kind = "pair" if pair else "one"
    return f'<li class="{kind}">{picture}{named}</li>'


def _product(generation: Generation, row: int) -> str:
    entry = generation.product(row)
    return _card(_picture(of_product(generation, row)), [entry["id"], entry["title"]])


def _pair(generation: Generation, rows: Sequence[int], about: str) -> str:
    pictures = "".join(_picture(of_product(generation, row)) for row in rows[:2])
    return _card(pictures, [about, *(generation.product(row)["id"] for row in rows[:4])], pair=True)


def _file(one: Skipped) -> str:
    if one.picture is None:
        return _picture(None, "no picture")
    return _picture(*of_file(Path(one.picture)))


def _picture(url: str | None, instead: str = "cannot be read") -> str:
    return f'<img src="{url}" alt="">' if url is not None else f'<span class="none">{escape(instead)}</span>'


def _common(facts: ColumnFacts) -> str:
    if facts.kind == "number":
        return " to ".join(value for value, _ in facts.common)
    return ", ".join(f"{value[:40]} ({count:,})" for value, count in facts.common)


def _colour(place: int) -> str:
    return COLOURS[place] if place >= 0 else OTHER
