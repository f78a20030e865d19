"""The models of responses, independent of HTTP. They are also those of the OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, FiniteFloat, ValidationError

from catalog.frozen_model import FrozenModel
from indexer.generations.generation import Generation
from models.bundle.style_search import Style
from service.search.words.understood import Understanding

Mode = Literal["composed", "image", "text"]


class Variant(FrozenModel):
    """A variant of a product, such as a size: its id (SKU), and the attributes that differ from the other variants."""

    id: str
    attributes: dict[str, str | bool | int | float | list[str]]


class ProductCard(FrozenModel):
    """A product of the catalogue, with the link to its picture."""

    id: str
    title: str
    attributes: dict[str, str | bool | int | float | list[str]]
    group: str = Field(
        description="Equal for all looks of one product, such as its colours; the id if there is only one look."
    )
    variants: list[Variant] = Field(
        description="The variants of the product, such as its sizes; empty if there is only one and its id is that of "
        "the product."
    )
    image: str = Field(examples=["/products/12/image"])
    images: int = Field(1, ge=1, description="The number of pictures; `?n=1` of `image` is the second one.")


class Result(ProductCard):
    """A result."""

    score: float = Field(
        description="The cosine of query and product, multiplied by how well the product matches the expected words "
        "and the wishes of the text, relative to the best allowed product, and, if `prefer` and `avoid` filter, by the "
        "probability that it satisfies them. Products that satisfy every wish come first, whatever their score, so "
        "scores do not descend over the whole list."
    )
    matched: int = Field(ge=0, description="The picture that is nearest to the query; 0 is the main one.")
    matched_image: str = Field(examples=["/products/12/image?n=1"], description="The link to that picture.")


class FoundRows(FrozenModel):
    """The outcome of one search, in the form that is cached: rows and scores.

    Ids, titles and attributes are read from the generation when the response is made, so that a cached value cannot
    contain other products or texts than the catalogue.
    """

    rows: list[Annotated[int, Field(ge=0)]]
    scores: list[FiniteFloat]
    matched: list[Annotated[int, Field(ge=0)]]
    """For each row, the picture that is nearest to the query."""
    total: int = Field(ge=0)
    text_truncated: bool
    expected: list[str]
    fitting: int | None = Field(None, ge=0)
    """Products that satisfy every wish of the text that can be judged; None without such a wish."""

    def to_json(self) -> bytes:
        """The form that ``from_json`` reads."""
        return self.model_dump_json().encode()

    @classmethod
    def from_json(cls, data: bytes, generation: Generation) -> Self | None:
        """Read and validate a cached value. None if it cannot be an outcome of a search in ``generation``."""
        try:
            found = cls.model_validate_json(data, strict=True)
        except ValidationError:
            return None
        valid = (
            len(found.rows) == len(found.scores) == len(found.matched)
            and max(found.rows, default=-1) < generation.size
            and all(number < generation.image_count(row) for row, number in zip(found.rows, found.matched, strict=True))
            and max(found.total, found.fitting or 0) <= generation.size
            and set(found.expected) <= set(generation.manifest.attributes)
        )
        return found if valid else None


class Timings(FrozenModel):
    """Milliseconds by stage; 0 for a stage that was not needed. Each request of a batch reports the time of the whole
    batch. Waiting is reported separately, as ``queue``."""

    decode: float = 0.0
    vision: float = 0.0
    query: float = 0.0
    store: float = 0.0
    columns: float = 0.0
    queue: float = 0.0
    total: float = 0.0


class SearchAnswer(FrozenModel):
    """Results, best first, and details of the search."""

    mode: Mode = Field(description="`composed`: a reference and a text; `image`: a reference; `text`: a text.")
    results: list[Result] = Field(
        description="Best first; fewer than `k` if fewer products are left after filters and exclusions."
    )
    total: int = Field(
        description="Number of products after filters and exclusions, for paging. With `sort` at most 500: only the "
        "most relevant ones are sorted."
    )
    text_truncated: bool = Field(description="Whether the text was longer than the model's input.")
    expected: list[str] = Field(
        description="Words that the answer is expected to have, the most probable first. Products that have them "
        "according to the catalogue rank first. Empty if the bundle predicts none, or the catalogue has no such words."
    )
    understood: Understanding | None = Field(
        description="What was taken from `text` and `history`; null without a text."
    )
    k: int = Field(description="As in the request, or its default; likewise `offset`.")
    offset: int = Field(description="Likewise.")
    prefer: dict[str, str] = Field(description="The preferred words as sent, each with the word of the vocabulary.")
    avoid: dict[str, str] = Field(description="Likewise for the words to avoid.")
    style: Style | None = Field(description="How these words were applied; null without words.")
    generation: str = Field(description="Id of the generation that was searched.")
    bundle: str = Field(description="Name and version of the bundle that encoded the query.")
    cached: bool = Field(description="Whether the answer was cached.")
    timings_ms: Timings = Field(description="Milliseconds of this request; those of a cached answer are of the lookup.")


class ValueCount(FrozenModel):
    """A value of an attribute, and the number of products with it."""

    value: str | bool
    count: int


Offered = Literal["wish", "fact", "stock"]
"""The roles of attributes that are offered as filters (``catalog.Role``)."""


class ChoiceFilter(FrozenModel):
    """An attribute with words (``text``, ``list``), paths (``path``), dates (``date``) or booleans (``flag``).

    The most frequent values come first. A filter on a path matches the whole path or any part of it."""

    kind: Literal["text", "list", "flag", "path", "date"]
    role: Offered = Field(
        description="`wish`: shoppers ask for it. `fact`: a brand, a code. `stock`: whether it is sold."
    )
    family: str | None = Field(
        description="What its values are: `colour`, `second colour`, `kind`, `people`, `brand`, `size`, `material`, "
        "`pattern`, `occasion`, `season`, `detail`, `year`, `price`, `rating`, `condition` or `article` (article "
        "numbers), as in `understood`; null if its name does not tell."
    )
    values: list[ValueCount]


class NumberFilter(FrozenModel):
    """A numeric attribute, with its range in the catalogue."""

    kind: Literal["number"]
    role: Offered
    family: str | None = Field(description="Likewise: texts bound numbers of the families `price` and `year`.")
    currency: str | None = Field(
        description="The code (ISO 4217), such as `EUR`, or a sign of several currencies, such as `$`; null if the "
        "catalogue states none."
    )
    min: float
    max: float


class Refusal(FrozenModel):
    """A published generation that is not served, and the reason."""

    generation: str
    reason: str


class Reload(FrozenModel):
    """The result of checking for a new generation."""

    generation: str | None
    changed: bool
    refused: Refusal | None = None
