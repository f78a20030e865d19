"""``GET /products``, one product, its picture, and what the catalogue can be filtered by."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from indexer.generation import Generation
from models.errors import ModisteError
from service.errors import NotFound, UnknownProduct
from service.http.context import JsonAnswer, context_of
from service.http.openapi import problems
from service.http.wire import MAX_K, CatalogSummary, ProductPage
from service.search.answers import ProductCard
from service.search.catalog import catalog_filters, product_card
from service.search.stated import possible_styles

router = APIRouter(tags=["products"])

IMAGE_MAX_AGE_S = 300
SIGNATURES = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"RIFF", "image/webp"))


@router.get(
    "/products",
    summary="Browse the catalogue",
    response_model=ProductPage,
    responses=problems(422, 503),
)
async def list_products(
    request: Request,
    offset: Annotated[int, Query(ge=0, description="How many to skip.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_K, description="How many to answer with.")] = 24,
    seed: Annotated[
        int | None, Query(ge=0, lt=2**32, description="Shuffles the catalogue, in the same way for the same seed.")
    ] = None,
) -> Response:
    """In the catalogue's order, or shuffled by a seed."""
    context = context_of(request)
    with context.live.use() as generation:
        return JsonAnswer(await context.readers.run(partial(_page, generation, offset, limit, seed)))


# Before the product itself, whose id may hold slashes.
@router.get(
    "/products/{id:path}/image",
    summary="The picture of a product",
    response_class=Response,
    responses={200: {"content": {"image/*": {}}}, 304: {"description": "Unchanged"}, **problems(404, 503)},
)
async def product_image(id: str, request: Request) -> Response:
    """The picture as the catalogue has it: JPEG, PNG or WebP."""
    context = context_of(request)
    with context.live.use() as generation:
        row = _row(generation, id)
        headers = {
            "ETag": f'"{generation.image_hash(row)}"',
            "Cache-Control": f"public, max-age={IMAGE_MAX_AGE_S}",
        }
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        try:
            data = await context.readers.run(partial(generation.image, row))
        except ModisteError as error:
            raise NotFound(
                f"The picture of product {id!r} is gone.", hint="The operator can build the index again."
            ) from error
    media = next((media for start, media in SIGNATURES if data.startswith(start)), "application/octet-stream")
    return Response(data, headers=headers, media_type=media)


@router.get(
    "/products/{id:path}",
    summary="One product",
    response_model=ProductCard,
    responses=problems(404, 503),
)
async def product(id: str, request: Request) -> Response:
    """Its title, attributes and the link of its picture."""
    context = context_of(request)
    with context.live.use() as generation:
        return JsonAnswer(product_card(generation, _row(generation, id)))


@router.get(
    "/catalog",
    summary="What can be searched and filtered by",
    response_model=CatalogSummary,
    responses=problems(503),
)
async def catalog(request: Request) -> Response:
    """How many products there are, and their attributes with the commonest values or the range."""
    context = context_of(request)
    with context.live.use() as generation:
        filters = await context.readers.run(partial(catalog_filters, generation))
        summary = CatalogSummary(
            total=generation.size, filters=filters, words=list(context.bundle.manifest.attributes),
            styles=list(possible_styles(context.bundle, generation)), generation=generation.id,
            bundle=context.bundle.name,
        )  # fmt: skip
        return JsonAnswer(summary)


def _row(generation: Generation, id: str) -> int:
    row = generation.row_of(id)
    if row is None:
        raise UnknownProduct(id)
    return row


def _page(generation: Generation, offset: int, limit: int, seed: int | None) -> ProductPage:
    page = slice(min(offset, generation.size), min(offset + limit, generation.size))
    if seed is None:
        rows = np.arange(page.start, page.stop)
    else:
        rows = np.random.default_rng(seed).permutation(generation.size)[page]
    return ProductPage(products=[product_card(generation, int(row)) for row in rows], total=generation.size)
