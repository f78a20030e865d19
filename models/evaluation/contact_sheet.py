"""Contact sheets: queries with their first results, as one picture."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from models.datasets.triplets.triplet import TripletDataset

SHOWN = 6
"""Number of results drawn for each query."""
PICTURE = (72, 96)
WORDS, MARGIN = 170, 6
PAPER, INK, RIGHT, WRONG = "white", "#222", "#2e8b57", "#c0392b"


class Line(NamedTuple):
    """One line of a sheet."""

    reference: str
    """Id of the reference."""
    words: str
    """Text beside the reference."""
    results: Sequence[str]
    """Ids of the results, best first; the first ``SHOWN`` are drawn."""
    right: Sequence[bool]
    """Which results get a green frame; the others get a red one."""


def contact_sheet(dataset: TripletDataset, lines: Sequence[Line]) -> bytes:
    """A PNG with a row for each line (at least one): reference, words and first results."""
    wide, high = PICTURE
    step = high + 2 * MARGIN
    sheet = Image.new("RGB", (wide + WORDS + SHOWN * (wide + MARGIN) + 3 * MARGIN, step * len(lines)), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for at, line in enumerate(lines):
        top = at * step + MARGIN
        sheet.paste(_picture(dataset, line.reference), (MARGIN, top))
        paragraphs = [textwrap.wrap(paragraph, 27) for paragraph in line.words.splitlines()]
        words = "\n".join([wrapped for paragraph in paragraphs for wrapped in paragraph][:6])
        draw.multiline_text((wide + 2 * MARGIN, top + 2), words, fill=INK, font=font)
        for place, (id, right) in enumerate(zip(line.results[:SHOWN], line.right, strict=False)):
            left = wide + WORDS + 2 * MARGIN + place * (wide + MARGIN)
            sheet.paste(_picture(dataset, id), (left, top))
            frame = RIGHT if right else WRONG
            draw.rectangle((left - 2, top - 2, left + wide + 1, top + high + 1), outline=frame, width=2)
    stream = io.BytesIO()
    sheet.quantize(64).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def picture_folder(page: Path) -> Path:
    """The folder of a page's pictures, next to the page and with its name. Pictures of an earlier page are removed.

    Other files are kept, because the folder may be a run of the same name.
    """
    folder = page.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.suffix in (".png", ".svg"):
            old.unlink()
    return folder


def _picture(dataset: TripletDataset, id: str) -> Image.Image:
    with Image.open(io.BytesIO(dataset.image_of(id))) as opened:
        return opened.convert("RGB").resize(PICTURE, Image.Resampling.LANCZOS)
