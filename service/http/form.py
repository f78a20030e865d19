"""Reading multipart/form-data: its parts, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterable
from typing import NamedTuple

from multipart import MultipartError, MultipartSegment, PushMultipartParser

from service.errors import InvalidRequest

BOUNDARY = re.compile(r""";\s*boundary\s*=\s*(?:"([^"]+)"|([^";]+))""", re.IGNORECASE)
"""In ``Content-Type``; home-made clients leave the quotes out where a colon or an equals sign calls for them."""


class Part(NamedTuple):
    """A field of a form, or a file."""

    name: str
    filename: str | None
    """None for a field; empty where a browser's user chose no file."""
    content: bytes

    @property
    def text(self) -> str:
        """The content of a field."""
        return self.content.decode("utf-8", "replace")


async def read_form(kind: str, body: AsyncIterable[bytes], *, most_files: int, most_fields: int) -> list[Part]:
    """The parts of a form, in its order.

    Starlette's reader makes a temporary file of each file, because a body may be larger than memory; here bodies are
    bounded. Its parser takes five times as long for a small form, and twice as long for 200 KB.

    Args:
        kind: The header ``Content-Type``.
        body: As it arrives.

    Raises:
        InvalidRequest: It is no such form, or has more than ``most_files`` files or ``most_fields`` other fields.
    """
    boundary = BOUNDARY.search(kind)
    if boundary is None:
        raise _unreadable("The header Content-Type names no boundary")
    reader = _Reader(most_files, most_fields)
    try:
        parser = PushMultipartParser(boundary[1] or boundary[2].strip(), header_charset="latin-1")
        async for chunk in body:
            if chunk:  # The parser takes an empty one for the end.
                for event in parser.parse(chunk):
                    reader.read(event)
    except MultipartError as error:
        raise _unreadable(error.args[0]) from error
    try:
        parser.close()
    except MultipartError as error:
        raise _unreadable("The last boundary is missing") from error
    return reader.parts


class _Reader:
    """What the parser tells of a body, made into parts."""

    def __init__(self, most_files: int, most_fields: int) -> None:
        self.parts: list[Part] = []
        self._most = {True: most_files, False: most_fields}
        self._count = {True: 0, False: 0}
        self._segment: MultipartSegment
        self._content: list[bytes] = []

    def read(self, event: MultipartSegment | bytes | None) -> None:
        """A part begins; goes on; ends."""
        if event is None:
            name, filename = self._segment.name, self._segment.filename
            content = b"".join(self._content)
            self.parts.append(Part(_text(name), None if filename is None else _text(filename), content))
        elif isinstance(event, MultipartSegment):
            self._segment, self._content = event, []
            self._check(event)
        else:
            self._content.append(event)

    def _check(self, segment: MultipartSegment) -> None:
        if not segment.name:
            raise _unreadable("A part has no name")
        is_file = segment.filename is not None
        self._count[is_file] += 1
        if self._count[is_file] > self._most[is_file]:
            kind = "files" if is_file else "fields"
            raise _unreadable(f"Too many {kind}, {self._most[is_file]:,} can be read")


def _text(header: str) -> str:
    """What a header says. Most clients send UTF-8 and some another charset, for which a form need not be refused."""
    return header.encode("latin-1").decode("utf-8", "replace")


def _unreadable(why: str) -> InvalidRequest:
    return InvalidRequest(
        f"The body cannot be read as a form: {why}.", hint="Let an HTTP library make the form and its headers."
    )
