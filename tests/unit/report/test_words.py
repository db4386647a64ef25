"""Numbers, changes and the headline."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepladder.report import Day, Page
from stepladder.report.words import (
    THIN,
    Change,
    change,
    freshness,
    headline,
    made_at,
    number,
    span,
)

LAST = dt.date(2026, 11, 26)


def day(date: dt.date, users: int = 1204, sessions: int = 1530) -> Day:
    return Day(date, users, sessions, Decimal("4.2"), Decimal("5.1"))


def page(*days: Day, **other: Any) -> Page:
    made: dict[str, Any] = {
        "timezone": "Europe/Berlin",
        "generated_at": dt.datetime(2026, 11, 27, 5, 5, tzinfo=dt.UTC),
    } | other
    return Page(project="shop", target="sqlite:///shop.db", days=days, **made)


def plain(text: str) -> str:
    return text.replace(THIN, " ")


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (0, 0, "0"),
        (999, 0, "999"),
        (1204, 0, "1 204"),
        (12345678, 0, "12 345 678"),
        (Decimal("1204.25"), 1, "1 204.3"),
        (Decimal("0.05"), 1, "0.1"),
        (Decimal("4"), 2, "4.00"),
        (Decimal("1E+3"), 0, "1 000"),
        (-1204, 0, "−1 204"),
        (None, 2, "–"),
    ],
)
def test_numbers(value: Decimal | int | None, places: int, text: str) -> None:
    assert plain(number(value, places)) == text


@given(st.integers(-(10**100), 10**100))
def test_a_number_keeps_its_digits(value: int) -> None:
    assert int(number(value).replace(THIN, "").replace("−", "-")) == value


@pytest.mark.parametrize(
    ("now", "before", "found"),
    [
        (104, 100, Change("up", "4 %")),
        (96, 100, Change("down", "4 %")),
        (1000, 1001, Change("level", "")),
        (0, 100, Change("down", "100 %")),
        (310, 100, Change("up", "3.1 times")),
        (Decimal("5.5"), Decimal("5.0"), Change("up", "10 %")),
        (5, 0, None),
        (5, None, None),
        (None, 5, None),
    ],
)
def test_changes(now: Any, before: Any, found: Change | None) -> None:
    moved = change(now, before)
    assert (moved and Change(moved.direction, plain(moved.size))) == found


@pytest.mark.parametrize(
    ("users_before", "compared"),
    [
        (1158, "; 4 % more users than the same weekday a week before"),
        (1300, "; 7 % fewer users than the same weekday a week before"),
        (1204, "; as many users as the same weekday a week before"),
        (400, "; 3.0 times as many users as the same weekday a week before"),
        (0, ""),
    ],
)
def test_the_headline_compares_with_the_same_weekday(users_before: int, compared: str) -> None:
    before = day(LAST - dt.timedelta(days=7), users_before)
    assert plain(headline(page(day(LAST), before))) == f"26 November: 1 204 users, 1 530 sessions{compared}"


def test_without_that_weekday_the_headline_compares_nothing() -> None:
    found = headline(page(day(LAST, 1, 1), day(LAST - dt.timedelta(days=6))))
    assert found == "26 November: 1 user, 1 session"


def test_a_day_of_another_year_says_so() -> None:
    old = page(day(dt.date(2025, 12, 31)))
    assert headline(old).startswith("31 December 2025: ")


def test_the_year_is_that_of_the_page_s_own_clock() -> None:
    made = dt.datetime(2026, 12, 31, 23, 30, tzinfo=dt.UTC)
    last = day(dt.date(2026, 12, 31))
    assert headline(page(last, generated_at=made)).startswith("31 December 2026: ")
    assert headline(page(last, generated_at=made, timezone="UTC")).startswith("31 December: ")


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (dt.datetime(2026, 11, 26, 20, tzinfo=dt.UTC), "was not over when this page was made"),
        (dt.datetime(2026, 11, 26, 23, 30, tzinfo=dt.UTC), ""),
        (dt.datetime(2026, 11, 27, 5, tzinfo=dt.UTC), ""),
        (dt.datetime(2026, 11, 28, 5, tzinfo=dt.UTC), "A full day has passed"),
        (dt.datetime(2026, 11, 30, 5, tzinfo=dt.UTC), "3 full days have passed"),
    ],
)
def test_figures_that_are_unfinished_or_old(made: dt.datetime, words: str) -> None:
    found = freshness(page(day(LAST), generated_at=made))
    assert words in found
    assert bool(found) == bool(words)


def test_the_span_counts_missing_days() -> None:
    assert span([day(LAST)]) == "One day, 26 November 2026"
    assert span([day(LAST), day(dt.date(2026, 11, 24))]) == (
        "2 days, 24 November to 26 November 2026; 1 day between them without figures"
    )
    assert (
        span([day(dt.date(2026, 1, 1)), day(dt.date(2025, 12, 31))])
        == "2 days, 31 December 2025 to 1 January 2026"
    )


def test_the_time_it_was_made_is_on_the_page_s_clock() -> None:
    assert made_at(page()) == "27 November 2026, 06:05"
    assert made_at(page(timezone="America/New_York")) == "27 November 2026, 00:05"


def test_a_page_refuses_a_naive_clock_and_doubled_days() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        page(generated_at=dt.datetime(2026, 11, 27))  # noqa: DTZ001
    with pytest.raises(ValueError, match="more than one row for 2026-11-26"):
        page(day(LAST), day(LAST))
