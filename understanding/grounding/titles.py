"""An index of titles: the products with a word, a phrase or a whole title, and the brands of titles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from understanding.words.text import CJK, folded

Rows = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]

MAX_BRAND_WORDS = 4
"""Maximum number of words of a brand at the beginning of titles."""
MIN_TITLES = 3
"""Minimum number of titles that begin with a brand."""
STICKS = 0.7
"""Minimum share of a word's titles with the same next word for that word to belong to the brand."""
OWN = 0.8
"""Minimum share of a word's occurrences after an attribute word for both to be a brand: "Red Chief"."""
SIMILAR = 0.75
"""Minimum share of common words for a text to match a title, of the words of the text and of the title."""
MAX_LOOKED_AT = 200_000
"""Maximum number of index entries that a search for similar titles reads."""
MIN_SHARED = 3
"""Minimum number of common words."""
MAX_COMPARED = 256
"""Maximum number of titles that are compared with one text."""

_RE2_CJK = "".join(rf"\x{{{ord(sign):x}}}" if sign != "-" else sign for sign in CJK)


class Titles:
    """An inverted index of N titles. Takes about 12 bytes per word, and seconds to build for a million titles.

    Args:
        titles: N titles; empty or null if missing.
    """

    def __init__(self, titles: pa.Array) -> None:
        self.size = len(titles)
        words = _split(titles)
        self._starts = np.asarray(words.offsets.to_numpy(), dtype=np.int64)
        encoded = words.flatten().dictionary_encode()
        listed = [folded(word) for word in encoded.dictionary.to_pylist()]
        unique: dict[str, int] = {}
        codes = np.array([unique.setdefault(word, len(unique)) for word in listed], dtype=np.int32)
        taken = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        self._codes: Codes = codes[taken] if len(codes) else np.zeros(0, np.int32)
        self.words = list(unique)
        self._place = unique
        owners = np.repeat(np.arange(self.size, dtype=np.int32), np.diff(self._starts))
        order = np.argsort(self._codes, kind="stable")
        self._rows: Codes = owners[order]
        self._ends = np.searchsorted(self._codes[order], np.arange(len(unique) + 1))

    def count(self, word: str) -> int:
        """Number of occurrences of a folded word in titles."""
        place = self._place.get(word)
        return 0 if place is None else int(self._ends[place + 1] - self._ends[place])

    def words_of(self, row: int) -> list[str]:
        """The folded words of a product's title, in order."""
        return [self.words[code] for code in self._title(row).tolist()]

    def rows_with(self, words: Sequence[str]) -> Rows:
        """The products whose titles have all the words, ascending."""
        if not words:
            return np.zeros(0, np.int64)
        first, *others = sorted(set(words), key=self.count)
        found = self._postings(first)
        found = found[np.diff(found, prepend=-1) > 0]
        for word in others:
            rows = self._postings(word)
            at = np.searchsorted(rows, found)
            found = found[(at < len(rows)) & (rows[np.minimum(at, len(rows) - 1)] == found)] if len(rows) else found[:0]
        return found.astype(np.int64)

    def _postings(self, word: str) -> Codes:
        """The products whose titles have a word, ascending, once per occurrence."""
        place = self._place.get(word)
        return self._rows[:0] if place is None else self._rows[self._ends[place] : self._ends[place + 1]]

    def exactly(self, words: Sequence[str]) -> Rows:
        """The products whose titles are these words in this order."""
        codes = [self._place.get(word, -1) for word in words]
        rows = self.rows_with(words)
        rows = rows[np.diff(self._starts)[rows] == len(codes)][:MAX_COMPARED]
        return np.array([row for row in rows.tolist() if self._title(row).tolist() == codes], dtype=np.int64)

    def alike(self, words: Sequence[str]) -> Rows:
        """The products whose titles have nearly all of at least three words, and few others."""
        known = sorted({word for word in words if word in self._place}, key=self.count)
        if len(known) < MIN_SHARED or len(known) < SIMILAR * len(set(words)):
            return np.zeros(0, np.int64)
        looked = 0
        taken: list[Codes] = []
        for word in known:
            looked += self.count(word)
            if looked > MAX_LOOKED_AT and taken:
                break
            rows = self._postings(word)
            taken.append(rows[np.diff(rows, prepend=-1) > 0])
        rows, counts = np.unique(np.concatenate(taken), return_counts=True)
        wanted = {self._place[word] for word in known}
        shared = {
            row: len(wanted & set(self._title(row).tolist()))
            for row in rows[np.argsort(-counts, kind="stable")[:MAX_COMPARED]].tolist()
        }
        close = {
            row: count
            for row, count in shared.items()
            if count >= SIMILAR * max(len(set(words)), len(set(self._title(row).tolist())))
        }
        best = max(close.values(), default=0)
        return np.array(sorted(row for row, count in close.items() if count == best), dtype=np.int64)

    def brands(self, is_attribute: Callable[[str], bool]) -> tuple[list[str], Codes]:
        """The brands at the beginning of titles, and the index of each product's brand, -1 for none.

        A brand is the common beginning of several titles, up to the first word that varies or is an attribute. An
        attribute word belongs to a brand only if the next word rarely varies or is rarely used elsewhere: "Red Tape"
        and "Red Chief", but not "Red Shirt".

        Args:
            is_attribute: Whether a folded word is an attribute.
        """
        brand = np.full(self.size, -1, dtype=np.int32)
        names: list[str] = []
        groups: list[tuple[tuple[str, ...], Rows]] = [((), np.arange(self.size))]
        while groups:
            path, rows = groups.pop()
            if path and not all(map(is_attribute, path)):
                brand[rows] = len(names)
                names.append(" ".join(path))
            least = max(MIN_TITLES, STICKS * len(rows)) if path else MIN_TITLES
            for word, some in self._continued(rows, len(path)) if len(path) < MAX_BRAND_WORDS else ():
                # An attribute ends a brand, unless it is its first word.
                if path and is_attribute(word):
                    continue
                if len(some) >= least or (path and is_attribute(path[-1]) and self._belongs(word, some, len(path))):
                    groups.append(((*path, word), some))
        return names, brand

    def _belongs(self, word: str, rows: Rows, depth: int) -> bool:
        """Whether a word is rarely used except at one position of these titles, which continue in more than one way."""
        if len(rows) < max(MIN_TITLES, OWN * self.count(word)):
            return False
        return sum(1 for _ in self._continued(rows, depth + 1)) > 1

    def _continued(self, rows: Rows, depth: int) -> Iterator[tuple[str, Rows]]:
        """The words at a position of titles that continue after it, and the products with each of them."""
        rows = rows[np.diff(self._starts)[rows] > depth + 1]
        codes = self._codes[self._starts[rows] + depth]
        order = np.argsort(codes, kind="stable")
        for part in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
            if len(part):
                yield self.words[codes[part[0]]], rows[part]

    def _title(self, row: int) -> Codes:
        return self._codes[self._starts[row] : self._starts[row + 1]]


def _split(titles: pa.Array) -> pa.ListArray:
    text = pc.fill_null(titles.cast(pa.string()), "")
    text = pc.utf8_lower(pc.utf8_normalize(text, form="NFKC"))
    text = pc.replace_substring_regex(text, rf"([{_RE2_CJK}])", r" \1 ")
    text = pc.utf8_trim(pc.replace_substring_regex(text, r"[^\p{L}\p{N}\p{M}]+", " "), characters=" ")
    split = pc.split_pattern(text, " ")
    return split.combine_chunks() if isinstance(split, pa.ChunkedArray) else split
