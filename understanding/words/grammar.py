"""The grammar file of a language: its entries, and the notation of spellings in it and in word lists."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from understanding.words.concepts import Concept, WordingError, concepts

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
            "beside_after",
            "worn_with",
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
            "both",
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
        *("currency", "unit", "size", "year", "discounted", "discounted_after"),
    }
)
"""The functions of words in a sentence, such as refusing; each is a list of phrases in the grammar file."""
TABLES = frozenset(
    {"sizes", "families", "transcribed", "relative", "most", "adjectives", "shades", "kin", "numbers", "endings"}
)
SETTINGS = frozenset({"name", "compounds", "nouns_first", "privatives", "suffixes", "softened"})
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
    "better rated": "worse rated",
}
"""Directions of a relative wish, and their opposites."""
OPPOSITE = OPPOSITES | {after: before for before, after in OPPOSITES.items()}


def read_grammar(path: Path) -> dict[str, Any]:
    """The entries of a grammar file.

    Raises:
        WordingError: The file cannot be read, or uses a name that is not defined.
    """
    try:
        grammar = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise WordingError(f"{path} cannot be read ({error}).", hint="Correct the file.") from error
    if unknown := grammar.keys() - ROLES - TABLES - SETTINGS:
        raise WordingError(
            f"{path} has the unknown entry {min(unknown)!r}.",
            hint=f"There are: {', '.join(sorted(ROLES | TABLES | SETTINGS))}.",
        )
    for table in ("relative", "most", "adjectives"):
        for direction in grammar.get(table, {}):
            if direction not in OPPOSITE:
                raise WordingError(
                    f"{path} has the direction {direction!r} in [{table}].", hint=f"There are: {', '.join(OPPOSITE)}."
                )
    for audience in grammar.get("kin", {}):
        if Concept("people", audience) not in concepts().names:
            raise WordingError(
                f"{path} has the audience {audience!r} in [kin].",
                hint="Use a concept of understanding/concepts/people.txt.",
            )
    for number in grammar.get("numbers", {}):
        if not number.isdigit():
            raise WordingError(f"{path} has the number {number!r} in [numbers].", hint="Write it in digits, in quotes.")
    return grammar


def spellings_of(text: str, endings: Mapping[str, list[str]], path: Path) -> Iterator[str]:
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
