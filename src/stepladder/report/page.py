"""The stakeholder's page: yesterday in a sentence, four figures, three charts, and the table behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape

from stepladder.report import charts
from stepladder.report.document import document
from stepladder.report.figures import Day, Page, oldest_first, week_before
from stepladder.report.words import (
    change,
    freshness,
    headline,
    made_at,
    number,
    span,
    weekday_date,
)

_ARROWS = {"up": "▲", "down": "▼"}


@dataclass(frozen=True, slots=True)
class _Figure:
    """One of the tiles: a figure of a day, in a unit, to so many decimal places."""

    name: str
    unit: str
    places: int
    of: Callable[[Day], Decimal | int | None]


_FIGURES = (
    _Figure("Users", "", 0, lambda day: day.total_users),
    _Figure("Sessions", "", 0, lambda day: day.total_sessions),
    _Figure("Average session", "min", 1, lambda day: day.avg_session_duration),
    _Figure("Pages per session", "", 1, lambda day: day.avg_pages_per_session),
)


def stakeholder_page(page: Page) -> str:
    """The page as one HTML file: no network, no script, everything from outside escaped.

    The same `page` gives the same text.
    Raises zoneinfo.ZoneInfoNotFoundError for a time zone that does not exist.
    """
    body = _figures(page) if page.days else _nothing_yet(page)
    title = headline(page) if page.days else "no figures yet"
    return document(
        f"{page.project}: {title}",
        f'<main>\n<p class="project">{escape(page.project)}</p>\n{body}</main>\n{_footer(page)}',
    )


def _nothing_yet(page: Page) -> str:
    return (
        "<h1>No figures yet</h1>\n"
        "<p>No day has been computed on this target. Run the pipeline, then make this page again:</p>\n"
        f"<p><code>stepladder run</code></p>\n<p><code>stepladder report</code></p>\n{_notes(page.notes)}"
    )


def _figures(page: Page) -> str:
    days = oldest_first(page.days)
    warning = freshness(page)
    notice = f'<p class="notice">{escape(warning)}</p>\n' if warning else ""
    return (
        f"<h1>{_clauses(headline(page))}</h1>\n{notice}{_notes(page.notes)}{_tiles(days)}{_counts(days)}"
        f'<div class="cards">\n{_small("Average session, minutes", charts.duration_chart(days))}'
        f"{_small('Average pages per session', charts.pages_chart(days))}</div>\n{_table(days)}"
    )


def _clauses(sentence: str) -> str:
    """Each clause in a span, so that a line breaks between clauses first."""
    return " ".join(f"<span>{escape(clause)}</span>" for clause in sentence.replace("; ", ";\0").split("\0"))


def _notes(notes: Sequence[str]) -> str:
    if not notes:
        return ""
    return '<ul class="notes">\n' + "".join(f"<li>{escape(note)}</li>\n" for note in notes) + "</ul>\n"


def _tiles(days: Sequence[Day]) -> str:
    last = days[-1]
    before = week_before(days, last)
    tiles = "".join(_tile(figure, last, before) for figure in _FIGURES)
    return f'<ul class="tiles">\n{tiles}</ul>\n'


def _tile(figure: _Figure, last: Day, before: Day | None) -> str:
    now = figure.of(last)
    unit = f' <span class="unit">{figure.unit}</span>' if figure.unit and now is not None else ""
    moved = _change(figure, last, before) if before else "no figures a week before"
    return (
        f'<li class="tile"><span class="name">{figure.name}</span> '
        f'<span class="now">{number(now, figure.places)}{unit}</span> '
        f'<span class="change">{moved}</span></li>\n'
    )


def _change(figure: _Figure, last: Day, before: Day) -> str:
    against = f"{weekday_date(before.date)} ({number(figure.of(before), figure.places)})"
    moved = change(figure.of(last), figure.of(before))
    if moved is None:
        return f"against {against}"
    if moved.direction == "level":
        return f"<b>as on</b> {against}"
    arrow = f'<span aria-hidden="true">{_ARROWS[moved.direction]}</span>'
    spoken = f'<span class="aside">{moved.direction}</span>'
    return f"<b>{arrow}{spoken} {moved.size}</b> {'' if moved.size.endswith('times') else 'on '}{against}"


def _counts(days: Sequence[Day]) -> str:
    keys = [("users", "Users"), ("sessions", "Sessions")]
    if any(day.date.weekday() >= 5 for day in days):
        keys.append(("weekend", "Weekend"))
    legend = "".join(f'<span><i class="key {key}"></i>{name}</span>' for key, name in keys)
    lines = "<span>Thick: mean of seven days; thin: each day</span>" if charts.shows_trend(days) else ""
    return (
        '<section class="card">\n<header><h2>Users and sessions per day</h2>\n'
        f'<p class="legend">{lines}{legend}</p></header>\n{charts.counts_chart(days)}\n</section>\n'
    )


def _small(title: str, chart: str) -> str:
    return f'<section class="card">\n<header><h2>{title}</h2></header>\n{chart}\n</section>\n'


def _table(days: Sequence[Day]) -> str:
    year_style = "one-year" if days[0].date.year == days[-1].date.year else "year"
    return (
        f"<table>\n<caption><b>Every day</b> <span>{escape(span(days))}</span></caption>\n<thead><tr>"
        '<th scope="col">Day</th><th scope="col">Users</th><th scope="col">Sessions</th>'
        '<th scope="col">Average session<small>minutes</small></th>'
        '<th scope="col">Pages per session<small>average</small></th></tr></thead>\n<tbody>\n'
        f"{''.join(_row(day, year_style) for day in reversed(days))}</tbody>\n</table>\n"
    )


def _row(day: Day, year_style: str) -> str:
    weekend = ' class="weekend"' if day.date.weekday() >= 5 else ""
    cells = (
        number(day.total_users),
        number(day.total_sessions),
        number(day.avg_session_duration, 2),
        number(day.avg_pages_per_session, 2),
    )
    date = weekday_date(day.date).replace(" ", "&nbsp;")
    time = (
        f'<time datetime="{day.date.isoformat()}">{date}'
        f'<span class="{year_style}"> {day.date.year}</span></time>'
    )
    return f'<tr{weekend}><th scope="row">{time}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>\n'


def _footer(page: Page) -> str:
    facts = (
        ("Data from", page.target),
        ("Days", f"from midnight to midnight, {page.timezone}"),
        ("Made", f"{made_at(page)} ({page.timezone}), by Stepladder {page.version}".rstrip()),
    )
    return (
        "<footer>\n<dl>\n"
        + "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>\n" for name, text in facts)
        + "</dl>\n</footer>\n"
    )
