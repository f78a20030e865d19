"""The model of the response field ``understood``."""

from __future__ import annotations

from pydantic import Field

from catalog.frozen_model import FrozenModel


class UnderstoodWish(FrozenModel):
    """A wish: a property that products should have or lack."""

    word: str = Field(description="The English name, or the value in the catalogue.", examples=["red"])
    family: str = Field(
        description="The family: `colour`, `kind`, `people`, `material`, `pattern`, `occasion`, `season`, "
        "`detail`, `condition`, `brand`, `size`, `title` (a word of titles) or `value` (a value of another column)."
    )
    said: str = Field(description="The words of the text.", examples=["rot"])
    values: dict[str, list[str]] = Field(
        description="The values of columns that satisfy it; empty if no column does. An entry can be used in `filters`."
    )
    similar: bool = Field(
        False,
        description="Whether no product of the catalogue has the property, so that similar ones satisfy the wish.",
    )


class UnderstoodRelative(FrozenModel):
    """A comparison with the reference."""

    direction: str = Field(description="The English name of the comparison.", examples=["darker"])
    of: str = Field(description="The part of the product; empty for the whole product.", examples=["sleeves"])
    most: bool = Field(
        description="Whether the text asks for the extreme, as in `cheapest`. If the column has numbers, products are "
        "sorted by it, unless the request has `sort`."
    )
    said: str = Field(description="The words of the text.")
    column: str | None = Field(description="The column that is compared; null if the model judges by the picture.")


class UnderstoodBound(FrozenModel):
    """A range of numbers."""

    family: str = Field(
        description="`price`, `discount` (percent below the regular or former price), `year` or `rating`.",
        examples=["price"],
    )
    column: str | None = Field(description="The column of these numbers; null if the catalogue has none.")
    min: float | None
    max: float | None
    currency: str | None = Field(
        description="The currency of a price, if the catalogue states one. Of several, it is that of the most prices; "
        "products with a price in another one count as having none."
    )
    said: str


class Understanding(FrozenModel):
    """The wishes in the text, and in the earlier turns of ``history``."""

    language: str | None = Field(description="ISO 639-1 code of the text's language; null if it is unknown.")
    wanted: list[UnderstoodWish] = Field(description="What products should have.")
    unwanted: list[UnderstoodWish] = Field(description="What products should not have.")
    relative: list[UnderstoodRelative] = Field(description="Comparisons with the reference.")
    constraints: list[UnderstoodBound] = Field(description="Ranges of numbers, such as prices.")
    keep: list[str] = Field(description="Families in which products should agree with the reference.")
    different: list[str] = Field(description="Families in which products should differ from the reference.")
    similar: bool = Field(description="Whether the text asks for similar products.")
    products: list[str] = Field(description="Ids of products that are mentioned by id, article number or title.")
    not_understood: list[str] = Field(description="Words without a known meaning.")
    text: str = Field(description="The English text that the model read.")
    fitting: int | None = Field(
        description="Number of products that satisfy all wishes that can be judged, by the catalogue or, if it does "
        "not state what is refused, by their pictures; null without such wishes."
    )
