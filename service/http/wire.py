"""Models of the request and of the responses, as in the OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    FiniteFloat,
    StrictBool,
    StrictStr,
    Tag,
)

from catalog.frozen_model import FrozenModel
from models.bundle.style_search import DEFAULT_STYLE, Style
from service.limits import MAX_FILTERS, MAX_K, MAX_OFFSET, MAX_TEXT, FormatName
from service.search.answers import ChoiceFilter, NumberFilter, ProductCard, Refusal
from service.search.arrangement import PRODUCT

MAX_EXCLUDED = 1_000
MAX_ID = 512
MAX_ADDRESS = 2_000
MAX_WORDS = 16
MAX_WORD = 64
MAX_TURNS = 50
MAX_CONVERSATION = 10_000
"""Characters of ``text`` and ``history`` together."""
MAX_FILTER_NAME = 100
MAX_FILTER_VALUE = 512
MAX_FILTER_CHARACTERS = 20_000
"""Characters of the values of all filters together, each of which is normalised."""
MAX_INTEGER = 2**53
MIN_BOX_SIDE = 0.01
MAX_DATE = 19
DATE = r"^\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2})?)?)?)?$"

# Lists fail at their first invalid entry, because pydantic would create an error for each.
ProductId = Annotated[StrictStr, Field(min_length=1, max_length=MAX_ID)]
Address = Annotated[StrictStr, Field(min_length=1, max_length=MAX_ADDRESS, json_schema_extra={"format": "uri"})]
Word = Annotated[StrictStr, Field(min_length=1, max_length=MAX_WORD)]
Words = Annotated[list[Word], Field(max_length=MAX_WORDS, fail_fast=True)]
History = Annotated[list[Annotated[StrictStr, Field(max_length=MAX_TEXT)]], Field(max_length=MAX_TURNS, fail_fast=True)]
Corner = Annotated[float, Field(strict=True, ge=0, le=1)]


def _checked_box(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = box
    if x1 - x0 < MIN_BOX_SIDE or y1 - y0 < MIN_BOX_SIDE:
        raise ValueError(f"x0 < x1 and y0 < y1 must be at least {MIN_BOX_SIDE} apart")
    return box


Bound = Annotated[FiniteFloat, Field(strict=True)] | Annotated[StrictStr, Field(max_length=MAX_DATE, pattern=DATE)]
Box = Annotated[tuple[Corner, Corner, Corner, Corner], AfterValidator(_checked_box)]


def _whole(value: Any) -> Any:
    """5 for 5.0, which is an integer in JSON Schema (draft 2020-12, validation, 6.1.1)."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, Field(strict=True), BeforeValidator(_whole)]


class Range(FrozenModel):
    """Numbers or dates (ISO 8601) from ``min`` to ``max``, both included; either may be left out."""

    min: Bound | None = None
    max: Bound | None = None


Scalar = (
    StrictBool
    | Annotated[int, Field(strict=True, ge=-MAX_INTEGER, le=MAX_INTEGER)]
    | Annotated[FiniteFloat, Field(strict=True)]
    | Annotated[StrictStr, Field(max_length=MAX_FILTER_VALUE)]
)


def _filter_kind(value: Any) -> str | None:
    """The kind of a filter, so that pydantic reports one error for it instead of one for each kind."""
    if isinstance(value, Range) or (isinstance(value, dict) and len(value) <= len(Range.model_fields)):
        return "range"
    return "values" if isinstance(value, list) else "value" if not isinstance(value, dict) else None


def _few(filters: Any) -> Any:
    """Limit the filters before each is validated."""
    if isinstance(filters, dict) and len(filters) > MAX_FILTERS:
        raise ValueError(f"it has more than {MAX_FILTERS} filters")
    return filters


def _short(filters: dict[str, Any]) -> dict[str, Any]:
    values = (value for filter in filters.values() for value in (filter if isinstance(filter, list) else [filter]))
    if sum(len(value) for value in values if isinstance(value, str)) > MAX_FILTER_CHARACTERS:
        raise ValueError(f"its values have more than {MAX_FILTER_CHARACTERS:,} characters")
    return filters


Filter = Annotated[
    Annotated[Scalar, Tag("value")]
    | Annotated[list[Scalar], Field(fail_fast=True), Tag("values")]
    | Annotated[Range, Tag("range")],
    Discriminator(_filter_kind),
]
FilterName = Annotated[StrictStr, Field(min_length=1, max_length=MAX_FILTER_NAME)]

EXAMPLE_ID = "12"


def search_examples(product_id: str = EXAMPLE_ID) -> dict[str, dict[str, Any]]:
    """Bodies of searches for the OpenAPI document, with the id of a product."""
    return {
        "composed": {
            "summary": "Picture and words: like this product, but red",
            "value": {"product_id": product_id, "text": "in red", "k": 12},
        },
        "text": {"summary": "Words alone", "value": {"text": "a red dress"}},
        "image": {
            "summary": "A picture alone, the second page of results",
            "value": {"product_id": product_id, "k": 24, "offset": 24},
        },
        "preferred": {
            "summary": "A picture, with words to prefer and to avoid",
            "value": {"product_id": product_id, "prefer": ["red"], "avoid": ["black"]},
        },
        "upload": {
            "summary": "A picture in the body (16 x 16 pixels of navy)",
            "value": {
                "image_base64": (
                    "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAGUlEQVR4nGMUkQtgIAUwkaR6"
                    "VMOohiGlAQDA/wCiEZoVMAAAAABJRU5ErkJggg=="
                ),
                "text": "in red",
            },
        },
    }


class SearchRequest(FrozenModel):
    """One search. At most one reference (a picture or a product), a modification, or both."""

    image_base64: StrictStr | None = Field(
        None,
        description="The reference: a picture (JPEG, PNG, WebP, AVIF, HEIC, GIF, BMP or TIFF) in base64, or as a "
        "`data:image/...;base64,` URL.",
    )
    image_url: Address | None = Field(
        None,
        description="The reference: the https address of a picture, on a host that this service allows.",
        examples=["https://cdn.shop.example/dress.jpg"],
    )
    product_id: ProductId | None = Field(
        None, description="The reference: the id of a product. The product is excluded from the results."
    )
    box: Box | None = Field(
        None,
        description="The part of the picture (or of the product's picture) that is the reference: `[x0, y0, x1, y1]`, "
        "relative to its width and height, with the origin at the top left.",
        examples=[[0.25, 0.4, 0.75, 1.0]],
    )
    text: StrictStr | None = Field(
        None, max_length=MAX_TEXT, description="The modification; without a reference, a description of the products."
    )
    k: Whole = Field(20, ge=1, le=MAX_K, description="Number of products to return.")
    offset: Whole = Field(0, ge=0, le=MAX_OFFSET, description="Number of best products to skip.")
    filters: Annotated[dict[FilterName, Filter], BeforeValidator(_few), AfterValidator(_short)] = Field(
        default_factory=dict,
        max_length=MAX_FILTERS,
        description="Required values of attributes: a value, a list of alternatives, or a range. See GET /catalog.",
    )
    exclude: list[ProductId] = Field(
        default_factory=list,
        max_length=MAX_EXCLUDED,
        fail_fast=True,
        description="Ids of products to exclude from the results.",
    )
    group_by: FilterName = Field(
        PRODUCT,
        description="What counts as one result: a product with its sizes (`product`), all looks of a product such as "
        "its colours (`group`), or all products with the same value of an attribute. The group of the reference is "
        "excluded.",
    )
    sort: FilterName | None = Field(
        None,
        description="An attribute by which the 500 most relevant products are sorted, such as `price`, or `-price` for "
        "the highest first. Products that satisfy every wish of the text come first; without a wish, products that are "
        "near enough in relevance.",
    )
    prefer: Words = Field(
        default_factory=list,
        description="Words that results should have, in addition to a reference or a text. GET /catalog lists them.",
    )
    avoid: Words = Field(default_factory=list, description="Words that results should not have.")
    history: History = Field(
        default_factory=list,
        description="Texts of the earlier turns of the conversation, the oldest first; 10,000 characters at most, "
        "together with `text`. A later wish replaces earlier ones about the same family. If the service does not parse "
        "texts (`MODISTE_UNDERSTAND_TEXT=false`), the model reads all turns as one text, the newest first.",
        examples=[["a red dress", "under 50"]],
    )
    ignore: Words = Field(
        default_factory=list,
        description="Wishes of the text to ignore: a `word` or `said` of `understood` in the response.",
    )
    style: Style = Field(
        DEFAULT_STYLE,
        description="The effect of `prefer` and `avoid`: move the query towards and away from the words "
        "(`arithmetic`), multiply scores by how well a product matches the words (`filter`), or both (`joint`).",
    )

    def filter_values(self) -> dict[str, Any]:
        """``filters`` as plain values, lists and ``{"min": .., "max": ..}``."""
        return {
            name: value.model_dump(exclude_none=True) if isinstance(value, Range) else value
            for name, value in self.filters.items()
        }


class ProductPage(FrozenModel):
    """A page of products, and their total number."""

    products: list[ProductCard]
    total: int


class CatalogSummary(FrozenModel):
    """The filters and words of the catalogue."""

    total: int
    filters: dict[str, Annotated[ChoiceFilter | NumberFilter, Field(discriminator="kind")]]
    words: list[str] = Field(description="The words that `prefer` and `avoid` accept, by frequency in training.")
    styles: list[Style] = Field(description="The values that `style` accepts; empty without words.")
    max_offset: int = Field(description="The largest `offset` of a search.")
    image_formats: list[FormatName] = Field(description="The formats of uploaded pictures that are accepted.")
    generation: str
    bundle: str


class Readiness(FrozenModel):
    """The service is ready."""

    status: Literal["ready"] = "ready"
    generation: str
    bundle: str
    products: int
    cache: str = Field(description="`memory`, `redis`, or `redis (away)` while Redis does not respond.")
    refused: Refusal | None = None


class GenerationSummary(FrozenModel):
    """One generation; its figures are null if it is damaged."""

    id: str
    published: bool = Field(description="Whether it is the published generation.")
    rollback_target: bool = Field(description="Whether `modiste index rollback` publishes it.")
    damaged: bool
    created: str | None = None
    bundle: str | None = None
    products: int | None = None
    index: str | None = None
    recall: float | None = None


class GenerationList(FrozenModel):
    """The generations of the index root, and the one that this process serves."""

    serving: str | None
    generations: list[GenerationSummary]


class Problem(BaseModel):
    """A problem document (RFC 9457). ``type`` is stable; ``hint`` states what to change."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["/problems/invalid-request"])
    title: str
    status: int
    detail: str
    hint: str | None = None
    field: str | None = Field(None, description="The part of the request to change, such as `k` or `filters.colour`.")
