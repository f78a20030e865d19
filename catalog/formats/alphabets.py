"""Detects the encoding of a text that is not Unicode.

Encodings with one byte per character decode any text, so the most plausible result is chosen: letters of one language,
capitals at the beginnings of words, punctuation between words and not within them. A few words are enough.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple


class _Language(NamedTuple):
    """A language and the encodings of its texts, the most common first.

    Attributes:
        encodings: Names of codecs.
        letters: Its letters beyond ASCII; for other scripts those that are frequent.
        share: Expected share of these letters among the characters beyond ASCII; more than 1 gives other languages
            precedence.
    """

    encodings: tuple[str, ...]
    letters: frozenset[str]
    share: float = 1.0


def _language(encodings: str, letters: str, share: float = 1.0) -> _Language:
    return _Language(tuple(encodings.split()), frozenset(letters), share)


_WESTERN = "cp1252 mac_roman cp850"
_CENTRAL = "cp1250 iso8859_2 cp852 mac_latin2"
_LANGUAGES = (
    _language(_WESTERN, "äöüß"), _language(_WESTERN, "éèêëàâçîïôûùœ"), _language(_WESTERN, "áéíóúñü"),
    _language(_WESTERN, "áâãàçéêíóôõú"), _language(_WESTERN, "àèéìòù"), _language(_WESTERN, "åäöé"),
    _language(_WESTERN, "åæøé"), _language(_WESTERN, "éëïöü"), _language(_WESTERN, "áðéíóúýþæö"),
    _language(_CENTRAL, "ąćęłńóśźż"), _language(_CENTRAL, "áčďéěíňóřšťúůýž"), _language(_CENTRAL, "áäčďéíľňóôšťúýž"),
    _language(_CENTRAL, "áéíóöőúüű"), _language(_CENTRAL, "ăâîşţ"), _language(_CENTRAL, "čćđšž"),
    _language(_WESTERN, "àáâãäåæçèéêëìíîïñòóôõöøùúûüßœ", 1.25),
    _language("cp1254 iso8859_9", "çğıöşüâ"), _language("cp1257", "ąčęėįšųūž"), _language("cp1257", "āčēģīķļņšūž"),
    _language("cp1257", "äõöüšž"),
    _language("cp1251 koi8_r cp866", "оеаинтсрвлкмдпя", 0.8), _language("cp1253 iso8859_7", "αοιετσνρκπυλμάίόέής",
    0.85),
    _language("cp1255", "יוהלארתמבשנ", 0.75), _language("cp1256", "الينمرتوةبسد", 0.75),
    _language("cp874", "านรกองเมยลวสทตแ่้ิี", 0.65),
)  # fmt: skip
_EAST_ASIAN = ("shift_jis", "euc_jp", "euc_kr", "gb18030", "big5")
_BETWEEN_WORDS = frozenset("’‘“”„«»–—…€£§°²³½¼×®©™·•¿¡‹›\u00a0ºª¹")
_WORD = re.compile(r"[^\s,;|\t\"]*[^\x00-\x7f][^\s,;|\t\"]*")
MIN_PLAUSIBILITY = 0.6
"""Plausibility below which a text is in none of these languages."""


def plausible_encoding(content: bytes) -> str | None:
    """The encoding in which a text is most plausible; None if it is not in any.

    Args:
        content: Lines with bytes beyond ASCII.
    """
    best: tuple[float, str | None] = (MIN_PLAUSIBILITY, None)
    for encoding in _EAST_ASIAN:
        try:
            score = _east_asian(encoding, content.decode(encoding))
        except UnicodeDecodeError:
            continue
        best = max(best, (score, encoding), key=lambda one: one[0])
    words: dict[str, list[str]] = {}
    for language in _LANGUAGES:
        for place, encoding in enumerate(language.encodings):
            if encoding not in words:
                words[encoding] = _WORD.findall(content.decode(encoding, "replace"))
            score = _plausibility(words[encoding], language) - place / 1000
            best = max(best, (score, encoding), key=lambda one: one[0])
    return best[1]


def _plausibility(words: list[str], language: _Language) -> float:
    """How well words fit a language: 1 if all of their letters belong to it, less than 0 if they are no words of it."""
    good = bad = 0.0
    for word in words:
        before = " "
        for place, sign in enumerate(word):
            if sign > "\x7f":
                if sign.lower() in language.letters:
                    good += 1
                    bad += sign.isupper() and before.islower()
                elif sign in _BETWEEN_WORDS:
                    within = before.isalpha() and word[place + 1 : place + 2].isalpha() and sign not in "’·"
                    good += not within
                    bad += within or (sign in "¿¡" and before.isalpha())
                elif (not sign.isalpha() and not unicodedata.combining(sign)) or (sign.isupper() and before.islower()):
                    bad += 1
                elif language.share >= 1:
                    bad += 0.3  # A letter of another language.
                if language.share < 1 and before.isascii() and before.isalpha():
                    bad += 1  # Scripts are not mixed in a word.
            elif sign.isalpha() and before > "\x7f" and before.isupper() and sign.islower() and place > 1:
                bad += 0.5  # A capital within a word.
            before = sign
    total = sum(sign > "\x7f" for word in words for sign in word)
    return min(1.0, good / language.share / total) - bad / total if total else 0.0


def _east_asian(encoding: str, text: str) -> float:
    """Share of the characters beyond ASCII that are common in the language of an encoding."""
    signs = [sign for sign in text if sign > "\x7f"]
    kana = sum("\u3041" <= sign <= "\u30ff" for sign in signs)
    japanese = encoding in ("shift_jis", "euc_jp")
    if not signs or (japanese and kana < 0.1 * len(signs)) or (not japanese and kana > 0.1 * len(signs)):
        return 0.0
    mixed = len(re.findall(r"[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][A-Za-z]", text))
    return (sum(_is_common(encoding, sign) for sign in signs) - mixed) / len(signs)


@lru_cache(maxsize=20_000)
def _is_common(encoding: str, sign: str) -> bool:
    """Whether a character is in the first rows of its character set, which contain the common ones."""
    if "\u3000" <= sign <= "\u30ff" or "\uff01" <= sign <= "\uff5e":
        return True
    rows = {"euc_kr": (0xB0, 0xC8), "gb18030": (0xB0, 0xD7), "big5": (0xA4, 0xC6)}.get(encoding, (0xB0, 0xCF))
    try:
        lead = sign.encode("euc_jp" if encoding == "shift_jis" else "gb2312" if encoding == "gb18030" else encoding)[0]
    except UnicodeEncodeError:
        return False
    return rows[0] <= lead <= rows[1]
