"""A language: a folder of word lists and one grammar file. ``docs/add-a-language.md`` describes both."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from itertools import product
from pathlib import Path
from typing import Any

from understanding.words.concepts import FAMILIES, Concept, WordingError, concepts, emoji, lines_of
from understanding.words.phrases import Entry, Phrases
from understanding.words.spelling import Spelling
from understanding.words.text import folded, words_of

FOLDER = Path(__file__).parents[1] / "languages"
MIN_EVIDENCE = 5
"""Minimum length of a misspelt word that indicates a language: shorter ones resemble words of every language."""
MAX_SPELLINGS = 2_000
"""Maximum number of spellings of one entry of a word list."""

ROLES = frozenset(
    {
        *(
            "ignore",
            "ask",
            "refuse",
            "refuse_after",
            "deny",
            "which",
            "answer",
            "stop",
            "correct",
            "never_mind",
            "instead",
            "and",
            "or",
            "prepositions",
            "beside",
            "owned",
            "owned_after",
            "than",
            "but",
            "except",
            "attributive",
            "prefix",
            "with",
            "with_after",
            "looks",
            "hate",
            "also",
            "attend",
            "prefer",
            "prefer_to",
            "articles",
            "by",
            "my",
        ),
        *("recipient", "recipient_after", "age"),
        *("keep", "different", "forget", "any", "back", "restart", "similar", "more", "less", "too", "enough"),
        *("under", "over", "between", "about", "to", "from", "under_after", "over_after", "about_after"),
        *("before", "since", "before_after", "since_after"),
        *("currency", "unit", "size", "year"),
    }
)
"""The functions of words in a sentence, such as refusing; each is a list of phrases in the grammar file."""
TABLES = frozenset(
    {"sizes", "families", "transcribed", "relative", "adjectives", "shades", "kin", "numbers", "endings"}
)
SETTINGS = frozenset({"name", "compounds", "nouns_first", "privatives"})
PRIVATIVE = frozenset({"detail", "pattern", "kind", "material"})
"""Families whose concepts can be refused by a suffix: there is no "sandless", so that "sandles" are sandals."""
NAMING = frozenset({"concept", "relative", "shades", "adjectives"})
"""Roles of content words."""
OPPOSITES = {
    "darker": "lighter",
    "cheaper": "more expensive",
    "newer": "older",
    "longer": "shorter",
    "looser": "tighter",
    "bigger": "smaller",
    "brighter": "more muted",
    "more formal": "more casual",
    "higher": "lower",
    "warmer": "cooler",
    "thicker": "thinner",
    "plainer": "more detailed",
}
"""Directions of a relative wish, and their opposites."""
OPPOSITE = OPPOSITES | {after: before for before, after in OPPOSITES.items()}


class Language:
    """One language, read from its folder.

    Args:
        folder: Its name is the language's code. It has ``grammar.toml`` and any of the word lists of ``FAMILIES``.

    Raises:
        WordingError: A file cannot be read, or uses a name that is not defined.
    """

    def __init__(self, folder: Path) -> None:
        self.code = folder.name
        grammar = _grammar(folder / "grammar.toml")
        self.name = str(grammar.get("name", self.code))
        self.compounds: tuple[str, ...] = tuple(grammar.get("compounds", ()))
        """The letters that may join the parts of a compound; empty if the language has no compounds."""
        self.nouns_first = bool(grammar.get("nouns_first", False))
        """Whether adjectives, such as colours, follow their noun."""
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
                if table in ("relative", "adjectives") and value not in OPPOSITE:
                    raise WordingError(
                        f"{folder / 'grammar.toml'} has the direction {value!r} in [{table}].",
                        hint=f"There are: {', '.join(OPPOSITE)}.",
                    )
                if table == "kin" and Concept("people", value) not in concepts().names:
                    raise WordingError(
                        f"{folder / 'grammar.toml'} has the audience {value!r} in [kin].",
                        hint="Use a concept of understanding/concepts/people.txt.",
                    )
                if table == "numbers" and not value.isdigit():
                    raise WordingError(
                        f"{folder / 'grammar.toml'} has the number {value!r} in [numbers].",
                        hint="Write it in digits, in quotes.",
                    )
                self._add(folder, listed, Entry(table, value), endings)
        self._mark_excess(grammar, folder, endings)
        for file, family in FAMILIES.items():
            path = folder / f"{file}.txt"
            if path.is_file():
                self._read(path, family, endings)
        for sign, concept in emoji().items():
            refuses = [Entry("refuse", ""), Entry("refuse_after", "")]
            for entry in refuses if concept is None else [Entry("concept", concept.name, concept.family)]:
                self.phrases.add((sign,), entry)
        self._refuse_by_suffix(
            [end for text in grammar.get("privatives", ()) for end in _spellings(text, endings, folder)]
        )

    def _mark_excess(self, grammar: Mapping[str, Any], folder: Path, endings: Mapping[str, list[str]]) -> None:
        """Give the role ``excess`` to comparisons that contain a word of ``too``: "too bright"."""
        path = folder / "grammar.toml"
        too = [words_of(one) for text in grammar.get("too", ()) for one in _spellings(text, endings, path)]
        for listed in grammar.get("relative", {}).values():
            for text in listed:
                for spelling in _spellings(text, endings, path):
                    words = words_of(spelling)
                    if any(one == words[at : at + len(one)] for one in too for at in range(len(words))):
                        self.phrases.add(words, Entry("excess", ""))

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
            for spelling in _spellings(text, endings, folder / "grammar.toml"):
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
                for spelling in _spellings(text.strip(), endings, path):
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
    def spelling(self) -> Spelling:
        """Corrects misspelt words to content words of this language and to relatives, never to words of its grammar.
        Of equally near words, those of the lists come first: German "Kleit" is a "Kleid", not "klein"."""
        others = self.phrases.first_words({"relative", "shades", "kin"})
        return Spelling([*self.phrases.first_words({"concept"}), *others])

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


def _grammar(path: Path) -> dict[str, Any]:
    try:
        grammar = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise WordingError(f"{path} cannot be read ({error}).", hint="Correct the file.") from error
    if unknown := grammar.keys() - ROLES - TABLES - SETTINGS:
        raise WordingError(
            f"{path} has the unknown entry {min(unknown)!r}.",
            hint=f"There are: {', '.join(sorted(ROLES | TABLES | SETTINGS))}.",
        )
    return grammar


def _spellings(text: str, endings: Mapping[str, list[str]], path: Path) -> Iterator[str]:
    """The spellings of an entry: ``"(my|his) wife"`` has two, ``"rot/adj"`` has one for each ending in ``adj``."""
    parts: list[list[str]] = []
    for plain, choices in re.findall(r"([^()]+)|\(([^()]*)\)", text):
        parts.append(_endings(plain, endings, path) if plain else choices.split("|"))
    count = 1
    for part in parts:
        count *= len(part)
    if count > MAX_SPELLINGS:
        raise WordingError(f"{path}: {text!r} stands for {count} spellings.", hint=f"Use {MAX_SPELLINGS} at most.")
    for chosen in product(*parts):
        if spelling := " ".join("".join(chosen).split()):
            yield spelling


def _endings(text: str, endings: Mapping[str, list[str]], path: Path) -> list[str]:
    found = [""]
    for piece in re.split(r"(\s+)", text):
        stem, slash, name = piece.partition("/")
        if slash and name and name not in endings and not name[0].isdigit():
            raise WordingError(f"{path}: there are no endings {name!r} ({text!r}).", hint="Add them to [endings].")
        ends = [stem + end for end in endings[name]] if slash and name in endings else [piece]
        found = [before + end for before in found for end in ends]
    return found
