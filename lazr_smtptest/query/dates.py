"""Dates, times and sizes as people write them in a query."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from fractions import Fraction

__all__ = ["DATES", "SIZES", "parse_date", "parse_size"]

DATES = (
    "a date such as 2024-06-01, '2024-06-01 12:00', '1 Jun 2024', or a time ago such "
    "as 1h or 7d"
)
SIZES = "a size such as 500, 10k, 1.5m"

_NAMES = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
_MONTHS = {name: number for number, name in enumerate(_NAMES, start=1)}
_AGO = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_DAYS_AGO = {"today": 0, "yesterday": 1}

_MONTH = rf"(?P<name>{'|'.join(_MONTHS)})[a-z]*\.?"
_YEAR = "(?P<year>[0-9]{4})"
_DAY = "(?P<day>[0-9]{1,2})"
_NUMBER = "(?P<month>[0-9]{1,2})"
_DAY_FORMS = (
    rf"{_YEAR}(?:(?P<sign>[-/.]){_NUMBER}(?:(?P=sign){_DAY})?)?",
    r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})",
    rf"{_DAY}\.{_NUMBER}\.{_YEAR}",
    rf"{_NUMBER}/{_DAY}/{_YEAR}",
    rf"(?:[a-z]{{3,9}},? )?{_DAY}[ -]{_MONTH},?[ -]{_YEAR}",
    rf"(?:[a-z]{{3,9}},? )?{_MONTH} {_DAY},? {_YEAR}",
)
_TIME = re.compile(
    r"(?P<hour>[0-9]{1,2}):?(?P<minute>[0-9]{2})"
    r"(?::?(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r" ?(?P<half>[ap]m)?"
    r" ?(?P<zone>z|utc|gmt|(?P<plus>[+-])(?P<hours>[0-9]{2}):?(?P<minutes>[0-5][0-9]))?"
)
_DAYS = tuple(re.compile(rf"{form}(?:(?:t|,? )(?=[0-9])|\Z)") for form in _DAY_FORMS)
_RELATIVE = re.compile(r"([0-9]{1,9}) ?([smhdw])")
_EPOCH = re.compile(r"[0-9]{9,11}")

_SIZE = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,20})?) ?([kmg]?)b?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
# The largest integer of SQL databases; no message is that large.
_LARGEST = (1 << 63) - 1


def parse_size(text: str) -> Fraction:
    """Return the number of bytes; k, m and g are powers of 1024.

    Raises:
        ValueError: it is not a size.
    """
    found = _SIZE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return min(Fraction(found[1]) * _UNITS[found[2].lower()], Fraction(_LARGEST))


def parse_date(text: str, now: datetime, zone: tzinfo | None) -> datetime:
    """Return the time, in UTC; of a day its beginning.

    Args:
        text: a date with or without a time, a time before `now`, or the seconds since
            1970.
        now: the present time, with a zone.
        zone: the zone of times without one; ``None`` for the local one.

    Raises:
        ValueError: it is not a date.
    """
    text = " ".join(text.lower().split())
    try:
        if found := _RELATIVE.fullmatch(text):
            ago = timedelta(seconds=int(found[1]) * _AGO[found[2]])
            return now.astimezone(timezone.utc) - ago
        if text in _DAYS_AGO:
            day = now.astimezone(zone) - timedelta(days=_DAYS_AGO[text])
            return _in_utc(datetime(day.year, day.month, day.day), zone)
        if _EPOCH.fullmatch(text):
            return datetime.fromtimestamp(int(text), timezone.utc)
        return _parse_absolute(text, zone)
    except (OverflowError, OSError) as error:
        raise ValueError(text) from error


def _parse_absolute(text: str, zone: tzinfo | None) -> datetime:
    for form in _DAYS:
        if found := form.match(text):
            groups = found.groupdict()
            name = groups.get("name")
            month = _MONTHS[name] if name else int(groups.get("month") or 1)
            day = datetime(int(found["year"]), month, int(groups.get("day") or 1))
            return _at_time(day, text[found.end() :], zone)
    raise ValueError(text)


def _at_time(day: datetime, text: str, zone: tzinfo | None) -> datetime:
    """Return a time of a day, in UTC."""
    if not text:
        return _in_utc(day, zone)
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(text)
    hour = int(found["hour"])
    if found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(text)
        hour = hour % 12 + (12 if found["half"] == "pm" else 0)
    time = day.replace(
        hour=hour,
        minute=int(found["minute"]),
        second=int(found["second"] or 0),
        microsecond=int((found["fraction"] or "").ljust(6, "0")[:6]),
    )
    if found["plus"]:
        offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"]))
        zone = timezone(-offset if found["plus"] == "-" else offset)
    elif found["zone"]:
        zone = timezone.utc
    return _in_utc(time, zone)


def _in_utc(time: datetime, zone: tzinfo | None) -> datetime:
    """Return a time without a zone as one in UTC."""
    if zone is not None:
        time = time.replace(tzinfo=zone)
    # Without a zone, this takes it for local time.
    return time.astimezone(timezone.utc)
