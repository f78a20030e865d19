"""What was understood from the text of a search, as its answer says it."""

from __future__ import annotations

from pydantic import Field

from service.values import Value


class UnderstoodWish(Value):
    """A thing that products should have, or lack."""

    word: str = Field(description="Its English name, or the value as the catalogue writes it.", examples=["red"])
    family: str = Field(
        description="What it is about: `colour`, `kind`, `people`, `material`, `pattern`, `occasion`, `season`, "
        "`detail`, `brand`, `size`, `title` (a word of titles) or `value` (a value of another column)."
    )
    said: str = Field(description="The words of the text.", examples=["rot"])
    values: dict[str, list[str]] = Field(
        description="The values of the catalogue's columns that satisfy it; empty where no column says it. One entry "
        "can be sent back in `filters`."
    )


class UnderstoodRelative(Value):
    """A comparison with the reference."""

    direction: str = Field(examples=["darker"])
    of: str = Field(description="The part that it is about; empty for the product.", examples=["sleeves"])
    said: str
    column: str | None = Field(description="The column that answers it; null where the model judges by what it sees.")


class UnderstoodBound(Value):
    """Numbers that are allowed."""

    family: str = Field(examples=["price"])
    column: str | None = Field(description="The column of these numbers; null where the catalogue has none.")
    min: float | None
    max: float | None
    said: str


class Understanding(Value):
    """What was taken from the text, and from the earlier turns in ``history``."""

    language: str | None = Field(description="ISO 639-1 code of the text's language; null where it is unknown.")
    wanted: list[UnderstoodWish]
    unwanted: list[UnderstoodWish]
    relative: list[UnderstoodRelative]
    constraints: list[UnderstoodBound]
    keep: list[str] = Field(description="Families in which products should be as the reference.")
    different: list[str] = Field(description="Families in which they should be unlike the reference.")
    similar: bool = Field(description="Whether something like the reference is asked for.")
    products: list[str] = Field(description="Ids of products that the text names by id, article number or title.")
    not_understood: list[str] = Field(description="Words without a meaning here.")
    text: str = Field(description="The English that the model read.")
    fitting: int | None = Field(
        description="Number of products that satisfy everything that the catalogue can judge; 0 where nothing fits, "
        "null where nothing was asked that it can judge."
    )
