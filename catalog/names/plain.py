"""Compares names of columns without case, spaces, punctuation, Unicode form and text in brackets."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache


@lru_cache(maxsize=10_000)
def plain_name(name: str) -> str:
    """A column name in the form that is compared: ``Price (net)`` is ``price``, and ``Größe`` is ``grösse``."""
    name = re.sub(r"^g:", "", unicodedata.normalize("NFKC", name).strip().casefold())
    bare = re.sub(r"\([^()]*\)", "", name)
    return re.sub(r"[\W_]+", "", bare) or re.sub(r"[\W_]+", "", name)


def whole_name(name: str) -> str:
    """The same, with the text in brackets."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name).casefold())


def order(names: str) -> tuple[str, ...]:
    """Plain names that are separated by spaces, each once."""
    return tuple(dict.fromkeys(plain_name(name) for name in names.split()))


def group(names: str) -> frozenset[str]:
    """Plain names that are separated by spaces."""
    return frozenset(order(names))
