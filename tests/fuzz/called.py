"""A function's calls over many rows of generated arguments: each row's value or error on a server and on SQLite.

The arguments lie in the table `inputs` of both; now and then one of a call is a literal.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

import stepladder as sl
from stepladder.errors import DatabaseError, NotPortable
from tests.fuzz import grammar
from tests.fuzz.answers import IntervalLoader, shown
from tests.fuzz.values import spelled, value

Found = tuple[str, Any]
BATCH = 100
_NO_COLUMNS = ("unknown", "jsonpath", "name", "_varchar")  # no table on SQLite holds them


@dataclass(frozen=True, slots=True)
class Function:
    """A function by its rule's key, `name(types)`."""

    name: str
    types: tuple[str, ...]

    @staticmethod
    def of(key: str) -> Function:
        name, _, types = key[:-1].partition("(")
        return Function(name, tuple(types.split(",")))

    def columns(self) -> dict[str, str]:
        """The arguments that a table can hold, with their types as they are declared."""
        declared = [(f"a{place}", each) for place, each in enumerate(self.types) if each not in _NO_COLUMNS]
        return {name: "character(4)" if each == "bpchar" else spelled(each) for name, each in declared}

    def literal(self, chance: random.Random, place: int) -> str:
        """An argument; where only some words have a meaning, mostly one of those."""
        words, type_ = grammar.chosen(self.name, place), self.types[place]
        if words and not type_.startswith(("interval", "timestamp")) and chance.random() < 0.8:
            return f"{chance.choice(words)}::{spelled(type_)}"
        return value(chance, type_)

    def _beyond(self, chance: random.Random, place: int) -> str:
        """The same, or what no column on SQLite holds."""
        if self.types[place] in ("numeric", "float4", "float8") and chance.random() < 0.3:
            return f"'{chance.choice(('NaN', 'Infinity', '-Infinity'))}'::{self.types[place]}"
        return self.literal(chance, place)

    def rows(self, chance: random.Random, count: int) -> list[str]:
        """Rows of `inputs`, as VALUES lists them."""
        places = [int(name[1:]) for name in self.columns()]
        return [
            f"({', '.join([str(number), *(self.literal(chance, place) for place in places)])})"
            for number in range(1, count + 1)
        ]

    def call(self, chance: random.Random, share: float) -> str:
        """A call; of its arguments a share are literals, though not all if there is a column."""
        columns = self.columns()
        literal = [f"a{place}" not in columns or chance.random() < share for place in range(len(self.types))]
        if all(literal) and columns:
            literal[int(chance.choice(list(columns))[1:])] = False
        arguments = [
            self._beyond(chance, place) if each else f"inputs.a{place}" for place, each in enumerate(literal)
        ]
        return f'pg_catalog."{self.name}"({", ".join(arguments)})'


class Server:
    """The inputs on a server, in a temporary table."""

    def __init__(self, url: str) -> None:
        self._raw = psycopg.connect(
            url,
            autocommit=True,
            prepare_threshold=None,
            options="-c timezone=UTC -c client_min_messages=error",
        )
        self._raw.adapters.register_loader("interval", IntervalLoader)

    def close(self) -> None:
        self._raw.close()

    def fill(self, columns: dict[str, str], rows: list[str]) -> list[dict[str, str | None]]:
        """Put the rows into `inputs`; what it then holds, as text."""
        declared = "".join(f", {name} {type_}" for name, type_ in columns.items())
        self._run(f"DROP TABLE IF EXISTS inputs; CREATE TEMP TABLE inputs (id int{declared})")
        self._run(f"INSERT INTO inputs VALUES {', '.join(rows)}")
        shown_ = ", ".join(f"{name}::text" for name in ("id", *columns))
        cursor = self._run(f"SELECT {shown_} FROM inputs ORDER BY inputs.id")
        return [dict(zip(("id", *columns), row, strict=True)) for row in cursor.fetchall()]

    def _run(self, sql: str) -> psycopg.Cursor[Any]:
        return self._raw.execute(sql.encode())

    def found(self, call: str, rows: range) -> list[Found]:
        """Each row's value or error."""
        try:
            type_ = self._type(call)
        except psycopg.Error as error:
            return [("error", error.sqlstate)] * len(rows)
        self._run(
            f"DROP FUNCTION IF EXISTS pg_temp.found; CREATE FUNCTION pg_temp.found() RETURNS TABLE (failed text, value "
            f"{type_}) LANGUAGE plpgsql AS $found$ DECLARE inputs record; BEGIN "
            f"FOR inputs IN SELECT * FROM inputs i WHERE i.id >= {rows.start} AND i.id < {rows.stop} ORDER BY i.id LOOP "
            f"BEGIN failed := NULL; value := {call}; "
            "EXCEPTION WHEN OTHERS THEN failed := SQLSTATE; value := NULL; END; RETURN NEXT; END LOOP; END $found$"
        )
        cursor = self._run("SELECT failed, value FROM pg_temp.found()")
        return [_read(cursor, place) for place in range(cursor.rowcount)]

    def alone(self, call: str, row: int) -> Found:
        """A row's value or error in a plain query: in a loop the planner takes what is NULL for a constant."""
        try:
            cursor = self._run(f"SELECT NULL, {call} FROM inputs WHERE id = {row}")
        except psycopg.Error as error:
            return "error", error.sqlstate
        return _read(cursor, 0)

    def _type(self, call: str) -> str:
        """The type of a call, which is not run."""
        self._run(f"PREPARE call AS SELECT {call} FROM inputs")
        types = self._run("SELECT result_types[1]::text FROM pg_prepared_statements WHERE name = 'call'")
        ((found,),) = types.fetchall()
        self._run("DEALLOCATE call")
        return str(found)


def _read(cursor: psycopg.Cursor[Any], place: int) -> Found:
    cursor.scroll(place, mode="absolute")
    try:
        ((failed, found),) = cursor.fetchmany(1)
    except (psycopg.DataError, DatabaseError):
        return "unreadable", ""  # Python has no such value
    return ("error", failed) if failed else ("value", _shown(found))


def _shown(found: Any) -> Any:
    """A value as `shown`; a table on SQLite has no negative zero (docs/reference/values.md)."""
    return shown(found + 0.0 if isinstance(found, float) else found)


class Sqlite:
    """The inputs in a database in memory."""

    def __init__(self) -> None:
        self._db = sl.connect("sqlite:///:memory:")

    def close(self) -> None:
        self._db.close()

    def fill(self, columns: dict[str, str], rows: list[dict[str, str | None]]) -> None:
        """Put the rows into `inputs`."""
        self._db.execute("DROP TABLE IF EXISTS inputs")
        self._db.execute(
            f"CREATE TABLE inputs (id int PRIMARY KEY{''.join(f', {name} {type_}' for name, type_ in columns.items())})"
        )
        marks = "".join(f", cast(:{name}::text AS {type_})" for name, type_ in columns.items())
        self._db.execute_many(f"INSERT INTO inputs VALUES (:id::text::int{marks})", rows)

    def found(self, call: str, rows: range) -> list[Found]:
        """Each row's value or error, or that the call is refused."""
        try:
            return [("value", _shown(value)) for (value,) in self._asked(call, rows)]
        except Exception:  # noqa: BLE001 - a row's, which is told below
            return [self.alone(call, row) for row in rows]

    def alone(self, call: str, row: int) -> Found:
        """A row's."""
        try:
            ((value,),) = self._asked(call, range(row, row + 1))
        except NotPortable as error:
            return "refused", error.what
        except DatabaseError as error:
            return "error", error.sqlstate or f"{type(error).__name__}: {error}"
        except Exception as error:  # noqa: BLE001 - whatever else it is, it is a difference
            return "error", f"{type(error).__name__}: {error}"
        return "value", _shown(value)

    def _asked(self, call: str, rows: range) -> sl.Rows:
        sql = f"SELECT {call} FROM inputs WHERE id >= :first AND id < :end ORDER BY id"
        return self._db.query(sql, first=rows.start, end=rows.stop)


def differences(
    server: Server, sqlite: Sqlite, function: Function, chance: random.Random, count: int
) -> Iterator[str]:
    """The calls of which SQLite's answer is another, in words."""
    columns = function.columns()
    held = server.fill(columns, function.rows(chance, count))
    sqlite.fill(columns, held)
    for first in range(1, count + 1, BATCH):
        call, rows = function.call(chance, 0.2), range(first, min(first + BATCH, count + 1))
        for row, truth, own in zip(rows, server.found(call, rows), sqlite.found(call, rows), strict=True):
            if own[0] != "refused" and own != truth and own != server.alone(call, row):
                yield f"{call} of {held[row - 1]}: server {truth}, sqlite {own}"
