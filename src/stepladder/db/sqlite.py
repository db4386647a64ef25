"""SQLite by Python's sqlite3: PostgreSQL's SQL is translated, PostgreSQL's functions are registered.

The standard library's sqlite3 is the only SQLite library that may open the file in this process: a second
copy drops the process's file locks, and another process's acknowledged rows can be lost.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, ClassVar

from stepladder.config import Target
from stepladder.db import prints, type_catalogue, type_catalogue_changes
from stepladder.db.arrow.rows import table_of_rows
from stepladder.db.arrow.stored import stored_values
from stepladder.db.arrow.table import arrow_schema, table
from stepladder.db.arrow.types import pyarrow
from stepladder.db.catalog import views_upon
from stepladder.db.catalog.values import Table
from stepladder.db.catalog.views_upon import ViewUpon
from stepladder.db.connection import (
    Connection,
    Cursor,
    LoadFacts,
    Result,
    refuse_all_but_queries,
    refuse_no_rows,
)
from stepladder.db.explain import sqlite as explain_sqlite
from stepladder.db.explain.plan import Node, Plan
from stepladder.db.faults import with_caret
from stepladder.db.health import sqlite as health_sqlite
from stepladder.db.health.findings import Finding
from stepladder.db.native import NativeValues
from stepladder.db.prints import Parts, Print
from stepladder.db.redefining import redefine
from stepladder.db.sqlite_callbacks import Callbacks, Prepared
from stepladder.db.sqlite_rows import (
    Decode,
    KeptQuery,
    OpenQuery,
    arrow_arrays,
    decoded,
    decoders_of,
    encode,
)
from stepladder.db.sqlite_schema import SqliteSchema
from stepladder.db.sqlite_waiting import SLICE_SECONDS, PatientConnection, is_busy
from stepladder.db.statement_key import statement_key
from stepladder.db.type_catalogue_changes import Before
from stepladder.errors import (
    ConnectionFailed,
    DatabaseError,
    Error,
    NotPortable,
    NumericOutOfRange,
    ParameterError,
    database_error,
)
from stepladder.sql import (
    Answer,
    Column,
    Earlier,
    Effect,
    OfSchema,
    OfSequence,
    Part,
    Redefined,
    TableName,
    TooManyDigits,
    Translation,
    Type,
    accesses,
    encode_parameter,
    first_word,
    quote,
    translate,
    types_of,
    writes_rows,
)

_KEPT_TRANSLATIONS = 1024
_ARROW_ROWS = 8192  # rows turned into Arrow at a time: they stay in the processor's cache
_UNCHANGED = Before()
_PARTS = "stepladder_parts"  # a savepoint's name
_DEFINES = frozenset(
    ("CREATE", "ALTER", "DROP")
)  # the first words of what its text alone says the effects of


class SqliteConnection(Connection):
    """One sqlite3 connection in autocommit: transactions are begun by us."""

    product: ClassVar[str] = "SQLite"
    _raw: sqlite3.Connection
    holds_nan: ClassVar[bool] = False

    def __init__(self, address: str, *, wal: bool) -> None:
        try:
            self._raw = sqlite3.connect(
                address,
                timeout=SLICE_SECONDS,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=512,
                uri=True,
                factory=PatientConnection,
            )
            if wal:
                self._raw.execute("PRAGMA journal_mode = WAL")
            self._raw.execute("PRAGMA synchronous = NORMAL")
            self._raw.execute("PRAGMA foreign_keys = ON")
        except sqlite3.Error as error:
            raise ConnectionFailed(
                f"cannot open the SQLite file: {error}. Nothing was written. Does its folder exist, may you write there, "
                "and is it a SQLite database?",
                sqlstate="08004",  # it would not be otherwise in a moment, as with a server that starts
            ) from error
        self._adopt(self._raw)
        self._callbacks.look_at_times()
        self._callbacks.guard_preparing()

    def _adopt(self, raw: sqlite3.Connection) -> None:
        """Use an open connection: PostgreSQL's functions are registered on it."""
        self._raw = raw
        self._open = True
        self._callbacks = Callbacks(self._raw, now=lambda: self._now or _now())
        self._cursor = self._raw.cursor()  # of every statement whose rows are fetched at once
        self._cursor.row_factory = None
        self._now: str | None = None
        self._refuses_writes = False
        self._changed = False  # a native statement may have set anything
        self._schema = SqliteSchema(self._raw)
        self._plans: dict[Any, _Plan] = {}

    # -- statements
    def run(self, sql: str, values: Mapping[str, object]) -> Result:
        plan = self._plans.get(self._plan_key(sql, values))
        if plan is not None and plan.repeatable and self._schema.stamp is not None:
            self._callbacks.prepares = False
            try:
                return self._run_exactly(plan, sql, values)
            except Prepared:
                pass  # nothing was run: SQLite has let go of the statement, or the schema has changed
            finally:
                self._callbacks.prepares = True
        plan = self._plan(sql, values)
        if plan.translation.by_itself and self._raw.in_transaction:
            message = f"{plan.translation.by_itself} cannot run inside a transaction block"
            raise database_error("25001")(message, sqlstate="25001")
        if plan.translation.before or plan.translation.effects:
            return self._as_one(lambda: self._run_parts(plan.translation, sql, values))
        return self._run_exactly(plan, sql, values)

    def run_native(self, text: str, values: NativeValues) -> Result:
        self._changed = True
        try:
            with self._callbacks.watching(text):
                cursor = self._raw.execute(text, () if values is None else values)
                rows = cursor.fetchall()
        except (TypeError, ValueError, OverflowError) as error:
            raise ParameterError(f"the driver cannot bind the values: {error}. Nothing was run.") from error
        finally:
            if self._refuses_writes:
                self._raw.execute("PRAGMA query_only = 1")
        columns = tuple(Column(name, Type("unknown")) for name, *_ in cursor.description or ())
        return Result(columns, rows, max(cursor.rowcount, 0))

    def explain(self, sql: str, values: Mapping[str, object]) -> Plan:
        return explain_sqlite.plan_of(self._planned(sql, values))

    def analyze(self, sql: str, values: Mapping[str, object]) -> Plan:
        root = self._planned(sql, values)
        began = time.perf_counter()
        result = self.run(sql, values)
        seconds = time.perf_counter() - began
        rows = len(result.rows) or result.affected
        return explain_sqlite.plan_of(root, analyzed=True, milliseconds=seconds * 1000, rows=rows)

    def explain_aside(self, sql: str, values: Mapping[str, object]) -> Plan | None:
        return self.explain(sql, values)  # an error of it leaves a transaction as it was

    def _planned(self, sql: str, values: Mapping[str, object]) -> Node:
        translation = self._translate(sql, values)
        if translation.before:
            raise NotPortable("the plan of a statement that SQLite runs in several parts")
        arguments = encode(translation.parameters, values)
        found = accesses(sql, self._schema, types_of(values))
        with self._callbacks.watching(sql):
            steps = self._raw.execute(f"EXPLAIN QUERY PLAN {translation.sql}", arguments).fetchall()
        return explain_sqlite.read_plan(self._raw, steps, found)

    def arrow(self, sql: str, values: Mapping[str, object]) -> Any:
        pyarrow("Arrow data")
        if refuse_no_rows(sql) is not Answer.QUERY:
            result = self.run(sql, values)
            return table_of_rows(result.columns, result.rows)
        translation = self._translate(sql, values)
        try:
            return self._arrow(translation, sql, values)
        except (TooManyDigits, NumericOutOfRange):
            if not translation.lowered:
                raise
            return self._arrow(self._in_decimals(sql, values), sql, values)

    def _arrow(self, translation: Translation, sql: str, values: Mapping[str, object]) -> Any:
        arrow_schema(translation.columns)
        batches = []
        with self._callbacks.watching(sql):
            cursor = self._raw.execute(translation.sql, encode(translation.parameters, values))
            with closing(cursor):
                while rows := cursor.fetchmany(_ARROW_ROWS):
                    batches.append(arrow_arrays(translation.columns, rows))
        return table(translation.columns, batches)

    def cursor(self, sql: str, values: Mapping[str, object], *, ahead: int) -> Cursor:
        refuse_all_but_queries(sql)
        translation = self._translate(sql, values)
        arguments = encode(translation.parameters, values)
        (reads_only,) = self._raw.execute("PRAGMA query_only").fetchone()
        opened = OpenQuery if reads_only else KeptQuery
        return opened(self._raw, self._callbacks, translation, arguments, ahead)

    def run_many(self, sql: str, rows: Sequence[Mapping[str, object]]) -> int:
        if not writes_rows(sql) or self._has_parts(sql, rows):
            return self.run_each(sql, rows)
        reached = _Reached()
        with_values = self._translated(sql, rows, reached)
        try:
            return sum(
                self._execute_group(text, returns, (values for _, values in group), sql)
                for (text, returns), group in groupby(
                    with_values, lambda pair: (pair[0].sql, bool(pair[0].columns))
                )
            )
        except Error as error:
            raise error.at(f"row {reached.row}") from error

    def _has_parts(self, sql: str, rows: Sequence[Mapping[str, object]]) -> bool:
        try:
            return bool(rows) and bool(self._translate(sql, rows[0]).before)
        except Error:
            return False  # it comes again, and then says its row

    def _translated(
        self, sql: str, rows: Sequence[Mapping[str, object]], reached: _Reached
    ) -> Iterator[tuple[Translation, list[object]]]:
        """Each row's values in their stored form, with the statement that takes them: translated once for equal types."""
        known: dict[tuple[tuple[str, Type], ...], Translation] = {}
        for reached.row, row in enumerate(rows, 1):
            types = tuple(types_of(row).items())
            if types not in known:
                known[types] = self._translate(sql, row)
            yield known[types], encode(known[types].parameters, row)

    def _execute_group(self, text: str, returns: bool, values: Iterator[list[object]], sql: str) -> int:  # noqa: FBT001
        with self._callbacks.watching(sql):
            if not returns:
                return self._raw.executemany(text, values).rowcount
            written = 0
            for each in values:  # executemany does not take RETURNING
                cursor = self._raw.execute(text, each)
                cursor.fetchall()
                written += cursor.rowcount
            return written

    def copy_rows(self, table: TableName, columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> int:
        names = ", ".join(quote(column.name) for column in columns)
        marks = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table.sqlite} ({names}) VALUES ({marks})"
        with self._callbacks.watching(statement):
            return self._raw.executemany(statement, rows).rowcount

    def copy_arrow(self, table: TableName, columns: Sequence[Column], batch: Any) -> int:
        cells = [
            stored_values(array, column.type) for array, column in zip(batch.columns, columns, strict=True)
        ]
        # Not a list of tuples: each is freed at once, and the garbage collector has nothing to look through.
        return self.copy_rows(table, columns, zip(*cells, strict=True))

    def load_facts(self, table: TableName) -> LoadFacts:
        name = table.stored_name
        found = self._raw.execute(f"PRAGMA foreign_key_list({quote(name)})").fetchall()
        return LoadFacts(
            refers_to_itself=any(row[2].lower() == name.lower() for row in found), fills_nulls=False
        )

    def _as_one(self, work: Callable[[], Result]) -> Result:
        """A statement that is several to SQLite: all of it takes effect, the type catalogue's change too, or nothing."""
        if self._raw.in_transaction:
            self.savepoint(_PARTS)
            try:
                result = work()
            except BaseException:
                if self._raw.in_transaction:  # SQLite ends it itself where it interrupts a write
                    self.rollback_to(_PARTS)
                raise
            self.release(_PARTS)
            return result
        self.begin(read_only=False, isolation=None)
        try:
            result = work()
            self.commit()
        except BaseException:
            self.rollback()
            raise
        return result

    def _run_exactly(self, plan: _Plan, sql: str, values: Mapping[str, object]) -> Result:
        """Numerics that integers did not hold are computed anew as decimals: a query may run twice."""
        try:
            return self._run(plan, sql, values)
        except (TooManyDigits, NumericOutOfRange):
            if not plan.translation.lowered:
                raise
            translation = self._in_decimals(sql, values)
            decimals = replace(plan, translation=translation, decoders=decoders_of(translation.columns))
            return self._run(decimals, sql, values)

    def _in_decimals(self, sql: str, values: Mapping[str, object]) -> Translation:
        """A translation that computes no numeric as an integer."""
        return translate(sql, self._schema, types_of(values), lowers=False)

    def _run(self, plan: _Plan, sql: str, values: Mapping[str, object]) -> Result:
        """A statement that is one to SQLite too."""
        translation, arguments = plan.translation, plan.arguments(values)
        callbacks = self._callbacks
        callbacks.start()
        try:
            cursor = self._execute(translation.sql, arguments)
            rows = cursor.fetchall()
            callbacks.prepares = True  # it has been run: from here on nothing may have it run again
            affected = self._affected(cursor, translation.counts) if translation.writes else 0
        except sqlite3.Error as error:
            callbacks.fail(error, sql)
        finally:
            if callbacks.limit is not None:
                callbacks.stop()
        if plan.decoders:
            rows = decoded(rows, plan.decoders, translation.columns)
        return Result(translation.columns, rows, affected)

    def _run_parts(self, translation: Translation, sql: str, values: Mapping[str, object]) -> Result:
        """A statement that is several to SQLite, or is followed by a change of the type catalogue."""
        arguments, effects = encode(translation.parameters, values), translation.effects
        with self._callbacks.watching(sql):
            before = type_catalogue_changes.look(self._raw, effects) if effects else _UNCHANGED
            self._refuse_to_redefine(translation.before)
            for part in translation.before:
                self._run_part(part, values)
            cursor = self._raw.execute(translation.sql, arguments)
            rows = cursor.fetchall()
            affected = self._affected(cursor, translation.counts) if translation.writes and not effects else 0
            for part in translation.before:
                if isinstance(part, Earlier) and part.into is not None:
                    self._raw.execute(f"DROP TABLE temp.{part.into}")
            for effect in effects:
                self._note(effect, before)
        columns = translation.columns
        return Result(columns, decoded(rows, decoders_of(columns), columns), affected)

    def _execute(self, statement: str, arguments: Sequence[object] = ()) -> sqlite3.Cursor:
        """By the one cursor, whose rows must all be fetched before the next one is executed."""
        try:
            return self._cursor.execute(statement, arguments)
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise
            return self._raw.execute(statement, arguments)  # which waits

    def _affected(self, cursor: sqlite3.Cursor, counts: str | None) -> int:
        """Rows written by what `cursor` ran last; the driver does not count those of a statement that begins with WITH."""
        if counts is None and cursor.rowcount >= 0:
            return cursor.rowcount
        (found,) = self._raw.execute(counts or "SELECT changes()").fetchone()
        return int(found)

    def _run_part(self, part: Part, values: Mapping[str, object]) -> None:
        if isinstance(part, Redefined):
            redefine(self._raw, part)
            return
        rows = self._raw.execute(part.sql, encode(part.parameters, values)).fetchall()
        if part.into is not None:
            names = ", ".join(f"c{place}" for place in range(1, part.columns + 1))
            self._raw.execute(f"CREATE TEMP TABLE {part.into} ({names})")
            marks = ", ".join("?" * part.columns)
            self._raw.executemany(f"INSERT INTO temp.{part.into} VALUES ({marks})", rows)

    def _refuse_to_redefine(self, parts: Sequence[Part]) -> None:
        """Raise NotPortable for a table whose text may hold what its definition does not say."""
        names = {part.table for part in parts if isinstance(part, Redefined)}
        for name in names:
            if name.schema in (None, "pg_temp") and name.name in self._schema.temporary:
                raise NotPortable("this ALTER TABLE of a temporary table")
            if name.stored_name not in type_catalogue.intact(self._raw):
                raise NotPortable(
                    f"ALTER TABLE {name.sql}, which Stepladder did not make",
                    instead="give the file known types: `stepladder adopt FILE`",
                )

    def _translate(self, sql: str, values: Mapping[str, object]) -> Translation:
        return self._plan(sql, values).translation

    def _plan(self, sql: str, values: Mapping[str, object]) -> _Plan:
        self._notice_changes()
        key = self._plan_key(sql, values)
        found = self._plans.get(key)
        if found is None:
            types = types_of(values)
            try:
                translation = translate(sql, self._schema, types)
            except DatabaseError as error:
                raise with_caret(error, sql) from error
            if len(self._plans) >= _KEPT_TRANSLATIONS:
                self._plans.clear()
            one = not translation.effects and not translation.before
            repeatable = self._callbacks.guards and one and not self._schema.reads_foreign
            as_given = all(
                type(values[name]) is int and type_.name in ("int4", "int8") and types[name] == type_
                for name, type_ in translation.parameters
            )
            names = tuple([name for name, _ in translation.parameters]) if as_given else None
            found = _Plan(translation, decoders_of(translation.columns), repeatable, names)
            self._plans[key] = found
        return found

    def _plan_key(self, sql: str, values: Mapping[str, object]) -> tuple[object, ...]:
        """A plan is one for the temporary tables that its text names, as they are now: it outlives all the others. What a
        definition may do can depend on those too that it does not name."""
        key = statement_key(sql, values)
        if not self._schema.temporary:
            return key
        if first_word(sql) in _DEFINES:
            return (*key, *self._schema.temporary.items())
        text = sql.lower()
        escaped = 'u&"' in text
        named = (made for name, made in self._schema.temporary.items() if escaped or name.lower() in text)
        return (*key, *named)

    def _notice_changes(self) -> None:
        """Forget what is known of the tables when their schema has changed, by whomever."""
        ((version,),) = self._execute("PRAGMA schema_version").fetchall()
        stamp = (version, self._foreign_stamp() if self._schema.reads_foreign else 0)
        if stamp != self._schema.stamp:
            self._schema.forget()
            self._plans.clear()
            self._schema.stamp = stamp

    def _foreign_stamp(self) -> int:
        """Changes when another connection has written: a foreign table's values must then be looked at again."""
        return int(self._raw.execute("PRAGMA data_version").fetchone()[0])

    # -- transactions
    def begin(self, *, read_only: bool, isolation: str | None, deferrable: bool = False) -> None:  # noqa: ARG002 - always serializable
        # A reader that wants to write later cannot upgrade while another writes: writers take the lock at once.
        self._plain("BEGIN" if read_only or self.read_only else "BEGIN IMMEDIATE")
        self.restrict(read_only=read_only or self.read_only)
        self._now = _now()

    def begin_staging(self) -> None:
        self._plain("BEGIN")
        self.restrict(read_only=self.read_only)
        self._now = _now()

    def begin_writing(self) -> None:
        # A reader of SQLite's cannot become a writer once another has written. Temporary tables outlive the COMMIT.
        self._plain("COMMIT")
        self._plain("BEGIN IMMEDIATE")

    def be_brief(self, *, lock_seconds: float | None, idle_seconds: float | None) -> None:
        """Nothing: the only lock of a SQLite transaction was taken when it began."""

    def hold(self, table: TableName, columns: Sequence[str], *, to_change: bool) -> None:
        """Nothing: a transaction that writes is alone, and sees what is there."""

    def index_temporary(self, table: str, columns: Sequence[str]) -> None:
        # SQLite would read all of it for each row that looks for one (https://sqlite.org/optoverview.html#autoindex).
        self._plain(
            f"CREATE INDEX temp.{quote(f'{table}_rows')} ON {quote(table)} ({', '.join(map(quote, columns))})"
        )

    def commit(self) -> None:
        self._plain("COMMIT")
        self._after_transaction()

    def rollback(self) -> None:
        if not self._raw.in_transaction:
            self._after_transaction()
            return
        self._plain("ROLLBACK")
        self._after_transaction()
        self._forget_rolled_back()

    def reset(self) -> None:
        if self._raw.in_transaction:
            self.rollback()
        if self._schema.temporary or self._changed:
            self._make_new()

    def _make_new(self) -> None:
        """Undo what outlives a statement: temporary tables, and what a native one may have set."""
        self._callbacks.sequences.forget()
        made = self._raw.execute(
            "SELECT type, name FROM sqlite_temp_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        ).fetchall()
        self._plain("PRAGMA query_only = 0")
        self._plain("PRAGMA foreign_keys = ON")
        for kind, name in made:
            inside = '"' + name.replace('"', '""') + '"'
            self._plain(f"DROP {kind} temp.{inside}")
        self._changed = self._refuses_writes = False
        self._schema.temporary.clear()
        self._schema.forget_views()
        self._forget_temporary()
        self.restrict(read_only=self.read_only)

    def savepoint(self, name: str) -> None:
        self._plain(f"SAVEPOINT {name}")

    def release(self, name: str) -> None:
        self._plain(f"RELEASE {name}")

    def rollback_to(self, name: str) -> None:
        self._plain(f"ROLLBACK TO {name}")
        self._plain(f"RELEASE {name}")
        self._forget_rolled_back()

    def _after_transaction(self) -> None:
        self._now = None
        self.restrict(read_only=self.read_only)

    def _plain(self, statement: str) -> None:
        with self._callbacks.watching(statement):
            self._raw.execute(statement)

    # -- catalogue
    def columns(self, table: TableName) -> tuple[Column, ...] | None:
        self._notice_changes()
        return self._schema.columns(table)

    def keys(self, table: TableName) -> tuple[tuple[str, ...], ...]:
        return self._schema.keys(table)

    def describe(self, table: TableName) -> Table | None:
        return self._schema.described(table)

    def prints(self, parts: Parts) -> tuple[Print, ...]:
        listed = ", ".join(map(quote, (parts.time, *parts.columns) if parts.time else parts.columns))
        sql = f"SELECT {listed or 'NULL'} FROM {parts.table.sql} WHERE {parts.where}"
        translation = self._translate(sql, parts.values)
        edges = [encode_parameter("edge", translation.columns[0].type, edge) for edge in parts.edges]
        texts = prints.text_query(translation.sql, translation.columns, timed=parts.time is not None)
        with self._callbacks.watching(sql):
            cursor = self._raw.execute(texts, encode(translation.parameters, parts.values))
            return prints.of_texts(cursor, edges)

    def view_reads(self, view: TableName) -> tuple[TableName, ...]:
        self._notice_changes()
        return self._schema.view_reads(view)

    def views_upon(self, table: TableName, columns: Sequence[str]) -> tuple[ViewUpon, ...]:
        self._notice_changes()
        return views_upon.of_file(self._schema, table, columns)

    def tables(self) -> tuple[TableName, ...]:
        return tuple(map(TableName.from_stored, type_catalogue.tables(self._raw)))

    def make_home(self) -> None:
        """Nothing: `stepladder.x` is a table of that name, and a writing transaction is alone."""

    def _note(self, effect: Effect, before: Before) -> None:
        """Follow a change of the tables: of temporary ones here, of others in the file."""
        if not isinstance(effect, OfSequence | OfSchema) and self._schema.note_temporary(effect):
            self._forget_temporary()
            return
        type_catalogue_changes.follow(self._raw, effect, before)
        self._schema.stamp = None

    def _forget_temporary(self) -> None:
        """Temporary tables have changed: what else has effects can depend on them without naming them."""
        self._plans = {
            key: plan
            for key, plan in self._plans.items()
            if not plan.translation.effects or first_word(key[0]) in _DEFINES
        }

    def _forget_rolled_back(self) -> None:
        self._schema.forget_rolled_back()
        self._plans.clear()

    def examine(self, target: Target, pool_size: int) -> tuple[Finding, ...]:  # noqa: ARG002 - a file has no limit
        with self._callbacks.watching("the examination"):
            return tuple(health_sqlite.examine(self._raw, target.path))

    # -- the session
    def limit(self, seconds: float | None) -> None:
        self._callbacks.limit = seconds

    def restrict(self, *, read_only: bool) -> None:
        if read_only != self._refuses_writes:
            self._plain(f"PRAGMA query_only = {int(read_only)}")
            self._refuses_writes = read_only

    def version(self) -> str:
        return f"SQLite {sqlite3.sqlite_version}"

    def usable(self) -> bool:
        return self._open

    def cancel(self) -> None:
        self._callbacks.cancel()

    def close(self) -> None:
        self._open = False
        with suppress(sqlite3.ProgrammingError):  # another thread is in it: it is closed when that one ends
            self._raw.close()


class _Reached:
    """The row, from 1, that execute_many is at."""

    row = 0


@dataclass(frozen=True, slots=True)
class _Plan:
    """A translation, and what reads its result: found once for a text and its parameters' types.

    A `repeatable` one need not be preceded by a look at the schema: SQLite itself prepares a statement anew when its
    schema has changed, and that is refused (`Callbacks.prepares`).
    """

    translation: Translation
    decoders: list[tuple[int, Decode]]
    repeatable: bool
    stored_as_given: (
        tuple[str, ...] | None
    )  # the names of the parameters, where each value is stored as it is

    def arguments(self, values: Mapping[str, object]) -> list[object]:
        """The values as SQLite stores them."""
        if self.stored_as_given is not None:
            return list(map(values.__getitem__, self.stored_as_given))
        return encode(self.translation.parameters, values)


def _now() -> str:
    return datetime.now(UTC).isoformat(sep=" ")
