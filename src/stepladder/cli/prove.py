"""`stepladder prove [MODEL…] --to TARGET`."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Mapping

from rich.console import Console
from rich.status import Status
from rich.text import Text

from stepladder.cli.output import count, print_json, prose
from stepladder.cli.proof_page import write_proof
from stepladder.cli.session import open_target
from stepladder.cli.span import check_dates, moment, selection
from stepladder.compare.comparison import shown
from stepladder.config import require_project, resolve_target
from stepladder.errors import UsageError
from stepladder.pipelines import refuse_empty_span
from stepladder.prove import Finding, Input, ModelProof, Proof, Watcher, prove

_SIGNS = {
    "equal": ("✓", "green"),
    "empty": ("·", "yellow"),
    "different": ("✗", "red"),
    "refused": ("✗", "red"),
    "failed": ("✗", "red"),
    "not run": ("–", "yellow"),
}
_CODES = {"different": 1, "refused": 1, "failed": 4}
_STEPS = 20  # intervals between two looks at the line that moves


def command(arguments: argparse.Namespace) -> int:
    project = require_project()
    check_dates(arguments, project)
    _refuse_sqlite(resolve_target(arguments.to, project).is_sqlite, arguments.to)
    start, end, now = (moment(text, project) for text in (arguments.start, arguments.end, arguments.now))
    refuse_empty_span(start, end)
    say = prose()
    with (
        open_target(arguments.origin, read_only=True, must_exist=True) as origin,
        open_target(arguments.to) as target,
        Status("reading", console=say) as status,
    ):
        proof = prove(
            origin,
            target,
            project,
            names=selection(arguments),
            asked=(start, end),
            now=now,
            sample=arguments.sample,
            watcher=_Told(say, status),
        )
    page = write_proof(proof, project, dt.datetime.now(dt.UTC))
    for note in proof.notes:
        say.print(Text(f"  ! {note}", style="yellow"))
    say.print(_summary(proof), markup=False)
    say.print(f"the page: {page}", style="dim", markup=False)
    if arguments.json:
        print_json(as_json(proof) | {"report": str(page)})
    return max((_CODES.get(model.state, 0) for model in proof.models), default=0)


def _refuse_sqlite(sqlite: bool, name: str) -> None:  # noqa: FBT001 - one fact, one name
    """Before anything is opened, which would make a file."""
    if sqlite:
        raise UsageError(
            f"--to {name} is SQLite: SQLite beside SQLite proves nothing. Name a PostgreSQL target, or "
            "postgresql+embedded:///folder. Nothing was run."
        )


class _Told(Watcher):
    """Lines as they come; on a terminal one that moves besides."""

    def __init__(self, say: Console, status: Status) -> None:
        self._say, self._status = say, status
        self._model, self._intervals, self._done = "", 0, 0

    def copied(self, found: Input) -> None:
        self._say.print(f"  {found.table:<22} {count(found.rows, 'row'):>12}  {found.read}", markup=False)

    def begins(self, model: str, intervals: int) -> None:
        self._model, self._intervals, self._done = model, intervals, 0
        self._status.update(model)

    def interval(self) -> None:
        self._done += 1
        if self._done % _STEPS == 0:
            self._status.update(f"{self._model} {self._done:,} of {self._intervals:,}")

    def proved(self, found: ModelProof) -> None:
        sign, style = _SIGNS[found.state]
        line = (
            Text(f"{sign} ", style=style)
            .append(f"{found.name:<22} ", style="blue")
            .append(model_words(found))
        )
        self._say.print(line)
        for text in model_lines(found):
            self._say.print(Text(f"      {text}"))


def model_words(found: ModelProof) -> str:
    """What came of a model, in one line."""
    if found.state == "equal":
        return f"all {count(found.sqlite_rows, 'row')} agree, {found.compared} ({found.seconds:.1f} s)"
    if found.state == "empty":
        return "no rows on either side: nothing is proved of it"
    if found.state == "different":
        classes = ", ".join(f"{name} ({number:,})" for name, number in found.causes)
        rows = f"{found.sqlite_rows:,} rows on SQLite, {found.postgres_rows:,} on PostgreSQL"
        return f"{count(found.differences, 'difference')}: {classes}; {rows}"
    return {
        "refused": "was not run: SQLite cannot answer it as PostgreSQL would",
        "failed": "failed with the same error on both",
        "not run": "was not run",
    }[found.state]


def model_lines(found: ModelProof) -> list[str]:
    """What stands below that line: errors, the first differences, notes."""
    lines = [f"{side}: {line}" for side, message in found.said for line in message.splitlines()[:3]]
    explained: set[str] = set()
    for each in found.findings:
        place = each.difference.line("SQLite", "PostgreSQL").rpartition(" (")[0]
        lines.append(f"{place} ({each.cause.name})")
        if each.cause.why not in explained:
            lines.append(f"  → {each.cause.why}")
        explained.add(each.cause.why)
    looked_at = sum(number for _, number in found.causes)
    if found.differences > len(found.findings) and found.findings:
        more = f"and {found.differences - len(found.findings):,} more"
        lines.append(
            more if looked_at >= found.differences else f"{more}; the first {looked_at:,} were given a class"
        )
    return [*lines, *found.notes]


def _summary(proof: Proof) -> str:
    words = ("equal", "different", "empty", "failed", "refused", "not run")
    parts = [
        f"{number} {'without rows' if word == 'empty' else word}"
        for word in words
        if (number := proof.count(word))
    ]
    return f"{' · '.join(parts)} · {' and '.join(proof.engines)} · {proof.seconds:.1f} s · nothing was left behind"


def as_json(proof: Proof) -> dict[str, object]:
    """The proof as one object."""
    return {
        "equal": proof.equal,
        "from": proof.source,
        "to": proof.target,
        "engines": list(proof.engines),
        "collation": {
            "name": proof.text_order.name,
            "provider": proof.text_order.provider,
            "by_bytes": proof.text_order.by_bytes,
        },
        "inputs": [{"table": each.table, "rows": each.rows, "read": each.read} for each in proof.inputs],
        "models": [_model(each) for each in proof.models],
        "notes": list(proof.notes),
        "seconds": round(proof.seconds, 3),
    }


def _model(found: ModelProof) -> Mapping[str, object]:
    return {
        "name": found.name,
        "state": found.state,
        "intervals": found.intervals,
        "rows": {"sqlite": found.sqlite_rows, "postgresql": found.postgres_rows},
        "compared": found.compared or None,
        "differences": found.differences,
        "classes": dict(found.causes),
        "first": [_finding(each) for each in found.findings],
        "errors": dict(found.said),
        "notes": list(found.notes),
        "seconds": round(found.seconds, 3),
    }


def _finding(found: Finding) -> Mapping[str, object]:
    difference = found.difference
    return {
        "key": None if difference.key is None else list(difference.key),
        "column": difference.column,
        "sqlite": shown(difference.left),
        "postgresql": shown(difference.right),
        "class": found.cause.name,
        "why": found.cause.why,
    }
