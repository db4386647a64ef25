"""Makes a part of a model's table equal to the stage by writing only what differs: no change is no write.

Readers see the old rows or the new ones, never less. Each function says how many rows went and how many came.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stepladder.config import Project
from stepladder.db import Table, Transaction
from stepladder.pipelines.grid import Span, held
from stepladder.pipelines.model import Model
from stepladder.pipelines.stage import STAGE
from stepladder.sql import Column, quote

VALID_FROM, VALID_TO = "valid_from", "valid_to"  # the columns that a history adds
_NO_EQUALITY = ("json", "xml", "point", "polygon")


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of the table that an interval owns: a condition in SQL, and its values."""

    where: str
    values: Mapping[str, object]


def slice_of(project: Project, model: Model, columns: Sequence[Column], span: Span) -> Slice:
    """The rows of one interval of the model's table, whose columns are these."""
    if model.time is None or not model.by_interval:
        return Slice("true", {})
    type_ = next(column.type.name for column in columns if column.name == model.time)
    start, end = (held(each, type_, project.timezone, model.time_is) for each in span)
    time_ = quote(model.time)
    return Slice(
        f"{time_} >= :slice_start AND {time_} < :slice_end", {"slice_start": start, "slice_end": end}
    )


@dataclass(frozen=True, slots=True)
class Changed:
    """Numbers of rows."""

    removed: int
    wrote: int


@dataclass(frozen=True, slots=True)
class _Names:
    """A table's columns, quoted: those that the stage has too, and those that the model no longer gives."""

    table: str
    key: tuple[str, ...]
    staged: tuple[str, ...]
    dropped: tuple[str, ...]

    @property
    def listed(self) -> str:
        return ", ".join(self.staged)

    @property
    def same_key(self) -> str:
        return " AND ".join(f"{STAGE}.{name} = {self.table}.{name}" for name in self.key)

    @property
    def same_rest(self) -> str:
        rest = [
            f"{STAGE}.{name} IS NOT DISTINCT FROM {self.table}.{name}"
            for name in self.staged
            if name not in self.key
        ]
        return " AND ".join([*rest, *(f"{self.table}.{name} IS NULL" for name in self.dropped)]) or "true"

    @property
    def same(self) -> str:
        return f"{self.same_key} AND {self.same_rest}"


def write_difference(
    tx: Transaction,
    model: Model,
    table: Table,
    part: Slice,
    staged: frozenset[str],
    now: dt.datetime,
    *,
    whole: bool,
) -> Changed:
    """Bring the table up to the stage, as the model's kind has it; see the functions below."""
    if model.kind == "upsert":
        tx.index_temporary(STAGE, model.key)
        return _apply_newest(tx, model, table, staged)
    if model.kind == "history":
        tx.index_temporary(STAGE, model.key)
        return _apply_history(tx, model, table, staged, now)
    return _apply_slice(tx, model, table, part, staged, whole=whole)


def _apply_slice(
    tx: Transaction, model: Model, table: Table, part: Slice, staged: frozenset[str], *, whole: bool
) -> Changed:
    """Make the slice equal to the stage, whose columns are `staged`. `whole`: what compares as equal may still differ
    (1.0 and 1.00 after a change of the code), so every row is written."""
    names = _names(model, table, staged)
    if whole or any(column.type.name in _NO_EQUALITY for column in table.columns):
        return _replace(tx, names, part)
    if _is_empty(tx, names, part):
        return Changed(
            0, tx.execute(f"INSERT INTO {names.table} ({names.listed}) SELECT {names.listed} FROM {STAGE}")
        )
    if model.key:
        tx.index_temporary(STAGE, model.key)
        return _by_key(tx, names, part)
    return _all_or_none(tx, names, table, part)


def remove_outside(tx: Transaction, model: Model, part: Slice) -> int:
    """Rows that no interval owns any more: how many went."""
    return tx.execute(f"DELETE FROM {quote(model.name)} WHERE ({part.where}) IS NOT TRUE", part.values)


def _names(model: Model, table: Table, staged: frozenset[str]) -> _Names:
    return _Names(
        quote(model.name),
        tuple(map(quote, model.key)),
        tuple(quote(column.name) for column in table.columns if column.name in staged),
        tuple(
            quote(column.name)
            for column in table.columns
            if column.name not in staged
            and not (model.kind == "history" and column.name in (VALID_FROM, VALID_TO))
        ),
    )


def _is_empty(tx: Transaction, names: _Names, part: Slice) -> bool:
    return not tx.query(f"SELECT 1 FROM {names.table} WHERE {part.where} LIMIT 1", part.values)


def _replace(tx: Transaction, names: _Names, part: Slice) -> Changed:
    removed = tx.execute(f"DELETE FROM {names.table} WHERE {part.where}", part.values)
    wrote = tx.execute(f"INSERT INTO {names.table} ({names.listed}) SELECT {names.listed} FROM {STAGE}")
    return Changed(removed, wrote)


def _by_key(tx: Transaction, names: _Names, part: Slice) -> Changed:
    removed = tx.execute(
        f"DELETE FROM {names.table} WHERE {part.where} AND NOT EXISTS (SELECT 1 FROM {STAGE} WHERE {names.same})",
        part.values,
    )
    # Rows of the key that are left are the same rows: whatever differed has just gone. A key that another
    # interval holds is not left out: the unique index refuses it, by name.
    wrote = tx.execute(
        f"INSERT INTO {names.table} ({names.listed}) SELECT {names.listed} FROM {STAGE}"
        f" WHERE NOT EXISTS (SELECT 1 FROM {names.table} WHERE {part.where} AND {names.same_key})",
        part.values,
    )
    return Changed(removed, wrote)


def _all_or_none(tx: Transaction, names: _Names, table: Table, part: Slice) -> Changed:
    """Without a key rows have no identity: the slice is kept when it holds the same rows, else replaced."""
    types = {quote(column.name): column.type for column in table.columns}
    every = (*names.staged, *names.dropped)

    def exact(
        name: str,
    ) -> str:  # where equal values may be told apart, 1.0 and 1.00, their text says which one it is
        type_ = types[name]
        loose = type_.name == "interval" or (type_.name == "numeric" and type_.precision is None)
        return f"{name}::text AS {name}" if loose else name

    kept = ", ".join(map(exact, names.staged))
    nulls = "".join(f", {exact(name)}" for name in names.dropped)
    empty = "".join(f", NULL::{types[name]} AS {name}" for name in names.dropped)
    new = f"SELECT {kept}{nulls} FROM (SELECT {names.listed}{empty} FROM {STAGE}) AS staged"
    old = f"SELECT {kept}{nulls} FROM {names.table} WHERE {part.where}"
    differing = (
        tx.query(
            f"SELECT count(*) FROM ({_counted(new, every)} EXCEPT {_counted(old, every)}) AS added",
            part.values,
        ).scalar()
        or tx.query(
            f"SELECT count(*) FROM ({_counted(old, every)} EXCEPT {_counted(new, every)}) AS gone",
            part.values,
        ).scalar()
    )
    return _replace(tx, names, part) if differing else Changed(0, 0)


def _counted(rows: str, names: tuple[str, ...]) -> str:
    listed = ", ".join(names)
    return f"SELECT {listed}, row_number() OVER (PARTITION BY {listed}) AS n FROM ({rows}) AS r"


def _apply_newest(tx: Transaction, model: Model, table: Table, staged: frozenset[str]) -> Changed:
    """An upsert: of each key the row with the newest time stays, in whatever order intervals are run."""
    names = _names(model, table, staged)
    assert model.time is not None
    time = quote(model.time)
    removed = tx.execute(
        f"DELETE FROM {names.table} WHERE EXISTS (SELECT 1 FROM {STAGE} WHERE {names.same_key}"
        f" AND {STAGE}.{time} >= {names.table}.{time} AND NOT ({names.same_rest}))"
    )
    wrote = tx.execute(
        f"INSERT INTO {names.table} ({names.listed}) SELECT {names.listed} FROM {STAGE}"
        f" WHERE NOT EXISTS (SELECT 1 FROM {names.table} WHERE {names.same_key})"
    )
    return Changed(removed, wrote)


def _apply_history(
    tx: Transaction, model: Model, table: Table, staged: frozenset[str], now: object
) -> Changed:
    """A history (slowly changing dimension, type 2): rows that differ are closed at `now`, and follow anew."""
    names = _names(model, table, staged)
    unchanged = f"EXISTS (SELECT 1 FROM {STAGE} WHERE {names.same})"
    # A row that came at this very instant has never been true.
    removed = tx.execute(
        f"DELETE FROM {names.table} WHERE {VALID_TO} IS NULL AND {VALID_FROM} >= :now AND NOT {unchanged}",
        now=now,
    )
    removed += tx.execute(
        f"UPDATE {names.table} SET {VALID_TO} = :now WHERE {VALID_TO} IS NULL AND NOT {unchanged}", now=now
    )
    wrote = tx.execute(
        f"INSERT INTO {names.table} ({names.listed}, {VALID_FROM}) SELECT {names.listed}, :now FROM {STAGE}"
        f" WHERE NOT EXISTS (SELECT 1 FROM {names.table} WHERE {VALID_TO} IS NULL AND {names.same_key})",
        now=now,
    )
    return Changed(removed, wrote)
