"""The result of parsing a text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple


class Wish(NamedTuple):
    """A property that a product should have or lack."""

    family: str
    """``colour``, ``kind``, ``people``, ... (``concepts.FAMILIES``), ``brand``, ``size``, ``condition``, ``title`` for
    a word of titles, or ``value`` for a value of another column."""
    word: str
    """The concept's English name, or the value as the shop writes it."""
    said: str
    """The words of the text."""
    column: str = ""
    """The shop's column that has the value; empty for a concept."""
    look: str = ""
    """English names of the colour and material of a part, such as white of soles. Catalogues do not state them, so only
    the model reads them."""

    @property
    def key(self) -> tuple[str, str]:
        """The wish without the words of the text."""
        return self.family, self.word.casefold()


class Relative(NamedTuple):
    """A wish that compares with the reference."""

    direction: str
    """``darker``, ``cheaper``, ... (``words.grammar.OPPOSITES``)."""
    said: str
    of: str = ""
    """The part of the product, such as ``sleeves``; empty for the whole product."""
    most: bool = False
    """Whether the text asks for the extreme, as in "the cheapest"."""


class Bound(NamedTuple):
    """Numbers from ``min`` to ``max``, both included."""

    family: str
    """``price``, ``discount`` (in percent), ``year`` or ``rating``."""
    min: float | None
    max: float | None
    said: str
    column: str = ""
    """The shop's column of these numbers; empty if it has none, so that the bound cannot be applied."""


class Match(NamedTuple):
    """A product that the text mentions."""

    row: int
    by: str
    """``id``, ``article`` or ``title``."""
    said: str


@dataclass(frozen=True)
class Understood:
    """The wishes in a text or a conversation."""

    language: str | None = "en"
    """Code of the text's language; None if unknown."""
    wanted: tuple[Wish, ...] = ()
    unwanted: tuple[Wish, ...] = ()
    relative: tuple[Relative, ...] = ()
    constraints: tuple[Bound, ...] = ()
    keep: tuple[str, ...] = ()
    """Families in which the answer should agree with the reference."""
    different: tuple[str, ...] = ()
    """Families in which the answer should differ from the reference."""
    similar: bool = False
    """Whether the text asks for similar products."""
    alternative: bool = False
    """Whether the wanted properties are alternatives to those of earlier turns, as in "or green"."""
    both: bool = False
    """Whether what the last earlier turn replaced is wanted as well: "both"."""
    matches: tuple[Match, ...] = ()
    not_understood: tuple[str, ...] = ()
    rest: str = ""
    """English words without a known meaning, for the model."""
    manner: str = ""
    """English adjectives that only the model can judge, such as "warm"."""
    answer: bool = False
    """Whether the refusal may be an answer that corrects an earlier turn: "no green" after "in red"."""
    number: float | None = None
    """The number that is all that the text says, so that it may replace one of an earlier turn: "80 is ok"."""
    age: int = 0
    """The age that the text states, which may be that of a child of an earlier turn: "she's 19"."""
    forget: tuple[str, ...] = ()
    """Families whose wishes of earlier turns are dropped; ``*`` for all."""
    back: int = 0
    """Number of earlier turns that are undone."""

    @property
    def empty(self) -> bool:
        """Whether nothing at all was understood."""
        return self == replace(Understood(), language=self.language, not_understood=self.not_understood)
