"""The figures that a page shows: days, and what is known about where they come from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

WEEK = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the product, cut in the page's time zone.

    `avg_session_duration` is in minutes, `avg_pages_per_session` in page views; None: no session that day.
    """

    date: dt.date
    total_users: int
    total_sessions: int
    avg_session_duration: Decimal | None
    avg_pages_per_session: Decimal | None


@dataclass(frozen=True, slots=True)
class Page:
    """All that the stakeholder's page shows.

    `target` is shown as it is given: redact it first. `timezone` is an IANA name, as "Europe/Berlin".
    `generated_at` must be aware. `days` may come in any order and with gaps, but each date once.
    `version` is Stepladder's own.
    Raises ValueError for a naive `generated_at` and for a date that is there twice.
    """

    project: str
    target: str
    timezone: str
    generated_at: dt.datetime
    days: tuple[Day, ...]
    notes: tuple[str, ...] = ()
    version: str = ""

    def __post_init__(self) -> None:
        if self.generated_at.tzinfo is None:
            raise ValueError("generated_at has no time zone: no page was made. Pass an aware datetime.")
        dates = [day.date for day in self.days]
        twice = (
            sorted({date.isoformat() for date in dates if dates.count(date) > 1})
            if len(set(dates)) < len(dates)
            else []
        )
        if twice:
            raise ValueError(
                f"more than one row for {', '.join(twice)}: no page was made. Give each date once."
            )


def oldest_first(days: Sequence[Day]) -> tuple[Day, ...]:
    """The days in the order of the calendar."""
    return tuple(sorted(days, key=lambda day: day.date))


def week_before(days: Sequence[Day], day: Day) -> Day | None:
    """The same weekday of the week before `day`, where there are figures for it."""
    return next((other for other in days if other.date == day.date - WEEK), None)
