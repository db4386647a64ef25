"""Names that SQLite takes and PostgreSQL does not."""

from __future__ import annotations

from collections.abc import Sequence

from stepladder.adopt.plan import Obstacle

_SYSTEM = frozenset(["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"])
_BYTES = 63
_MOST_COLUMNS = 1600
_RENAME = "rename it: ALTER TABLE … RENAME"


def name_obstacles(table: str, columns: Sequence[str]) -> list[Obstacle]:
    """What PostgreSQL would say of a table with these columns."""
    found = []
    if not table or len(table.encode()) > _BYTES:
        found.append(Obstacle(table, None, f"the name has to have 1 to {_BYTES} bytes", _RENAME))
    if "." in table:
        found.append(
            Obstacle(table, None, "in a SQLite file `.` parts a schema from a table's name", _RENAME)
        )
    if len(columns) > _MOST_COLUMNS:
        why = f"has {len(columns)} columns, and PostgreSQL's tables have at most {_MOST_COLUMNS}"
        found.append(Obstacle(table, None, why, "leave it out: --leave TABLE"))
    for column in columns:
        if not column:
            found.append(Obstacle(table, '""', "an empty name (zero-length)", _RENAME))
        elif column.lower() in _SYSTEM:
            found.append(
                Obstacle(table, column, "every table of PostgreSQL has a system column of that name", _RENAME)
            )
        elif len(column.encode()) > _BYTES:
            why = f"the name is longer than {_BYTES} bytes, and PostgreSQL would cut it"
            found.append(Obstacle(table, column, why, _RENAME))
    return found
