"""Scratch space on both engines, in which nothing can be left behind.

On PostgreSQL it is a schema in a transaction that is never committed: nobody else sees it, and whatever ends the
session (an error, Ctrl-C, SIGKILL, the server's own crash) the server rolls it back. On SQLite it is a file without a
name. So there is nothing to sweep, and no live run whose things a sweep might take.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from stepladder.db.database import Database, temporary
from stepladder.db.transaction import Transaction
from stepladder.errors import DatabaseError, PermissionDenied, ResourceError
from stepladder.sql import TableName, in_schemas, quote

PREFIX = "stepladder_scratch_"
_READ_ONLY = "25006"
# A server waits for the end of a statement before it looks whether its client is still there; not every system can.
_LOOK_FOR_CLIENT = "SET LOCAL client_connection_check_interval = 1000"


@dataclass(frozen=True, slots=True)
class Side:
    """One engine's scratch space. `create` are the words that make a table there; `schemas` says which schema of the
    scratch space stands for which of the user's."""

    name: str
    session: Transaction
    create: str
    schemas: Mapping[str, str] = field(default_factory=dict)

    def table(self, name: TableName) -> str:
        """How the table is called here."""
        return TableName(self.schemas.get(name.schema or "", name.schema), name.name).sql

    def sql(self, sql: str) -> str:
        """A model's SQL as it is sent here: as it is, but for the names of schemas that the scratch space has."""
        return in_schemas(sql, self.schemas) if self.schemas else sql


@contextmanager
def sqlite_side(schemas: frozenset[str]) -> Iterator[Side]:
    """Scratch space on SQLite, until the block ends. `schemas` are those that the models name."""
    with temporary() as db, db.scratch() as session:
        for name in sorted(schemas):
            session.execute(f"CREATE SCHEMA IF NOT EXISTS {quote(name)}")
        yield Side("SQLite", session, "CREATE TABLE")


@contextmanager
def postgres_side(db: Database, schemas: frozenset[str]) -> Iterator[Side]:
    """Scratch space on a server, until the block ends. `schemas` are those that the models name.

    Raises ResourceError that says which right is missing.
    """
    home = f"{PREFIX}{dt.datetime.now(dt.UTC):%Y%m%dt%H%M%S}_{os.getpid()}_{secrets.token_hex(3)}"
    named = {
        name: home if name == "public" else f"{home}_{number}" for number, name in enumerate(sorted(schemas))
    }
    with db.scratch() as session:
        with suppress(DatabaseError), session.transaction() as trial:
            trial.execute(_LOOK_FOR_CLIENT)
        # While SQLite works, the server's side stands idle.
        session.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        for name in sorted({home, *named.values()}):
            _make_schema(db, session, name)
        session.execute(f"SET LOCAL search_path = {quote(home)}")
        # Not logged: nothing of it goes to the server's log of changes, nor to its replicas.
        yield Side("PostgreSQL", session, "CREATE UNLOGGED TABLE", named)


def _make_schema(db: Database, session: Transaction, name: str) -> None:
    role, database = session.query("SELECT current_user::text, current_database()::text").one()
    try:
        session.execute(f"CREATE SCHEMA {quote(name)}")
    except DatabaseError as error:
        if isinstance(error, PermissionDenied):
            raise ResourceError(_rights(db, role, database), sqlstate="42501") from error
        if error.sqlstate == _READ_ONLY:
            raise ResourceError(
                f"there is no place to write on {db.target}: it is a replica, or its transactions are read only. What is needed is a "
                "schema that nobody sees and that is gone at the end. Nothing was written. Name a primary, or postgresql+embedded:///folder.",
                sqlstate=_READ_ONLY,
            ) from error
        raise


def _rights(db: Database, role: str, database: str) -> str:
    return (
        f"there is no place to write on {db.target}: the role {role} lacks the right CREATE on the database {database}. "
        "What is needed is a schema that nobody sees and that is gone at the end. Nothing was written. As its owner: "
        f"GRANT CREATE ON DATABASE {quote(database)} TO {quote(role)}. Or name another server: postgresql+embedded:///folder"
    )
