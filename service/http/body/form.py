"""Parses multipart/form-data into memory."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from service.errors import InvalidRequest, UnsupportedEncoding, excerpt
from service.limits import MAX_PARTS

MAX_FILES = 1
MAX_FIELD_BYTES = 2**20
MAX_HEADERS = 8
MAX_HEADER_BYTES = 4096
TRANSFER_ENCODINGS = frozenset({"", "7bit", "8bit", "binary"})
CHARSETS = frozenset({"", "utf8", "usascii", "ascii", "iso88591", "latin1", "windows1252", "cp1252"})
"""Charsets that a field of text may declare: letters and digits of their names. The field is decoded as UTF-8 or, if it
is not UTF-8, as Latin-1."""
_PUNCTUATION = re.compile(r"[^a-z0-9]")
_EXTENDED_FILENAME = re.compile(r";\s*filename\*\s*=", re.IGNORECASE)
"""The form of RFC 2231. RFC 7578 forbids it in forms, but some clients send only this."""


@dataclass
class Form:
    """The fields of a form, each with all of its values, and its files by name."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    """Without the empty files that browsers send for unused file inputs."""


async def read_form(request: Request, max_parts: int = MAX_PARTS) -> Form:
    """Read the body of ``request`` as a form.

    Starlette's reader is not used because it writes files of more than a megabyte to a temporary folder.

    Args:
        max_parts: Maximum number of fields and files together.

    Raises:
        InvalidRequest: It is not a form, or its parts are too many or too long.
        UnsupportedEncoding: A part is encoded (base64, a form in the form), or its charset is not supported.
    """
    _, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary")
    if not boundary:
        raise _unreadable("the header Content-Type has no boundary")
    reader = _Reader(max_parts)
    try:
        callbacks: Any = {name: getattr(reader, name) for name in dir(reader) if name.startswith("on_")}
        parser = MultipartParser(boundary, callbacks, max_header_count=MAX_HEADERS, max_header_size=MAX_HEADER_BYTES)
        async for chunk in request.stream():
            parser.write(chunk)
    except FormParserError as error:
        raise _unreadable(
            f"it is not valid multipart data, or a part has more than {MAX_HEADERS} headers, or one of more than "
            f"{MAX_HEADER_BYTES:,} bytes"
        ) from error
    if not reader.complete:
        raise _unreadable("the last boundary is missing")
    return reader.form


class _Reader:
    """Callbacks of the parser. It may pass a header, or the content of a part, in several pieces."""

    def __init__(self, max_parts: int) -> None:
        self.form = Form()
        self.complete = False
        self._max_parts, self._parts, self._files = max_parts, 0, 0
        self._name, self._value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._content = bytearray()
        self._part_name = ""
        self._filename: bytes | None = None

    def on_part_begin(self) -> None:
        self._headers, self._content = {}, bytearray()
        self._parts += 1
        if self._parts > self._max_parts:
            raise _unreadable(f"it has more than {self._max_parts} parts")

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name, self._value = b"", b""

    def on_headers_finished(self) -> None:
        disposition = self._headers.get(b"content-disposition", b"")
        _, options = parse_options_header(disposition)
        if not options.get(b"name"):
            raise _unreadable("a part has no name")
        self._part_name = _text(options[b"name"])
        self._filename = options.get(b"filename")
        if self._filename is None and _EXTENDED_FILENAME.search(disposition.decode("latin-1")):
            self._filename = b"file"
        if self._filename:
            self._count_file()
        self._check_encoding()

    def _check_encoding(self) -> None:
        """Refuse a part whose bytes are not the file or the text itself (RFC 7578, section 4.7, deprecates them)."""
        encoding = self._headers.get(b"content-transfer-encoding", b"").decode("latin-1").strip()
        if encoding.lower() not in TRANSFER_ENCODINGS:
            raise UnsupportedEncoding(
                f"The part {excerpt(self._part_name)} is encoded ({excerpt(encoding)}).",
                hint="Send its bytes as they are, without Content-Transfer-Encoding.", field=self._part_name,
            )  # fmt: skip
        kind, options = parse_options_header(self._headers.get(b"content-type"))
        if kind.startswith(b"multipart/"):
            raise UnsupportedEncoding(
                f"The part {excerpt(self._part_name)} consists of parts.",
                hint="Send each as a part of the form itself.", field=self._part_name,
            )  # fmt: skip
        charset = options.get(b"charset", b"").decode("latin-1").strip()
        if self._filename is None and _PUNCTUATION.sub("", charset.lower()) not in CHARSETS:
            raise UnsupportedEncoding(
                f"The part {excerpt(self._part_name)} is in the charset {excerpt(charset)}.", hint="Send it in UTF-8.",
                field=self._part_name,
            )  # fmt: skip

    def _count_file(self) -> None:
        """Count a file that has a name or content. Browsers send others for file inputs that are not used."""
        self._files += 1
        if self._files > MAX_FILES:
            raise _unreadable(f"it has more than {MAX_FILES} file")

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._filename == b"" and not self._content:
            self._count_file()
        self._content += data[start:end]
        if self._filename is None and len(self._content) > MAX_FIELD_BYTES:
            raise _unreadable(f"a field has more than {MAX_FIELD_BYTES:,} bytes")

    def on_part_end(self) -> None:
        if self._filename is None:
            self.form.fields.setdefault(self._part_name, []).append(_text(bytes(self._content)))
        elif self._filename or self._content:
            self.form.files[self._part_name] = bytes(self._content)

    def on_end(self) -> None:
        self.complete = True


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _unreadable(why: str) -> InvalidRequest:
    return InvalidRequest(
        f"The body cannot be read as a form: {why}.", hint="Use an HTTP library to create the form and its headers.",
        field="body",
    )  # fmt: skip
