"""What was understood from a text, as data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple


class Wish(NamedTuple):
    """One thing that a product should have or lack."""

    family: str
    """``colour``, ``kind``, ``people``, ... (``concepts.FAMILIES``), ``brand``, ``size``, ``title`` for a word of
    titles, or ``value`` for a value of another column."""
    word: str
    """The concept's English name, or the value as the shop writes it."""
    said: str
    """The words of the text."""
    column: str = ""
    """The shop's column that has the value; empty for a concept."""

    @property
    def key(self) -> tuple[str, str]:
        """What the wish is about, however it was said."""
        return self.family, self.word.casefold()


class Relative(NamedTuple):
    """A wish that compares with the reference."""

    direction: str
    """``darker``, ``cheaper``, ... (``language.OPPOSITES``)."""
    said: str
    of: str = ""
    """The part that it is about, such as ``sleeves``; empty for the product."""


class Bound(NamedTuple):
    """Numbers from ``min`` to ``max``, both included."""

    family: str
    """``price`` or ``year``."""
    min: float | None
    max: float | None
    said: str
    column: str = ""
    """The shop's column of such numbers; empty where it has none, so that the bound cannot be kept."""


class Match(NamedTuple):
    """A product that the text names."""

    row: int
    by: str
    """``id``, ``article`` or ``title``."""
    said: str


@dataclass(frozen=True)
class Understood:
    """What one text, or a conversation folded into one, asks for."""

    language: str | None = "en"
    """Code of the text's language; None where it is unknown."""
    wanted: tuple[Wish, ...] = ()
    unwanted: tuple[Wish, ...] = ()
    relative: tuple[Relative, ...] = ()
    constraints: tuple[Bound, ...] = ()
    keep: tuple[str, ...] = ()
    """Families in which the answer should be as the reference."""
    different: tuple[str, ...] = ()
    """Families in which it should be unlike the reference."""
    similar: bool = False
    """Whether something like the reference is asked for."""
    alternative: bool = False
    """Whether what is wanted is an alternative to what earlier turns wanted, as in "or green"."""
    matches: tuple[Match, ...] = ()
    not_understood: tuple[str, ...] = ()
    rest: str = ""
    """English words that name no known thing, for the model to read."""
    forget: tuple[str, ...] = ()
    """Families of which earlier turns' wishes are dropped; ``*`` for all."""
    back: int = 0
    """How many earlier turns are undone."""

    @property
    def empty(self) -> bool:
        """Whether nothing at all was understood."""
        return self == replace(Understood(), language=self.language, not_understood=self.not_understood)
