"""Converts pydantic's errors to error messages."""

from __future__ import annotations

from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from service.errors import MAX_EXCERPT, InvalidRequest, excerpt

_SENTENCES = {
    "missing": "is missing",
    "extra_forbidden": "is not a field of this request",
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length:,} characters",
    "too_short": "must have at least {min_length:,} entries",
    "too_long": "must have at most {max_length:,} entries",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a number",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "literal_error": "must be one of {expected}",
    "value_error": "is not valid: {error}",
}
"""Messages by pydantic's error type, with the values of its context."""


def invalid_request(error: ValidationError | RequestValidationError) -> InvalidRequest:
    """An error message for the first error, which starts with the name of the field."""
    first = error.errors()[0]
    location = [part for part in first["loc"] if part not in ("body", "query", "path", "header")]
    if location[:1] == ["filters"] and len(location) > 1:
        return _invalid_filter(location)
    field = str(location[0]) if location else "body"
    if len(location) > 1 and isinstance(location[1], int):
        field = ".".join((f"{field}[{location[1]}]", *map(str, location[2:])))
    return InvalidRequest(f"{field} {_sentence(first)}.", field=field)


def _sentence(error: Any) -> str:
    known = _SENTENCES.get(error["type"])
    if known is not None:
        return known.format(**error.get("ctx", {}))
    message = str(error["msg"])
    return f"is not valid: {message[0].lower()}{message[1:]}"


def _invalid_filter(location: list[Any]) -> InvalidRequest:
    if location[-1] == "[key]":
        return InvalidRequest("filters has a name that is empty or too long.", field="filters")
    name = str(location[1])[:MAX_EXCERPT]
    return InvalidRequest(
        f"filters.{excerpt(name)[1:-1]} is not a valid filter.",
        hint='Give a value such as "Red", a list of values, or a range of numbers such as {"min": 10, "max": 50}.',
        field=f"filters.{name}",
    )
