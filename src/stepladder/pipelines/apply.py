"""One interval, in one transaction: stage, check, apply only the difference, record, commit.

Readers see the old rows or the new ones, never less; an interval that comes out as it was writes nothing. The
statement that records the interval compares the attempt number: a run that was taken over in the meantime
keeps nothing.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

from stepladder import ledger
from stepladder.config import Project
from stepladder.db import Database, Table, Transaction
from stepladder.errors import CheckFailed, ConfigError, RunFailed, UndefinedTable
from stepladder.ledger import Claim, ModelRecord, Run
from stepladder.pipelines.bind import Bound, refuse_output
from stepladder.pipelines.facts import edges
from stepladder.pipelines.model import HASH_RULE, Model
from stepladder.pipelines.stage import STAGE, stage
from stepladder.quality import Check, Finding, failing_sql, judge, scan_sql, table_expectations
from stepladder.sql import Column, quote

_NAME_BYTES = 63
_NO_EQUALITY = ("json", "xml", "point", "polygon")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an interval came to, in rows."""

    rows: int
    wrote: int
    removed: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Slice:
    """The rows of the table that an interval owns: a condition in SQL, and its values."""

    where: str
    values: dict[str, object]


def apply(
    db: Database, project: Project, bound: Bound, held: Claim, run: Run, upstream: Sequence[str]
) -> Outcome:
    """Bring one interval up to date. Raises CheckFailed, LeaseLost, DatabaseError: then nothing of it is kept."""
    started = time.monotonic()
    model = bound.model
    with db.transaction(
        isolation="repeatable read", lock_timeout=ledger.LOCK_SECONDS, idle_timeout=ledger.IDLE_SECONDS
    ) as tx:
        read_version = ledger.upstream_version(tx, upstream, held.start, held.end)
        before = ledger.interval(tx, held.model, held.start)
        staged = stage(tx, project, bound, held.start, held.end, run.now)
        refuse_output(model, staged.columns, str(model.path.relative_to(project.folder)))
        part = _slice(project, model, staged.columns, held)
        rows = _check(tx, model, part)
        table = _table(tx, project, model, staged.columns, held)
        same_code = before is None or before.code_hash in (None, model.code_hash)
        removed, wrote = _apply_difference(tx, model, table, part, same_code=same_code)
        tx.execute(f"DROP TABLE {STAGE}")
        seconds = time.monotonic() - started
        ledger.finish(
            tx,
            held,
            code_hash=model.code_hash,
            upstream_version=read_version,
            rows=rows,
            wrote=wrote,
            removed=removed,
            seconds=seconds,
        )
    return Outcome(rows, wrote, removed, time.monotonic() - started)


def _slice(project: Project, model: Model, columns: Sequence[Column], held: Claim) -> _Slice:
    if model.time is None:
        return _Slice("true", {})
    by_date = next(column.type.name for column in columns if column.name == model.time) == "date"
    start, end = edges(held.start, held.end, project.timezone, by_date=by_date)
    time_ = quote(model.time)
    return _Slice(
        f"{time_} >= :slice_start AND {time_} < :slice_end", {"slice_start": start, "slice_end": end}
    )


def _check(tx: Transaction, model: Model, part: _Slice) -> int:
    """Ask all checks in one scan of the stage; the number of rows. Raises CheckFailed."""
    inside = (
        []
        if model.time is None
        else [Check(f"{model.time} in the interval", fails=f"({part.where}) IS NOT TRUE")]
    )
    checks = (*inside, *table_expectations(model.key), *model.checks)
    counts = tuple(tx.query(scan_sql(checks, STAGE), part.values if inside else {}).one())
    findings = judge(checks, counts)
    if findings:
        raise CheckFailed("\n".join(_describe(tx, finding, part, inside) for finding in findings))
    return int(counts[0])


def _describe(tx: Transaction, finding: Finding, part: _Slice, inside: Sequence[Check]) -> str:
    sql = failing_sql(finding.check, STAGE)
    if sql is None:
        return str(finding)
    rows = tx.query(sql, part.values if finding.check in inside else {})
    shown = "; ".join(", ".join(f"{name} = {value}" for name, value in row.items()) for row in rows.dicts())
    return f"{finding}, e.g. {shown}"


# -- the table
def _table(tx: Transaction, project: Project, model: Model, staged: Sequence[Column], held: Claim) -> Table:
    """The model's table: made where it is missing, with new columns added; recorded in the ledger."""
    record = ledger.models(tx).get(model.name)
    try:
        table = tx.table(model.name)
    except UndefinedTable:
        _create(tx, model, staged)
        ledger.start_over(tx, held)
        table = tx.table(model.name)
        record = None
    else:
        if record is None:
            raise ConfigError(
                f"there is a table {model.name} already, and no model made it. Nothing was written. Rename the model's file, or the table."
            )
        if _add_columns(tx, model, table, staged):
            table = tx.table(model.name)
        if record.code_hash != model.code_hash:
            _change_key(tx, model, table)
    wanted = ModelRecord(model.name, model.kind, model.every, project.timezone, model.code_hash)
    if record != wanted:
        ledger.write_model(tx, wanted, HASH_RULE, model.code)
    return table


def _create(tx: Transaction, model: Model, columns: Sequence[Column]) -> None:
    lines = ", ".join(f"{quote(column.name)} {column.type}" for column in columns)
    tx.execute(f"CREATE TABLE {quote(model.name)} ({lines})")
    _make_key(tx, model)
    if model.time:
        tx.execute(
            f"CREATE INDEX {_index(model.name, model.time)} ON {quote(model.name)} ({quote(model.time)})"
        )


def _make_key(tx: Transaction, model: Model) -> None:
    if model.key:
        names = ", ".join(map(quote, model.key))
        tx.execute(f"CREATE UNIQUE INDEX {_index(model.name, 'key')} ON {quote(model.name)} ({names})")


def _change_key(tx: Transaction, model: Model, table: Table) -> None:
    """The header names another key than the table's index holds."""
    if (model.key,) != table.keys and (model.key or table.keys):
        tx.execute(f"DROP INDEX IF EXISTS {_index(model.name, 'key')}")
        _make_key(tx, model)


def _index(table: str, what: str) -> str:
    name = f"{table}_{what}_idx"
    if len(name.encode()) > _NAME_BYTES:
        name = f"{table[:40]}_{hashlib.blake2b(name.encode(), digest_size=6).hexdigest()}_idx"
    return quote(name)


def _add_columns(tx: Transaction, model: Model, table: Table, staged: Sequence[Column]) -> bool:
    """Add what the model's output has and the table has not. Raises ConfigError for any other difference."""
    there = {column.name: column for column in table.columns}
    for column in staged:
        if column.name in there and str(there[column.name].type) != str(column.type):
            raise ConfigError(
                f"column {model.name}.{column.name} is {there[column.name].type}; the model now gives {column.type}. Nothing was written. "
                f"Cast it, or make the table anew: stepladder drop {model.name}, then stepladder run."
            )
    new = [column for column in staged if column.name not in there]
    for column in new:
        tx.execute(f"ALTER TABLE {quote(model.name)} ADD COLUMN {quote(column.name)} {column.type}")
    return bool(new)


# -- the difference
def _apply_difference(
    tx: Transaction, model: Model, table: Table, part: _Slice, *, same_code: bool
) -> tuple[int, int]:
    """Make the slice equal to the stage. Rows removed and rows written."""
    # Changed code may change what compares as equal: 1.0 and 1.00, 30 days and a month.
    if not same_code or any(column.type.name in _NO_EQUALITY for column in table.columns):
        return _replace(tx, model, table, part)
    if model.key:
        return _apply_by_key(tx, model, table, part)
    return _apply_whole(tx, model, table, part)


def _replace(tx: Transaction, model: Model, table: Table, part: _Slice) -> tuple[int, int]:
    name, staged = quote(model.name), {column.name for column in tx.columns(STAGE)}
    listed = ", ".join(quote(column.name) for column in table.columns if column.name in staged)
    removed = tx.execute(f"DELETE FROM {name} WHERE {part.where}", part.values)
    return removed, tx.execute(f"INSERT INTO {name} ({listed}) SELECT {listed} FROM {STAGE}")


def _apply_by_key(tx: Transaction, model: Model, table: Table, part: _Slice) -> tuple[int, int]:
    name, columns = quote(model.name), [quote(column.name) for column in table.columns]
    staged = {column.name for column in tx.columns(STAGE)}
    mine = [quote(column.name) for column in table.columns if column.name in staged]
    same_key = " AND ".join(f"{STAGE}.{key} = {name}.{key}" for key in map(quote, model.key))
    same_rest = " AND ".join(
        f"{STAGE}.{column} IS NOT DISTINCT FROM {name}.{column}"
        if column in mine
        else f"{name}.{column} IS NULL"
        for column in columns
        if column not in set(map(quote, model.key))
    )
    same = f"{same_key} AND {same_rest}" if same_rest else same_key
    removed = tx.execute(
        f"DELETE FROM {name} WHERE {part.where} AND NOT EXISTS (SELECT 1 FROM {STAGE} WHERE {same})",
        part.values,
    )
    listed = ", ".join(mine)
    # Rows of the key that are left are the same rows: whatever differed has just gone. A key that another
    # interval holds is not left out: the unique index refuses it, by name.
    wrote = tx.execute(
        f"INSERT INTO {name} ({listed}) SELECT {listed} FROM {STAGE}"
        f" WHERE NOT EXISTS (SELECT 1 FROM {name} WHERE {part.where} AND {same_key})",
        part.values,
    )
    return removed, wrote


def _apply_whole(tx: Transaction, model: Model, table: Table, part: _Slice) -> tuple[int, int]:
    """Without a key rows have no identity: the slice is kept when it holds the same rows, else replaced."""
    name, listed = quote(model.name), ", ".join(quote(column.name) for column in table.columns)
    staged = [column.name for column in tx.columns(STAGE)]
    if len(staged) < len(table.columns):
        raise RunFailed(
            f"{model.name} has columns that the model no longer gives, and no key. Make it anew: stepladder drop {model.name}."
        )
    counted = f"SELECT {listed}, row_number() OVER (PARTITION BY {listed}) AS n"
    differing = tx.query(
        f"SELECT (SELECT count(*) FROM ({counted} FROM {STAGE} EXCEPT {counted} FROM {name} WHERE {part.where}) AS added)"
        f" + (SELECT count(*) FROM ({counted} FROM {name} WHERE {part.where} EXCEPT {counted} FROM {STAGE}) AS gone) AS n",
        part.values,
    ).scalar()
    if not differing:
        return 0, 0
    return _replace(tx, model, table, part)
