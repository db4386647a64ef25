"""Runs model tests: the given rows as temporary tables, the model's SELECT over them, all of it rolled back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from stepladder.config import Project
from stepladder.db import Database, Rows, Transaction
from stepladder.errors import Error, ModelError
from stepladder.pipelines.model import Model
from stepladder.pipelines.model_test import Expected, Given, ModelTest
from stepladder.sql import Column, quote


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a test: no differences means that it passed."""

    test: ModelTest
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.differences


def run_model_test(db: Database, project: Project, models: Sequence[Model], test: ModelTest) -> Verdict:
    """Run one test. The target is left as it was. Raises ModelError for a test that cannot run."""
    model = next((model for model in models if model.name == test.model), None)
    if model is None:
        raise ModelError(f"there is no model {test.model!r}.", file=str(test.path), line=1)
    with db.scratch() as tx:
        try:
            return Verdict(test, _differences(tx, project, model, test))
        except ModelError:
            raise
        except Error as error:
            return Verdict(test, (error.message,))


def _differences(tx: Transaction, project: Project, model: Model, test: ModelTest) -> tuple[str, ...]:
    _refuse_gaps(model, test)
    for given in test.given:
        _make(tx, given)
    rows = tx.query(model.sql, _values(project, model, test))
    return _compare(tx, rows, test.expected, test)


def _refuse_gaps(model: Model, test: ModelTest) -> None:
    """Whatever the model reads must be given: the target's own rows are none of a test's business."""
    given = {table.table for table in test.given}
    for table in model.reads:
        if table.schema not in (None, "public"):
            raise ModelError(
                f"the model reads {table.sql}; a test gives temporary tables, which have no schema.",
                file=str(test.path),
            )
        if table.name not in given:
            raise ModelError(
                f"the model reads {table.name}: write `given {table.name}`.", file=str(test.path)
            )


def _make(tx: Transaction, given: Given) -> None:
    name = given.table
    lines = ", ".join(f"{quote(column.name)} {column.type}" for column in given.columns)
    tx.execute(f"CREATE TEMP TABLE {quote(name)} ({lines})")
    if given.rows:
        tx.load(given.rows, name, mode="append")


def _values(project: Project, model: Model, test: ModelTest) -> dict[str, object]:
    given: dict[str, object] = {
        **project.vars,
        "zone": test.zone,
        "now": test.now or test.end or dt.datetime.now(dt.UTC),
    }
    given |= {
        name: moment for name, moment in (("start", test.start), ("end", test.end)) if moment is not None
    }
    missing = [name for name in model.parameters if name not in given]
    if missing:
        raise ModelError(
            f"the model reads :{missing[0]}: write `{missing[0]} 2026-03-01` in the first line.",
            file=str(test.path),
            line=1,
        )
    return {name: given[name] for name in model.parameters}


def _reads_dates(model: Model, test: ModelTest) -> bool:
    types = {(given.table, column.name): column.type.name for given in test.given for column in given.columns}
    return any(types.get((window.table.name, window.column)) == "date" for window in model.windows)


def _compare(tx: Transaction, rows: Rows, expected: Expected, test: ModelTest) -> tuple[str, ...]:
    by_name = {column.name: (place, column) for place, column in enumerate(rows.columns)}
    strange = [name for name in expected.names if name not in by_name]
    if strange:
        raise ModelError(
            f"the model gives no column {strange[0]!r}; it gives {', '.join(by_name)}.",
            file=str(test.path),
            line=expected.line,
        )
    chosen = [by_name[name] for name in expected.names]
    got = [tuple(row[place] for place, _ in chosen) for row in rows.tuples()]
    wanted = _typed(tx, [column for _, column in chosen], expected)
    if not expected.ordered:
        got, wanted = sorted(got, key=_sortable), sorted(wanted, key=_sortable)
    lines = []
    for number in range(max(len(got), len(wanted))):
        left = _shown(expected.names, wanted[number]) if number < len(wanted) else "no row"
        right = _shown(expected.names, got[number]) if number < len(got) else "no row"
        if left != right or wanted[number] != got[number]:
            lines += [f"expect  {left}", f"got     {right}"]
    return tuple(lines)


def _typed(tx: Transaction, columns: Sequence[Column], expected: Expected) -> list[tuple[object, ...]]:
    """The expected cells as values of the model's types: the database reads them, as it reads what is given."""
    if not expected.rows:
        return []
    lines = ", ".join(f"{quote(column.name)} {column.type}" for column in columns)
    tx.execute(f"CREATE TEMP TABLE stepladder_expected ({lines})")
    tx.load(expected.rows, "stepladder_expected", mode="append")
    return tx.query("SELECT * FROM stepladder_expected").tuples()


def _sortable(row: tuple[object, ...]) -> tuple[tuple[bool, str], ...]:
    return tuple((cell is None, str(cell)) for cell in row)


def _shown(names: Sequence[str], row: tuple[object, ...]) -> str:
    return ", ".join(
        f"{name} = {'NULL' if cell is None else cell}" for name, cell in zip(names, row, strict=True)
    )
