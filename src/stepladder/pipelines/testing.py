"""Runs model tests: step after step in scratch space, and what came out beside what was expected."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from stepladder.compare import Table, compare
from stepladder.config import Project, Target, nearest, resolve_target
from stepladder.db import Database, Side, postgres_side, sqlite_side
from stepladder.errors import (
    CheckFailed,
    ConnectionFailed,
    DatabaseError,
    DataError,
    Error,
    LoadError,
    ModelError,
    ProgrammingError,
    ResourceError,
    UndefinedTable,
    UniqueViolation,
)
from stepladder.pipelines.expected_rows import differences
from stepladder.pipelines.model import Model
from stepladder.pipelines.model_test import Expected, ExpectedError, Given, ModelTest, Ran, Step
from stepladder.pipelines.trial import Live, Trial
from stepladder.sql import Column, TableName, parse_name


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a test on one engine, or on both: no differences means that it passed."""

    test: ModelTest
    engine: str
    differences: tuple[str, ...]
    seconds: float
    tables: tuple[Table, ...] = field(default=(), repr=False)

    @property
    def passed(self) -> bool:
        return not self.differences


def prototype(project: Project) -> Target | None:
    """The project's default target where that is a SQLite file that is there: its tables say the types of what a test gives,
    where no other target is named."""
    url = project.targets.get(project.default or "", "")
    target = resolve_target(project.default, project) if url.startswith("sqlite:///") else None
    return target if target and target.path and target.path.exists() else None


def live_columns(db: Database | None) -> Live:
    """The columns of a target's tables, which are the types of what a test gives without a type. Each is asked for once."""
    known: dict[TableName, Sequence[Column] | None] = {}

    def columns(table: TableName) -> Sequence[Column] | None:
        table = TableName(None if table.schema == "public" else table.schema, table.name)
        if db is not None and table not in known:
            try:
                known[table] = db.columns(table.sql)
            except UndefinedTable:
                known[table] = None
        return known.get(table)

    return columns


@contextmanager
def scratch_for(db: Database | None, schemas: frozenset[str] = frozenset()) -> Iterator[Side]:
    """Where a model is tried out: a schema of a server that nobody sees, or SQLite in memory."""
    scratch = sqlite_side(schemas) if db is None or db.target.is_sqlite else postgres_side(db, schemas)
    with scratch as side:
        yield side


def run_model_test(
    project: Project, models: Sequence[Model], test: ModelTest, db: Database | None, live: Live
) -> Verdict:
    """Run one test: on the server `db` where it is one, else on SQLite in memory. Both are left as they were.

    Raises ModelError for a test that cannot run, ResourceError for a missing right.
    """
    model = next((model for model in models if model.name == test.model), None)
    if model is None:
        raise ModelError(
            f"there is no model {test.model!r}.{nearest(test.model, [one.name for one in models])}",
            file=str(test.path),
            line=1,
        )
    began = time.monotonic()
    schemas = frozenset(table.schema for table in model.reads if table.schema)
    for table in (*model.reads, *(parse_name(given.table) for given in test.given)):
        live(table)  # known before scratch space has this thread's only transaction
    with scratch_for(db, schemas) as side:
        running = _Running(side, Trial(side, project, model, live, zone=test.zone, file=str(test.path)), test)
        said = tuple(running.all())
        return Verdict(test, side.name, said, time.monotonic() - began, tuple(running.tables))


def both_agree(sqlite: Verdict, server: Verdict, key: Sequence[str]) -> Verdict:
    """The verdict on a test that ran on both engines: both must pass, and their tables be equal, in every column."""
    said = list(sqlite.differences)
    if sqlite.differences != server.differences:
        said = [line for one in (sqlite, server) for line in _under(f"on {one.engine}:", one.differences)]
    for number, (left, right) in enumerate(zip(sqlite.tables, server.tables, strict=False), 1):
        found = compare(left, right, key=key if set(key) <= set(left.names) else ())
        if not found.equal:
            place = f"expect {number}: " if len(sqlite.tables) > 1 else ""
            said.append(f"{place}the engines differ: {found.summary('on SQLite', 'on PostgreSQL')}")
            said += [f"  {one.line('SQLite', 'PostgreSQL')}" for one in found.differences]
    return Verdict(
        sqlite.test, f"{sqlite.engine} = {server.engine}", tuple(said), sqlite.seconds + server.seconds
    )


def _under(head: str, lines: Sequence[str]) -> Sequence[str]:
    return (head, *(f"  {line}" for line in lines)) if lines else ()


class _Running:
    """One test, step by step. What was given is run before anything is expected of it."""

    def __init__(self, side: Side, trial: Trial, test: ModelTest) -> None:
        self._side, self._trial, self._test = side, trial, test
        self._to_run = True
        self._error: Error | None = None
        self.tables: list[Table] = []

    def all(self) -> Iterator[str]:
        """Does every step; what is not as it should be, line by line. Ends with the first run that fails unexpectedly."""
        for step in self._test.steps:
            if self._error is not None and not isinstance(step, ExpectedError):
                break
            yield from self._step(step)
        if self._error is not None:
            yield self._error.message

    def _step(self, step: Step) -> Iterator[str]:
        if isinstance(step, Given):
            with self._of_the_test(step.line):
                self._trial.give(step.table, step.names, step.types, step.rows, replace=step.replace)
            self._to_run = True
        elif isinstance(step, Ran):
            self._run(step)
        else:
            if self._to_run:
                self._run(None)
            if isinstance(step, ExpectedError):
                yield from self._judge_error(step)
            elif self._error is None:
                yield from self._judge_rows(step)

    def _run(self, step: Ran | None) -> None:
        self._to_run = False
        test = self._test
        start, end, now = (step.start, step.end, step.now) if step else (None, None, None)
        try:
            self._trial.run(start or test.start, end or test.end, now or test.now)
        except (ConnectionFailed, ResourceError):
            raise
        except ModelError as error:
            if error.file == str(test.path):  # of the test, and not of the model
                raise
            self._error = error
        except Error as error:
            self._error = error

    def _judge_error(self, step: ExpectedError) -> Iterator[str]:
        error, self._error = self._error, None
        if error is None:
            yield f"line {step.line}: expect error {step.said}"
            yield "got     no error"
        elif not _is(error, step.said, self._trial.model.key):
            yield f"line {step.line}: expect error {step.said}"
            yield f"got     {type(error).__name__}: {error.message}"

    def _judge_rows(self, expected: Expected) -> Iterator[str]:
        try:
            rows = self._trial.rows()
        except UndefinedTable:
            yield f"line {expected.line}: the model has made no table: no run of this test came out well"
            return
        self.tables.append(Table(rows.columns, rows.tuples()))
        with self._of_the_test(expected.line):
            found = list(differences(self._side, rows, expected, self._test))
        yield from found

    @contextmanager
    def _of_the_test(self, line: int) -> Iterator[None]:
        """What the database says of cells that are no values is said of the test, with its file and line."""
        try:
            yield
        except LoadError as error:
            rows = [text.strip() for text in error.message.splitlines() if text.startswith(" ")]
            raise ModelError(
                "\n".join(rows or [error.message]), file=str(self._test.path), line=line
            ) from error
        except (DataError, ProgrammingError) as error:
            raise ModelError(error.message, file=str(self._test.path), line=line) from error


def _is(error: Error, said: str, key: Sequence[str]) -> bool:
    """Whether an error is the one that a test expects: a check's text, a class (or one above it), or an SQLSTATE."""
    words = "".join(said.split())
    if isinstance(error, CheckFailed):
        checks = [
            line.removeprefix("check ").rpartition(": ")[0] or line for line in error.message.splitlines()
        ]
        if any("".join(check.split()) == words for check in checks):
            return True
    if isinstance(error, UniqueViolation) and words == f"unique({','.join(key)})":
        return True
    names = {kind.__name__ for kind in type(error).__mro__} & {kind.__name__ for kind in _kinds(Error)}
    return said in names or (isinstance(error, DatabaseError) and said == error.sqlstate)


def _kinds(kind: type[Error]) -> Iterator[type[Error]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)
