"""A language: a folder of word lists and one grammar file. ``docs/add-a-language.md`` describes both."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from understanding.words.concepts import FAMILIES, Concept, WordingError, concepts, emoji, lines_of
from understanding.words.grammar import ROLES, read_grammar, spellings_of
from understanding.words.phrases import Entry, Phrases
from understanding.words.spelling import Spelling
from understanding.words.text import folded, is_cjk, words_of

FOLDER = Path(__file__).parents[1] / "languages"
MIN_EVIDENCE = 5
"""Minimum length of a misspelt word that indicates a language: shorter ones resemble words of every language."""
PRIVATIVE = frozenset({"detail", "pattern", "kind", "material"})
"""Families whose concepts can be refused by a suffix: there is no "sandless", so that "sandles" are sandals."""
INFLECTED = frozenset({"colour", "kind", "people", "material", "pattern", "detail"})
"""Families whose concepts may have suffixes."""
SHORT_STEM = 3
"""Maximum length of a stem that takes no suffix of one letter."""
NAMING = frozenset({"concept", "relative", "shades", "adjectives"})
"""Roles of content words."""


class Language:
    """One language, read from its folder.

    Args:
        folder: Its name is the language's code. It has ``grammar.toml`` and any of the word lists of ``FAMILIES``.

    Raises:
        WordingError: A file cannot be read, or uses a name that is not defined.
    """

    def __init__(self, folder: Path) -> None:
        self.code = folder.name
        grammar = read_grammar(folder / "grammar.toml")
        self.name = str(grammar.get("name", self.code))
        self.compounds: tuple[str, ...] = tuple(grammar.get("compounds", ()))
        """The letters that may join the parts of a compound; empty if the language has no compounds."""
        self.nouns_first = bool(grammar.get("nouns_first", False))
        """Whether adjectives, such as colours, follow their noun."""
        self._suffixes = frozenset(
            "".join(words_of(end)) for text in grammar.get("suffixes", ()) for end in spellings_of(text, {}, folder)
        )
        self._softened: Mapping[str, str] = grammar.get("softened", {})
        everyday = folder / "everyday.txt"
        lines = lines_of(everyday) if everyday.is_file() else ()
        self.everyday = frozenset(folded(word) for _, line in lines for word in line.split())
        """Words that are no misspellings of words of the lists, although they resemble them."""
        self._transcribed: Mapping[str, str] = grammar.get("transcribed", {})
        self.letters: frozenset[str] = frozenset()
        """All letters in its words."""
        self.phrases = Phrases()
        self.spellings: dict[Concept, list[tuple[str, ...]]] = {}
        """How this language writes each concept, as tokens."""
        endings: Mapping[str, list[str]] = grammar.get("endings", {})
        for role in ROLES & grammar.keys():
            self._add(folder, grammar[role], Entry(role, ""), endings)
        for table in ("families", "relative", "adjectives", "shades", "kin", "numbers", "sizes"):
            for value, listed in grammar.get(table, {}).items():
                self._add(folder, listed, Entry(table, value), endings)
        for direction, listed in grammar.get("most", {}).items():
            for entry in (Entry("relative", direction), Entry("most", "")):
                self._add(folder, listed, entry, endings)
        self.adjectives = {one: listed[0] for one, listed in grammar.get("adjectives", {}).items() if listed}
        """The first adjective of each direction of a comparison: "warm" for warmer."""
        self._mark_comparisons(grammar, folder, endings)
        for file, family in FAMILIES.items():
            path = folder / f"{file}.txt"
            if path.is_file():
                self._read(path, family, endings)
        for sign, concept in emoji().items():
            refuses = [Entry("refuse", ""), Entry("refuse_after", "")]
            for entry in refuses if concept is None else [Entry("concept", concept.name, concept.family)]:
                self.phrases.add((sign,), entry)
        self._refuse_by_suffix(
            [end for text in grammar.get("privatives", ()) for end in spellings_of(text, endings, folder)]
        )

    def _mark_comparisons(self, grammar: Mapping[str, Any], folder: Path, endings: Mapping[str, list[str]]) -> None:
        """Give the role ``excess`` to comparisons that contain a word of ``too``, "too bright", and ``absolute`` to
        those that name colours and contain no word of ``more``: "dark colours"."""
        path = folder / "grammar.toml"

        def tokens(listed: Iterable[str]) -> list[tuple[str, ...]]:
            return [words_of(one) for text in listed for one in spellings_of(text, endings, path)]

        too, more = tokens(grammar.get("too", ())), tokens(grammar.get("more", ()))
        colours = tokens(grammar.get("families", {}).get("colour", ()))
        for words in tokens(text for listed in grammar.get("relative", {}).values() for text in listed):
            if _contains(words, too):
                self.phrases.add(words, Entry("excess", ""))
            elif _contains(words, colours) and not _contains(words, more):
                self.phrases.add(words, Entry("absolute", ""))

    def _refuse_by_suffix(self, suffixes: list[str]) -> None:
        """Add the words that refuse a concept by their ending, as "hoodless". Words of the lists keep their meaning:
        "strapless"."""
        for concept, spellings in self.spellings.items():
            for *before, last in spellings if concept.family in PRIVATIVE else ():
                for suffix in suffixes:
                    words = (*before, last + folded(suffix))
                    if all(entry.refused for entry in self.phrases.exactly(words)):
                        self.phrases.add(words, Entry("concept", concept.name, concept.family, refused=True))

    def _words(self, spelling: str) -> list[tuple[str, ...]]:
        """The tokens of a spelling, and of it without letters that keyboards lack: "für", "fuer"."""
        if not self._transcribed:
            return [words_of(spelling) or (spelling,)]
        plain = "".join(self._transcribed.get(letter, letter) for letter in spelling.lower())
        return list(dict.fromkeys((words_of(spelling) or (spelling,), words_of(plain) or (plain,))))

    def _add(self, folder: Path, listed: list[str], entry: Entry, endings: Mapping[str, list[str]]) -> None:
        for text in listed:
            self.letters |= frozenset(text.lower())
            for spelling in spellings_of(text, endings, folder / "grammar.toml"):
                # Phones write no apostrophes: "dont", "jaime".
                for written in {spelling, spelling.replace("'", "")}:
                    for words in self._words(written):
                        self.phrases.add(words, entry)

    def _read(self, path: Path, family: str, endings: Mapping[str, list[str]]) -> None:
        for number, line in lines_of(path):
            name, colon, listed = line.partition(":")
            concept = Concept(family, name.strip().lstrip("!").strip())
            if not colon or concept not in concepts().names:
                raise WordingError(
                    f"{path}, line {number}: there is no {family} {concept.name!r}.",
                    hint=f"Write a concept of understanding/concepts/{path.name}, a colon and its words.",
                )
            entry = Entry("concept", concept.name, family, refused=name.startswith("!"))
            self.letters |= frozenset(listed.lower())
            for text in listed.split(","):
                for spelling in spellings_of(text.strip(), endings, path):
                    for words in self._words(spelling):
                        self.phrases.add(words, entry)
                        if not entry.refused:
                            self.spellings.setdefault(concept, []).append(words)

    def longer(self, concept: Concept, words: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Spellings of other concepts of the same family that contain ``words``: "navy blue" contains "blue"."""
        return [
            longer
            for word in words[:1]
            for other, longer in self._with_word.get(word, ())
            if other.family == concept.family and other != concept and len(longer) > len(words)
            and any(longer[at : at + len(words)] == words for at in range(len(longer)))
        ]  # fmt: skip

    @cached_property
    def _with_word(self) -> dict[str, list[tuple[Concept, tuple[str, ...]]]]:
        found: dict[str, list[tuple[Concept, tuple[str, ...]]]] = {}
        for concept, spellings in self.spellings.items():
            for spelling in spellings:
                if len(spelling) > 1:
                    for word in set(spelling):
                        found.setdefault(word, []).append((concept, spelling))
        return found

    @cached_property
    def unspaced(self) -> bool:
        """Whether its script has no spaces between words."""
        return any(is_cjk(letter) for letter in self.letters)

    @cached_property
    def spelling(self) -> Spelling:
        """Corrects misspelt words to content words of this language and to relatives, never to words of its grammar.
        Of equally near words, those of the lists come first: German "Kleit" is a "Kleid", not "klein"."""
        others = self.phrases.first_words({"relative", "shades", "kin"})
        return Spelling([*self.phrases.first_words({"concept"}), *others])

    def stem(self, word: str) -> str:
        """The longest word of the lists that a folded word is a form of by one of ``suffixes``, such as Turkish "etek"
        for "eteklerden"; empty if there is none. The last letter of a stem may be ``softened``: "eteği"."""
        for at in range(len(word) - 1, 2, -1) if self._suffixes else ():
            if word[at:] in self._suffixes and (at > SHORT_STEM or len(word) - at > 1):
                hard = word[: at - 1] + self._softened.get(word[at - 1], "")
                for stem in (word[:at], hard) if len(hard) == at else (word[:at],):
                    if stem in self._stems:
                        return stem
        return ""

    @cached_property
    def _stems(self) -> frozenset[str]:
        """The words that may have suffixes, those of phrases as well: "kollu" of "uzun kollu"."""
        spellings = (some for concept, some in self.spellings.items() if concept.family in INFLECTED)
        words = {word for some in spellings for spelling in some for word in spelling}
        return frozenset(words.union(self.phrases.first_words({"kin"})))

    def misspells(self, word: str) -> bool:
        """Whether a folded word is probably a misspelt word of this language's grammar. It indicates the language of a
        text; its meaning is not used."""
        return len(word) >= MIN_EVIDENCE and self._evidence.nearest(word) is not None

    @cached_property
    def _evidence(self) -> Spelling:
        return Spelling(self.phrases.first_words(ROLES))

    def __repr__(self) -> str:
        return f"Language({self.code})"


@lru_cache(maxsize=8)
def languages(folder: Path = FOLDER) -> dict[str, Language]:
    """The languages of a folder by their codes, English first.

    Raises:
        WordingError: A language cannot be read.
    """
    folders = sorted(one for one in folder.iterdir() if (one / "grammar.toml").is_file())
    return {one.name: Language(one) for one in sorted(folders, key=lambda one: (one.name != "en", one.name))}


@lru_cache(maxsize=1)
def digest(folder: Path = FOLDER) -> str:
    """A digest of all word lists: those of the languages and those of the concepts. Cached answers depend on it."""
    files = sorted((*folder.rglob("*.t*"), *(folder.parent / "concepts").rglob("*.t*")))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def _contains(words: tuple[str, ...], some: Iterable[tuple[str, ...]]) -> bool:
    return any(one == words[at : at + len(one)] for one in some if one for at in range(len(words)))
