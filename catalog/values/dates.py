"""Dates as shops write them, told apart by column: ``03/04/2026`` alone could be March or April."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Literal

Order = Literal["dmy", "mdy"]

_TIME = r"(?P<time>\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?"
_YEAR_FIRST = re.compile(rf"(?P<y>\d{{4}})[-/](?P<m>\d{{1,2}})[-/](?P<d>\d{{1,2}})(?:[T ]{_TIME})?")
_POINTS = re.compile(rf"(?P<d>\d{{1,2}})\.(?P<m>\d{{1,2}})\.(?P<y>\d{{4}})(?:,? {_TIME})?")
_EITHER = re.compile(rf"(?P<one>\d{{1,2}})[/-](?P<two>\d{{1,2}})[/-](?P<y>\d{{4}})(?:,? {_TIME})?")


def read_dates(texts: Sequence[str]) -> list[str] | None:
    """The dates of a column in ISO 8601, with the time where one is stated; None if a cell is no date, or if days and
    months cannot be told apart."""
    order = order_of(texts)
    dates = []
    for text in texts:
        date = read_date(text, order)
        if date is None:
            return None
        dates.append(date)
    return dates


def read_date(text: str, order: Order | None) -> str | None:
    """One date in ISO 8601, such as ``2026-03-04`` or ``2026-03-04T10:30:00``; None for anything else.

    Args:
        text: The whole cell.
        order: Of day and month where both are written with two digits before the year; None if unknown.
    """
    match = _YEAR_FIRST.fullmatch(text) or _POINTS.fullmatch(text)
    if match:
        day, month = int(match["d"]), int(match["m"])
    else:
        match = _EITHER.fullmatch(text)
        if match is None:
            return _worded(text)
        if order is None:
            return None
        first, second = int(match["one"]), int(match["two"])
        day, month = (first, second) if order == "dmy" else (second, first)
    try:
        date = datetime.date(int(match["y"]), month, day)
        time = datetime.time.fromisoformat(match["time"]) if match["time"] else None
    except ValueError:
        return None
    return f"{date.isoformat()}T{time.isoformat('seconds')}" if time and time != datetime.time(0) else date.isoformat()


def _worded(text: str) -> str | None:
    """A date with the English name of its month."""
    for form in ("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y"):
        try:
            return datetime.datetime.strptime(text, form).date().isoformat()
        except ValueError:
            continue
    return None


def order_of(texts: Sequence[str]) -> Order | None:
    """Whether the day or the month comes first in a column; None if no cell, or cells of both kinds, decide it."""
    day_first = month_first = False
    for text in texts:
        match = _EITHER.fullmatch(text)
        if match:
            day_first |= int(match["one"]) > 12
            month_first |= int(match["two"]) > 12
    if day_first == month_first:
        return None
    return "dmy" if day_first else "mdy"
