"""Decodes text files of any character encoding."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field

import charset_normalizer

from catalog.errors import ModisteError
from catalog.formats.alphabets import plausible_encoding
from catalog.table import Problem

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # Before UTF-16, whose mark is its prefix.
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 100_000
_ESCAPED = re.compile("[\udc80-\udcff]+")
_LONE_SURROGATES = re.compile("[\ud800-\udfff]+")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+")


@dataclass(slots=True)
class Decoded:
    """Text of a file.

    Attributes:
        text: Without a byte order mark, lone surrogates and control characters.
        encoding: The encoding that it was read with.
        remarks: Lines in which characters were replaced or removed.
    """

    text: str
    encoding: str
    remarks: list[Problem] = field(default_factory=list)


def decode(content: bytes, encoding: str | None = None) -> Decoded:
    """Decode a text file: by its byte order mark, as UTF-8, or with the most likely encoding.

    Raises:
        ModisteError: ``encoding`` was given, and the content is not in it.
    """
    if encoding is not None:
        try:
            text = content.decode(encoding)
        except (UnicodeError, LookupError) as error:
            raise ModisteError(
                f"The table cannot be read with the encoding {encoding!r} ({error}).",
                hint="Specify the encoding of the file, or omit it.",
            ) from error
        return _cleaned(text, encoding)
    for mark, name in _MARKS:
        if content.startswith(mark):
            return _cleaned(content[len(mark) :].decode(name, "replace"), name)
    wide = _wide(content[:_SAMPLE])
    if wide:
        return _cleaned(content.decode(wide, "replace"), wide)
    try:
        return _cleaned(content.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        pass
    text = content.decode("utf-8", "surrogateescape")
    broken = sum(len(match) for match in _ESCAPED.findall(text))
    if _non_ascii(text) > 4 * broken:
        return _cleaned(_ESCAPED.sub("\ufffd", text), "utf-8")  # UTF-8 with a few damaged characters.
    name = _guessed(content)
    return _cleaned(content.decode(name, "replace"), name)


def _wide(sample: bytes) -> str:
    """UTF-16 without a mark: every other byte of its ASCII characters is 0."""
    half = len(sample) // 2
    if half and sample[1::2].count(0) > half * 0.4:
        return "utf-16-le"
    return "utf-16-be" if half and sample[::2].count(0) > half * 0.4 else ""


def _non_ascii(text: str) -> int:
    """The number of non-ASCII characters."""
    return sum(1 for character in text if character > "\x7f" and not "\udc80" <= character <= "\udcff")


def _guessed(content: bytes) -> str:
    """The encoding of a text that is not Unicode, judged by the lines that differ between encodings."""
    telling = b"\n".join(line for line in re.split(rb"[\r\n]+", content) if not line.isascii())[:_SAMPLE]
    found = plausible_encoding(telling)
    if found is not None:
        return found
    best = charset_normalizer.from_bytes(telling).best()
    return "cp1252" if best is None else best.encoding


def _cleaned(text: str, encoding: str) -> Decoded:
    remarks: list[Problem] = []
    if "\ufeff" in text:  # Files that were joined have several marks.
        text = text.replace("\ufeff", "")
    for pattern, replacement, what in (
        (_LONE_SURROGATES, "\ufffd", "half of a character"),
        (_CONTROLS, "", "a control character"),
    ):
        found = list(pattern.finditer(text)) if pattern.search(text) else []
        for match in found[:1000]:
            line = text.count("\n", 0, match.start()) + 1
            remarks.append(Problem(line, None, f"a cell contains {what}, which was removed", f"{what} removed"))
        if found:
            text = pattern.sub(replacement, text)
    if "\ufffd" in text:
        lines = [number for number, line in enumerate(text.split("\n"), start=1) if "\ufffd" in line][:1000]
        kind = f"a character that is not {encoding}"
        remarks += [Problem(line, None, f"a cell holds {kind}", kind) for line in lines]
    return Decoded(text, encoding, remarks)


def clean_text(text: str) -> str:
    """One cell without lone surrogates and control characters."""
    if text.isascii():
        return _CONTROLS.sub("", text) if not text.isprintable() else text
    return _CONTROLS.sub("", _LONE_SURROGATES.sub("\ufffd", text))
