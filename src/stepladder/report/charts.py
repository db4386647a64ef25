"""Charts as inline SVG: days across, figures up, weekends shaded. No script, no font, no file beside it.

Up to six weeks, counts are bars and averages are dots on a line; above that the daily figures are thin lines
under the mean of seven days, since a year of weekly ups and downs hides where things go.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape

from stepladder.report.axes import (
    ONE_DAY,
    DayAxis,
    ValueAxis,
    day_labels,
    tick_text,
    value_axis,
)
from stepladder.report.figures import Day, oldest_first
from stepladder.report.words import counted, number, span, weekday_date

Values = Mapping[dt.date, Decimal | None]

_FEW_DAYS = 42
_LABELLED_BARS = 7
_TOP, _BOTTOM = 16, 26  # pixels above the plot for a bar's figure, below it for the days


@dataclass(frozen=True, slots=True)
class _Frame:
    """The plot that all marks of one chart share."""

    across: DayAxis
    up: ValueAxis
    room: int  # labels of days that fit beside each other


def shows_trend(days: Sequence[Day]) -> bool:
    """Whether the charts of these days are thin daily lines under the mean of seven days."""
    return bool(days) and (max(day.date for day in days) - min(day.date for day in days)).days >= _FEW_DAYS


def counts_chart(days: Sequence[Day]) -> str:
    """Users and sessions per day. `days` must not be empty."""
    days = oldest_first(days)
    sessions: Values = {day.date: Decimal(day.total_sessions) for day in days}
    users: Values = {day.date: Decimal(day.total_users) for day in days}
    largest = max(*(day.total_sessions for day in days), *(day.total_users for day in days), 0)
    frame = _Frame(_across(days), value_axis(largest, height=240, smallest_step=Decimal(1)), room=14)
    if shows_trend(days):
        marks = [_trend(frame, sessions, "sessions"), _trend(frame, users, "users")]
    else:
        marks = [_bars(frame, sessions, "sessions", 0.72), _bars(frame, users, "users", 0.4)]
    return _svg(frame, days, "counts", "Users and sessions per day", _counts_said, "".join(marks))


def duration_chart(days: Sequence[Day]) -> str:
    """The average session's minutes per day. `days` must not be empty."""
    return _average_chart(
        days, "duration", "Average session in minutes", lambda day: day.avg_session_duration
    )


def pages_chart(days: Sequence[Day]) -> str:
    """Pages per session per day. `days` must not be empty."""
    return _average_chart(days, "pages", "Average pages per session", lambda day: day.avg_pages_per_session)


def _average_chart(
    days: Sequence[Day], name: str, title: str, figure: Callable[[Day], Decimal | None]
) -> str:
    days = oldest_first(days)
    values: Values = {day.date: figure(day) for day in days}
    largest = max((value for value in values.values() if value is not None), default=Decimal(0))
    frame = _Frame(_across(days), value_axis(largest, height=140, smallest_step=Decimal("0.1")), room=5)
    if shows_trend(days):
        marks = _trend(frame, values, name, weights={day.date: day.total_sessions for day in days})
    else:
        marks = _lines(frame, values, f"line {name}") + _dots(frame, values, name)

    def said(day: Day) -> str:
        return number(figure(day), 2) if figure(day) is not None else "no sessions"

    return _svg(frame, days, name, title, said, marks)


def _across(days: Sequence[Day]) -> DayAxis:
    return DayAxis(days[0].date, days[-1].date)


def _counts_said(day: Day) -> str:
    return (
        f"{counted(day.total_sessions, 'session', 'sessions')}, {counted(day.total_users, 'user', 'users')}"
    )


def _svg(
    frame: _Frame, days: Sequence[Day], name: str, title: str, said: Callable[[Day], str], marks: str
) -> str:
    newest = f"{weekday_date(days[-1].date)}, {said(days[-1])}"
    description = f"{span(days)}. The newest: {newest}. All figures are in the table."
    height = _TOP + frame.up.height + _BOTTOM
    return (
        f'<svg class="chart" role="img" aria-labelledby="{name}-title {name}-text" height="{height}">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-text">{escape(description)}</desc>'
        f'<g transform="translate(0 {_TOP})">'
        f"{_background(frame)}{marks}{_day_labels(frame)}{_touch(frame, days, said)}</g></svg>"
    )


def _background(frame: _Frame) -> str:
    height = frame.up.height
    parts = [
        f'<rect class="weekend" x="{left:.3f}%" y="0" width="{width:.3f}%" height="{height}"/>'
        for left, width in frame.across.weekends()
    ]
    for tick in frame.up.ticks:
        y = frame.up.down(tick)
        kind = "grid" if tick else "base"
        parts.append(f'<line class="{kind}" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="value" x="-8" y="{y + 4:.1f}">{tick_text(tick)}</text>')
    return "".join(parts)


def _day_labels(frame: _Frame) -> str:
    y = frame.up.height + 19
    parts = []
    for label in day_labels(frame.across, frame.room):
        style = "day" if label.narrow else "day wide"
        x = frame.across.centre(label.date)
        parts.append(f'<text class="{style}" x="{x:.3f}%" y="{y}">{label.text}</text>')
    return "".join(parts)


def _touch(frame: _Frame, days: Sequence[Day], said: Callable[[Day], str]) -> str:
    """An invisible column for each day that says its figures under the pointer."""
    size = f'y="0" width="{frame.across.slot:.3f}%" height="{frame.up.height}"'
    return "".join(
        f'<rect class="touch" x="{frame.across.left(day.date):.3f}%" {size}>'
        f"<title>{escape(weekday_date(day.date, year=True))}: {escape(said(day))}</title></rect>"
        for day in days
    )


def _bars(frame: _Frame, values: Values, name: str, share: float) -> str:
    """A bar for each day, `share` of its slot wide; of few days no wider than on a chart of six."""
    width = share * min(frame.across.slot, 100 / 6)
    parts = []
    for date, value in values.items():
        if value is None:
            continue
        centre, y = frame.across.centre(date), frame.up.down(value)
        height = frame.up.height - y
        place = f'x="{centre - width / 2:.3f}%" y="{y:.1f}" width="{width:.3f}%" height="{height:.1f}"'
        parts.append(f'<rect class="bar {name}" {place}/>')
        if frame.across.slots <= _LABELLED_BARS:
            parts.append(_bar_figure(name, centre, y, height, number(value)))
    return "".join(parts)


def _bar_figure(name: str, centre: float, y: float, height: float, text: str) -> str:
    """Above the bar of sessions, within the bar of users where it is tall enough."""
    if name == "sessions":
        return f'<text class="figure wide" x="{centre:.3f}%" y="{y - 5:.1f}">{text}</text>'
    if height < 24:
        return ""
    return f'<text class="figure within wide" x="{centre:.3f}%" y="{y + 17:.1f}">{text}</text>'


def _dots(frame: _Frame, values: Values, name: str) -> str:
    across, up = frame.across, frame.up
    return "".join(
        f'<circle class="dot {name}" cx="{across.centre(date):.3f}%" cy="{up.down(value):.1f}" r="3.5"/>'
        for date, value in values.items()
        if value is not None
    )


def _trend(frame: _Frame, values: Values, name: str, weights: Mapping[dt.date, int] | None = None) -> str:
    return _lines(frame, values, f"daily {name}") + _lines(
        frame, seven_day_mean(values, weights), f"line {name}"
    )


def _lines(frame: _Frame, values: Values, style: str) -> str:
    """One path, broken where a day has no figure. The viewport stretches it, but not its thickness."""
    height = frame.up.height
    path = "".join(
        "M"
        + "L".join(f"{frame.across.centre(date):.3f} {frame.up.down(value):.1f}" for date, value in stretch)
        + "h0"
        for stretch in _unbroken(frame.across, values)
    )
    return (
        f'<svg viewBox="0 0 100 {height}" width="100%" height="{height}" preserveAspectRatio="none">'
        f'<path class="{style}" vector-effect="non-scaling-stroke" d="{path}"/></svg>'
    )


def _unbroken(axis: DayAxis, values: Values) -> Iterator[list[tuple[dt.date, Decimal]]]:
    stretch: list[tuple[dt.date, Decimal]] = []
    for date in axis.dates():
        value = values.get(date)
        if value is not None:
            stretch.append((date, value))
        elif stretch:
            yield stretch
            stretch = []
    if stretch:
        yield stretch


def seven_day_mean(
    values: Values, weights: Mapping[dt.date, int] | None = None
) -> dict[dt.date, Decimal | None]:
    """For each day from the seventh on, the mean of the week that ends with it.

    `weights` (of averages: the sessions behind each) makes it the average over the whole week. A day without
    a figure counts for nothing; a week without any has none.
    """
    first = min(values)
    means: dict[dt.date, Decimal | None] = {}
    for date in values:
        if date < first + 6 * ONE_DAY:
            continue
        week = [date - back * ONE_DAY for back in range(7)]
        known = [
            (value, weights[day] if weights else 1) for day in week if (value := values.get(day)) is not None
        ]
        total = sum(weight for _, weight in known)
        means[date] = sum((value * weight for value, weight in known), Decimal(0)) / total if total else None
    return means
