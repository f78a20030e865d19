"""``GET /products/{id}/image``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from service.http.access import GivenKey, admit
from service.http.context import CurrentContext, CurrentGeneration
from service.http.images import MAX_WIDTH, MIN_WIDTH, ProductImages, accepted_format, etag
from service.http.openapi import problems
from service.http.routes.products import get_product, row_of

router = APIRouter(tags=["products"])

CACHE_CONTROL = "public, max-age=300, stale-while-revalidate=86400"


async def _means_product(
    id: str, request: Request, context: CurrentContext, generation: CurrentGeneration, given: GivenKey
) -> bool:
    """Whether the request is for the product ``{id}/image``, which needs a key, and not for the picture of ``id``.

    The id "x/image" is written as x%2Fimage, which some proxies decode. Browsers cannot send a key for an <img>.
    """
    encoded = not request.scope["raw_path"].endswith(b"/image")
    product = encoded or (generation.row_of(id) is None and generation.row_of(f"{id}/image") is not None)
    await admit(request, context, "search" if product else None, given)
    return product


@router.get(
    "/products/{id:path}/image",
    summary="A picture of a product",
    response_class=Response,
    responses={200: {"content": {"image/*": {}}}, 304: {"description": "Unchanged"}, **problems(404, 422, 429, 503)},
)
async def get_product_image(
    id: str,
    request: Request,
    means_product: Annotated[bool, Depends(_means_product)],
    generation: CurrentGeneration,
    n: Annotated[int, Query(ge=0, le=999, description="Index of the picture; 0 is the main one.")] = 0,
    w: Annotated[
        int | None,
        Query(
            ge=MIN_WIDTH, le=MAX_WIDTH, description="Width in pixels; the format is AVIF, WebP or JPEG, by `Accept`."
        ),
    ] = None,
) -> Response:
    """The original picture, or a resized copy. A slash in an id is written as `%2F`."""
    if means_product:
        return JSONResponse((await get_product(f"{id}/image", generation, request)).model_dump())
    row = row_of(generation, id)
    format = accepted_format(request.headers.get("accept", ""))
    headers = {
        "ETag": etag(generation, row, n, w, format), "Cache-Control": CACHE_CONTROL, "Vary": "Accept",
        "Cross-Origin-Resource-Policy": "cross-origin",  # Pages of the shop embed the pictures.
    }  # fmt: skip
    if _is_unchanged(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    images: ProductImages = request.app.state.images
    image = await images.get(generation, row, n, w, format)
    return Response(image.data, headers=headers, media_type=image.media_type)


def _is_unchanged(if_none_match: str, tag: str) -> bool:
    """RFC 9110, section 13.1.2: weak comparison."""
    return any(one.strip().removeprefix("W/") in (tag, "*") for one in if_none_match.split(","))
