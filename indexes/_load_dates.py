"""Dates as people write them, as ISO text, which sorts as it should."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence

_ISO = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2})([T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?)?")
_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*(?:[-/.月]\s*(?:(\d{1,2})\s*日?)?)?")
_YEAR_LAST = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})")
_TIME = re.compile(
    r"(?P<date>.*[^\s,])(?:\s*,\s*|\s+)(?P<hour>\d{1,2}):(?P<rest>[0-5]\d(?::[0-5]\d)?)(?:\.\d+)?"
    r"(?:\s*(?P<half>[ap])\.?m\.?)?(?P<zone>\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?",
    re.IGNORECASE,
)
_LONGEST = 40
_WEEKDAY = re.compile(r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+(?=\S*\d|[a-z])", re.IGNORECASE)
_MONTH_YEAR = re.compile(r"([A-Za-z]{3,9})\.?,?\s+(\d{4})")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAY_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[\s-]+([A-Za-z]{3,9})\.?,?[\s-]+(\d{4})")
_MONTH_DAY = re.compile(r"([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")


def read_dates(texts: Mapping[int, str]) -> dict[int, str]:
    """The texts that are dates, in ISO form, by row.

    `05/06/2020` is read with its day first or last as the other rows tell; when they do not tell, it is no date.

    Args:
        texts: Text by row.
    """
    parted = {
        row: _without_time(text.strip())
        for row, text in texts.items()
        if len(text) <= _LONGEST and any(char.isdigit() for char in text)
    }
    day_first = _day_first([text for text, _ in parted.values()])
    read: dict[int, str] = {}
    for row, (text, time) in parted.items():
        date = _read(text, day_first)
        if date is not None and (not time or len(date) == len("2024-05-31")):
            read[row] = date + time
    return read


def _without_time(text: str) -> tuple[str, str]:
    """A date without the time of day behind it, and that time as ISO writes it."""
    match = None if _ISO.fullmatch(text) else _TIME.fullmatch(text)
    if match is None:
        return text, ""
    hour = int(match["hour"]) % 12 + 12 * (match["half"] in {"p", "P"}) if match["half"] else int(match["hour"])
    if hour > 23:
        return text, ""
    zone = (match["zone"] or "").strip()
    return match["date"], f"T{hour:02d}:{match['rest']}{'Z' if zone.isalpha() else zone}"


def _read(text: str, day_first: bool | None) -> str | None:
    text = _WEEKDAY.sub("", text)
    date = None
    if match := _ISO.fullmatch(text):
        # With one sign between day and time in all of them, they sort as text.
        date = text.replace(" ", "T") if _date(match[1], match[2], match[3]) else None
    elif match := _YEAR_FIRST.fullmatch(text):
        date = _date(match[1], match[2], match[3])
    elif match := _DAY_MONTH.fullmatch(text):
        date = _named(match[3], match[2], match[1])
    elif match := _MONTH_DAY.fullmatch(text):
        date = _named(match[3], match[1], match[2])
    elif match := _MONTH_YEAR.fullmatch(text):
        date = _named(match[2], match[1], None)
    elif (match := _YEAR_LAST.fullmatch(text)) and (match[2] == "." or day_first is not None):
        day, month = (match[1], match[3]) if day_first or match[2] == "." else (match[3], match[1])
        date = _date(match[4], month, day)
    return date


def _named(year: str, month: str, day: str | None) -> str | None:
    short = month[:3].casefold()
    return _date(year, str(_MONTHS.index(short) + 1), day) if short in _MONTHS else None


def _date(year: str, month: str, day: str | None) -> str | None:
    try:
        date = datetime.date(int(year), int(month), int(day or 1))
    except ValueError:
        return None
    return date.isoformat() if day else date.isoformat()[:7]


def _day_first(texts: Sequence[str]) -> bool | None:
    """What most of the dates say that can only be read one way; None where none does."""
    pairs = [(int(match[1]), int(match[3])) for text in texts if (match := _YEAR_LAST.fullmatch(text))]
    day = sum(1 for first, second in pairs if first > 12 >= second)
    month = sum(1 for first, second in pairs if second > 12 >= first)
    return None if not day and not month else day >= month
