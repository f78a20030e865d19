"""The report as one page: tables and charts, drawn by hand into SVG, nothing loaded from anywhere."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from html import escape
from typing import Any

from tests.bench.result import Chart, Result

_COLOURS = ("#2b5c8a", "#c8553d", "#4f8a5b", "#8a6d2b", "#7a4f8a", "#3f8f92", "#a03060", "#606060", "#a0a040")
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 620, 300, 62, 16, 34, 44
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1000px; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: 1rem 0; } td, th { padding: .25rem .7rem; border-bottom: 1px solid #ddd;
text-align: left; } .pass { color: #2d7a3d; } .FAIL { color: #b3261e; font-weight: 600; } svg { max-width: 100%;
background: #fff; border: 1px solid #eee; margin: .4rem .4rem .4rem 0; } pre { overflow: auto; max-height: 26rem;
background: #f6f6f4; padding: .8rem; font-size: 12px; } h2 { margin-top: 2.4rem; }
"""


def page(results: Sequence[Result], about: dict[str, Any]) -> str:
    """The whole page.

    Args:
        about: Machine, command, date and so on.
    """
    rows = "".join(
        f"<tr><td>{escape(result.name)}</td><td>{escape(target.what)}</td><td>{escape(target.bound)}</td>"
        f"<td>{escape(_measured(target.spread))}</td><td class='{target.verdict}'>{target.verdict}</td>"
        f"<td>{escape(target.note)}</td></tr>"
        for result in results
        for target in result.targets
    )
    machine = about["machine"]
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Modiste: benchmarks</title>"
        f"<style>{_STYLE}</style><h1>Benchmarks</h1>"
        f"<p>{escape(about['date'])} · commit {escape(machine['commit'])} · {escape(machine['processor'])}, "
        f"{machine['cores']} cores · <code>{escape(about['command'])}</code></p>"
        + (f"<p class='FAIL'>{escape(about['warning'])}</p>" if about["warning"] else "")
        + "<table><tr><th>benchmark</th><th>what</th><th>target</th><th>measured (rounds)</th><th></th><th></th></tr>"
        f"{rows}</table>{''.join(_section(result) for result in results)}"
        f"<h2>Machine and versions</h2><pre>{escape(json.dumps(about, indent=1))}</pre></html>"
    )


def _section(result: Result) -> str:
    notes = "".join(f"<p>{escape(note)}</p>" for note in result.notes)
    figures = escape(json.dumps(result.figures, indent=1))
    return (
        f"<h2>{escape(result.title)}</h2>{notes}{''.join(_svg(chart) for chart in result.charts)}"
        f"<details><summary>All figures ({result.seconds:.0f} s)</summary><pre>{figures}</pre></details>"
    )


def _measured(spread: Any) -> str:
    return "" if spread is None else f"{spread.median:.3g} ({spread.least:.3g} to {spread.most:.3g})"


def _svg(chart: Chart) -> str:
    series = {name: [(x, y) for x, y in points if math.isfinite(y)] for name, points in chart.series.items()}
    series = {name: points for name, points in series.items() if points}
    if not series:
        return ""
    highest = max(y for points in series.values() for _, y in points) * 1.08 or 1.0
    draw = _bars if chart.kind == "bars" else _lines
    parts = [f"<text x='{_LEFT}' y='18' font-weight='600'>{escape(chart.title)}</text>"]
    for value in _ticks(highest):
        y = _up(value, highest)
        parts.append(f"<line x1='{_LEFT}' x2='{_WIDTH - _RIGHT}' y1='{y}' y2='{y}' stroke='#ddd'/>")
        parts.append(f"<text x='{_LEFT - 6}' y='{y + 4}' text-anchor='end'>{value:g}</text>")
    parts.append(draw(series, highest))
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(f"<text x='{middle}' y='{_HEIGHT - 6}' text-anchor='middle'>{escape(chart.across)}</text>")
    parts.append(f"<text x='12' y='{_TOP - 4}'>{escape(chart.up)}</text>")
    for number, name in enumerate(series):
        colour, y = _COLOURS[number % len(_COLOURS)], _TOP + 10 + 16 * number
        parts.append(f"<rect x='{_WIDTH + 4}' y='{y - 9}' width='10' height='10' fill='{colour}'/>")
        parts.append(f"<text x='{_WIDTH + 20}' y='{y}'>{escape(name)}</text>")
    return (
        f"<svg viewBox='0 0 {_WIDTH + 150} {_HEIGHT}' width='{_WIDTH + 150}' font-size='12' role='img' "
        f"font-family='system-ui, sans-serif' xmlns='http://www.w3.org/2000/svg'>{''.join(parts)}</svg>"
    )


def _lines(series: dict[str, list[tuple[Any, float]]], highest: float) -> str:
    places = sorted({x for points in series.values() for x, _ in points})
    least, most = places[0], places[-1]

    def across(x: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * ((x - least) / (most - least) if most > least else 0.5)

    parts = []
    shown = places if len(places) <= 12 else places[:: -(-len(places) // 12)]
    for x in shown:
        parts.append(f"<text x='{across(x):.1f}' y='{_HEIGHT - 26}' text-anchor='middle'>{x:g}</text>")
    for number, points in enumerate(series.values()):
        colour = _COLOURS[number % len(_COLOURS)]
        path = " ".join(f"{across(x):.1f},{_up(y, highest)}" for x, y in sorted(points))
        parts.append(f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2'/>")
        if len(points) <= 40:
            parts += [f"<circle cx='{across(x):.1f}' cy='{_up(y, highest)}' r='3' fill='{colour}'/>" for x, y in points]
    return "".join(parts)


def _bars(series: dict[str, list[tuple[Any, float]]], highest: float) -> str:
    words = list(dict.fromkeys(word for points in series.values() for word, _ in points))
    group = (_WIDTH - _LEFT - _RIGHT) / len(words)
    width = group * 0.8 / len(series)
    parts = []
    for at, word in enumerate(words):
        middle = _LEFT + group * (at + 0.5)
        parts.append(f"<text x='{middle:.1f}' y='{_HEIGHT - 26}' text-anchor='middle'>{escape(str(word))}</text>")
    for number, points in enumerate(series.values()):
        colour = _COLOURS[number % len(_COLOURS)]
        for word, y in points:
            x, top = _LEFT + group * (words.index(word) + 0.1) + width * number, _up(y, highest)
            base = _HEIGHT - _BOTTOM
            parts.append(
                f"<rect x='{x:.1f}' y='{top}' width='{width * 0.94:.1f}' height='{base - top:.1f}' fill='{colour}'>"
                f"<title>{escape(str(word))}: {y:g}</title></rect>"
            )
    return "".join(parts)


def _up(value: float, highest: float) -> float:
    return round(_HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - _TOP) * value / highest, 1)


def _ticks(highest: float) -> list[float]:
    step = 10.0 ** math.floor(math.log10(highest))
    while highest / step < 4:
        step /= 2
    return [round(step * number, 10) for number in range(int(highest / step) + 1)]
