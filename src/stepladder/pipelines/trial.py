"""One model tried out in scratch space: tables are given, it is run, its table is looked at. Nothing stays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from stepladder.config import Project
from stepladder.db import Rows, Side, Transaction
from stepladder.errors import ModelError, UndefinedTable
from stepladder.pipelines.bind import Bound, bind, refuse_output
from stepladder.pipelines.checking import check_rows
from stepladder.pipelines.difference import slice_of, write_difference
from stepladder.pipelines.grid import WHOLE, Span, boundaries, floor
from stepladder.pipelines.model import Model, Query
from stepladder.pipelines.stage import STAGE, stage
from stepladder.pipelines.table import create_table
from stepladder.sql import Column, TableName, Type, parse_name, quote

# The columns of a table as it is in the target; None where it is not there, or no target is at hand.
Live = Callable[[TableName], "Sequence[Column] | None"]
_TEXT = Type("text")


class Trial:
    """A model on one engine. `file` is named in errors; `zone` is the one that days are cut in."""

    def __init__(
        self, side: Side, project: Project, model: Model, live: Live, *, zone: str, file: str
    ) -> None:
        self._side, self._live, self._file = side, live, file
        self._project = replace(project, timezone=zone)
        self.model, self._reads = _here(model, side), tuple(map(_plain, model.reads))
        self._given: dict[TableName, None] = {}

    def give(
        self,
        table: str,
        names: Sequence[str],
        types: Sequence[Type | None],
        rows: Sequence[tuple[object, ...]],
        *,
        replace: bool = False,
    ) -> None:
        """Make a table of these columns, or add rows to it; with `replace` in the place of its own. Raises ModelError,
        DatabaseError, LoadError."""
        name = _plain(parse_name(table))
        if name not in self._given:
            self._make(name, names, types)
        if replace:
            self._side.session.execute(f"DELETE FROM {self._side.table(name)}")
        if rows:
            self._load(name, [dict(zip(names, row, strict=True)) for row in rows])

    def load(self, table: str, data: object, types: Mapping[str, Type]) -> None:
        """Make a table that holds `data`, whatever db.load takes. A column's type is that of `types`, else the live table's,
        else what the data says. Raises ModelError, DatabaseError, LoadError."""
        name = _plain(parse_name(table))
        if self._live(name) or (isinstance(data, list | tuple) and not data):
            self._make(name, list(types), list(types.values()))
            types = {}
        self._given[name] = None
        self._load(name, data)
        if types:
            casts = ", ".join(
                f"ALTER COLUMN {quote(column)} TYPE {type_} USING {quote(column)}::{type_}"
                for column, type_ in types.items()
            )
            self._side.session.execute(f"ALTER TABLE {self._side.table(name)} {casts}")

    def run(self, start: dt.datetime | None, end: dt.datetime | None, now: dt.datetime | None) -> None:
        """Bring the model's table up to date from `start` to `end`: interval by interval where both are on its grid, else as
        one. An error leaves the table as it was. Raises what the run ends with."""
        self._refuse_gaps()
        session = self._side.session
        spans = self._spans(start, end)
        moment = now or end or dt.datetime.now(dt.UTC)
        with session.transaction() as tx:
            bound = bind((self.model,), tx, self._project, strict=self._side.name == "SQLite")[0]
            for first, last in spans:
                _bring(tx, self._project, bound, first, last, moment)

    def rows(self) -> Rows:
        """The model's table: by its key where it has one. Raises UndefinedTable before it was run."""
        order = f" ORDER BY {', '.join(map(quote, self.model.key))}" if self.model.key else ""
        return self._side.session.query(f"SELECT * FROM {quote(self.model.name)}{order}")

    def _make(self, name: TableName, names: Sequence[str], types: Sequence[Type | None]) -> None:
        live = {column.name: column.type for column in self._live(name) or ()}
        columns = dict(live)
        for column, type_ in zip(names, types, strict=True):
            if live and column not in live:
                raise ModelError(
                    f"the table {name.sql} has no column {column!r} in the target; it has {', '.join(live)}.",
                    file=self._file,
                )
            columns[column] = type_ or live.get(column, _TEXT)
        lines = ", ".join(f"{quote(column)} {type_}" for column, type_ in columns.items())
        self._side.session.execute(f"{self._side.create} {self._side.table(name)} ({lines})")
        self._given[name] = None

    def _load(self, name: TableName, data: object) -> None:
        self._side.session.load(data, self._side.table(name), mode="append", create=True)

    def _refuse_gaps(self) -> None:
        """Whatever the model reads must be given: the target's own rows are none of a test's business."""
        for table in self._reads:
            if table not in self._given:
                raise ModelError(f"the model reads {table.sql}: write `given {table.sql}`.", file=self._file)

    def _spans(self, start: dt.datetime | None, end: dt.datetime | None) -> list[Span]:
        every, zone = self.model.every, self._project.timezone
        if not self.model.by_interval or every is None:
            return [WHOLE]
        for name, moment in (("start", start), ("end", end)):
            if moment is None:
                raise ModelError(
                    f"the model reads :{name}: write `{name} 2026-03-01` in the first line.",
                    file=self._file,
                    line=1,
                )
        assert start is not None
        assert end is not None
        if floor(start, every, zone) == start and floor(end, every, zone) == end:
            return list(boundaries(every, zone, start, end))
        return [(start, end)]


def _bring(
    tx: Transaction, project: Project, bound: Bound, start: dt.datetime, end: dt.datetime, now: dt.datetime
) -> None:
    """Bring one interval of the model's table up to date, as a run does, but without a ledger."""
    model = bound.model
    staged = stage(tx, project, bound, start, end, now)
    refuse_output(model, staged.columns, str(model.path.relative_to(project.folder)))
    part = slice_of(project, model, staged.columns, (start, end))
    check_rows(tx, model, part, STAGE)
    try:
        table = tx.table(model.name)
    except UndefinedTable:
        create_table(tx, model, staged.columns)
        table = tx.table(model.name)
    names = frozenset(column.name for column in staged.columns)
    write_difference(tx, model, table, part, names, now, whole=True)
    tx.execute(f"DROP TABLE {STAGE}")


def _here(model: Model, side: Side) -> Model:
    """The model as it is sent to this side: the names of schemas are those of the scratch space."""
    if not isinstance(model.body, Query) or not side.schemas:
        return model

    def moved(table: TableName) -> TableName:
        return TableName(side.schemas.get(table.schema or "", table.schema), table.name)

    return replace(
        model,
        body=replace(model.body, sql=side.sql(model.sql)),
        reads=tuple(map(moved, model.reads)),
        windows=tuple(replace(window, table=moved(window.table)) for window in model.windows),
        whole=tuple(map(moved, model.whole)),
    )


def _plain(table: TableName) -> TableName:
    return TableName(None if table.schema == "public" else table.schema, table.name)
