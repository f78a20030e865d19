"""Makes XML readable for the parser: converts it to UTF-8, and adds missing escapes."""

from __future__ import annotations

import codecs
import html.entities
import re

from catalog.errors import ModisteError
from catalog.formats.encodings import decode

_DECLARED = re.compile(rb"""(?:\xef\xbb\xbf)?\s*<\?xml\b[^<>]{0,200}?\bencoding\s*=\s*["']([\w.:-]+)["']""")
_LATIN = frozenset({"iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii"})
_BLOCK = 2**20
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_AMPERSAND = re.compile(rb"&(?!#\d+;|#x[0-9a-fA-F]+;|(?:amp|lt|gt|quot|apos);)(?:([A-Za-z]\w*);)?")


def in_utf8(content: bytes, stated: str | None) -> bytes:
    """XML in UTF-8, because the parser supports few encodings; UTF-16 with a mark is unchanged.

    As in browsers, ISO-8859-1 is read as Windows-1252, its superset.

    Args:
        content: The file.
        stated: The encoding in ``catalog.toml``; None uses that of the XML declaration.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content
    found = _DECLARED.match(content)
    declared = found[1].decode().casefold() if found else "utf-8"
    if stated is None and declared in ("utf-8", "utf8") and _is_utf8(content):
        return content
    try:
        text = decode(content, stated or ("cp1252" if declared in _LATIN else declared)).text
    except ModisteError:
        text = decode(content).text
    return (text.replace(found[1].decode(), "utf-8", 1) if found else text).encode()


def _is_utf8(content: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(content), _BLOCK):
            decoder.decode(content[at : at + _BLOCK])
    except UnicodeDecodeError:
        return False
    return True


def escaped(content: bytes) -> bytes:
    """XML in which single ``&`` and the entities of HTML are escaped, without control characters."""
    parts = re.split(rb"(<!\[CDATA\[.*?\]\]>)", _CONTROLS.sub(b"", content), flags=re.DOTALL)
    return b"".join(part if part.startswith(b"<![CDATA[") else _AMPERSAND.sub(_reference, part) for part in parts)


def _reference(match: re.Match[bytes]) -> bytes:
    sign = html.entities.html5.get(f"{match[1].decode()};") if match[1] else None
    return "".join(f"&#{ord(one)};" for one in sign).encode() if sign else b"&amp;" + match[0][1:]
