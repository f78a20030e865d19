"""``GET /products``, ``GET /products/{id}`` and ``GET /catalog``."""

from __future__ import annotations

from functools import partial
from typing import Annotated, TypeVar

import numpy as np
from fastapi import APIRouter, Query, Request

from indexer.generations.generation import Generation
from service.errors import UnknownProduct
from service.http.access import needs
from service.http.context import CurrentContext, CurrentGeneration
from service.http.openapi import problems
from service.http.wire import CatalogSummary, ProductPage
from service.limits import MAX_K
from service.search.answers import ProductCard
from service.search.catalog import catalog_filters, product_card
from service.search.words.stated import possible_styles

router = APIRouter(tags=["products"], dependencies=[needs("search")], responses=problems(401, 403, 429))


@router.get("/products", summary="Browse the catalogue", responses=problems(422, 503))
async def list_products(
    request: Request,
    context: CurrentContext,
    generation: CurrentGeneration,
    offset: Annotated[int, Query(ge=0, description="Number of products to skip.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_K, description="Number of products to return.")] = 24,
    seed: Annotated[
        int | None, Query(ge=0, lt=2**32, description="Shuffles the catalogue; the same seed gives the same order.")
    ] = None,
) -> ProductPage:
    """In the catalogue's order, or shuffled by a seed."""
    products = await context.readers.run(partial(_page, generation, offset, limit, seed))
    return ProductPage(products=linked(products, request), total=generation.size)


@router.get("/products/{id:path}", summary="One product", responses=problems(404, 503))
async def get_product(id: str, generation: CurrentGeneration, request: Request) -> ProductCard:
    """The title, attributes and picture link of a product."""
    return linked([product_card(generation, row_of(generation, id))], request)[0]


@router.get("/catalog", summary="Filters and words of the catalogue", responses=problems(503))
async def get_catalog(context: CurrentContext, generation: CurrentGeneration) -> CatalogSummary:
    """The number of products, and the attributes with their most common values or their range."""
    filters = await context.readers.run(partial(catalog_filters, generation))
    return CatalogSummary(
        total=generation.size, filters=filters, words=list(context.bundle.manifest.attributes),
        styles=list(possible_styles(context.bundle, generation)), max_offset=context.settings.max_offset,
        image_formats=list(context.settings.image_formats), generation=generation.id, bundle=context.bundle.name,
    )  # fmt: skip


Card = TypeVar("Card", bound=ProductCard)


def linked(cards: list[Card], request: Request) -> list[Card]:
    """The cards with the root path of a reverse proxy in their links."""
    root_path = request.scope.get("root_path", "")
    if not root_path:
        return cards
    links = ("image", "matched_image")
    return [
        card.model_copy(update={name: root_path + getattr(card, name) for name in links if hasattr(card, name)})
        for card in cards
    ]


def row_of(generation: Generation, id: str) -> int:
    """The row of a product.

    Raises:
        UnknownProduct: There is none with this id.
    """
    row = generation.row_of(id)
    if row is None:
        raise UnknownProduct(id, field="id")
    return row


def _page(generation: Generation, offset: int, limit: int, seed: int | None) -> list[ProductCard]:
    page = slice(min(offset, generation.size), min(offset + limit, generation.size))
    if seed is None:
        rows = np.arange(page.start, page.stop)
    else:
        rows = np.random.default_rng(seed).permutation(generation.size)[page]
    return [product_card(generation, int(row)) for row in rows]
