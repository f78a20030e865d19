"""A validated search request, independent of its encoding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from models.bundle.style_search import Style
from service.search.answers import Mode
from service.search.arrangement import PRODUCT

Box = tuple[float, float, float, float]
"""Corners ``(x0, y0, x1, y1)`` of a part of an upright picture, relative to its width and height, with the origin at
the top left: ``0 <= x0 < x1 <= 1`` and ``0 <= y0 < y1 <= 1``."""


@dataclass(frozen=True)
class Query:
    """One search. ``picture`` is a file, or a file in base64. ``text`` is normalised, and empty if there is none. With
    a ``box``, that part of the picture (or of the product's picture) is the reference. ``group_by`` and ``sort`` are
    explained in ``service.search.arrangement``."""

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
    """Texts of the earlier turns of the conversation, the oldest first."""
    ignore: tuple[str, ...] = ()
    """Wishes of the text that are ignored, by word."""
    shop: str = ""
    """The shop of the request's key. It does not change the answer, but caches are separate for each shop."""

    @property
    def mode(self) -> Mode:
        """The kind of search, by its reference and text."""
        if self.picture is None and self.product_id is None:
            return "text"
        return "composed" if self.text or self.history else "image"

    def as_one_text(self) -> Query:
        """The query with all turns as its text. The newest comes first, because a model cuts off the end of a long
        text."""
        return replace(self, text=", ".join(filter(None, (self.text, *reversed(self.history)))), history=())
