"""Dates as shops write them. The other cells of a column decide whether ``03/04/2026`` is in March or April."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from typing import Literal

Order = Literal["dmy", "mdy"]

_TIME = r"(?P<time>\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?"
_YEAR_FIRST = re.compile(rf"(?P<y>\d{{4}})[-/.]\s?(?P<m>\d{{1,2}})[-/.]\s?(?P<d>\d{{1,2}})\.?(?:[T ]{_TIME})?")
_POINTS = re.compile(rf"(?P<d>\d{{1,2}})\.\s?(?P<m>\d{{1,2}})\.\s?(?P<y>\d{{4}}|\d{{2}})(?:,? {_TIME})?")
_EITHER = re.compile(rf"(?P<one>\d{{1,2}})[/-](?P<two>\d{{1,2}})[/-](?P<y>\d{{4}})(?:,? {_TIME})?")
_WORDED = re.compile(
    r"(?:[^\W\d_]+\.?,? )?(?:(?P<d>\d{1,2})(?:\.|st|nd|rd|th|er|º|°)?[ -](?:de )?(?P<month>[^\W\d_]{3,})\.?,?"
    r"[ -](?:de )?"
    r"|(?P<month2>[^\W\d_]{3,})\.? (?P<d2>\d{1,2})(?:st|nd|rd|th)?,? )(?P<y>\d{4})"
    rf"(?:,? {_TIME}(?: ?[A-Z]{{3,4}}(?:[+-]\d{{4}})?)?(?: \([^()]*\))?)?"
)
_SHORT_YEAR = re.compile(r"^(\d{1,2}[/-]\d{1,2}[/-])(\d\d)(?!\d)")
_EAST_ASIAN = re.compile(r"(?P<y>\d{4})[年년] ?(?P<m>\d{1,2})[月월] ?(?P<d>\d{1,2})[日일]")
_MONTHS = (
    "jan ene gen sty led янв ian ocak січ ιαν tammi", "feb fév fev lut úno feb фев şub лют φεβ helmi",
    "mar mär maa mrt bře мар márc бер μάρ μαρ", "apr avr abr kwi dub апр nisan ápr кві απρ huhti",
    "may mai mei mag maj kvě мая май máj mayıs тра μάι μαΐ touko", "jun juin giu cze čer июн iun haz jún чер ιουν kesä",
    "jul juil lug lip čvc июл iul tem júl лип ιουλ heinä", "aug aoû ago sie srp авг ağu agu сер αυγ αύγ elo",
    "sep set wrz zář сен eyl szept вер σεπ syys", "oct okt ott out paź říj окт ekim жов οκτ loka",
    "nov lis нояб ноя noi kas листоп νοέ νοε marras", "dec dez déc dic gru pro дек ara des груд δεκ joulu",
)  # fmt: skip
"""How names of months begin, in European languages; the longest beginning counts."""


def read_dates(texts: Sequence[str], default: Order | None = None) -> list[str] | None:
    """The dates of a column in ISO 8601, with the time where one is stated; None if a cell is no date, or if days and
    months cannot be told apart. ``default`` is their order if no cell decides it."""
    order = order_of(texts, default)
    dates = []
    for text in texts:
        date = read_date(text, order)
        if date is None:
            return None
        dates.append(date)
    return dates


def with_century(text: str) -> str:
    """A cell of a column of dates with a year of four digits: ``1/31/26`` need not be a date in other columns."""
    return _SHORT_YEAR.sub(r"\g<1>20\2", text)


def not_dates(texts: Sequence[str], default: Order | None = None) -> list[str]:
    """The cells of a column that are no dates."""
    order = order_of(texts, default)
    return [text for text in texts if read_date(text, order) is None]


def read_date(text: str, order: Order | None) -> str | None:
    """One date in ISO 8601, such as ``2026-03-04`` or ``2026-03-04T10:30:00``; None for anything else.

    Args:
        text: The whole cell.
        order: Of day and month where both are written with two digits before the year; None if unknown.
    """
    text = _on_24_hours(text)
    match = _YEAR_FIRST.fullmatch(text) or _POINTS.fullmatch(text) or _EAST_ASIAN.fullmatch(text)
    if match:
        day, month = int(match["d"]), int(match["m"])
    elif match := _WORDED.fullmatch(text):
        day, month = int(match["d"] or match["d2"]), _month(match["month"] or match["month2"])
    else:
        match = _EITHER.fullmatch(text)
        if match is None:
            return None
        if order is None:
            return None
        first, second = int(match["one"]), int(match["two"])
        day, month = (first, second) if order == "dmy" else (second, first)
    year = int(match["y"])
    time_of_day = match.groupdict().get("time")
    try:
        if len(match["y"]) == 2:
            year += 2000 if year < 70 else 1900
        date = datetime.date(year, month, day)
        time = datetime.time.fromisoformat(time_of_day) if time_of_day else None
    except ValueError:
        return None
    return f"{date.isoformat()}T{time.isoformat('seconds')}" if time and time != datetime.time(0) else date.isoformat()


def _month(word: str) -> int:
    """The number of a month by its name; 0 for another word."""
    folded = word.casefold()
    beginnings = ((start, number) for number, starts in enumerate(_MONTHS, start=1) for start in starts.split())
    return max(((len(start), number) for start, number in beginnings if folded.startswith(start)), default=(0, 0))[1]


def _on_24_hours(text: str) -> str:
    """``3:05 PM`` as ``15:05``."""
    match = re.search(r" (\d{1,2}):(\d{2})(:\d{2})? ?([AaPp])\.?[Mm]\.?$", text)
    if match is None or not 1 <= int(match[1]) <= 12:
        return text
    hour = int(match[1]) % 12 + (12 if match[4] in "pP" else 0)
    return f"{text[: match.start()]} {hour:02}:{match[2]}{match[3] or ''}"


def common_order(columns: Iterable[Sequence[str]]) -> Order | None:
    """The order of day and month in the columns of dates that show it; None if these differ."""
    orders = {
        order_of(texts) for texts in columns
        if texts and _EITHER.fullmatch(_on_24_hours(texts[0])) and read_dates(texts) is not None
    }  # fmt: skip
    return orders.pop() if len(orders) == 1 else None


def order_of(texts: Sequence[str], default: Order | None = None) -> Order | None:
    """Whether the day or the month comes first in a column: ``default`` if no cell decides it, None if cells of both
    kinds do."""
    day_first = month_first = False
    for text in texts:
        match = _EITHER.fullmatch(_on_24_hours(text))
        if match:
            day_first |= int(match["one"]) > 12
            month_first |= int(match["two"]) > 12
    if day_first == month_first:
        return None if day_first else default
    return "dmy" if day_first else "mdy"
