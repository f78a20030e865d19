"""Limits of searches: their built-in maxima, and those of one service, which may be lower."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from indexer.generations.filters import MAX_FILTERS
from models.bundle.images.decoding import MAX_SCANS
from models.bundle.images.preprocessing import MAX_PIXELS

__all__ = (
    "BUILT_IN", "FORMAT_NAMES", "MAX_DEPTH", "MAX_FILTERS", "MAX_K", "MAX_OFFSET", "MAX_PARTS", "MAX_PIXELS",
    "MAX_SCANS", "MAX_TEXT", "MIN_K", "FormatName", "PictureLimits", "RequestLimits",
)  # fmt: skip

MAX_TEXT = 2_000
"""Characters of ``text``, and of each text of ``history``."""
MIN_K, MAX_K = 24, 200
"""Bounds of the largest ``k`` of a service. The page requests 24 products."""
MAX_OFFSET = 10_000
MAX_DEPTH = 4
"""Nesting of JSON. The body is an object (1), ``filters`` another (2), a filter a list or a range (3)."""
MAX_PARTS = 256
"""Fields and files of a form. A longer list can be sent as a JSON array in one field."""

FormatName = Literal["jpeg", "png", "webp", "avif", "heic", "gif", "bmp", "tiff"]
"""Formats of pictures as settings and clients name them."""
FORMAT_NAMES: tuple[FormatName, ...] = get_args(FormatName)


class RequestLimits(NamedTuple):
    """Maxima of the body of a search and of its fields."""

    text: int = MAX_TEXT
    k: int = MAX_K
    offset: int = MAX_OFFSET
    filters: int = MAX_FILTERS
    depth: int = MAX_DEPTH
    parts: int = MAX_PARTS


BUILT_IN = RequestLimits()


class PictureLimits(NamedTuple):
    """Limits of an uploaded or fetched picture. Those of the catalogue have the built-in ones."""

    bytes: int
    pixels: int = MAX_PIXELS
    scans: int = MAX_SCANS
    formats: tuple[FormatName, ...] = FORMAT_NAMES
