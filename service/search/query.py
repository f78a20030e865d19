"""A search request, validated and independent of its encoding on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.bundle.style_search import Style
from service.search.answers import Mode
from service.search.arrangement import PRODUCT

Box = tuple[float, float, float, float]
"""Corners ``(x0, y0, x1, y1)`` of a part of an upright picture, relative to its width and height; the origin is at the
top left, ``0 <= x0 < x1 <= 1`` and ``0 <= y0 < y1 <= 1``."""


@dataclass(frozen=True)
class Query:
    """One search. ``picture`` is a file, or base64 of one as text; ``text`` is normalised, and empty for none; with a
    ``box`` that part of the picture (or of the product's picture) is the reference. ``group_by`` and ``sort`` are names
    that ``service.search.arrangement`` explains."""

    picture: bytes | str | None
    product_id: str | None
    text: str
    k: int
    offset: int
    filters: dict[str, Any]
    exclude: frozenset[str]
    prefer: tuple[str, ...]
    avoid: tuple[str, ...]
    style: Style
    box: Box | None = None
    group_by: str = PRODUCT
    sort: str = ""
    history: tuple[str, ...] = ()
    """Texts of the conversation's earlier turns, the oldest first."""
    ignore: tuple[str, ...] = ()
    """Understood words that the shopper takes back."""
    shop: str = ""
    """Whose key the request had. It changes no answer; caches keep the answers and pictures of each shop apart."""

    @property
    def mode(self) -> Mode:
        """Which of the bundle's graphs answer."""
        if self.picture is None and self.product_id is None:
            return "text"
        return "composed" if self.text or self.history else "image"
