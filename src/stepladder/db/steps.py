"""Our own tables change by numbered steps, each recorded in the transaction that takes it.

`stepladder.version` holds one row for each part ("ledger", "marks", on SQLite also "type catalogue") and the
number of its last step. Steps are appended, never changed, so whatever an older version made is carried forward.
"""

from __future__ import annotations

from collections.abc import Sequence

from stepladder.db.connection import Connection
from stepladder.errors import ConfigError
from stepladder.sql import TableName

_VERSION = TableName("stepladder", "version")


def take(connection: Connection, part: str, steps: Sequence[str]) -> None:
    """Bring `part` to its last step. Each step is SQL of one or more statements. Inside a transaction."""
    done = done_so_far(connection, part)
    if done > len(steps):
        raise ConfigError(
            f"the target's tables ({part}) are at step {done}; this version of Stepladder knows {len(steps)}. Nothing was written. "
            "Install the newer version."
        )
    if done == len(steps):
        return
    connection.make_home()
    connection.run(
        f"CREATE TABLE IF NOT EXISTS {_VERSION.sql}"
        " (part text NOT NULL PRIMARY KEY, number integer NOT NULL, applied_at timestamptz NOT NULL)",
        {},
    )
    # Again, now that no other session can be at it.
    done = done_so_far(connection, part)
    for step in steps[done:]:
        for statement in filter(str.strip, step.split(";")):
            connection.run(statement, {})
    connection.run(
        f"INSERT INTO {_VERSION.sql} (part, number, applied_at) VALUES (:part, :number, now()) "
        "ON CONFLICT (part) DO UPDATE SET number = excluded.number, applied_at = excluded.applied_at",
        {"part": part, "number": len(steps)},
    )


def done_so_far(connection: Connection, part: str) -> int:
    """The number of the last step that was taken; 0 for none."""
    if connection.columns(_VERSION) is None:
        return 0
    rows = connection.run(f"SELECT number FROM {_VERSION.sql} WHERE part = :part", {"part": part}).rows
    return int(rows[0][0]) if rows else 0
