"""Reading multipart/form-data: its parts, and what is wrong with it."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import NamedTuple

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from service.problems import RequestProblem


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

    Starlette's reader makes a temporary file of each file, because a body may be larger than memory. Here bodies are
    bounded, and that reader takes half as long again.

    Args:
        kind: The header ``Content-Type``.
        body: As it arrives.

    Raises:
        RequestProblem: It is no such form, or has more than ``most_files`` files or ``most_fields`` other fields.
    """
    _, parameters = parse_options_header(kind)
    boundary = parameters.get(b"boundary")
    if not boundary:
        raise _unreadable("Missing boundary")
    reader = _Reader(most_files, most_fields)
    try:
        parser = MultipartParser(boundary, reader.callbacks())  # type: ignore[arg-type]
        async for chunk in body:
            parser.write(chunk)
        parser.finalize()
    except FormParserError as error:
        raise _unreadable("Invalid multipart data") from error
    if not reader.ended:
        raise _unreadable("The last boundary is missing")
    return reader.parts


def _unreadable(why: str) -> RequestProblem:
    return RequestProblem(
        f"The body cannot be read as a form: {why}.", hint="Let an HTTP library make the form and its headers."
    )


class _Reader:
    """What python-multipart's parser tells of a body, made into parts."""

    def __init__(self, most_files: int, most_fields: int) -> None:
        self._most = {True: most_files, False: most_fields}
        self._count = {True: 0, False: 0}
        self.parts: list[Part] = []
        self.ended = False
        self._begin()

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin, "on_header_field": self._header_field, "on_header_value": self._header_value,
            "on_header_end": self._header_end, "on_headers_finished": self._headers_finished,
            "on_part_data": self._data, "on_part_end": self._finish, "on_end": self._end,
        }  # fmt: skip

    def _begin(self) -> None:
        self._field, self._value, self._disposition = b"", b"", b""
        self._name = ""
        self._filename: str | None = None
        self._content: list[bytes] = []

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._disposition = self._value
        self._field, self._value = b"", b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise _unreadable("A part has no name")
        self._name = options[b"name"].decode("utf-8", "replace")
        filename = options.get(b"filename")
        self._filename = None if filename is None else filename.decode("utf-8", "replace")
        is_file = filename is not None
        self._count[is_file] += 1
        if self._count[is_file] > self._most[is_file]:
            kind = "files" if is_file else "fields"
            raise _unreadable(f"Too many {kind}, {self._most[is_file]:,} can be read")

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._content.append(data[start:end])

    def _finish(self) -> None:
        self.parts.append(Part(self._name, self._filename, b"".join(self._content)))

    def _end(self) -> None:
        self.ended = True
