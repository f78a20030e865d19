"""Links in responses, with the root path of a reverse proxy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from service.search.answers import ProductCard

Card = TypeVar("Card", bound=ProductCard)


class Links:
    """Prepends the root path to links."""

    def __init__(self, root_path: str) -> None:
        self._root_path = root_path

    def of(self, cards: Sequence[Card]) -> list[Card]:
        """The cards with the root path in their links."""
        if not self._root_path:
            return list(cards)
        return [card.model_copy(update={"image": self._root_path + card.image}) for card in cards]


async def _links(request: Request) -> Links:  # FastAPI would run a class or a plain function in a thread.
    return Links(request.scope.get("root_path", ""))


CurrentLinks = Annotated[Links, Depends(_links)]
