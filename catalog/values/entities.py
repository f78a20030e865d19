"""Unescapes HTML entities in cells. Shop systems escape names for web pages and export them in that form."""

from __future__ import annotations

import html
import html.entities
import re

TIMES = 2
"""Number of levels of escaping; some exports are escaped twice: ``&amp;#39;``."""
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[A-Za-z][A-Za-z\d]+);")
_BREAK = re.compile(r"</?(?:br|p|div|li|ul|h\d|td|tr)\b[^<>]*>", re.IGNORECASE)
"""A tag that separates words on a page; a space replaces it."""
_MARKUP = re.compile(
    r"<br\s*/?>|</(?:a|b|i|u|s|p|em|strong|small|span|font|sub|sup|mark|div|h\d|li|ul|ol|td|tr|center|del|ins)>",
    re.IGNORECASE,
)
TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")


def unescaped(text: str) -> str:
    """A text with the characters that its entities stand for, such as ``Men's`` for ``Men&#39;s``.

    An ampersand that begins no entity is kept (``AT&T``, ``R&D;``). A text with tags is kept as a whole, because its
    entities keep characters apart from the tags.
    """
    if "&" not in text or TAG.search(text):
        return text
    for _ in range(TIMES):
        text = _ENTITY.sub(_character, text)
    return text.strip()


def untagged(text: str) -> str:
    """A title as a web page shows it: without tags, and with the characters that entities stand for."""
    if _MARKUP.search(text):
        text = " ".join(TAG.sub("", _BREAK.sub(" ", text)).split()) or text
    return unescaped(text)


def _character(entity: re.Match[str]) -> str:
    # html.unescape() also reads the beginning of a name: it makes "¬ebook;" of "&notebook;".
    numbered = entity[0][1] == "#"
    return html.unescape(entity[0]) if numbered else html.entities.html5.get(entity[0][1:], entity[0])
