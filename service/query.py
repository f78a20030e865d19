"""What is asked, checked and free of how it was sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.bundle import normalise_text
from models.bundle.style_search import Style
from service.problems import RequestProblem
from service.schemas import Mode, SearchRequest


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

    @classmethod
    def of(cls, request: SearchRequest, upload: bytes | None = None) -> Query:
        """Check that the parts of a request go together.

        Raises:
            RequestProblem: There is more than one reference, or neither a reference nor a text.
        """
        pictures = [picture for picture in (upload, request.image_base64) if picture is not None]
        if len(pictures) + (request.product_id is not None) > 1:
            raise RequestProblem("There is more than one reference.", hint="Send a picture or a product_id, not both.")
        text = normalise_text(request.text or "")
        if not pictures and request.product_id is None and not text:
            raise RequestProblem(
                "There is nothing to search for.",
                hint="Send a picture, a product_id, a text, or a reference and a text; words to prefer come beside it.",
            )
        filters = request.model_dump(include={"filters"}, exclude_none=True)["filters"] if request.filters else {}
        return cls(
            picture=pictures[0] if pictures else None, product_id=request.product_id, text=text,
            k=request.k, offset=request.offset, filters=filters, exclude=frozenset(request.exclude),
            prefer=tuple(request.prefer), avoid=tuple(request.avoid), style=request.style,
        )  # fmt: skip

    @property
    def mode(self) -> Mode:
        """Which of the bundle's graphs answer."""
        if self.picture is None and self.product_id is None:
            return "text"
        return "composed" if self.text else "image"
