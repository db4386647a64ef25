"""The working copy of a model beside the table that a target has: what a run would change. Writes nothing."""

from __future__ import annotations

import datetime as dt
import difflib
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stepladder import ledger
from stepladder.compare import Comparison, Difference, Table, compare
from stepladder.config import Project, nearest
from stepladder.db import Database, Session, Transaction
from stepladder.errors import UndefinedTable, UsageError
from stepladder.pipelines.bind import Bound, bind, refuse_output
from stepladder.pipelines.facts import Asked, edges
from stepladder.pipelines.graph import in_order
from stepladder.pipelines.grid import WHOLE, Span, boundaries
from stepladder.pipelines.model import Model
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
    tally = _Tally(model.key)
    with db.scratch() as tx:
        now = tx.query("SELECT now() AS now").scalar()
        for span in spans:
            new = _new(tx, project, bound, span, now)
            old = _old(tx if live is None else other, project, model, span, new.columns)
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


def _new(tx: Transaction, project: Project, bound: Bound, span: Span, now: dt.datetime) -> Table:
    """The working copy's rows of one interval."""
    with tx.transaction() as inner:
        staged = stage(inner, project, bound, span[0], span[1], now)
        model = bound.model
        refuse_output(model, staged.columns, str(model.path.relative_to(project.folder)))
        rows = inner.query(f"SELECT * FROM {STAGE}")
        found = Table(staged.columns, rows.tuples())
        inner.execute(f"DROP TABLE {STAGE}")
    return found


def _old(session: Session, project: Project, model: Model, span: Span, new: Sequence[Column]) -> Table:
    """The table's rows of one interval, its columns in the order of the working copy's where both have them."""
    try:
        there = session.columns(model.name)
    except UndefinedTable as error:
        raise UsageError(
            f"there is no table {model.name} to compare with: it has not run there yet. Nothing was written."
        ) from error
    known = {column.name: column for column in there}
    ordered = [known[column.name] for column in new if column.name in known]
    ordered += [column for column in there if column not in ordered]
    listed = ", ".join(quote(column.name) for column in ordered)
    where, values = "true", {}
    if model.by_interval and model.time in known:
        by_date = known[model.time].type.name == "date"
        start, end = edges(*span, project.timezone, by_date=by_date)
        where = f"{quote(model.time)} >= :slice_start AND {quote(model.time)} < :slice_end"
        values = {"slice_start": start, "slice_end": end}
    rows = session.query(f"SELECT {listed} FROM {quote(model.name)} WHERE {where}", values)
    return Table(tuple(ordered), rows.tuples())


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
