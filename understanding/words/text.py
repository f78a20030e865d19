"""Splits text into tokens: folded words, single characters of Chinese and Japanese, numbers and punctuation."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

MAX_CHARACTERS = 2_000
"""Maximum number of characters of a text; the rest is ignored."""
MAX_TOKENS = 400
"""Maximum number of tokens of a text."""

TokenKind = Literal["word", "number", "mark"]

CJK = "\u3005\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
"""Characters of scripts without spaces between words, as a range of a regular expression."""
_TOKEN = re.compile(
    rf"(?P<number>\d+(?:[.,]\d+)*)|(?P<cjk>[{CJK}])|(?P<word>[^\W\d_{CJK}]+)|(?P<mark>(?<=\d) ?[-–—~] ?(?=\d)|[^\w\s])"
)
_LETTER_ALONE = re.compile(r"(?:^|\W)[^\W\d_]$")
_FRACTION = re.compile(r"(?<!\d)\d/\d(?!\d)")
"""Two single digits, as in "3/4 sleeves"; "20/40" is a range."""
_CJK = re.compile(f"[{CJK}]")
_SEPARATORS = frozenset("'’`´-‐‑–—_\"“”„«»()[]{}*#~^|\\")
_LISTS = Path(__file__).parents[1] / "languages"
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})


class Token(NamedTuple):
    """One token of a text."""

    text: str
    """Folded: lower case, without accents."""
    start: int
    """Its start in the text of ``normalised``."""
    end: int
    kind: TokenKind


def normalised(text: str) -> str:
    """``text`` in compatibility form (NFKC) without variation selectors of emoji, truncated to ``MAX_CHARACTERS``."""
    return unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).replace("\ufe0f", "")[:MAX_CHARACTERS]


@lru_cache(maxsize=1)
def accented() -> frozenset[str]:
    """The words of ``languages/*/accented.txt``, whose accent alone tells them from other words: Polish "beż" is beige,
    "bez" is without. They keep it in all languages, because the values of a shop are in any."""
    files = sorted(_LISTS.glob("*/accented.txt"))
    return frozenset(word for file in files for word in file.read_text(encoding="utf-8").lower().split())


@lru_cache(maxsize=16_384)
def folded(word: str) -> str:
    """A word without case and accents, so that "Été", "été" and "ete" are equal, but for the words of ``accented``."""
    if word.isascii():
        return word.lower()
    if (composed := unicodedata.normalize("NFKC", word).lower()) in accented():
        return composed
    return without_accents(word)


def without_accents(word: str) -> str:
    """A word without case and accents, also if it is one of ``accented``."""
    # Marks of kana are no accents: they tell "ば" from "は".
    if is_cjk(word):
        return word
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", word).casefold().translate(_LETTERS))
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).translate(_LETTERS)


def is_cjk(word: str) -> bool:
    """Whether a word is of a script without spaces between words."""
    return bool(_CJK.match(word))


def tokens_of(text: str) -> list[Token]:
    """The first ``MAX_TOKENS`` tokens of a text in the form of ``normalised``.

    Apostrophes, hyphens, quotes and brackets separate words and are not tokens; a dash between two numbers is a token.
    """
    return [token for token, _ in zip(_tokens(text), range(MAX_TOKENS), strict=False)]


def words_of(text: str) -> tuple[str, ...]:
    """The folded tokens of a short phrase, without punctuation: ``"T-Shirt"`` is ``("t", "shirt")``."""
    return tuple(token.text for token in tokens_of(normalised(text)) if token.kind != "mark")


def _tokens(text: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(text):
        said = match.group()
        if match.lastgroup == "mark":
            dash = said.strip() in "-–—~" and match.start() > 0 and text[match.start() - 1].isdigit()
            dash = dash and not text[match.end() : match.end() + 1].isalpha()  # "8-year-old"
            fraction = said == "/" and _FRACTION.match(text, max(0, match.start() - 1)) is not None
            # "w/o" is one word, "red/blue" and "20/40" are two that a token joins.
            short = said == "/" and _LETTER_ALONE.search(text[max(0, match.start() - 2) : match.start()]) is not None
            if fraction or short or (said in _SEPARATORS and not dash):
                continue
            yield Token("-" if dash else said, match.start(), match.end(), "mark")
        elif match.lastgroup == "number":
            yield Token(said, match.start(), match.end(), "number")
        else:
            yield Token(folded(said), match.start(), match.end(), "word")
