"""Parses JSON with limits on its size, nesting and encoding."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from service.errors import InvalidRequest, excerpt
from service.limits import MAX_DEPTH

MAX_VALUES = 20_000
"""Maximum number of values of all lists and objects together; far more than all fields at their limits. A picture in
base64 is one value."""
MAX_DIGITS = 1_000
"""Maximum length of a whole number. The message about Python's own limit names a setting of Python."""
_SEPARATORS = b",[{:"


def parse_json(data: bytes, field: str = "body", max_depth: int = MAX_DEPTH) -> Any:
    """Parse JSON as RFC 8259 defines it, with unique names.

    Args:
        field: The name of the JSON in error messages.
        max_depth: Maximum nesting of lists and objects.

    Raises:
        InvalidRequest: It is not UTF-8, not JSON, too long, too deep, or has a duplicate name.
    """
    name = "The body" if field == "body" else field
    if len(data) - len(data.translate(None, _SEPARATORS)) > MAX_VALUES:  # Faster than counting each.
        raise InvalidRequest(
            f"{name} has more than {MAX_VALUES:,} values of JSON.", hint="Shorten its lists.", field=field
        )
    try:
        text = _decoded(data, name, field)
        value = json.loads(text, object_pairs_hook=_unique, parse_int=_integer, parse_constant=_constant)
        _check_value(value, max_depth)
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InvalidRequest(f"{name} is not valid JSON: {why}.", field=field) from error
    return value


def _decoded(data: bytes, name: str, field: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_utf8(name, field) from error
    if "\0" in text[:4]:  # UTF-16 or UTF-32 of Latin letters.
        raise _not_utf8(name, field)
    return text


def _not_utf8(name: str, field: str) -> InvalidRequest:
    return InvalidRequest(
        f"{name} is not UTF-8, so it is not valid JSON.", hint="Encode it as UTF-8, uncompressed.", field=field
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"{excerpt(twice)} is given more than once")
    return values


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number has more than {MAX_DIGITS:,} digits")
    return int(digits)


def _constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")


def _check_value(value: Any, depth: int) -> None:
    if isinstance(value, str):
        if not value.isascii():
            _check_text(value)
    elif isinstance(value, list | dict):
        if depth == 0:
            raise ValueError("it is nested too deeply")
        for inner in value:
            _check_value(inner, depth - 1)
        if isinstance(value, dict):
            for inner in value.values():
                _check_value(inner, depth - 1)


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("a text has half of a surrogate pair") from None
