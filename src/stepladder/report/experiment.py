"""The page of an experiment: the verdict in words, each effect as a picture, the gates, and what could still be."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from stepladder.report.document import document
from stepladder.report.effect_chart import Effect, effect_chart

_SIGNS = {"ok": "✓", "warn": "!", "fail": "✗", "unknown": "?"}
_SAID = {"ok": "fine", "warn": "look at it", "fail": "not met", "unknown": "not known"}


@dataclass(frozen=True, slots=True)
class ArmRow:
    """One arm in a metric's table, its figures as text."""

    arm: str
    users: int
    value: str
    change: str
    interval: str
    p: str
    said: str


@dataclass(frozen=True, slots=True)
class MetricCard:
    """A metric: what it is in words, its arms, its effects as they are drawn, what stands below them."""

    name: str
    about: str
    heading: str
    rows: tuple[ArmRow, ...]
    effects: tuple[Effect, ...]
    level: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GateRow:
    """A gate: `state` is "ok", "warn", "fail" or "unknown"."""

    name: str
    state: str
    says: str


@dataclass(frozen=True, slots=True)
class SliceRow:
    """One part of the users (a value of a dimension) for a metric that decides, its figures as text."""

    part: str
    arm: str
    users: int
    change: str
    interval: str


@dataclass(frozen=True, slots=True)
class ExperimentPage:
    """All that the page shows. `verdict` are sentences, the first the headline; `facts` are shown as they are: redact
    them first."""

    project: str
    name: str
    description: str
    verdict: tuple[str, ...]
    arms: tuple[tuple[str, int, str], ...]
    gates: tuple[GateRow, ...]
    metrics: tuple[MetricCard, ...]
    slices: tuple[SliceRow, ...]
    notes: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]


def experiment_page(page: ExperimentPage) -> str:
    """The page as one HTML file: no network, no script, everything from outside escaped."""
    about = f"<p>{escape(page.description)}</p>\n" if page.description else ""
    more = "".join(f"<p>{escape(sentence)}</p>\n" for sentence in page.verdict[1:])
    body = (
        f"<h1>{escape(page.verdict[0])}</h1>\n{more}{about}{_warnings(page)}{_tiles(page)}"
        f"{''.join(map(_metric, page.metrics))}{_slices(page)}{_gates(page)}{_notes(page.notes)}"
    )
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>\n" for name, text in page.facts)
    return document(
        f"{page.name}: {page.verdict[0]}",
        f'<main class="experiment">\n<p class="project">{escape(page.project)} · {escape(page.name)}</p>\n{body}</main>\n'
        f"<footer>\n<dl>\n{facts}</dl>\n</footer>\n",
    )


def _warnings(page: ExperimentPage) -> str:
    """Gates that are not simply open stand above the figures."""
    return "".join(
        f'<p class="notice">{escape(gate.says)}</p>\n'
        for gate in page.gates
        if gate.state in ("warn", "unknown")
    )


def _tiles(page: ExperimentPage) -> str:
    tiles = "".join(
        f'<li class="tile"><span class="name">{escape(name)}</span> <span class="now">{users:,}</span> '
        f'<span class="change">users · {escape(share)}</span></li>\n'
        for name, users, share in page.arms
    )
    return f'<ul class="tiles">\n{tiles}</ul>\n'


def _metric(metric: MetricCard) -> str:
    rows = "".join(map(_arm, metric.rows))
    notes = _notes(metric.notes)
    return (
        f'<section class="card effect">\n<header><h2>{escape(metric.name)}</h2><p class="legend">{escape(metric.about)}</p></header>\n'
        f"{effect_chart(metric.effects, metric.name, metric.level) if metric.effects else ''}\n"
        f'<table>\n<thead><tr><th scope="col">Arm</th><th scope="col">Users</th><th scope="col">{escape(metric.heading)}</th>'
        '<th scope="col">Change</th><th scope="col" class="wide">Interval</th><th scope="col" class="wide">p</th>'
        f'<th scope="col" class="words"></th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n{notes}</section>\n'
    )


def _arm(row: ArmRow) -> str:
    look = {"significant": "good", "worse": "bad", "significantly worse": "bad"}.get(row.said, "")
    return (
        f'<tr><th scope="row">{escape(row.arm)}</th><td>{row.users:,}</td><td>{escape(row.value)}</td><td>{escape(row.change)}</td>'
        f'<td class="wide">{escape(row.interval)}</td><td class="wide">{escape(row.p)}</td>'
        f'<td class="words"><b class="said {look}">{escape(row.said)}</b></td></tr>\n'
    )


def _slices(page: ExperimentPage) -> str:
    if not page.slices:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escape(row.part)}</th><td class="words">{escape(row.arm)}</td>'
        f"<td>{row.users:,}</td><td>{escape(row.change)}</td><td>{escape(row.interval)}</td></tr>\n"
        for row in page.slices
    )
    return (
        "<table>\n<caption><b>Parts of the users</b> <span>they only describe: of many parts, some differ by chance</span></caption>\n"
        '<thead><tr><th scope="col">Part</th><th scope="col" class="words">Arm</th><th scope="col">Users</th>'
        f'<th scope="col">Change</th><th scope="col">Interval</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n'
    )


def _gates(page: ExperimentPage) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(gate.name)}</th><td class="words"><b class="verdict {"good" if gate.state == "ok" else "bad"}">'
        f'{_SIGNS[gate.state]} {_SAID[gate.state]}</b></td><td class="words">{escape(gate.says)}</td></tr>\n'
        for gate in page.gates
    )
    return (
        "<table>\n<caption><b>Gates</b> <span>what must hold before an effect may be read</span></caption>\n<thead><tr>"
        '<th scope="col">Gate</th><th scope="col" class="words">State</th><th scope="col" class="words">What was seen</th></tr></thead>\n'
        f"<tbody>\n{rows}</tbody>\n</table>\n"
    )


def _notes(notes: tuple[str, ...]) -> str:
    if not notes:
        return ""
    return '<ul class="notes">\n' + "".join(f"<li>{escape(note)}</li>\n" for note in notes) + "</ul>\n"
