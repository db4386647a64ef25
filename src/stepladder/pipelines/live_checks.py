"""The header's checks, asked of the tables as they are now: whoever else writes to them may have broken what held."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stepladder.config import Project
from stepladder.db import Database, Table, Transaction
from stepladder.errors import ConfigError
from stepladder.pipelines.difference import VALID_TO
from stepladder.pipelines.grid import held, refuse_empty_span
from stepladder.pipelines.model import Model
from stepladder.quality import Check, failing_sql, judge, scan_sql, table_expectations
from stepladder.sql import TableName, parse_name, quote


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of one check: the rows that fail it (for row_count: the rows there are), and some of them by column."""

    check: str
    holds: bool
    rows: int = 0
    examples: tuple[Mapping[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class CheckedModel:
    """A model's table of so many rows, and each of its checks. `rows` is None where the table has not been made."""

    name: str
    rows: int | None
    checks: tuple[Checked, ...] = ()

    @property
    def failed(self) -> tuple[Checked, ...]:
        return tuple(each for each in self.checks if not each.holds)


def check_models(
    db: Database,
    project: Project,
    models: Sequence[Model],
    *,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
) -> tuple[CheckedModel, ...]:
    """Ask the checks of the models' tables, each table in one scan and all of them at one moment; nothing is written.

    Of a model with intervals only the rows from `start` to before `end` are asked, where these are given; of a history
    the rows that are true now. Raises UsageError for a span without a moment, ConfigError where
    other columns are in the table than the checks name.
    """
    refuse_empty_span(start, end)
    there = frozenset(map(parse_name, db.tables()))
    with db.transaction(read_only=True, isolation="repeatable read") as tx:
        return tuple(
            _check(tx, project, model, start, end)
            if TableName(None, model.name) in there
            else CheckedModel(model.name, None)
            for model in models
        )


def _check(
    tx: Transaction, project: Project, model: Model, start: dt.datetime | None, end: dt.datetime | None
) -> CheckedModel:
    table = tx.table(quote(model.name))
    checks = (*table_expectations(model.key), *model.checks)
    _refuse_other_columns(model, table, checks)
    where, values = _part(project, model, table, start, end)
    name = quote(model.name)
    counts = tuple(tx.query(scan_sql(checks, name, where), values).one())
    wrong = {finding.check: finding.rows for finding in judge(checks, counts)}
    return CheckedModel(
        model.name,
        counts[0],
        tuple(
            Checked(
                check.text, holds=False, rows=wrong[check], examples=_examples(tx, check, name, where, values)
            )
            if check in wrong
            else Checked(check.text, holds=True)
            for check in checks
        ),
    )


def _examples(
    tx: Transaction, check: Check, table: str, where: str, values: Mapping[str, object]
) -> tuple[Mapping[str, object], ...]:
    sql = failing_sql(check, table, where)
    return () if sql is None else tuple(tx.query(sql, values).dicts())


def _part(
    project: Project, model: Model, table: Table, start: dt.datetime | None, end: dt.datetime | None
) -> tuple[str, dict[str, object]]:
    """Which rows are asked, as a condition and its values."""
    if model.kind == "history":
        return f"{VALID_TO} IS NULL", {}
    if model.time is None or not model.by_interval:
        return "true", {}
    type_ = next(column.type.name for column in table.columns if column.name == model.time)
    sides = [(">=", "slice_start", start), ("<", "slice_end", end)]
    given = [(sign, name, side) for sign, name, side in sides if side is not None]
    where = " AND ".join(f"{quote(model.time)} {sign} :{name}" for sign, name, _ in given)
    return where or "true", {
        name: held(side, type_, project.timezone, model.time_is) for _, name, side in given
    }


def _refuse_other_columns(model: Model, table: Table, checks: Sequence[Check]) -> None:
    there = {column.name for column in table.columns}
    named = dict.fromkeys(name for check in checks for name in check.columns)
    missing = [name for name in (*named, *((model.time,) if model.time else ())) if name not in there]
    if missing:
        raise ConfigError(
            f"the table {model.name} has no column {missing[0]}, which the model's header names: it was made by other code. "
            f"Nothing was asked. Bring it up to date: stepladder run {model.name}"
        )
