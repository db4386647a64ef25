"""to_date() and to_timestamp(): what was read by a pattern, as a moment (do_to_timestamp in formatting.c)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate

from stepladder.errors import InvalidDatetime, NotPortable
from stepladder.sql.functions.date_patterns import pieces
from stepladder.sql.functions.date_reading import Reading, read
from stepladder.sql.functions.dates import guarded, stored_moment
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.julian_days import days_in, from_julian, iso_week
from stepladder.sql.moments import rounded

_MOST = 2**31
_SECOND = 1_000_000
_YEARS = "years run from 1 to 9999 here"
_WHOLE = frozenset(["year", "month", "day"])


@dataclass
class _Day:
    """A day that is put together; `known` are the parts that were given."""

    year: int = 0
    month: int = 1
    day: int = 1
    known: frozenset[str] = frozenset()

    def set_julian(self, number: int) -> None:
        """The day of that number."""
        self.year, self.month, self.day = from_julian(number)
        self.known |= _WHOLE


def _day(reading: Reading, text: str) -> date:
    """The day. Raises InvalidDatetime, NotPortable for a year outside 1 to 9999."""
    found = _Day()
    _set_year(found, reading, text)
    week = reading.get("WW")
    if reading.get("J"):
        found.set_julian(reading.get("J"))
    if week and reading.week_dates:
        found.set_julian(iso_week(found.year, week) + _weekday(reading.get("D")))
    _set_month_and_day(found, reading, text)
    ordinal = reading.get("DDD")
    if week and not reading.week_dates:
        ordinal = _fitting((week - 1) * 7 + 1, text)
    if ordinal and (found.month <= 1 or found.day <= 1):
        _set_by_ordinal(found, reading, ordinal)
    _check(found, text)
    if not 1 <= found.year <= 9999:
        raise NotPortable(f"the year of {text!r}", why=_YEARS)
    return date(found.year, found.month, found.day)


def _set_year(found: _Day, reading: Reading, text: str) -> None:
    year, century = reading.get("YYYY"), reading.get("CC")
    before_christ = bool(reading.get("BC"))
    century = -century if before_christ else century
    if year and century and reading.year_digits <= 2:
        found.year = _of_century(abs(year) % 100 * (-1 if year < 0 else 1), century)
    elif year:
        found.year = -year if before_christ else year
        found.year += found.year < 0
    elif century:
        found.year = (century - 1) * 100 + 1 if century >= 0 else century * 100 + 1
    if year or century:
        found.known |= {"year"}
    _fitting(found.year, text)


def _of_century(year: int, century: int) -> int:
    """A year of two digits in a century: the 21st runs from 2001 to 2100."""
    if not year:
        return century * 100 + (century < 0)
    return year + (century - 1) * 100 if century >= 0 else (century + 1) * 100 - year + 1


def _set_month_and_day(found: _Day, reading: Reading, text: str) -> None:
    day = reading.get("DD")
    if reading.get("W"):
        day = _fitting((reading.get("W") - 1) * 7 + 1, text)
    if day:
        found.day, found.known = day, found.known | {"day"}
    if reading.get("MM"):
        found.month, found.known = reading.get("MM"), found.known | {"month"}


def _weekday(number: int) -> int:
    """Days from Monday, of a number that counts from Sunday; without one it is Monday."""
    if not number:
        return 0
    return number - 2 if number > 1 else 6


def _set_by_ordinal(found: _Day, reading: Reading, ordinal: int) -> None:
    """The day by its number in the year; a month or a day of the month that was given stays."""
    if not found.year and not reading.get("BC"):
        raise InvalidDatetime("cannot calculate day of year without year information")
    if reading.week_dates:
        found.set_julian(iso_week(found.year, 1) - 1 + ordinal)
        return
    ends = list(accumulate((0, *(days_in(found.year, month) for month in range(1, 13)))))
    at = next((place for place, end in enumerate(ends[1:], 1) if ordinal <= end), 13)
    if found.month <= 1:
        found.month = at
    if found.day <= 1:
        found.day = ordinal - ends[at - 1]
    found.known |= {"month", "day"}


def _check(found: _Day, text: str) -> None:
    """Raise for fields that no calendar has (ValidateDate)."""
    known = found.known
    month_wrong = "month" in known and not 1 <= found.month <= 12
    day_wrong = "day" in known and not 1 <= found.day <= 31
    if month_wrong or day_wrong or (known >= _WHOLE and found.day > days_in(found.year, found.month)):
        raise _out_of_range(text)


def _fitting(number: int, text: str) -> int:
    if not -_MOST <= number < _MOST:
        raise _out_of_range(text)
    return number


def _clock(reading: Reading) -> tuple[int, int, int, int]:
    """Hour, minute, second and microseconds. Raises InvalidDatetime for an hour that no half of a day has."""
    minutes, second = divmod(reading.get("SSSS"), 60)
    hour, minute = divmod(minutes, 60)
    hour, minute = reading.get("HH") or hour, reading.get("MI") or minute
    if reading.twelve and not 1 <= hour <= 12:
        raise InvalidDatetime(f'hour "{hour}" is invalid for the 12-hour clock')
    if reading.twelve:
        hour = hour % 12 + (12 if reading.get("PM") else 0)
    return hour, minute, reading.get("SS") or second, reading.get("MS") * 1000 + reading.get("US")


def _since_midnight(clock: tuple[int, int, int, int], text: str) -> timedelta:
    hour, minute, second, rest = clock
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60 and 0 <= rest < _SECOND):
        raise _out_of_range(text)
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=rest)


def _offset(reading: Reading, text: str) -> timedelta:
    hours, minutes = reading.get("TZH"), reading.get("TZM")
    if reading.zone_sign and not (0 <= hours <= 15 and 0 <= minutes < 60):
        raise InvalidDatetime(f'time zone displacement out of range: "{text}"', sqlstate="22009")
    return reading.zone_sign * timedelta(hours=hours, minutes=minutes)


def _out_of_range(text: str) -> InvalidDatetime:
    return InvalidDatetime(f'date/time field value out of range: "{text}"', sqlstate="22008")


def _parsed(text: str, pattern: str) -> tuple[date, timedelta, int | None]:
    """The day, the time since its midnight in UTC, and how many digits of a second are kept."""
    reading = read(text, pattern)
    clock = _clock(reading)
    day = _day(reading, text)
    return day, _since_midnight(clock, text) - _offset(reading, text), reading.precision


def check_pattern(pattern: str) -> None:
    """Raises NotPortable for a keyword that is not read here."""
    for piece in pieces(pattern):
        if piece.keyword.upper() == "TZ":
            raise NotPortable(
                "the pattern TZ in to_date() and to_timestamp()", instead="write TZH:TZM, for an offset"
            )


@lru_cache(maxsize=4096)
def to_date(text: str, pattern: str) -> str:
    """to_date()."""
    check_pattern(pattern)
    return _parsed(text, pattern)[0].isoformat()


@lru_cache(maxsize=4096)
def to_timestamp(text: str, pattern: str) -> str:
    """to_timestamp(text, text): an instant in UTC."""
    check_pattern(pattern)
    day, since, digits = _parsed(text, pattern)
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - naive moments are in UTC
    return stored_moment(guarded(lambda: rounded(midnight + since, digits), text), zoned=True)


SCALARS: tuple[Scalar, ...] = (
    strict("pg_to_date", 2, to_date),
    strict("pg_to_timestamp", 2, to_timestamp),
)
