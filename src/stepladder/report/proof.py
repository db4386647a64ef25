"""The page of a proof: a sentence, the models, and the first rows that differ."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from stepladder.report.document import document


@dataclass(frozen=True, slots=True)
class ProofRow:
    """One difference, its values as text."""

    place: str
    column: str
    sqlite: str
    postgres: str
    cause: str
    why: str


@dataclass(frozen=True, slots=True)
class ProofModel:
    """What came of a model. `good`: it agrees, and had rows."""

    name: str
    good: bool
    verdict: str
    intervals: int
    sqlite_rows: int
    postgres_rows: int
    compared: str
    differences: int
    rows: tuple[ProofRow, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProofPage:
    """All that the page shows. `facts` are shown as they are given: redact them first."""

    project: str
    equal: bool
    engines: tuple[str, str]
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    inputs: tuple[tuple[str, int, str], ...]
    models: tuple[ProofModel, ...]


def proof_page(page: ProofPage) -> str:
    """The page as one HTML file: no network, no script, everything from outside escaped."""
    title = _headline(page)
    notices = "".join(f'<p class="notice">{escape(note)}</p>\n' for note in page.notes)
    body = (
        f"<h1>{escape(title)}</h1>\n{notices}{_models(page)}"
        f"{''.join(_differences(model) for model in page.models if model.rows or model.notes)}{_inputs(page)}"
    )
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>\n" for name, text in page.facts)
    return document(
        f"{page.project}: {title}",
        f'<main class="proof">\n<p class="project">{escape(page.project)}</p>\n{body}</main>\n'
        f"<footer>\n<dl>\n{facts}</dl>\n</footer>\n",
    )


def _headline(page: ProofPage) -> str:
    sides = " and ".join(page.engines)
    good = sum(model.good for model in page.models)
    if page.equal and good == len(page.models):
        rows = sum(model.sqlite_rows for model in page.models)
        return f"{sides} agree on all {rows:,} rows of {len(page.models)} {_plural(len(page.models))}"
    if page.equal:
        return f"{sides} agree; {len(page.models) - good} of {len(page.models)} {_plural(len(page.models))} had no rows"
    return (
        f"{sides} do not agree on {len(page.models) - good} of {len(page.models)} {_plural(len(page.models))}"
    )


def _plural(number: int) -> str:
    return "model" if number == 1 else "models"


def _models(page: ProofPage) -> str:
    rows = "".join(map(_row, page.models))
    return (
        '<table>\n<caption><b>Models</b></caption>\n<thead><tr><th scope="col">Model</th><th scope="col" class="words">Result</th>'
        '<th scope="col">Intervals</th><th scope="col">Rows<small>SQLite</small></th><th scope="col">Rows<small>PostgreSQL</small></th>'
        f'<th scope="col">Differences</th><th scope="col" class="words">Compared</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n'
    )


def _row(model: ProofModel) -> str:
    look, sign = ("good", "✓") if model.good else ("bad", "✗")
    return (
        f'<tr><th scope="row"><code>{escape(model.name)}</code></th>'
        f'<td class="words"><b class="verdict {look}">{sign} {escape(model.verdict)}</b></td>'
        f"<td>{model.intervals:,}</td><td>{model.sqlite_rows:,}</td><td>{model.postgres_rows:,}</td>"
        f'<td>{model.differences:,}</td><td class="words">{escape(model.compared)}</td></tr>\n'
    )


def _differences(model: ProofModel) -> str:
    notes = "".join(f"<li>{escape(note)}</li>\n" for note in model.notes)
    listed = f'<ul class="notes">\n{notes}</ul>\n' if notes else ""
    if not model.rows:
        return f"<h2><code>{escape(model.name)}</code></h2>\n{listed}"
    rows = "".join(
        f'<tr><th scope="row">{escape(row.place)}</th><td class="words">{escape(row.column)}</td>'
        f'<td class="words"><code>{escape(row.sqlite)}</code></td><td class="words"><code>{escape(row.postgres)}</code></td>'
        f'<td class="words"><b>{escape(row.cause)}</b><small>{escape(row.why)}</small></td></tr>\n'
        for row in model.rows
    )
    told = (
        f"the first {len(model.rows)} of {model.differences:,}"
        if model.differences > len(model.rows)
        else "all of them"
    )
    return (
        f"<table>\n<caption><b>Differences of {escape(model.name)}</b> <span>{told}</span></caption>\n<thead><tr>"
        '<th scope="col">Key</th><th scope="col" class="words">Column</th><th scope="col" class="words">SQLite</th>'
        '<th scope="col" class="words">PostgreSQL</th><th scope="col" class="words">Why</th></tr></thead>\n'
        f"<tbody>\n{rows}</tbody>\n</table>\n{listed}"
    )


def _inputs(page: ProofPage) -> str:
    rows = "".join(
        f'<tr><th scope="row"><code>{escape(table)}</code></th><td>{count:,}</td><td class="words">{escape(read)}</td></tr>\n'
        for table, count, read in page.inputs
    )
    return (
        '<table>\n<caption><b>The same input for both</b></caption>\n<thead><tr><th scope="col">Table</th><th scope="col">Rows</th>'
        f'<th scope="col" class="words">Which</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n'
    )
