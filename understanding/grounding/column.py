"""A text column of a catalogue: the values of each product, and how well they satisfy a wish."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from understanding.grounding.titles import Codes, Rows
from understanding.words.concepts import Concept, concepts

Levels = npt.NDArray[np.float32]
"""How well products satisfy a wish: 1 fully, ``value_levels.NEAR`` nearly, 0 not at all, NaN without a value."""


@dataclass(frozen=True, eq=False)
class Column:
    """A column of N products, each with any number of V values."""

    name: str
    family: str
    """The family of its values: a family of concepts, ``brand``, ``size``, ``article``, or ``value``."""
    values: list[str]
    concepts: list[tuple[Concept, ...]]
    """The concepts of each value."""
    codes: npt.NDArray[np.unsignedinteger]
    """The values of the first product, then those of the second, and so on ``[E]``."""
    starts: Codes
    """``[N + 1]``: the values of product n are ``codes[starts[n]:starts[n + 1]]``."""
    listed: bool = False
    """Whether a product may have several values, such as categories."""

    @classmethod
    def of(
        cls, name: str, family: str, values: list[str], concepts: list[tuple[Concept, ...]], rows: Rows, codes: Codes,
        size: int, *, listed: bool = False,
    ) -> Column:  # fmt: skip
        """A column of ``size`` products, from the product of each entry, ascending, and its value."""
        starts = np.searchsorted(rows, np.arange(size + 1)).astype(np.int32)
        # In as few bytes as possible: a search reads the values of thousands of products from all over the array.
        small = codes.astype(np.min_scalar_type(len(values)))
        return cls(name, family, values, concepts, small, starts, listed)

    @cached_property
    def counts(self) -> npt.NDArray[np.int64]:
        """Number of entries of each value ``[V]``."""
        return np.bincount(self.codes, minlength=len(self.values))

    @cached_property
    def most(self) -> int:
        """Maximum number of values of a product."""
        return int(np.diff(self.starts).max(initial=0))

    def codes_of(self, row: int) -> npt.NDArray[np.unsignedinteger]:
        """The values of one product."""
        return self.codes[self.starts[row] : self.starts[row + 1]]

    def meant(self, row: int, family: str) -> dict[Concept, None]:
        """The concepts of a family in the values of one product. Among several kinds only the narrowest count: a hoodie
        in *Clothing*, *Clothing > Hoodies* and *Sale* is no other clothing."""
        found = dict.fromkeys(one for code in self.codes_of(row).tolist() for one in self.concepts[code])
        found = {one: None for one in found if one.family == family}
        for one in tuple(found) if self.listed else ():
            while (one := concepts().wider.get(one)) is not None:
                found.pop(one, None)
        return found

    def like(self, row: int) -> npt.NDArray[np.unsignedinteger]:
        """The values that agree with those of one product; kinds agree if they mean the same, or else are equal."""
        kinds = self.meant(row, "kind").keys() if self.family == "kind" and self.listed else ()
        if not kinds:
            return self.codes_of(row)
        return np.array([code for code, meant in enumerate(self.concepts) if kinds & set(meant)], self.codes.dtype)

    def rows_with(self, codes: Sequence[int]) -> Rows:
        """The products with one of some values, ascending."""
        entries = np.flatnonzero(np.isin(self.codes, codes))
        return np.unique(np.searchsorted(self.starts, entries, side="right") - 1)

    def best(self, worth: Levels, rows: Rows | None = None) -> Levels:
        """The highest worth of a product's values, ``[N]`` or ``[len(rows)]``; NaN without a value.

        Args:
            worth: Worth of each value ``[V]``, NaN for irrelevant ones.
            rows: The products; None for all.
        """
        if self.most == 1 and len(self.codes) == len(self.starts) - 1:  # Every product has one value.
            return worth.take(self.codes if rows is None else self.codes.take(rows))
        starts, ends = self.starts[:-1], self.starts[1:]
        first, last = (starts, ends) if rows is None else (starts[rows], ends[rows])
        levels = np.full(len(first), np.nan, dtype=np.float32)
        for place in range(self.most):
            some = np.flatnonzero(last - first > place)
            levels[some] = np.fmax(levels[some], worth[self.codes[first[some] + place]])
        return levels
