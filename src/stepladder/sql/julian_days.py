"""Julian days of the Gregorian calendar in any year, the years before Christ counted 0, -1, … (date2j and j2date in datetime.c)."""

from __future__ import annotations

_YEARS = 400  # after so many the calendar repeats itself
_DAYS = 146_097
BEFORE_FIRST = 1_721_425  # the Julian day before 0001-01-01


def days_in(year: int, month: int) -> int:
    """How many days a month has."""
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and leap else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def julian(year: int, month: int, day: int) -> int:
    """The Julian day."""
    rounds, within = divmod(year - 1, _YEARS)
    before = within * 365 + within // 4 - within // 100
    return BEFORE_FIRST + rounds * _DAYS + before + sum(days_in(year, each) for each in range(1, month)) + day


def from_julian(number: int) -> tuple[int, int, int]:
    """Year, month and day."""
    rounds, within = divmod(number - BEFORE_FIRST - 1, _DAYS)
    year = within // 366 + 1
    while year < _YEARS and julian(year + 1, 1, 1) - BEFORE_FIRST - 1 <= within:
        year += 1
    left = within - (julian(year, 1, 1) - BEFORE_FIRST - 1)
    month = 1
    while left >= days_in(year, month):
        left -= days_in(year, month)
        month += 1
    return rounds * _YEARS + year, month, left + 1


def iso_week(year: int, week: int) -> int:
    """The Julian day of the Monday of a week of ISO 8601."""
    fourth = julian(year, 1, 4)
    return (week - 1) * 7 + fourth - fourth % 7
