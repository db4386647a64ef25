"""Every error that Stepladder raises, in one tree.

    Error
    ├── UsageError                        found before work starts (exit code 2)
    │   ├── ConfigError                   stepladder.toml, .env, environment, an unknown target
    │   ├── MissingExtra                  an optional library is not installed
    │   ├── MissingFile                   a file or folder that is not there, or cannot be read
    │   ├── ModelError                    a model that cannot be read, parsed or bound: file, line
    │   ├── ParameterError                a parameter that is missing, unused, or cannot be bound
    │   └── UseTransaction                db.query(...) inside the same thread's `with db.transaction()`
    ├── NotPortable                       SQL that SQLite cannot answer as PostgreSQL would
    ├── ResultError
    │   ├── NoRows, ManyRows              one() and scalar() want exactly one row
    │   └── AmbiguousColumn               two columns of that name (also PostgreSQL's 42702)
    ├── DatabaseError                     said by a database; sqlstate, retryable
    │   ├── ConnectionFailed              it never answered: down, wrong password, no such database
    │   │   └── Disconnected              it went away; outcome = "rolled back" | "unknown"
    │   ├── PoolTimeout                   every connection is out
    │   ├── DatabaseBusy                  a lock that another session holds
    │   ├── StatementCanceled             a timeout, or somebody canceled it
    │   ├── SerializationFailure          also deadlocks: run the transaction again
    │   ├── ResourceError                 disk full, out of memory, too many connections
    │   ├── TransactionDead               an earlier statement of this transaction failed
    │   ├── IntegrityError
    │   │   ├── UniqueViolation, NotNullViolation, CheckViolation, ForeignKeyViolation
    │   ├── DataError                     a value that cannot be
    │   │   ├── DivisionByZero, NumericOutOfRange, InvalidText, InvalidDatetime, StringTooLong, InvalidArgument
    │   └── ProgrammingError              the statement is wrong
    │       ├── SqlSyntaxError, UndefinedTable, UndefinedColumn, UndefinedFunction, UndefinedObject
    │       ├── AmbiguousFunction, DatatypeMismatch, GroupingError, DuplicateTable, PermissionDenied
    ├── LoadError                         rows that do not fit; nothing was loaded
    ├── CheckFailed                       a check of a model did not hold; nothing was published
    ├── RunFailed                         a model failed while running
    ├── StillHeld                         another run holds what this one has to write; nothing was written
    └── LeaseLost                         another run took an interval over; this one wrote nothing

A message says what happened, what state it left, and what to do next. Whatever has an `exit_code` ends the
command line with it; see docs/reference/cli.md.
"""

from __future__ import annotations

import re
from typing import ClassVar, Self

_PASSWORD = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://[^\s:/@]*):(?P<secret>\S*)@", re.IGNORECASE)
_PASSWORD_WORD = re.compile(
    r"(?P<word>(?:\b|PG|ssl)(?:password|passfile)\s*=\s*)('(?:[^'\\]|\\.)*'(?![^\s\"])|[^\s&\"]+)",
    re.IGNORECASE,
)
_URL_PASSWORD = re.compile(r"^(?P<scheme>[a-z][a-z0-9+.-]*://[^:/@]*):.*@", re.IGNORECASE | re.DOTALL)


def redact(text: str) -> str:
    """`text` with the password of every URL and every `password=` in it replaced by `***`."""
    return _PASSWORD_WORD.sub(r"\g<word>***", _PASSWORD.sub(r"\g<scheme>:***@", text))


def redact_url(url: str) -> str:
    """One URL with its password replaced by `***`, whatever characters stand unencoded in it."""
    return redact(_URL_PASSWORD.sub(r"\g<scheme>:***@", url))


class Error(Exception):
    """The root. Its message never holds a password."""

    exit_code: ClassVar[int] = 4

    def __init__(self, message: str) -> None:
        super().__init__(redact(message))

    @property
    def message(self) -> str:
        """What happened, what state it left, what to do next."""
        return str(self.args[0])

    def at(self, place: str) -> Self:
        """The same error, saying also where it was: in which statement of a script, which row, which parameter."""
        found = type(self).__new__(type(self))
        found.__dict__.update(self.__dict__)
        found.args = (f"{place}: {self.message}",)
        return found


class UsageError(Error):
    """Found before any work began: nothing was read or written."""

    exit_code = 2


class ConfigError(UsageError):
    """stepladder.toml, .env, the environment, or a target that none of them names."""


class MissingExtra(UsageError):
    """An optional library is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f'{what} needs an extra that is not installed. Install it: pip install "stepladder[{extra}]"'
        )
        self.extra = extra


class MissingFile(UsageError):
    """A file or folder that is not there, or cannot be read."""


class ModelError(UsageError):
    """A model (or its test) that cannot be read, parsed or bound.

    `file` and `line` (from 1) say where.
    """

    def __init__(self, message: str, *, file: str | None = None, line: int | None = None) -> None:
        place = "" if file is None else f"{file}:{line}: " if line else f"{file}: "
        super().__init__(place + message)
        self.file = file
        self.line = line


class ParameterError(UsageError):
    """A parameter that is missing, unused, of an unknown type, or that cannot be bound."""


class UseTransaction(UsageError):
    """The database was asked outside the transaction that this thread has open."""


class NotPortable(Error):
    """SQL that SQLite cannot answer exactly as PostgreSQL would, refused before anything runs.

    `position` counts characters from 0 in the statement as it was written.
    """

    exit_code = 1

    def __init__(self, what: str, *, why: str = "", instead: str = "", position: int | None = None) -> None:
        lines = [f"not portable to SQLite: {what}"]
        if why:
            lines.append(f"why: {why}")
        if instead:
            lines.append(f"instead: {instead}")
        super().__init__("\n".join(lines))
        self.what = what
        self.why = why
        self.instead = instead
        self.position = position


class ResultError(Error):
    """The rows are not of the shape that was asked for."""


class NoRows(ResultError):
    """one() and scalar() want a row, and there is none."""


class ManyRows(ResultError):
    """one() and scalar() want one row, and there are more."""


class DatabaseError(Error):
    """Said by a database.

    `sqlstate` is PostgreSQL's five characters, on SQLite too. `retryable` says whether the same work may
    succeed when it is done again from the start. `position` counts characters from 0 in `statement`.
    """

    exit_code = 4
    sqlstate: str = "XX000"
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        sqlstate: str | None = None,
        position: int | None = None,
        statement: str | None = None,
    ) -> None:
        super().__init__(message)
        if sqlstate is not None:
            self.sqlstate = sqlstate
        self.position = position
        self.statement = statement


class ConnectionFailed(DatabaseError):
    """The database never answered: it is down, the password is wrong, it does not exist."""

    exit_code = 3
    sqlstate = "08001"


class Disconnected(ConnectionFailed):
    """The connection went away. `outcome` is "rolled back", or "unknown" when a COMMIT was under way."""

    sqlstate = "08006"
    retryable = True

    def __init__(self, message: str, *, outcome: str = "rolled back", **rest: str | None) -> None:
        super().__init__(message, sqlstate=rest.get("sqlstate"), statement=rest.get("statement"))
        self.outcome = outcome


class PoolTimeout(DatabaseError):
    """Every connection of the pool is out, and none came back in time."""

    exit_code = 3
    sqlstate = "53400"


class DatabaseBusy(DatabaseError):
    """A lock that another session holds was not given up in time."""

    exit_code = 3
    sqlstate = "55P03"
    retryable = True


class StatementCanceled(DatabaseError):
    """The statement ran into its timeout, or somebody canceled it."""

    exit_code = 3
    sqlstate = "57014"


class SerializationFailure(DatabaseError):
    """Concurrent transactions were in each other's way (also: a deadlock). Run the transaction again."""

    exit_code = 3
    sqlstate = "40001"
    retryable = True


class ResourceError(DatabaseError):
    """Disk full, out of memory, too many connections, a file that cannot be written."""

    exit_code = 3
    sqlstate = "53000"


class TransactionDead(DatabaseError):
    """An earlier statement of this transaction failed: nothing more can be done in it but to roll back."""

    sqlstate = "25P02"


class IntegrityError(DatabaseError):
    """A constraint does not hold."""

    sqlstate = "23000"


class UniqueViolation(IntegrityError):
    """A key that is there already."""

    sqlstate = "23505"


class NotNullViolation(IntegrityError):
    """NULL in a column that forbids it."""

    sqlstate = "23502"


class CheckViolation(IntegrityError):
    """A CHECK of the table does not hold."""

    sqlstate = "23514"


class ForeignKeyViolation(IntegrityError):
    """A key that points nowhere."""

    sqlstate = "23503"


class DataError(DatabaseError):
    """A value that cannot be."""

    sqlstate = "22000"


class DivisionByZero(DataError):
    """A division by zero."""

    sqlstate = "22012"


class NumericOutOfRange(DataError):
    """A number too large for its type."""

    sqlstate = "22003"


class InvalidText(DataError):
    """Text that its type cannot read, as 'abc'::int."""

    sqlstate = "22P02"


class InvalidDatetime(DataError):
    """A date or time that does not exist, or is out of range."""

    sqlstate = "22007"


class StringTooLong(DataError):
    """More characters than varchar(n) holds."""

    sqlstate = "22001"


class InvalidArgument(DataError):
    """An argument that the function does not take."""

    sqlstate = "22023"


class ProgrammingError(DatabaseError):
    """The statement is wrong."""

    sqlstate = "42000"


class SqlSyntaxError(ProgrammingError):
    """PostgreSQL's grammar does not take it."""

    sqlstate = "42601"


class UndefinedTable(ProgrammingError):
    """No such table or view."""

    sqlstate = "42P01"


class UndefinedColumn(ProgrammingError):
    """No such column."""

    sqlstate = "42703"


class UndefinedFunction(ProgrammingError):
    """No such function or operator for these types."""

    sqlstate = "42883"


class UndefinedObject(ProgrammingError):
    """No such type, index, constraint or schema."""

    sqlstate = "42704"


class AmbiguousFunction(ProgrammingError):
    """More than one function or operator fits."""

    sqlstate = "42725"


class DatatypeMismatch(ProgrammingError):
    """A type that does not fit its place."""

    sqlstate = "42804"


class GroupingError(ProgrammingError):
    """A column that is neither grouped nor aggregated."""

    sqlstate = "42803"


class DuplicateTable(ProgrammingError):
    """The table is there already."""

    sqlstate = "42P07"


class PermissionDenied(ProgrammingError):
    """The role may not do this."""

    sqlstate = "42501"


class AmbiguousColumn(ProgrammingError, ResultError):
    """Two columns of that name: in a statement (42702), or in a row that is read by name."""

    sqlstate = "42702"


class LoadError(Error):
    """Rows that do not fit their table. Nothing was loaded."""

    exit_code = 1


class CheckFailed(Error):
    """A check of a model did not hold. Nothing was published: the table holds what it held before."""

    exit_code = 1


class RunFailed(Error):
    """A model's SQL or Python failed while running."""


class StillHeld(Error):
    """Another run, alive or frozen, holds what this one has to write. Nothing was written."""

    exit_code = 5


class LeaseLost(Error):
    """Another run took this interval over. This run wrote nothing of it."""

    exit_code = 5


def _database_errors(root: type[DatabaseError]) -> dict[str, type[DatabaseError]]:
    """SQLSTATE -> class, for every class below `root` that has one of its own."""
    found = {root.sqlstate: root}
    for child in root.__subclasses__():
        found |= _database_errors(child)
    return found


_BY_SQLSTATE = _database_errors(DatabaseError)
_ALIASES: dict[str, type[DatabaseError]] = {
    "40P01": SerializationFailure,
    "42P02": ProgrammingError,
    "23001": ForeignKeyViolation,  # ON DELETE RESTRICT, from PostgreSQL 18 on
    "42710": DuplicateTable,
    "42P06": DuplicateTable,
    "3F000": UndefinedObject,
    "22008": InvalidDatetime,
    "22018": InvalidText,
    "25P03": Disconnected,
    "25P04": Disconnected,
    "28P01": ConnectionFailed,
    "28000": ConnectionFailed,
    "3D000": ConnectionFailed,
}
_BY_CLASS: dict[str, type[DatabaseError]] = {
    "08": Disconnected,
    "22": DataError,
    "23": IntegrityError,
    "40": SerializationFailure,
    "42": ProgrammingError,
    "53": ResourceError,
    "57": Disconnected,
    "58": ResourceError,
}


def database_error(sqlstate: str) -> type[DatabaseError]:
    """The class for a SQLSTATE: its own, else that of its first two characters, else DatabaseError."""
    return _BY_SQLSTATE.get(sqlstate) or _ALIASES.get(sqlstate) or _BY_CLASS.get(sqlstate[:2], DatabaseError)
