"""What searching and following the index give back, free of HTTP; the OpenAPI document shows the same models."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Mode = Literal["composed", "image", "text"]


class Value(BaseModel):
    """A frozen value."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ProductCard(Value):
    """A product as the catalogue has it, with the link of its picture."""

    id: str
    title: str
    attributes: dict[str, str | bool | int | float | list[str]]
    image: str = Field(examples=["/products/12/image"])


class Result(ProductCard):
    """A product that was found; ``score`` is the cosine of the query and the product. Where the answer's words are
    expected, it is multiplied by how well the product shows them, beside the one of the catalogue that shows them best;
    and where ``prefer`` and ``avoid`` filter, by how probably it shows those."""

    score: float


class ValueCount(Value):
    """A value of an attribute, and how many products have it."""

    value: str | bool
    count: int


class ChoiceFilter(Value):
    """An attribute of words (``text``, ``list``) or of true and false (``flag``); its commonest values first."""

    kind: Literal["text", "list", "flag"]
    values: list[ValueCount]


class NumberFilter(Value):
    """An attribute of numbers and the range that the catalogue has."""

    kind: Literal["number"]
    min: float
    max: float


class Refusal(Value):
    """A generation that was published but is not served, and why."""

    generation: str
    reason: str


class Reload(Value):
    """What a look at the published generation came to."""

    generation: str | None
    changed: bool
    refused: Refusal | None = None
