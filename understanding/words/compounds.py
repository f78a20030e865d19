"""Compounds of two words, such as German "Sommerkleid"."""

from __future__ import annotations

from understanding.words.language import Language
from understanding.words.phrases import Entry

MAX_COMPOUND_LENGTH = 40
MIN_PART = 4
"""Minimum length of a part of a compound for the other part to be corrected."""


def compound_of(language: Language, word: str) -> list[Entry]:
    """The concepts in a compound such as "Sommerkleid", the head last; none if a part is unknown."""
    if not language.compounds or len(word) > MAX_COMPOUND_LENGTH:
        return []
    for at in range(len(word) - 3, 2, -1):
        head = language.phrases.exactly([word[at:]])
        coloured = any(entry.role == "families" and entry.value == "colour" for entry in head)
        if not coloured and not any(entry.role == "concept" for entry in head):
            continue
        for joint in language.compounds:
            first = word[:at].removesuffix(joint) if joint else word[:at]
            before = language.phrases.exactly([first]) or (compound_of(language, first) if len(first) > 5 else [])
            parts = [entry for entry in before if entry.role in ("concept", "shades")]
            if coloured:  # "bordeauxfarben"
                parts = [entry for entry in parts if entry.family == "colour"]
            if parts:
                return [*parts, *(entry for entry in head if entry.role == "concept")]
    return []


def corrected_compound(language: Language, word: str) -> str:
    """A compound of which one part is misspelt, as in "Winterjake"; empty if the word is none."""
    if not language.compounds or len(word) > MAX_COMPOUND_LENGTH:
        return ""
    spelling = language.spelling
    for at in range(len(word) - MIN_PART, MIN_PART - 1, -1):
        parts = word[:at], word[at:]
        for place in (1, 0):
            nearest = spelling.nearest(parts[place]) if parts[1 - place] in spelling.known else None
            if nearest is not None and nearest[1] == 1:
                mended = parts[0] + nearest[0] if place else nearest[0] + parts[1]
                if compound_of(language, mended):
                    return mended
    return ""
