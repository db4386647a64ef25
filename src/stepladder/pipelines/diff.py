"""The working copy of a model beside the table that a target has: what a run would change. Writes nothing."""

from __future__ import annotations

import datetime as dt
import difflib
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from stepladder import ledger
from stepladder.compare import Comparison, Difference, Table, compare
from stepladder.config import Project, nearest
from stepladder.db import Database, Session, Transaction
from stepladder.errors import UndefinedTable, UsageError
from stepladder.pipelines.bind import bind, refuse_output
from stepladder.pipelines.difference import VALID_FROM, VALID_TO, slice_of
from stepladder.pipelines.facts import Asked
from stepladder.pipelines.graph import in_order
from stepladder.pipelines.grid import WHOLE, Span, boundaries, refuse_empty_span
from stepladder.pipelines.model import Model
from stepladder.pipelines.naming import shown
from stepladder.pipelines.read import read_models
from stepladder.pipelines.selecting import select
from stepladder.pipelines.stage import STAGE, stage
from stepladder.sql import Column, quote, tokens

INTERVALS = 7  # that are compared where no days are named
_SHOWN = 5
_LINES = 200  # of the text, that are shown at most
_LOOKED_AT = 100_000  # differing cells of an interval whose columns are counted


@dataclass(frozen=True, slots=True)
class ModelDiff:
    """What a run of the working copy would change.

    `rows` are the table's, `new_rows` the working copy's; `changed` counts rows of equal key that differ,
    `columns` in which columns how many of them. `first` are the first differences found: `left` is the table's value,
    `right` the new one. `shape` says how the columns themselves differ. `code` are the lines of the text that changed
    since the table was made, as a unified diff has them, "…" where lines are left out; empty where nothing did, or where
    it is not known. `equal`: a run would change no row and no column.
    """

    name: str
    target: str
    start: dt.datetime | None
    end: dt.datetime | None
    intervals: int
    key: tuple[str, ...]
    rows: int
    new_rows: int
    only_new: int
    only_old: int
    changed: int
    columns: tuple[tuple[str, int], ...]
    first: tuple[Difference, ...]
    shape: tuple[Difference, ...]
    names: tuple[str, ...]
    code: tuple[str, ...]
    equal: bool


def diff_model(
    db: Database, project: Project, name: str, *, asked: Asked = (None, None), live: Database | None = None
) -> ModelDiff:
    """Run the working copy of a model over what `db` holds, and compare with the table of `live` (default: of `db`).

    Interval by interval over the asked span; without one, the newest seven that are done. All of it is rolled back.
    Raises UsageError where there is no table to compare with, ModelError, DatabaseError.
    """
    refuse_empty_span(*asked)
    every = in_order(read_models(project))
    if name not in (known := [model.name for model in every]):
        raise UsageError(f"there is no model {name!r}.{nearest(name, known)} There are: {', '.join(known)}.")
    models = select(every, [name])
    bound = next(
        one for one in bind(models, db, project, strict=db.target.is_sqlite) if one.model.name == name
    )
    model = bound.model
    other = live or db
    has_run = other.steps_taken(ledger.PART) > 0
    spans = _spans(model, project, other if has_run else None, asked)
    if live is not None and model.kind == "upsert":
        raise UsageError(
            f"{model.name} is an upsert: which of its rows a run would change is told by its own table. Leave out --against."
        )
    tally = _Tally(model.key)
    with _undone(db) as tx:
        now = tx.query("SELECT now() AS now").scalar()
        for span in spans:
            staged = stage(tx, project, bound, span[0], span[1], now)
            refuse_output(model, staged.columns, shown(model.path, project))
            old = _old(tx if live is None else other, project, model, span, staged.columns)
            new = _new(tx, model, staged.columns)
            tx.execute(f"DROP TABLE {STAGE}")
            tally.add(compare(old, new, key=model.key, keep=_LOOKED_AT))
            tally.names = tally.names or new.names
    return tally.found(model, str(other.target), spans, _code(model, other if has_run else None))


def _spans(model: Model, project: Project, session: Session | None, asked: Asked) -> list[Span]:
    if not model.by_interval or model.every is None:
        return [WHOLE]
    done = [
        (row.start, row.end)
        for row in (ledger.intervals(session) if session else ())
        if row.model == model.name and row.state == "done"
    ]
    if None in asked:
        done = [
            span
            for span in done
            if (asked[0] is None or span[0] >= asked[0]) and (asked[1] is None or span[1] <= asked[1])
        ]
        if not done:
            raise UsageError(
                f"no interval of {model.name} is done there: there is nothing to compare with. Name days with --start and --end, "
                "or run it first."
            )
        return done if asked != (None, None) else done[-INTERVALS:]
    start, end = asked
    assert start is not None
    assert end is not None
    spans = list(boundaries(model.every, project.timezone, start, end))
    if not spans:
        raise UsageError(f"between --start and --end lies no whole {model.every} of {model.name}.")
    return spans


class _RolledBackError(Exception):
    """Ends a transaction that has done its work."""


@contextmanager
def _undone(db: Database) -> Iterator[Transaction]:
    """One moment of the database, in which temporary tables can be made and nobody is kept waiting; rolled back."""
    with suppress(_RolledBackError), db.staging() as tx:
        yield tx
        raise _RolledBackError


def _new(tx: Transaction, model: Model, columns: tuple[Column, ...]) -> Table:
    """The working copy's rows of one interval: those that a run would leave, where newer rows of a key are there."""
    newer = "false"
    if model.kind == "upsert" and model.time:
        name, time = quote(model.name), quote(model.time)
        newer = f"EXISTS (SELECT 1 FROM {name} WHERE {_same_key(model)} AND {name}.{time} > {STAGE}.{time})"
    return Table(columns, tx.query(f"SELECT * FROM {STAGE} WHERE NOT {newer}").tuples())


def _old(session: Session, project: Project, model: Model, span: Span, new: Sequence[Column]) -> Table:
    """The table's rows that a run of one interval looks at, its columns in the order of the working copy's where both have
    them. An upsert leaves rows alone whose key it does not give, or gives with an older time; a history has closed rows."""
    try:
        there = session.columns(model.name)
    except UndefinedTable as error:
        raise UsageError(
            f"there is no table {model.name} to compare with: it has not run there yet. Nothing was written."
        ) from error
    if model.kind == "history":
        there = tuple(column for column in there if column.name not in (VALID_FROM, VALID_TO))
    known = {column.name: column for column in there}
    ordered = [known[column.name] for column in new if column.name in known]
    ordered += [column for column in there if column not in ordered]
    listed = ", ".join(quote(column.name) for column in ordered)
    where, values = _looked_at(project, model, span, there)
    rows = session.query(f"SELECT {listed} FROM {quote(model.name)} WHERE {where}", values)
    return Table(tuple(ordered), rows.tuples())


def _looked_at(
    project: Project, model: Model, span: Span, there: Sequence[Column]
) -> tuple[str, Mapping[str, object]]:
    if model.kind == "history":
        return f"{VALID_TO} IS NULL", {}
    if model.kind == "upsert" and model.time:
        time = quote(model.time)
        same = f"{_same_key(model)} AND {quote(model.name)}.{time} <= {STAGE}.{time}"
        return f"EXISTS (SELECT 1 FROM {STAGE} WHERE {same})", {}
    if model.time not in {column.name for column in there}:
        return "true", {}
    part = slice_of(project, model, there, span)
    return part.where, part.values


def _same_key(model: Model) -> str:
    return " AND ".join(f"{STAGE}.{name} = {quote(model.name)}.{name}" for name in map(quote, model.key))


class _Tally:
    """The comparisons of all intervals, summed."""

    def __init__(self, key: tuple[str, ...]) -> None:
        self._key = key
        self._found: list[Comparison] = []
        self._columns: Counter[str] = Counter()
        self._first: list[Difference] = []
        self._shape: dict[tuple[str | None, str], Difference] = {}
        self.names: tuple[str, ...] = ()

    def add(self, found: Comparison) -> None:
        self._found.append(found)
        for one in found.differences:
            if one.row is None and one.key is None:
                self._shape[one.column, one.reason] = one
                continue
            if one.column is not None:
                self._columns[one.column] += 1
            if len(self._first) < _SHOWN:
                self._first.append(one)

    def found(self, model: Model, target: str, spans: Sequence[Span], code: tuple[str, ...]) -> ModelDiff:
        """All of it as one value."""
        whole = spans == [WHOLE]
        return ModelDiff(
            name=model.name,
            target=target,
            start=None if whole else spans[0][0],
            end=None if whole else spans[-1][1],
            intervals=len(spans),
            key=self._key,
            rows=sum(one.left_rows for one in self._found),
            new_rows=sum(one.right_rows for one in self._found),
            only_new=sum(one.only_right for one in self._found),
            only_old=sum(one.only_left for one in self._found),
            changed=sum(one.changed for one in self._found),
            columns=tuple(self._columns.most_common()),
            first=tuple(self._first),
            shape=tuple(self._shape.values()),
            names=self.names,
            code=code,
            equal=all(one.equal for one in self._found),
        )


# -- the text
def _code(model: Model, session: Database | None) -> tuple[str, ...]:
    """What changed in the model's text since its table was made."""
    made = None if session is None else ledger.made(session, session.steps_taken(ledger.PART)).get(model.name)
    if made is None or made.code_text == model.code:
        return ()
    old, new = (list(_lines(text)) for text in (made.code_text, model.code))
    found = difflib.unified_diff(old, new, lineterm="", n=1)
    lines = ("…" if line.startswith("@@") else line for line in itertools.islice(found, 2, None))
    return tuple(itertools.islice(lines, _LINES))


_JOINS = ("left", "right", "full", "inner", "cross")
_CLAUSES = (
    "select",
    "from",
    "where",
    "group",
    "order",
    "having",
    "window",
    "union",
    "with",
    "limit",
    "join",
    *_JOINS,
)


def _lines(code: str) -> Iterator[str]:
    """A text as the ledger keeps it, in lines: SQL stands there without its line breaks, so a clause, and a column, is one."""
    for line in code.splitlines():
        if line.partition(" ")[0] in ("select", "with", "values", "table"):
            yield from _clauses(line)
        elif line.strip():
            yield line.rstrip()


def _clauses(sql: str) -> Iterator[str]:
    line = ""
    inside = [True]  # of what is open, innermost last: whether it is a query, whose clauses are lines
    opened, before = False, ""
    for text, word in _pieces(sql):
        if opened:
            inside[-1] = word in ("select", "with")
        opened = word == "("
        if inside[-1] and word in _CLAUSES and line.strip() and before not in _JOINS:
            yield line.strip()
            line = ""
        line, before = line + text, word
        if opened:
            inside.append(False)
        elif word == ")" and len(inside) > 1:
            inside.pop()
        elif word == "," and inside[-1]:
            yield line.strip()
            line = ""
    if line.strip():
        yield line.strip()


def _pieces(sql: str) -> Iterator[tuple[str, str]]:
    """Each token with the blanks before it, and alone."""
    end = 0
    for token in tokens(sql):
        if token.text.strip():
            yield sql[end : token.end], token.text
            end = token.end
