"""A product as an answer shows it: as a model, and as the JSON that is made once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

import orjson

from indexer.generation import Generation
from service.search.answers import ProductCard

MOST_CARDS = 65_536

# Reading twenty products' columns costs as much as a small model's query pass.
_kept: WeakKeyDictionary[Generation, dict[int, bytes]] = WeakKeyDictionary()


def product_card(generation: Generation, row: int) -> ProductCard:
    """The product in ``row`` with the link of its picture."""
    return ProductCard(**_fields(generation, row))


def results_json(generation: Generation, rows: Sequence[int], scores: Sequence[float]) -> bytes:
    """The products in ``rows`` with their scores, as a JSON list of ``schemas.Result``. Safe to call from threads."""
    cards = _kept.setdefault(generation, {})
    results = []
    told = orjson.dumps([round(score, 6) for score in scores])[1:-1].split(b",")
    for row, score in zip(rows, told if rows else (), strict=True):
        card = cards.get(row)
        if card is None:
            if len(cards) >= MOST_CARDS:
                cards.clear()
            card = cards[row] = orjson.dumps(_fields(generation, row))[:-1]
        results.append(b'%b,"score":%b}' % (card, score))
    return b"[%b]" % b",".join(results)


def _fields(generation: Generation, row: int) -> dict[str, Any]:
    product = generation.product(row)
    return {**product, "image": f"/products/{quote(product['id'], safe='')}/image"}
