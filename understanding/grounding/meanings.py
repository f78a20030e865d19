"""What the values of a catalogue mean, by the word lists of all languages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from understanding.words.compounds import compound_of
from understanding.words.concepts import FOLDER, Concept, concepts, lines_of
from understanding.words.language import Language
from understanding.words.phrases import Entry
from understanding.words.text import Token, normalised, tokens_of, words_of

PATH_SEPARATOR = " > "
MIDDLE_DOT = "\u30fb"
"""Separates Japanese words; it is a letter of katakana to the tokenizer."""
JOINING = frozenset({"and", "or"})
REFUSING = frozenset({"refuse", "refuse_after", "prefix"})
HEADLESS = frozenset({"prepositions", "recipient", "with", "refuse"})
"""Roles of words that end the head of a phrase: "bags for shoes" are bags."""
BESIDE_KIND = frozenset({"people", "material", "pattern", "occasion", "season", "detail"})
"""Families that the name of a category states beside its kind: "women's knitwear"."""

MAX_READ = 50_000
"""Number of values whose meanings are kept: values are read to find the family of their column, and then again."""


class _Part(NamedTuple):
    """One word or phrase of a value."""

    found: tuple[Concept, ...] = ()
    roles: frozenset[str] = frozenset()
    shade: str = ""
    joins: bool = False
    """Whether it separates things that are listed: "coats & jackets"."""


class Meanings:
    """Looks up the concepts of values.

    Args:
        languages: The possible languages of values, by code.
    """

    def __init__(self, languages: Mapping[str, Language]) -> None:
        self._languages = languages
        self._known: dict[str, list[str]] = {}
        """The codes of the languages that have phrases with a first word, because most words are of few languages."""
        for code, language in languages.items():
            for word in language.phrases.beginnings():
                self._known.setdefault(word, []).append(code)
        self._read = lru_cache(maxsize=MAX_READ)(self._read_anew)

    def of(self, value: str, family: str = "") -> tuple[Concept, ...]:
        """The concepts of a value of a column; only those of ``family`` if there are any, and of a kind also what its
        name states beside it. Of a path, the last kind counts: *Apparel & Accessories > Clothing > Dresses* means
        dresses."""
        if PATH_SEPARATOR in value:
            parts = [self.of(part, family) for part in value.split(PATH_SEPARATOR)]
            kinds = next((kinds for part in reversed(parts) if (kinds := _of_family(part, "kind"))), ())
            found = dict.fromkeys(one for part in parts for one in part)
            return tuple(one for one in found if one.family != "kind" or one in kinds)
        words = words_of(value)
        if exact := values_in_columns().get((family, words)) or self.exactly(words, family):
            return _of_family(exact, family) or exact
        unknown, read = self._read(value)
        if family == "kind":
            beside = BESIDE_KIND if not unknown else {"people"}
            return tuple(one for one in read if one.family == "kind" or one.family in beside)
        return _of_family(read, family) or _of_family(read, "kind")

    def wholly(self, value: str) -> tuple[Concept, ...]:
        """The concepts of a value without unknown words."""
        if exact := self.exactly(words_of(value)):
            return exact
        unknown, read = self._read(value)
        return () if unknown else read

    def exactly(self, words: tuple[str, ...], family: str = "") -> tuple[Concept, ...]:
        """The concepts that a phrase means in the first language that has one of ``family``, or else any."""
        for spelling in (words, ("".join(words),)):  # "Business-Schuhe", "Sun Glasses"
            codes = self._known.get(spelling[0], ()) if spelling else ()
            meant = (_concepts_in(self._languages[code].phrases.exactly(spelling)) for code in codes)
            found = [some for some in meant if some]
            for some in found:
                if _of_family(some, family):
                    return some
            if found:
                return found[0]
        return ()

    def _read_anew(self, value: str) -> tuple[int, tuple[Concept, ...]]:
        """The number of unknown words of a value, and the concepts of the others, in the language that knows most."""
        tokens = tokens_of(normalised(value))
        best: tuple[int, tuple[Concept, ...]] = (len(tokens), ())
        words = [token.text for token in tokens]
        possible = {code for word in (*words, *map("".join, pairwise(words))) for code in self._known.get(word, ())}
        for code, language in self._languages.items():
            if code not in possible and not language.compounds:
                continue
            parts = _parts_of(tokens, language)
            if any(part.roles & REFUSING for part in parts):
                continue  # "Nicht gefüttert" is not lined.
            unknown = sum(part == _Part() for part in parts)
            if unknown < best[0] or not best[1]:
                kinds = _kinds_in(parts, first=language.nouns_first)
                others = (one for part in parts for one in part.found if one.family not in ("colour", "kind"))
                read = tuple(dict.fromkeys((*_coloured(parts), *others, *kinds)))
                if read:
                    best = unknown, read
        return best


@lru_cache(maxsize=1)
def values_in_columns() -> dict[tuple[str, tuple[str, ...]], tuple[Concept, ...]]:
    """The concept of a value by the family of its column and the tokens of each spelling, such as "ink" as a colour."""
    written: dict[tuple[str, tuple[str, ...]], tuple[Concept, ...]] = {}
    for _, line in lines_of(FOLDER / "values.txt"):
        named, _, listed = line.partition(":")
        family, _, name = named.partition(" ")
        for spelling in listed.split(","):
            written[family, words_of(spelling)] = (Concept(family, name),)
    return written


def _parts_of(tokens: Sequence[Token], language: Language) -> list[_Part]:
    words = [token.text for token in tokens]
    parts: list[_Part] = []
    at = 0
    while at < len(words):
        if tokens[at].kind == "mark" or words[at] == MIDDLE_DOT:
            parts.append(_Part(joins=True))
            at += 1
            continue
        length, entries = language.phrases.longest(words, at)
        if length < 2 and (joined := language.phrases.exactly(["".join(words[at : at + 2])])):
            length, entries = len(words[at : at + 2]), joined  # "Business-Schuhe"
        if not length:
            length, entries = 1, compound_of(language, words[at])
        roles = frozenset(entry.role for entry in entries) - {"concept"}
        shade = next((entry.value for entry in entries if entry.role == "shades"), "")
        found = _concepts_in(entries)
        if shade and found:  # "Dunkelrot" as a compound
            found = tuple(_shaded(one, shade) for one in found)
            shade = ""
        parts.append(_Part(found, roles, shade, bool(roles & JOINING) and not found))
        at += length
    return parts


def _coloured(parts: Sequence[_Part]) -> list[Concept]:
    """The colours, with the shades beside them: "dark navy", "vert clair"."""
    found: list[Concept] = []
    for at, part in enumerate(parts):
        beside = (*parts[max(0, at - 1) : at], *parts[at + 1 : at + 2])
        shade = next((one.shade for one in beside if one.shade), "")
        found += [_shaded(one, shade) for one in part.found if one.family == "colour"]
    return found


def _kinds_in(parts: Sequence[_Part], *, first: bool) -> list[Concept]:
    """The kinds at the head of each listed thing: the last one before a preposition, or the ``first`` one."""
    found: list[Concept] = []
    head: list[_Part] = []
    for part in (*parts, _Part(joins=True)):
        if part.joins:
            kinds = _head_of(head, first=first)
            found += [one for one in kinds if one not in found]
            head = []
        else:
            head.append(part)
    return found


def _head_of(parts: Sequence[_Part], *, first: bool) -> tuple[Concept, ...]:
    ends = [at for at, part in enumerate(parts) if at and part.roles & HEADLESS and not part.found]
    head = parts[: ends[0]] if ends else parts
    naming = [kinds for part in (head if first else reversed(head)) if (kinds := _of_family(part.found, "kind"))]
    if not naming:
        return ()
    edge = head[0] if first else head[-1]
    return naming[0] if edge != _Part() else ()


def _concepts_in(entries: Sequence[Entry]) -> tuple[Concept, ...]:
    return tuple(Concept(e.family, e.value) for e in entries if e.role == "concept" and not e.refused)


def _of_family(found: Collection[Concept], family: str) -> tuple[Concept, ...]:
    return tuple(one for one in found if one.family == family)


def _shaded(concept: Concept, shade: str) -> Concept:
    if concept.family != "colour":
        return concept
    return Concept("colour", concepts().shades.get((shade, concept.name), concept.name))
