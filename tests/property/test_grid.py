"""The grid of every zone is contiguous, half-open and cut at local midnights."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepladder.pipelines.grid import EVERY, boundaries, ceiling, floor, following, local_instant

ZONES = sorted(available_timezones() - {"Factory", "localtime"})
instants = st.integers(0, 45 * 365 * 86_400).map(
    lambda seconds: dt.datetime(1990, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
)


@settings(max_examples=400, deadline=None)
@given(instant=instants, zone=st.sampled_from(ZONES), every=st.sampled_from(EVERY))
def test_an_instant_is_in_exactly_one_interval(instant: dt.datetime, zone: str, every: str) -> None:
    start = floor(instant, every, zone)
    end = following(start, every, zone)
    assert start <= instant < end
    assert floor(start, every, zone) == start == ceiling(start, every, zone)
    assert floor(end - dt.timedelta(microseconds=1), every, zone) == start


@settings(max_examples=200, deadline=None)
@given(start=instants, days=st.integers(0, 40), zone=st.sampled_from(ZONES), every=st.sampled_from(EVERY))
def test_intervals_touch_and_lie_inside_the_span(
    start: dt.datetime, days: int, zone: str, every: str
) -> None:
    end = start + dt.timedelta(days=days)
    spans = list(boundaries(every, zone, start, end))
    for (_, until), (since, _) in pairwise(spans):
        assert until == since
    if spans:
        assert start <= spans[0][0]
        assert spans[-1][1] <= end < following(spans[-1][1], every, zone)


@settings(max_examples=200, deadline=None)
@given(day=st.dates(dt.date(1995, 1, 1), dt.date(2034, 1, 1)), zone=st.sampled_from(ZONES))
def test_a_day_begins_at_its_local_midnight(day: dt.date, zone: str) -> None:
    start = local_instant(day.isoformat(), zone)
    local = start.astimezone(ZoneInfo(zone))
    # Where midnight does not exist, the clock shows a later time at the same instant.
    assert local.date() in (day, day + dt.timedelta(days=1))
    assert local.replace(tzinfo=None) >= dt.datetime.combine(day, dt.time())


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        ("2026-03-08", "America/New_York", 23),
        ("2026-11-01", "America/New_York", 25),
        ("2026-03-09", "America/New_York", 24),
        ("2026-09-06", "America/Santiago", 23),
        ("2026-04-05", "Australia/Lord_Howe", 24.5),
    ],
)
def test_days_that_are_not_24_hours_long(day: str, zone: str, hours: float) -> None:
    start = local_instant(day, zone)
    assert following(start, "day", zone) - start == dt.timedelta(hours=hours)


def test_a_date_that_a_zone_left_out_begins_no_interval() -> None:
    start = local_instant("2011-12-29", "Pacific/Apia")
    days = [
        since.astimezone(ZoneInfo("Pacific/Apia")).day
        for since, _ in boundaries("day", "Pacific/Apia", start, start + dt.timedelta(days=4))
    ]
    assert days == [29, 31, 1, 2]
