"""What is asked, checked and free of how it was sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.bundle.style_search import Style
from service.search.answers import Mode


@dataclass(frozen=True)
class Query:
    """One search. ``picture`` is a file, or base64 of one as text; ``text`` is normalised, and empty for none."""

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

    @property
    def mode(self) -> Mode:
        """Which of the bundle's graphs answer."""
        if self.picture is None and self.product_id is None:
            return "text"
        return "composed" if self.text else "image"
