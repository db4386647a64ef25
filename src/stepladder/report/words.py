"""Figures in words: numbers, dates, changes, and the sentence at the top of the page.

Nothing here asks the locale: the same figures are the same text on every machine.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from zoneinfo import ZoneInfo

from stepladder.report.figures import Day, Page, oldest_first, week_before

# Narrow and no-break: between thousands, and before a per cent sign.
THIN = "\u202f"
MISSING = "–"
_ROOMY = Context(prec=1000)  # the usual 28 digits make a larger number fail instead of rounding it
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def number(value: Decimal | int | None, places: int = 0) -> str:
    """`value` to so many decimal places, halves away from zero, thousands set apart: 1 204.5."""
    if value is None:
        return MISSING
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _ROOMY)
    return f"{rounded:,f}".replace(",", THIN).replace("-", "−")


def counted(value: int, one: str, many: str) -> str:
    """`1 user`, `2 users`."""
    return f"{number(value)} {one if value == 1 else many}"


def long_date(date: dt.date, *, year: bool = True) -> str:
    """26 November 2026."""
    return f"{date.day} {MONTHS[date.month - 1]}" + (f" {date.year}" if year else "")


def short_date(date: dt.date) -> str:
    """26 Nov."""
    return f"{date.day} {MONTHS[date.month - 1][:3]}"


def weekday_date(date: dt.date, *, year: bool = False) -> str:
    """Thu 26 Nov, or Thu 26 Nov 2026."""
    return f"{WEEKDAYS[date.weekday()]} {short_date(date)}" + (f" {date.year}" if year else "")


@dataclass(frozen=True, slots=True)
class Change:
    """How a figure moved: `direction` is "up", "down" or "level"; `size` is words as "4 %" or "3.1 times"."""

    direction: str
    size: str


def change(now: Decimal | int | None, before: Decimal | int | None) -> Change | None:
    """From `before` to `now`; None where one of them is missing or there is nothing to divide by."""
    if now is None or not before:
        return None
    ratio = Decimal(now) / Decimal(before)
    if ratio >= 2:
        return Change("up", f"{number(ratio, 1)} times")
    percent = (abs(ratio - 1) * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    if not percent:
        return Change("level", "")
    return Change("up" if ratio > 1 else "down", f"{percent}{THIN}%")


def headline(page: Page) -> str:
    """The last day in one sentence, compared with the same weekday of the week before where that is known."""
    last = oldest_first(page.days)[-1]
    year = last.date.year != page.generated_at.astimezone(ZoneInfo(page.timezone)).year
    users, sessions = (
        counted(last.total_users, "user", "users"),
        counted(last.total_sessions, "session", "sessions"),
    )
    return f"{long_date(last.date, year=year)}: {users}, {sessions}{_users_compared(page.days, last)}"


def _users_compared(days: Sequence[Day], last: Day) -> str:
    before = week_before(days, last)
    moved = change(last.total_users, before.total_users) if before is not None else None
    if moved is None:
        return ""
    if moved.direction == "level":
        how = "as many users as"
    elif moved.size.endswith("times"):
        how = f"{moved.size} as many users as"
    else:
        how = f"{moved.size} {'more' if moved.direction == 'up' else 'fewer'} users than"
    return f"; {how} the same weekday a week before"


def span(days: Sequence[Day]) -> str:
    """`14 days, 13 November to 26 November 2026`, and how many days of that span have no figures."""
    ordered = oldest_first(days)
    first, last = ordered[0].date, ordered[-1].date
    if first == last:
        return f"One day, {long_date(last)}"
    missing = (last - first).days + 1 - len(ordered)
    gaps = f"; {counted(missing, 'day', 'days')} between them without figures" if missing else ""
    start = long_date(first, year=first.year != last.year)
    return f"{counted(len(ordered), 'day', 'days')}, {start} to {long_date(last)}{gaps}"


def freshness(page: Page) -> str:
    """A warning where the last day is still running, or where full days have passed since; else empty."""
    today = page.generated_at.astimezone(ZoneInfo(page.timezone)).date()
    last = oldest_first(page.days)[-1].date
    if last >= today:
        return f"{long_date(last)} was not over when this page was made: its figures will still change."
    behind = (today - last).days - 1
    if not behind:
        return ""
    what = "A full day has" if behind == 1 else f"{number(behind)} full days have"
    return f"{what} passed since, without figures: the pipeline may be behind."


def made_at(page: Page) -> str:
    """27 November 2026, 06:05, on the clock of the page's time zone."""
    local = page.generated_at.astimezone(ZoneInfo(page.timezone))
    return f"{long_date(local.date())}, {local:%H:%M}"
