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


# -- thirty years of every zone, without chance
FIRST, LAST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
USUAL = {
    "day": [dt.timedelta(days=1)],
    "week": [dt.timedelta(days=7)],
    "month": [dt.timedelta(days=n) for n in (28, 29, 30, 31)],
}


def _check_thirty_years(zone: str) -> None:
    """Dates follow each other without a gap but what the zone itself left out; both ends of each interval that is not
    of the usual length belong to the right one."""
    local = ZoneInfo(zone)
    for every, usual in USUAL.items():
        spans = list(boundaries(every, zone, FIRST, LAST))
        assert all(until == since for (_, until), (since, _) in pairwise(spans)), zone
        days = [start.astimezone(local).date() for start, _ in spans]
        assert days == sorted(set(days)), zone
        for number, ((start, end), day) in enumerate(zip(spans, days, strict=True)):
            if end - start in usual and number % 100:
                continue
            assert dt.timedelta() < end - start <= usual[-1] + dt.timedelta(hours=25), (zone, day)
            assert floor(start, every, zone) == start, (zone, day)
            assert floor(end - dt.timedelta(microseconds=1), every, zone) == start, (zone, day)
            assert floor(end, every, zone) == end, (zone, day)
            # A microsecond before it the calendar showed an earlier day: nothing begins late.
            before = (start - dt.timedelta(microseconds=1)).astimezone(local).date()
            assert before < day or (start - dt.timedelta(hours=3)).astimezone(local).date() < day, (zone, day)
        if every == "day":
            gaps = [right - left for left, right in pairwise(days) if right - left != dt.timedelta(days=1)]
            assert len(gaps) <= 1, zone  # an island that crossed the date line


@pytest.mark.parametrize("zone", ZONES[::20])
def test_thirty_years_of_a_zone_are_contiguous(zone: str) -> None:
    _check_thirty_years(zone)


@pytest.mark.long
@pytest.mark.parametrize("part", range(20))
def test_thirty_years_of_every_zone_are_contiguous(part: int) -> None:
    for zone in ZONES[part::20]:
        _check_thirty_years(zone)


@pytest.mark.parametrize(
    "zone", ["UTC", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
)
def test_hours_are_hours_whatever_the_clock_shows(zone: str) -> None:
    spans = list(boundaries("hour", zone, FIRST, FIRST + dt.timedelta(days=400)))
    assert all(end - start == dt.timedelta(hours=1) for start, end in spans)
    assert all(until == since for (_, until), (since, _) in pairwise(spans))
    assert {start.astimezone(ZoneInfo(zone)).minute for start, _ in spans} <= {0, 30}
