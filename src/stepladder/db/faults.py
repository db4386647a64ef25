"""Driver errors into ours, in one place: by SQLSTATE on PostgreSQL, by extended result code on SQLite."""

from __future__ import annotations

import sqlite3

from stepladder.errors import DatabaseError, DataError, NotPortable, ResourceError, database_error, redact
from stepladder.sql import Type, place_lines

# SQLite's extended result codes (https://sqlite.org/rescode.html) and the SQLSTATE that PostgreSQL would give.
_SQLSTATES = {
    "SQLITE_CONSTRAINT_UNIQUE": "23505",
    "SQLITE_CONSTRAINT_PRIMARYKEY": "23505",
    "SQLITE_CONSTRAINT_ROWID": "23505",
    "SQLITE_CONSTRAINT_NOTNULL": "23502",
    "SQLITE_CONSTRAINT_CHECK": "23514",
    "SQLITE_CONSTRAINT_FOREIGNKEY": "23503",
    "SQLITE_BUSY": "55P03",
    "SQLITE_BUSY_SNAPSHOT": "40001",
    "SQLITE_BUSY_RECOVERY": "55P03",
    "SQLITE_LOCKED": "55P03",
    "SQLITE_FULL": "53100",
    "SQLITE_NOMEM": "53200",
    "SQLITE_READONLY": "25006",
    "SQLITE_INTERRUPT": "57014",
    "SQLITE_CANTOPEN": "08001",
    "SQLITE_NOTADB": "08001",
    "SQLITE_CORRUPT": "XX001",
    "SQLITE_TOOBIG": "54000",
}
# For these it has one code, SQLITE_ERROR. Only the driver's own SQL (`native`) and loads come that far: what is
# translated is checked before.
_WORDS = (
    ("no such table", "42P01"),
    ("no such column", "42703"),
    ("no such function", "42883"),
    ("syntax error", "42601"),
    ("incomplete input", "42601"),
    ("already exists", "42P07"),
    ("because it is a view", "42809"),
    ("into generated column", "42P10"),
)
_NEXT = {
    "23505": "Nothing of this statement was written.",
    "55P03": "Nothing was written. Another process holds the lock: wait for it, or end it.",
    "53100": "The disk is full. Nothing of this transaction was written. Make room, then run it again.",
    "57014": "Nothing of this statement was written.",
    "25006": "This connection is read only.",
}


def postgres_fault(
    sqlstate: str | None,
    message: str,
    *,
    detail: str | None = None,
    hint: str | None = None,
    position: int | None = None,
    statement: str | None = None,
) -> DatabaseError:
    """The error for what a server said. `position` counts characters from 0 in `statement`."""
    state = sqlstate or "XX000"
    lines = [
        message.strip(),
        *place_lines(statement, position),
        *(extra for extra in (detail, hint, _NEXT.get(state)) if extra),
    ]
    return database_error(state)(
        "\n".join(lines), sqlstate=state, position=position, statement=_shown(statement)
    )


def sqlite_fault(error: sqlite3.Error, statement: str | None = None) -> DatabaseError | NotPortable:
    """The error for what SQLite said."""
    name = getattr(error, "sqlite_errorname", None) or ""
    message = str(error)
    if message == "integer overflow":
        return database_error("22003")("bigint out of range", sqlstate="22003", statement=_shown(statement))
    if (
        message == "FOREIGN KEY constraint failed" and name == "SQLITE_CONSTRAINT_TRIGGER"
    ):  # ON DELETE RESTRICT
        return database_error("23001")(message, sqlstate="23001", statement=_shown(statement))
    if message.startswith("ON clause references tables to its right"):
        # SQLite loses its way where it flattens a subquery beside a RIGHT or FULL JOIN.
        return NotPortable("a RIGHT or FULL JOIN beside this subquery", instead="write it as a LEFT JOIN")
    if message.startswith(("parser stack overflow", "Expression tree is too large")):
        return NotPortable("a statement that nests this deeply", instead="break it into several")
    if name.startswith("SQLITE_IOERR"):
        return ResourceError(
            f"SQLite could not read or write it ({name}): {message}\nNothing of this transaction was written. "
            "Look at the disk, its room and its rights; then run it again.",
            sqlstate="58030",
        )
    state = _SQLSTATES.get(name) or _SQLSTATES.get(_primary(name)) or _by_words(message) or _by_class(error)
    lines = [message, *([_NEXT[state]] if state in _NEXT else [])]
    return database_error(state)("\n".join(lines), sqlstate=state, statement=_shown(statement))


def odd_value(value: object, type_: Type | None) -> DataError:
    """The error for a value of the file that is not of its column's type; without `type_` the value is somebody's words."""
    said = str(value) if type_ is None else f"the file holds {value!r}, which is no {type_.bare}"
    return DataError(
        f"{said}\nSomething other than Stepladder wrote it. Find it by the column's ::text, and mend it with UPDATE."
    )


def _primary(name: str) -> str:
    return "_".join(name.split("_")[:2])


def _by_words(message: str) -> str | None:
    return next((state for words, state in _WORDS if words in message), None)


def _by_class(error: sqlite3.Error) -> str:
    return DataError.sqlstate if isinstance(error, sqlite3.DataError) else DatabaseError.sqlstate


def _shown(statement: str | None) -> str | None:
    return None if statement is None else redact(statement)


def with_caret(error: DatabaseError, statement: str) -> DatabaseError:
    """The same error, showing its place in the statement: for errors that the translator raises."""
    if error.position is None or error.statement is not None:
        return error
    lines = [error.message, *place_lines(statement, error.position)]
    return type(error)(
        "\n".join(lines), sqlstate=error.sqlstate, position=error.position, statement=_shown(statement)
    )
