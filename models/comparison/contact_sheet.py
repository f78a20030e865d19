"""Contact sheets of example queries with their first results."""

from __future__ import annotations

import io
import random
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from models.bundle.encoder import Vectors
from models.datasets.triplets.triplet import Triplet, TripletDataset
from models.evaluation.metrics import Ranks, top_rows
from models.evaluation.satisfaction import PAGE, Satisfaction

SHOWN = 6
"""Number of results drawn for each query."""
PICTURE = (72, 96)
WORDS, MARGIN = 170, 6
PAPER, INK, RIGHT, WRONG = "white", "#222", "#2e8b57", "#c0392b"


@dataclass(frozen=True)
class Example:
    """A query and the rows of its first ``PAGE`` results, best first."""

    query: Triplet
    rows: Ranks
    score: float
    """The product of asked@10, kept@10 and fit@10, 0 to 1."""


def judged_examples(dataset: TripletDataset, queries: Vectors, gallery: Vectors) -> list[Example]:
    """Every query of a dataset with its results and score; references are removed from the gallery.

    Args:
        dataset: With products and judged attributes.
        queries: Its composed queries ``[Q, D]``.
        gallery: Its embeddings ``[N, D]``.
    """
    row_of = {id: row for row, id in enumerate(dataset.gallery)}
    found = top_rows(queries, gallery, [row_of[query.reference] for query in dataset.triplets], PAGE)
    judge = Satisfaction(dataset)
    return [
        Example(query, rows, _score(judge, query, rows)) for query, rows in zip(dataset.triplets, found, strict=True)
    ]


def good_and_bad(examples: Sequence[Example], count: int, seed: int = 0) -> tuple[list[Example], list[Example]]:
    """Draw ``count`` examples from the best tenth by score, and as many from the worst."""
    order = sorted(range(len(examples)), key=lambda at: (-examples[at].score, at))
    tenth = max(min(count, len(order)), len(order) // 10)
    chance = random.Random(seed)
    return tuple(  # type: ignore[return-value]
        [examples[at] for at in sorted(chance.sample(part, min(count, len(part))))]
        for part in (order[:tenth], order[-tenth:])
    )


def contact_sheet(dataset: TripletDataset, examples: Sequence[Example]) -> bytes:
    """A PNG with a row for each query: reference, modification and first results.

    Results with all requested values that keep everything else have a green frame, others a red one.
    """
    wide, high = PICTURE
    line = high + 2 * MARGIN
    sheet = Image.new("RGB", (wide + WORDS + SHOWN * (wide + MARGIN) + 3 * MARGIN, line * len(examples)), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    judge = Satisfaction(dataset)
    for at, example in enumerate(examples):
        top = at * line + MARGIN
        sheet.paste(_picture(dataset, example.query.reference), (MARGIN, top))
        words = "\n".join(textwrap.wrap(example.query.modification, 27)[:6])
        draw.multiline_text((wide + 2 * MARGIN, top + 2), words, fill=INK, font=font)
        for place, row in enumerate(example.rows[:SHOWN]):
            left = wide + WORDS + 2 * MARGIN + place * (wide + MARGIN)
            sheet.paste(_picture(dataset, dataset.gallery[row]), (left, top))
            frame = RIGHT if _score(judge, example.query, np.array([row])) == 1 else WRONG
            draw.rectangle((left - 2, top - 2, left + wide + 1, top + high + 1), outline=frame, width=2)
    stream = io.BytesIO()
    sheet.quantize(64).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _score(judge: Satisfaction, query: Triplet, rows: Ranks) -> float:
    shares = judge.measure([query], rows[None])
    return float(np.prod([share / 100 for share in shares.values()]))


def _picture(dataset: TripletDataset, id: str) -> Image.Image:
    with Image.open(io.BytesIO(dataset.image_of(id))) as opened:
        return opened.convert("RGB").resize(PICTURE, Image.Resampling.LANCZOS)
