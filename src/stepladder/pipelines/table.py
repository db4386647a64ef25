"""A model's table: made where it is missing, and changed by rules when the model's columns change.

It is a plain table with the model's name, and it stays the same one: grants, indexes and other people's views outlive
every run.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence

from stepladder import ledger
from stepladder.config import Project
from stepladder.db import Table, Transaction
from stepladder.errors import ConfigError, UndefinedTable
from stepladder.ledger import Claim, ModelRecord
from stepladder.pipelines.difference import VALID_FROM, VALID_TO
from stepladder.pipelines.model import HASH_RULE, Model
from stepladder.pipelines.views_upon import views_aside
from stepladder.sql import Column, Type, quote

_NAME_BYTES = 63
_WIDER = {
    "int2": ("int4", "int8", "numeric"),
    "int4": ("int8", "numeric"),
    "int8": ("numeric",),
    "float4": ("float8",),
    "varchar": ("text",),
    "bpchar": ("text",),
}


def model_table(
    tx: Transaction,
    project: Project,
    model: Model,
    staged: Sequence[Column],
    held: Claim,
    now: dt.datetime,
    *,
    rebuild: bool,
) -> Table:
    """The model's table, fit to take rows of these columns; what makes it is recorded in the ledger.

    `rebuild`: columns of a type that cannot be kept are emptied. Raises ConfigError.
    """
    wanted = _with_validity(model, staged)
    records = ledger.models(tx)
    record = records.get(model.name)
    try:
        table = tx.table(model.name)
    except UndefinedTable:
        create_table(tx, model, staged)
        ledger.start_over(tx, held)
        table, record = tx.table(model.name), None
    else:
        refuse_not_ours(model, table, record)
        if _fit(tx, project, model, table, wanted, now, rebuild=rebuild):
            table = tx.table(model.name)
        if record is not None and record.code_hash != model.code_hash:
            _change_key(tx, model, table)
    _comment(tx, model, table)
    note(tx, project, model, record)
    return table


def note(tx: Transaction, project: Project, model: Model, record: ModelRecord | None) -> None:
    """Record what makes the table from now on; `record` is what made it."""
    same = record is not None and record.code_hash == model.code_hash
    accepted = record.accepted if record is not None and same else frozenset[str]()
    wanted = ModelRecord(model.name, model.kind, model.every, project.timezone, model.code_hash, accepted)
    if record != wanted:
        ledger.write_model(tx, wanted, HASH_RULE, model.code)


def refuse_not_ours(model: Model, table: Table, record: ModelRecord | None) -> None:
    """Raise ConfigError for a table or view of the model's name that is not the model's to change."""
    if record is None:
        raise ConfigError(
            f"there is a {table.kind} {model.name} already, and no model made it. Nothing was written. Rename the model's file, "
            f"or the {table.kind}."
        )
    if (table.kind == "view") != (model.kind == "view"):
        raise ConfigError(
            f"{model.name} is a {table.kind} in the target, and the model is of kind {model.kind} now. Nothing was written. "
            f"Make it anew: stepladder drop {model.name}, then stepladder run."
        )


def _with_validity(model: Model, staged: Sequence[Column]) -> tuple[Column, ...]:
    if model.kind != "history":
        return tuple(staged)
    moment = Type("timestamptz")
    return (*staged, Column(VALID_FROM, moment), Column(VALID_TO, moment))


# -- making it
def create_table(tx: Transaction, model: Model, staged: Sequence[Column]) -> None:
    """The model's table, for rows of these columns, with its key and indexes."""
    lines = ", ".join(f"{quote(column.name)} {column.type}" for column in _with_validity(model, staged))
    tx.execute(f"CREATE TABLE {quote(model.name)} ({lines})")
    _make_key(tx, model)
    if model.time:
        _make_index(tx, model, (model.time,), model.time)
    for names in model.indexes:
        if names != (model.time,):
            _make_index(tx, model, names, "_".join(names))


def _make_index(tx: Transaction, model: Model, names: Sequence[str], what: str) -> None:
    listed = ", ".join(map(quote, names))
    tx.execute(f"CREATE INDEX IF NOT EXISTS {_index(model.name, what)} ON {quote(model.name)} ({listed})")


def _make_key(tx: Transaction, model: Model) -> None:
    if model.key:
        names = ", ".join(map(quote, _unique(model)))
        tx.execute(f"CREATE UNIQUE INDEX {_index(model.name, 'key')} ON {quote(model.name)} ({names})")


def _unique(model: Model) -> tuple[str, ...]:
    return (*model.key, VALID_FROM) if model.kind == "history" else model.key


def _change_key(tx: Transaction, model: Model, table: Table) -> None:
    """The header names another key than the table's index holds, or more indexes."""
    if (_unique(model),) != table.keys and (model.key or table.keys):
        tx.execute(f"DROP INDEX IF EXISTS {_index(model.name, 'key')}")
        _make_key(tx, model)
    for names in model.indexes:
        _make_index(tx, model, names, "_".join(names))


def _index(table: str, what: str) -> str:
    name = f"{table}_{what}_idx"
    if len(name.encode()) > _NAME_BYTES:
        name = f"{table[:40]}_{hashlib.blake2b(name.encode(), digest_size=6).hexdigest()}_idx"
    return quote(name)


def _comment(tx: Transaction, model: Model, table: Table) -> None:
    """What the header says of the table and its columns, where the catalogue says something else."""
    if model.description and table.comment != model.description:
        tx.execute(f"COMMENT ON TABLE {quote(model.name)} IS {_literal(model.description)}")
    said = {column.name: column.comment for column in table.columns}
    for name, text in model.column_comments.items():
        if name in said and said[name] != text:
            tx.execute(f"COMMENT ON COLUMN {quote(model.name)}.{quote(name)} IS {_literal(text)}")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# -- changing it
def _fit(
    tx: Transaction,
    project: Project,
    model: Model,
    table: Table,
    wanted: Sequence[Column],
    now: dt.datetime,
    *,
    rebuild: bool,
) -> bool:
    """Add the columns that the model has and the table has not; widen those that became wider. Whether any did."""
    there = {column.name: column.type for column in table.columns}
    new = [column for column in wanted if column.name not in there]
    other = [
        column for column in wanted if column.name in there and str(there[column.name]) != str(column.type)
    ]
    narrowed = [column for column in other if not is_wider(there[column.name], column.type)]
    tx.hold(model.name, [column.name for column in table.columns], to_change=bool(new or other))
    if narrowed and not rebuild:
        raise ConfigError(
            "".join(
                f"column {model.name}.{column.name} is {there[column.name]}; the model now gives {column.type}.\n"
                for column in narrowed
            )
            + f"Nothing was written. Cast it, or make all of the history anew: stepladder run {model.name} --rebuild"
        )
    if (new or other) and model.columns_change == "refuse":
        raise ConfigError(
            f"{model.name} would get other columns ({', '.join(column.name for column in (*new, *other))}), and its header says "
            'columns_change = "refuse". Nothing was written.'
        )
    name = quote(model.name)
    if narrowed:
        tx.execute(f"DELETE FROM {name}")
    with views_aside(tx, project, model, [column.name for column in other], now):
        for column in other:
            using = f" USING NULL::{column.type}" if column in narrowed else ""
            tx.execute(f"ALTER TABLE {name} ALTER COLUMN {quote(column.name)} TYPE {column.type}{using}")
    for column in new:
        tx.execute(f"ALTER TABLE {name} ADD COLUMN {quote(column.name)} {column.type}")
    return bool(new or other)


def is_wider(old: Type, new: Type) -> bool:
    """Whether every value of `old` is one of `new`, and says the same there."""
    if old.name != new.name:
        return new.name in _WIDER.get(old.name, ()) and new.precision is None and new.length is None
    if (old.element, old.fields) != (new.element, new.fields):
        return False
    if old.name == "numeric" and new.precision is not None:
        if old.precision is None:
            return False
        scale, finer = old.scale or 0, new.scale or 0
        return finer >= scale and new.precision - finer >= old.precision - scale
    return _fits(old.length, new.length) and _fits(old.precision, new.precision)


def _fits(old: int | None, new: int | None) -> bool:
    return new is None or (old is not None and old <= new)
