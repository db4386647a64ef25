"""The grid: where intervals begin and end. A boundary is a local wall-clock start turned into an instant.

A day of New York has 23, 24 or 25 hours; where a midnight does not exist, the day begins when the clock comes
back. Hours are as long as hours are, and begin with the zone's. Weeks begin on Monday. The zones are the IANA database's (zoneinfo).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from stepladder.errors import UsageError

EVERY = ("hour", "day", "week", "month")
# A table that is made whole is one interval, from the first to the last day that both engines can hold.
WHOLE = (dt.datetime(1, 1, 2, tzinfo=dt.UTC), dt.datetime(9999, 12, 30, tzinfo=dt.UTC))

Span = tuple[dt.datetime, dt.datetime]


def boundaries(every: str, zone: str, start: dt.datetime, end: dt.datetime) -> Iterator[Span]:
    """The intervals [from, to) that lie wholly between the boundaries at or after `start` and at or before `end`.

    Instants are in UTC; consecutive intervals touch.
    """
    here = ceiling(start, every, zone)
    while (after := following(here, every, zone)) <= end:
        yield here, after
        here = after


def floor(instant: dt.datetime, every: str, zone: str) -> dt.datetime:
    """The start of the interval that holds `instant`."""
    if every == "hour":
        shift = _hour_shift(zone)
        return (instant.astimezone(dt.UTC) + shift).replace(minute=0, second=0, microsecond=0) - shift
    here = _instant(_first_day(instant.astimezone(ZoneInfo(zone)).date(), every), zone)
    # Where clocks went back over midnight, an instant's local date can be that of an interval that is over.
    while (after := following(here, every, zone)) <= instant:
        here = after
    return here


def ceiling(instant: dt.datetime, every: str, zone: str) -> dt.datetime:
    """The first boundary at or after `instant`."""
    here = floor(instant, every, zone)
    return here if here == instant else following(here, every, zone)


def following(boundary: dt.datetime, every: str, zone: str) -> dt.datetime:
    """The boundary after this one."""
    if every == "hour":
        return boundary + dt.timedelta(hours=1)
    day = local_date(boundary, zone)
    while True:
        day = _next_day(day, every)
        found = _instant(day, zone)
        if found > boundary:  # a date that a zone left out (Samoa, 30 December 2011) begins no interval
            return found


def local_date(instant: dt.datetime, zone: str) -> dt.date:
    """The date of an instant in a zone."""
    return instant.astimezone(ZoneInfo(zone)).date()


def held(instant: dt.datetime, type_: str, zone: str, time_is: str | None = None) -> dt.date:
    """An instant as a column of the type holds it: as a date of the project's zone, or as a timestamp of the zone that
    its values are of (None: UTC)."""
    if type_ == "date":
        return local_date(instant, zone)
    if type_ == "timestamp":
        return instant.astimezone(ZoneInfo(time_is or "UTC")).replace(tzinfo=None)
    return instant


def refuse_empty_span(start: dt.datetime | None, end: dt.datetime | None) -> None:
    """Raise UsageError where a span that was asked for holds no moment: nothing to do would be no answer."""
    if start and end and start >= end:
        raise UsageError(
            f"--start ({start:%Y-%m-%d %H:%M}Z) must be before --end ({end:%Y-%m-%d %H:%M}Z). Nothing was run."
        )


def local_instant(text: str, zone: str) -> dt.datetime:
    """A local date ("2026-03-08") or an ISO instant as an instant in UTC. Raises UsageError."""
    try:
        if len(text) == len("2026-03-08"):
            return _instant(dt.date.fromisoformat(text), zone)
        found = dt.datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{text!r} is no date that can be used. Write YYYY-MM-DD, as in 2026-03-08."
        ) from error


def _hour_shift(zone: str) -> dt.timedelta:
    """How far the zone's full hours are from UTC's: half an hour in India. Zones that move their clocks by less than
    an hour (Lord Howe) keep the hours of their standard time."""
    offset = dt.datetime(2000, 7, 1, tzinfo=ZoneInfo(zone)).utcoffset() or dt.timedelta()
    return offset % dt.timedelta(hours=1)


def _instant(day: dt.date, zone: str) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)


def _first_day(day: dt.date, every: str) -> dt.date:
    if every == "week":
        return day - dt.timedelta(days=day.weekday())
    return day.replace(day=1) if every == "month" else day


def _next_day(day: dt.date, every: str) -> dt.date:
    if every == "month":
        return (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    return day + dt.timedelta(days=7 if every == "week" else 1)
