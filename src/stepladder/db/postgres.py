"""PostgreSQL, whichever driver carries the text: sessions, transactions, catalogue, COPY's text form.

Values are written into the statement as literals of one table (`stepladder.sql.bind`), so that both drivers
send the same bytes; the driver binds nothing.
"""

from __future__ import annotations

import itertools
import re
import select
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, ClassVar, TypeVar

from stepladder.config import Target
from stepladder.db import prints
from stepladder.db.arrow.rows import arrays_of_rows, table_of_rows
from stepladder.db.arrow.stored import copy_binary, copy_text
from stepladder.db.arrow.types import pyarrow
from stepladder.db.catalog import postgres as catalog_postgres
from stepladder.db.catalog import views_upon
from stepladder.db.catalog.postgres import catalogue_type
from stepladder.db.catalog.values import Table, table_of
from stepladder.db.catalog.views_upon import ViewUpon
from stepladder.db.connection import (
    Connection,
    Cursor,
    LoadFacts,
    Result,
    refuse_all_but_queries,
    refuse_no_rows,
    upsert_statement,
)
from stepladder.db.explain import postgres as explain_postgres
from stepladder.db.explain.plan import Plan
from stepladder.db.faults import postgres_fault
from stepladder.db.health import postgres as health_postgres
from stepladder.db.health.findings import Finding
from stepladder.db.many import Many, many_at_once
from stepladder.db.native import NativeValues
from stepladder.db.postgres_values import copied_text, unknown_oid
from stepladder.db.prepared import REFUSES_UNRUN, Prepared, PreparedStatements, Unusable, preparation
from stepladder.db.prints import Parts, Print
from stepladder.db.statement_key import StatementKey, statement_key
from stepladder.errors import (
    DatabaseError,
    Disconnected,
    ProgrammingError,
    SerializationFailure,
    SqlSyntaxError,
    TransactionDead,
)
from stepladder.sql import (
    Answer,
    Bound,
    Column,
    Encode,
    TableName,
    Type,
    bind,
    server_encoder,
    statements,
    writes_rows,
)

# One statement after connecting; what a server or a role sets otherwise would change values or their text.
SESSION = (
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'postgres'; "
    "SET bytea_output = 'hex'; SET standard_conforming_strings = on; SET client_min_messages = 'warning'"
)
CONNECT_SECONDS = 10
_HOME_LOCK = 7_237_146_501  # any number that is ours: pg_advisory_xact_lock's key for making our own tables
# What these change outlives the statement: the session is made anew before somebody else gets it.
_SESSION_WORDS = ("SET", "RESET", "DISCARD", "LISTEN", "PREPARE", "LOAD", "DECLARE", "CREATE", "DO", "CALL")
_CHANGES_SESSION = re.compile(
    r"set_config|advisory|\btemp", re.IGNORECASE
)  # wherever it stands: a doubt costs a round trip
_ASIDE = "stepladder_aside"  # a savepoint's name
# Whoever waits for the statement's answer must not wait for its plan: planning takes locks too. Undone with the savepoint.
_ASIDE_LIMITS = "SET LOCAL lock_timeout = 100; SET LOCAL statement_timeout = 1000"
# What may be lost with its session without a trace. SELECT is none of them: it may call a function that writes.
_HARMLESS = ("BEGIN", "ROLLBACK", "SET", "SHOW", "DISCARD")
_ISOLATION = ("read committed", "repeatable read", "serializable")


_ALREADY_PREPARED = "42P05"

_CURSORS = itertools.count(1)
T = TypeVar("T")


class PostgresConnection(Connection):
    """What the two drivers share. A driver says how text is sent and how its errors are read."""

    product: ClassVar[str] = "PostgreSQL"
    holds_nan: ClassVar[bool] = True
    _begun: bool = False
    _writing: bool = True  # the transaction that was begun may write
    _changed: bool = False  # a statement may have changed the session's settings
    _poll: select.poll | None = None
    _sent: tuple[str, Bound] | None = None  # the user's statement, while it runs
    _many: Many | None = None  # or many of them at once

    def __init__(self) -> None:
        self._prepared = PreparedStatements()

    # -- what a driver adds
    @abstractmethod
    def _send(self, text: str) -> Result:
        """One statement (or several, whose last one's result counts)."""

    @abstractmethod
    def _send_native(self, text: str, values: NativeValues) -> Result:
        """The same, with `values` for the driver's placeholders."""

    @abstractmethod
    def _copy(self, statement: str, data: bytes | memoryview) -> int:
        """COPY … FROM STDIN with this text."""

    @abstractmethod
    def _copy_out(self, statement: str, take: Callable[[bytes | memoryview], None]) -> None:
        """COPY … TO STDOUT: each message of it, which is one row, is given to `take`."""

    @abstractmethod
    def _escape(self, text: str) -> str:
        """A string literal, quotes included, made by libpq."""

    @abstractmethod
    def _socket(self) -> int: ...

    @abstractmethod
    def _is_open(self) -> bool: ...

    @abstractmethod
    def _in_transaction(self) -> bool: ...

    @abstractmethod
    def _in_failed_transaction(self) -> bool:
        """A statement of it failed, or was canceled."""

    # -- statements
    def run(self, sql: str, values: Mapping[str, object]) -> Result:
        self._heed(sql)
        if self._may_prepare():
            key = statement_key(sql, values)
            prepared = self._prepared.get(key) or self._prepare(key, sql, values)
            if prepared is not None:
                try:
                    return self._send_bound(sql, prepared.execute(values, self._escape))
                except Unusable:
                    self._prepared.drop(key)
        return self._send_bound(sql, bind(sql, values, self._escape))

    def _send_bound(self, sql: str, bound: Bound) -> Result:
        self._sent = (sql, bound)
        try:
            return self._send(bound.text)
        finally:
            self._sent = None

    def _may_prepare(self) -> bool:
        """Not in a transaction, which a prepared statement that is unusable would end."""
        return not self._begun and not self._changed

    def _prepare(self, key: StatementKey, sql: str, values: Mapping[str, object]) -> Prepared | None:
        """Prepare a statement that has come often enough; None where it has not, or cannot be prepared."""
        if not self._prepared.due(key) or self._prepared.is_full():
            return None
        found = preparation(sql, values)
        if found is None:
            return None
        text, prepared = found
        try:
            self._send(text)
        except ProgrammingError as error:
            if error.sqlstate != _ALREADY_PREPARED:
                return (
                    None  # as a literal's, a type may come from where it stands: what is wrong is said then
                )
        self._prepared.add(key, prepared)
        return prepared

    def _heed(self, sql: str) -> None:
        """Refuse what is not one statement; note one that may change the session for whoever has it next."""
        self._changed = _one_statement(sql) or self._changed

    def run_native(self, text: str, values: NativeValues) -> Result:
        self._changed = True  # nobody has read it: it may have set anything
        return self._send_native(text, values)

    def explain(self, sql: str, values: Mapping[str, object]) -> Plan:
        return self._plan("EXPLAIN (FORMAT JSON, VERBOSE) ", sql, values, analyzed=False)

    def analyze(self, sql: str, values: Mapping[str, object]) -> Plan:
        return self._plan("EXPLAIN (FORMAT JSON, VERBOSE, ANALYZE, BUFFERS) ", sql, values, analyzed=True)

    def explain_aside(self, sql: str, values: Mapping[str, object]) -> Plan | None:
        if not self._is_open() or self._in_failed_transaction():
            return None
        inside = self._in_transaction()
        if inside:
            self.savepoint(_ASIDE)
        else:
            self.begin(read_only=False, isolation=None)
        try:
            self._send(_ASIDE_LIMITS)
            return self.explain(sql, values)
        finally:
            if inside:
                self.rollback_to(_ASIDE)
            else:
                self.rollback()

    def _plan(self, head: str, sql: str, values: Mapping[str, object], *, analyzed: bool) -> Plan:
        document = self._run_within(head, sql, "", values, self._send).rows[0][0]
        tables = explain_postgres.tables(document)
        schemas, names = sorted({schema for schema, _ in tables}), sorted({name for _, name in tables})
        rows = self.run(explain_postgres.SIZES, {"schemas": schemas, "names": names}).rows if tables else []
        return explain_postgres.read_plan(document, explain_postgres.read_sizes(rows), analyzed=analyzed)

    def arrow(self, sql: str, values: Mapping[str, object]) -> Any:
        pyarrow("Arrow data")
        if refuse_no_rows(sql) is not Answer.QUERY:
            result = self.run(sql, values)
            return table_of_rows(result.columns, result.rows)
        from stepladder.db.arrow.copy_binary import CopiedRows

        # Asked first for the types, which COPY does not tell: nothing is read for it.
        described = self._run_within("SELECT * FROM (", sql, ") AS described LIMIT 0", values, self._send)
        copied = CopiedRows(self._with_labels(described.columns))
        copy = "COPY (", sql, ") TO STDOUT (FORMAT binary)", values
        self._run_within(*copy, lambda statement: self._copy_out(statement, copied.take))
        return copied.table()

    def _with_labels(self, columns: tuple[Column, ...]) -> tuple[Column, ...]:
        """The columns, those of an enum's type as text: its values are sent as their labels, in either form."""
        unknown = {oid for column in columns if (oid := unknown_oid(column.type)) is not None}
        if not unknown:
            return columns
        found = self._send(
            "SELECT t.oid::bigint, t.typtype = 'e' FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem"
            f" WHERE t.oid IN ({', '.join(map(str, unknown))}) AND 'e' IN (t.typtype, e.typtype)"
        )
        label = Type("text")
        types = {oid: label if alone else Type("array", element=label) for oid, alone in found.rows}
        return tuple(
            replace(column, type=types.get(unknown_oid(column.type), column.type)) for column in columns
        )

    def cursor(self, sql: str, values: Mapping[str, object], *, ahead: int) -> Cursor:
        refuse_all_but_queries(sql)
        name = f"stepladder_{next(_CURSORS)}"
        self._run_within(f"DECLARE {name} NO SCROLL CURSOR FOR ", sql, "", values, self._send)
        return _ServerCursor(self._send, name, ahead)

    def _run_within(
        self, before: str, sql: str, after: str, values: Mapping[str, object], send: Callable[[str], T]
    ) -> T:
        """Send the user's one statement with words of ours around it; an error shows the user's text alone."""
        self._heed(sql)
        statement = statements(sql)[0]
        bound = bind(statement.text, values, self._escape)
        self._sent = (sql, bound.within(before, after, offset=statement.offset))
        try:
            return send(self._sent[1].text)
        finally:
            self._sent = None

    def run_many(self, sql: str, rows: Sequence[Mapping[str, object]]) -> int:
        # A limit is one for each statement; and only of these statements can a block tell how many rows they wrote.
        if self.limited is not None or not writes_rows(sql):
            return self.run_each(sql, rows)
        self._heed(sql)
        written = 0
        for many in many_at_once(sql, rows, self._escape):
            self._many = many
            try:
                written += self._send(many.text).rows[0][0]
            finally:
                self._many = None
        return written

    def encoder(self, type_: Type) -> Encode | None:
        return server_encoder(type_)

    def copy_rows(self, table: TableName, columns: Sequence[Column], rows: Sequence[Sequence[object]]) -> int:
        names = ", ".join(TableName(None, column.name).sql for column in columns)
        data = "".join("\t".join(map(copied_text, row)) + "\n" for row in rows)
        return self._copy(f"COPY {table.sql} ({names}) FROM STDIN", data.encode())

    def copy_arrow(self, table: TableName, columns: Sequence[Column], batch: Any) -> int:
        names = ", ".join(TableName(None, column.name).sql for column in columns)
        statement = f"COPY {table.sql} ({names}) FROM STDIN"
        chunks = copy_binary(batch.columns, columns)
        if chunks is not None:
            return self._copy(f"{statement} (FORMAT binary)", b"".join(chunks))
        return self._copy(statement, copy_text(batch.columns))

    def upsert(
        self, table: TableName, columns: Sequence[Column], key: Sequence[str], rows: str
    ) -> tuple[int, int]:
        ((kind,),) = self.run(
            "SELECT relkind::text FROM pg_class WHERE oid = to_regclass(:name)", {"name": table.sql}
        ).rows
        if kind == "p":  # a partitioned table does not tell xmax
            self.run(f"LOCK TABLE {table.sql} IN SHARE ROW EXCLUSIVE MODE", {})
            return super().upsert(table, columns, key, rows)
        # Counted as they are written, for others write too. A row that no transaction has changed since has xmax 0.
        ((inserted, updated),) = self.run(
            f"WITH written AS ({upsert_statement(table, columns, key, rows)} RETURNING xmax = 0 AS fresh)"
            " SELECT count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE NOT fresh) FROM written",
            {},
        ).rows
        return inserted, updated

    def load_facts(self, table: TableName) -> LoadFacts:
        ((itself, fills),) = self.run(
            "SELECT EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND conrelid = confrelid AND conrelid = to_regclass(:name)),"
            # tgtype: 1 is FOR EACH ROW, 2 is BEFORE, 4 is INSERT
            " EXISTS (SELECT FROM pg_trigger WHERE NOT tgisinternal AND tgtype::int & 7 = 7 AND tgrelid = to_regclass(:name))",
            {"name": table.sql},
        ).rows
        return LoadFacts(refers_to_itself=itself, fills_nulls=fills)

    # -- transactions
    def begin(self, *, read_only: bool, isolation: str | None, deferrable: bool = False) -> None:
        words = ["BEGIN"]
        if isolation in _ISOLATION:
            words.append(f"ISOLATION LEVEL {isolation.upper()}")
        if read_only:
            words.append("READ ONLY")
        if deferrable:
            words.append("DEFERRABLE")
        self._send(" ".join(words))
        self._begun, self._writing = True, not read_only

    def begin_staging(self) -> None:
        self.begin(read_only=False, isolation="repeatable read")

    def begin_writing(self) -> None:
        """Nothing: writers are in nobody's way until they write the same row."""

    def hold(self, table: TableName, columns: Sequence[str], *, to_change: bool) -> None:
        if to_change:
            self._send(f"LOCK TABLE {table.sql} IN ACCESS EXCLUSIVE MODE")
        # pg_class is read as it was at the snapshot; pg_relation_filenode() and the columns that `*` stands for are those of
        # now. To an older snapshot a rewritten table is empty: https://www.postgresql.org/docs/current/mvcc-caveats.html
        found = self.run(
            "SELECT (SELECT relfilenode = pg_relation_filenode(oid) FROM pg_class WHERE oid = to_regclass(:name)), t.*"
            f" FROM (SELECT) AS one LEFT JOIN {table.sql} AS t ON false",
            {"name": table.sql},
        )
        if not found.rows[0][0] or [column.name for column in found.columns[1:]] != list(columns):
            raise SerializationFailure(
                f"another session has changed the table {table.sql} while this transaction was under way"
            )

    def index_temporary(self, table: str, columns: Sequence[str]) -> None:
        """Nothing: a server hashes or sorts the rows as it needs to."""

    def be_brief(self, *, lock_seconds: float | None, idle_seconds: float | None) -> None:
        limits = (("lock_timeout", lock_seconds), ("idle_in_transaction_session_timeout", idle_seconds))
        wanted = [
            f"SET LOCAL {name} = {round(seconds * 1000)}" for name, seconds in limits if seconds is not None
        ]
        if wanted:
            self._send("; ".join(wanted))

    def commit(self) -> None:
        if self._is_open() and self._in_failed_transaction():
            # The server would answer ROLLBACK to it, and call that no error.
            raise TransactionDead(
                "A statement of this transaction failed or was canceled: nothing of it is kept."
            )
        self._send("COMMIT")
        self._begun = False

    def rollback(self) -> None:
        if self._is_open() and self._in_transaction():
            self._send("ROLLBACK")
        self._begun = False

    def savepoint(self, name: str) -> None:
        self._send(f"SAVEPOINT {name}")

    def release(self, name: str) -> None:
        self._send(f"RELEASE SAVEPOINT {name}")

    def rollback_to(self, name: str) -> None:
        self._send(f"ROLLBACK TO SAVEPOINT {name}; RELEASE SAVEPOINT {name}")

    def reset(self) -> None:
        if self._in_transaction():  # or nobody knows, when it is lost
            self._send("ROLLBACK")
        self._begun = False
        if self._changed:
            self._send("DISCARD ALL")
            self._send(SESSION)
            self._prepared.clear()
            self._changed, self.limited, self.read_only = False, None, False

    def _said(self, text: str, sqlstate: str | None, message: str, said: Any) -> DatabaseError:
        """The error for what the server said of `text`; `said` is libpq's diagnostics. It shows the statement as the
        user wrote it, without the values."""
        position = int(said.statement_position) - 1 if said.statement_position else None
        statement: str | None = text
        row = None
        if self._many is not None:
            statement = self._many.statement
            row, position = self._many.place(said.context, said.internal_position)
        elif self._sent is not None:
            if said.source_function in REFUSES_UNRUN:
                return Unusable(message)
            statement, bound = self._sent
            position = None if position is None else bound.to_user(position)
        if sqlstate == "23505" and said.schema_name == "pg_catalog":
            sqlstate = "42P07"  # two that make a table at once: the second one meets a key of the catalogue's
        fault = postgres_fault(
            sqlstate,
            said.message_primary or message,
            detail=said.message_detail,
            hint=said.message_hint,
            position=position,
            statement=statement,
        )
        if isinstance(fault, Disconnected) and said.severity_nonlocalized in ("FATAL", "PANIC"):
            return self._lost(text, message)
        return fault if row is None else fault.at(f"row {row}")

    def _lost(self, statement: str, said: str) -> Disconnected:
        """The error for a connection that broke under `statement`. Whether a COMMIT, or a statement that was its
        own transaction, took effect before the answer was lost cannot be known: not even a message that the session
        was ended says so, it may have come after the commit."""
        word = statement.split(maxsplit=1)[0].upper() if statement.strip() else ""
        unknown = (self._writing and word == "COMMIT") if self._begun else not self.read_only
        state = (
            "It is unknown whether it took effect: look before you do it again."
            if unknown and word not in _HARMLESS
            else "The transaction was rolled back."
        )
        return Disconnected(
            f"the connection to the server was lost ({said.strip()})\n{state}",
            outcome="unknown" if unknown and word not in _HARMLESS else "rolled back",
        )

    def _lost_before(self) -> Disconnected:
        """The error for a statement that is not sent, for its connection is known to be gone."""
        return Disconnected(
            "the connection to the server was lost before this statement: it was not sent.\n"
            "The transaction was rolled back."
        )

    # -- catalogue
    def columns(self, table: TableName) -> tuple[Column, ...] | None:
        found = self.run(
            "SELECT attname::text, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute"
            " WHERE attrelid = to_regclass(:name) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            {"name": table.sql},
        ).rows
        return tuple(Column(name, catalogue_type(type_), not_null) for name, type_, not_null in found) or None

    def prints(self, parts: Parts) -> tuple[Print, ...]:
        return prints.of_server(lambda sql, values: self.run(sql, values).rows, parts)

    def view_reads(self, view: TableName) -> tuple[TableName, ...]:
        found = self.run(
            "WITH RECURSIVE reads(oid) AS (SELECT to_regclass(:name)::oid UNION SELECT d.refobjid FROM reads"
            " JOIN pg_rewrite r ON r.ev_class = reads.oid"
            " JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid"
            " AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class)"
            " SELECT n.nspname::text, c.relname::text FROM reads JOIN pg_class c ON c.oid = reads.oid"
            " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid <> to_regclass(:name)::oid ORDER BY 1, 2",
            {"name": view.sql},
        ).rows
        return tuple(TableName(None if schema == "public" else schema, name) for schema, name in found)

    def views_upon(self, table: TableName, columns: Sequence[str]) -> tuple[ViewUpon, ...]:
        return views_upon.of_server(lambda sql, values: self.run(sql, values).rows, table, columns)

    def keys(self, table: TableName) -> tuple[tuple[str, ...], ...]:
        found = self.run(
            "SELECT array_agg(a.attname::text ORDER BY k.place) FROM pg_index i"
            " CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)"
            " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number"
            " WHERE i.indrelid = to_regclass(:name) AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL"
            " GROUP BY i.indexrelid, i.indisprimary ORDER BY i.indisprimary DESC, i.indexrelid",
            {"name": table.sql},
        ).rows
        return tuple(tuple(names) for (names,) in found)

    def describe(self, table: TableName) -> Table | None:
        # Sent as it is: looking for parameters in so long a text costs more than the server's answer.
        result = self._send(catalog_postgres.ASK.replace(":name", self._escape(table.sql)))
        if not result.rows:
            return None
        said = dict(zip((column.name for column in result.columns), result.rows[0], strict=True))
        name = TableName(said["schema"], said["name"]).sql
        kind = catalog_postgres.KINDS[said["kind"]]
        return table_of(name, kind, catalog_postgres.definition(said), said["rows"])

    def tables(self) -> tuple[TableName, ...]:
        found = self.run(
            "SELECT CASE WHEN pg_table_is_visible(c.oid) THEN NULL ELSE n.nspname::text END, c.relname::text"
            " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')"
            " AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' ORDER BY 1 NULLS FIRST, 2",
            {},
        ).rows
        return tuple(TableName(schema, name) for schema, name in found)

    def make_home(self) -> None:
        self._send(f"SELECT pg_advisory_xact_lock({_HOME_LOCK})")
        # Asked first: IF NOT EXISTS still wants the right to create, which a role may lack once the schema is there.
        if not self._send("SELECT FROM pg_namespace WHERE nspname = 'stepladder'").rows:
            self._send("CREATE SCHEMA stepladder")

    def examine(self, target: Target, pool_size: int) -> tuple[Finding, ...]:  # noqa: ARG002 - the server knows
        before = datetime.now(UTC)
        result = self._send(health_postgres.ASK)
        after = datetime.now(UTC)
        said = dict(zip((column.name for column in result.columns), result.rows[0], strict=True))
        return tuple(health_postgres.examine(said, before, after, pool_size))

    # -- the session
    def limit(self, seconds: float | None) -> None:
        self._send(f"SET statement_timeout = {0 if seconds is None else max(1, round(seconds * 1000))}")

    def restrict(self, *, read_only: bool) -> None:
        self._send(f"SET default_transaction_read_only = {'on' if read_only else 'off'}")

    def version(self) -> str:
        return f"PostgreSQL {self._send('SHOW server_version').rows[0][0].split()[0]}"

    def usable(self) -> bool:
        if not self._is_open():
            return False
        # An idle session has nothing to say: a socket with something to read carries the server's good-bye.
        return not (self._poll or self._waiter()).poll(0)

    def _waiter(self) -> select.poll:
        # select() cannot take descriptors of 1,024 and up, which a large pool reaches; poll() can.
        if self._poll is None:
            self._poll = select.poll()
            self._poll.register(self._socket(), select.POLLIN)
        return self._poll

    def answers(self) -> bool:
        try:
            self._send("SELECT")
        except DatabaseError:
            return False
        return True


class _ServerCursor(Cursor):
    """A cursor of the server's: FETCH is text, and the same on both drivers."""

    def __init__(self, send: Callable[[str], Result], name: str, ahead: int) -> None:
        self._send = send
        self._name = name
        first = send(f"FETCH {ahead} FROM {name}")
        self.columns = first.columns
        self._ahead: list[tuple[Any, ...]] | None = first.rows

    def fetch(self, rows: int) -> list[tuple[Any, ...]]:
        if self._ahead is not None:
            found, self._ahead = self._ahead, None
            return found
        return self._send(f"FETCH {rows} FROM {self._name}").rows

    def fetch_arrow(self, rows: int) -> list[Any]:
        return arrays_of_rows(self.columns, self.fetch(rows))

    def close(self) -> None:
        self._send(f"CLOSE {self._name}")


@lru_cache(maxsize=1024)
def _one_statement(sql: str) -> bool:
    """Whether the only statement may change the session's state.

    Raises SqlSyntaxError for none and for more than one; ProgrammingError for COPY, whose protocol is another one.
    """
    found = statements(sql)
    if not found:
        raise SqlSyntaxError("the text holds no statement. Nothing was sent.", statement=sql)
    if len(found) > 1:
        raise SqlSyntaxError(
            f"one statement is taken here, and this text holds {len(found)}. Run several with script().",
            position=found[1].offset,
            statement=sql,
        )
    word = found[0].text[:10].split(maxsplit=1)[0].upper()
    if word == "COPY":
        raise ProgrammingError(
            "COPY is not sent this way. Use load(), frame() or stream(). Nothing was sent."
        )
    return word in _SESSION_WORDS or _CHANGES_SESSION.search(sql) is not None
