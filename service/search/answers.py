"""The models of answers, independent of HTTP. The OpenAPI document shows the same models."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, FiniteFloat, ValidationError

from indexer.generations.generation import Generation
from models.bundle.style_search import Style
from service.search.words.understood import Understanding
from service.values import Value

Mode = Literal["composed", "image", "text"]


class Variant(Value):
    """One way in which a product is sold: its id (SKU), and the attributes that it does not share with the others."""

    id: str
    attributes: dict[str, str | bool | int | float | list[str]]


class ProductCard(Value):
    """A product as the catalogue has it, with the link to its picture."""

    id: str
    title: str
    attributes: dict[str, str | bool | int | float | list[str]]
    group: str = Field(description="Equal for all looks of one product, such as its colours; the id if it has one.")
    variants: list[Variant] = Field(
        description="What can be bought of it, such as its sizes; empty if it is sold in one way."
    )
    image: str = Field(examples=["/products/12/image"])
    images: int = Field(1, ge=1, description="How many pictures it has; `?n=1` of `image` is the second one.")


class Result(ProductCard):
    """A product that was found. ``score`` is the cosine of query and product. Where words are expected of the answer,
    the cosine is multiplied by how well the product shows them, relative to the best product that filters allow; where
    ``prefer`` and ``avoid`` filter, also by how probably the product satisfies them."""

    score: float


class Found(Value):
    """The outcome of one search, as caches keep it: rows and scores.

    Ids, titles and attributes are not part of it. They are read from the generation when the answer is made, so a
    cached value cannot bring other products or texts than the catalogue's.
    """

    rows: list[Annotated[int, Field(ge=0)]]
    scores: list[FiniteFloat]
    total: int = Field(ge=0)
    text_truncated: bool
    expected: list[str]
    fitting: int | None = Field(None, ge=0)
    """Products that satisfy every wish of the text that can be judged; None without such a wish."""

    def to_json(self) -> bytes:
        """What ``from_json`` reads."""
        return self.model_dump_json().encode()

    @classmethod
    def from_json(cls, data: bytes, generation: Generation) -> Self | None:
        """Read and validate a cached value. None if it cannot be an outcome of a search in ``generation``."""
        try:
            found = cls.model_validate_json(data, strict=True)
        except ValidationError:
            return None
        valid = (
            len(found.rows) == len(found.scores)
            and max(found.rows, default=-1) < generation.size
            and max(found.total, found.fitting or 0) <= generation.size
            and set(found.expected) <= set(generation.manifest.attributes)
        )
        return found if valid else None


class Timings(Value):
    """Milliseconds by stage; 0 for a stage that this request did not need. Requests of one batch each report the time
    of the whole batch. Waiting is reported separately, as ``queue``."""

    decode: float = 0.0
    vision: float = 0.0
    query: float = 0.0
    store: float = 0.0
    columns: float = 0.0
    queue: float = 0.0
    total: float = 0.0


class SearchAnswer(Value):
    """Products, best first, and how they were found."""

    mode: Mode
    results: list[Result]
    total: int = Field(description="Number of products after filters and exclusions: the bound for paging.")
    text_truncated: bool = Field(description="Whether the text was longer than the model reads.")
    expected: list[str] = Field(
        description="Words that the answer is expected to have, the most probable first. Products that have them "
        "according to the catalogue come first. Empty if the bundle expects none, or the catalogue has no such words."
    )
    understood: Understanding | None = Field(
        description="What was taken from `text` and `history`; null without a text."
    )
    k: int
    offset: int
    prefer: dict[str, str] = Field(description="The preferred words as they were sent, and the known word for each.")
    avoid: dict[str, str] = Field(description="Likewise the words to avoid.")
    style: Style | None = Field(description="How these words were applied; null without any.")
    generation: str
    bundle: str
    cached: bool
    timings_ms: Timings


class ValueCount(Value):
    """A value of an attribute, and how many products have it."""

    value: str | bool
    count: int


class ChoiceFilter(Value):
    """An attribute of words (``text``, ``list``), paths (``path``), dates (``date``) or true and false (``flag``).

    Its most frequent values come first. A filter on a path takes the whole path or any part of it."""

    kind: Literal["text", "list", "flag", "path", "date"]
    values: list[ValueCount]


class NumberFilter(Value):
    """An attribute of numbers, and their range in the catalogue."""

    kind: Literal["number"]
    min: float
    max: float


class Refusal(Value):
    """A generation that was published but is not served, and the reason."""

    generation: str
    reason: str


class Reload(Value):
    """The result of looking for a newly published generation."""

    generation: str | None
    changed: bool
    refused: Refusal | None = None
