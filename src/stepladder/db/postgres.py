"""PostgreSQL, whichever driver carries the text: sessions, transactions, catalogue, COPY's text form.

Values are written into the statement as literals of one table (`stepladder.sql.bind`), so that both drivers
send the same bytes; the driver binds nothing.
"""

from __future__ import annotations

import select
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar

from stepladder.db.arrow_stored import copy_binary, copy_text
from stepladder.db.connection import Connection, LoadFacts, Result, upsert_statement
from stepladder.db.faults import postgres_fault
from stepladder.db.postgres_encoding import server_encoder
from stepladder.errors import DatabaseError, Disconnected, SqlSyntaxError, UndefinedObject
from stepladder.sql import Bound, Column, TableName, Type, bind, parse_type, statements

# One statement after connecting; what a server or a role sets otherwise would change values or their text.
SESSION = (
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'postgres'; "
    "SET bytea_output = 'hex'; SET standard_conforming_strings = on; SET client_min_messages = 'warning'"
)
CONNECT_SECONDS = 10
_HOME_LOCK = 7_237_146_501  # any number that is ours: pg_advisory_xact_lock's key for making our own tables
_TYPES = {
    16: "bool", 17: "bytea", 20: "int8", 21: "int2", 23: "int4", 25: "text", 700: "float4", 701: "float8",
    1042: "bpchar", 1043: "varchar", 1082: "date", 1083: "time", 1114: "timestamp", 1184: "timestamptz",
    1186: "interval", 1700: "numeric", 2950: "uuid", 3802: "jsonb", 705: "unknown", 2278: "void",
}  # fmt: skip
_ARRAYS = {
    1000: "bool", 1001: "bytea", 1016: "int8", 1005: "int2", 1007: "int4", 1009: "text", 1021: "float4",
    1022: "float8", 1014: "bpchar", 1015: "varchar", 1182: "date", 1183: "time", 1115: "timestamp",
    1185: "timestamptz", 1187: "interval", 1231: "numeric", 2951: "uuid", 3807: "jsonb",
}  # fmt: skip
# What these change outlives the statement: the session is made anew before somebody else gets it.
_SESSION_WORDS = ("SET", "RESET", "DISCARD", "LISTEN", "PREPARE", "LOAD", "DECLARE", "CREATE")
_HARMLESS = ("SELECT", "BEGIN", "SET", "SHOW", "EXPLAIN")
_ISOLATION = ("read committed", "repeatable read", "serializable")


class PostgresConnection(Connection):
    """What the two drivers share. A driver says how text is sent and how its errors are read."""

    product: ClassVar[str] = "PostgreSQL"
    holds_nan: ClassVar[bool] = True
    _begun: bool = False
    _changed: bool = False  # a statement may have changed the session's settings
    _sent: tuple[str, Bound] | None = None  # the user's statement, while it runs

    # -- what a driver adds
    @abstractmethod
    def _send(self, text: str) -> Result:
        """One statement (or several, whose last one's result counts)."""

    @abstractmethod
    def _copy(self, statement: str, data: bytes | memoryview) -> int:
        """COPY … FROM STDIN with this text."""

    @abstractmethod
    def _escape(self, text: str) -> str:
        """A string literal, quotes included, made by libpq."""

    @abstractmethod
    def _socket(self) -> int: ...

    @abstractmethod
    def _is_open(self) -> bool: ...

    @abstractmethod
    def _in_transaction(self) -> bool: ...

    # -- statements
    def run(self, sql: str, values: Mapping[str, object]) -> Result:
        word = _one_statement(sql)
        bound = bind(sql, values, self._escape)
        self._sent = (sql, bound)
        self._changed = self._changed or word in _SESSION_WORDS
        try:
            return self._send(bound.text)
        finally:
            self._sent = None

    def run_many(self, sql: str, rows: Sequence[Mapping[str, object]]) -> int:
        return sum(self.run(sql, row).affected for row in rows)

    def copy_rows(self, table: TableName, columns: Sequence[Column], rows: Sequence[Sequence[object]]) -> int:
        names = ", ".join(TableName(None, column.name).sql for column in columns)
        data = "".join("\t".join(map(_copy_text, row)) + "\n" for row in rows)
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

    def encoder(self, type_: Type) -> Callable[[Any], Any] | None:
        return server_encoder(type_)

    # -- transactions
    def begin(self, *, read_only: bool, isolation: str | None) -> None:
        words = [f"ISOLATION LEVEL {isolation.upper()}"] if isolation in _ISOLATION else []
        self._send(" ".join(["BEGIN", *words, *(["READ ONLY"] if read_only else [])]))
        self._begun = True

    def be_brief(self, *, lock_seconds: float | None, idle_seconds: float | None) -> None:
        limits = (("lock_timeout", lock_seconds), ("idle_in_transaction_session_timeout", idle_seconds))
        wanted = [
            f"SET LOCAL {name} = {round(seconds * 1000)}" for name, seconds in limits if seconds is not None
        ]
        if wanted:
            self._send("; ".join(wanted))

    def commit(self) -> None:
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
        self.rollback()
        if self._changed:
            self._send("DISCARD ALL")
            self._send(SESSION)
            self._changed, self.limited, self.read_only = False, None, False

    def _said(self, text: str, sqlstate: str | None, message: str, said: Any) -> DatabaseError:
        """The error for what the server said of `text`; `said` is libpq's diagnostics. It shows the statement as the
        user wrote it, without the values."""
        position = int(said.statement_position) - 1 if said.statement_position else None
        statement: str | None = text
        if self._sent is not None:
            statement, bound = self._sent
            position = None if position is None else bound.to_user(position)
        fault = postgres_fault(
            sqlstate,
            said.message_primary or message,
            detail=said.message_detail,
            hint=said.message_hint,
            position=position,
            statement=statement,
        )
        return self._lost(text, message) if isinstance(fault, Disconnected) else fault

    def _lost(self, statement: str, said: str) -> Disconnected:
        """The error for a connection that broke under `statement`. Whether a COMMIT, or a statement that was its
        own transaction, took effect before the answer was lost cannot be known."""
        word = statement.split(maxsplit=1)[0].upper() if statement.strip() else ""
        unknown = word == "COMMIT" or (not self._begun and word not in _HARMLESS)
        state = (
            "It is unknown whether it took effect: look before you do it again."
            if unknown
            else "The transaction was rolled back."
        )
        return Disconnected(
            f"the connection to the server was lost ({said.strip()})\n{state}",
            outcome="unknown" if unknown else "rolled back",
        )

    # -- catalogue
    def columns(self, table: TableName) -> tuple[Column, ...] | None:
        found = self.run(
            "SELECT attname::text, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute"
            " WHERE attrelid = to_regclass(:name) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            {"name": table.sql},
        ).rows
        return (
            tuple(Column(name, _catalogue_type(type_), not_null) for name, type_, not_null in found) or None
        )

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
        # select() cannot take descriptors of 1,024 and up, which a large pool reaches; poll() can.
        waiting = select.poll()
        waiting.register(self._socket(), select.POLLIN)
        return not waiting.poll(0)


@lru_cache(maxsize=1024)
def _one_statement(sql: str) -> str:
    """The first word of the only statement. Raises SqlSyntaxError for more than one, as PostgreSQL's own protocol does."""
    found = statements(sql)
    if len(found) > 1:
        raise SqlSyntaxError(
            f"one statement is taken here, and this text holds {len(found)}. Run several with script().",
            position=found[1].offset,
            statement=sql,
        )
    return found[0].text[:10].split(maxsplit=1)[0].upper() if found else ""


def _catalogue_type(text: str) -> Type:
    """A type as the server spells it; one that has no rules here (inet, an enum) is known by its name only."""
    try:
        return parse_type(text)
    except UndefinedObject:
        return Type(text)


def result_type(oid: int, *, precision: int | None, scale: int | None, length: int | None) -> Type:
    """The type of a result column from what the server said of it."""
    if oid in _ARRAYS:
        return Type("array", element=Type(_ARRAYS[oid]))
    name = _TYPES.get(oid, f"oid {oid}")
    if name == "numeric" and precision is not None:
        return Type(name, precision=precision, scale=scale or 0)
    return Type(name, length=length) if name in ("varchar", "bpchar") else Type(name)


def affected(command: str | None) -> int:
    """Rows written, from a command tag such as "INSERT 0 5"; a SELECT writes none."""
    words = (command or "").split()
    writes = words and words[0] in ("INSERT", "UPDATE", "DELETE", "MERGE", "COPY")
    return int(words[-1]) if writes and words[-1].isdigit() else 0


def _copy_text(value: object) -> str:
    """A stored value in COPY's text format (https://www.postgresql.org/docs/current/sql-copy.html)."""
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    text = str(value)
    if "\\" in text or "\t" in text or "\n" in text or "\r" in text:
        text = text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return text
