"""What statements ask of their rows: ON CONFLICT's keys, LIMIT's numbers."""

from __future__ import annotations

from stepladder.errors import DatabaseError, DataError, NotPortable, database_error
from stepladder.sql.functions.registry import Scalar, strict


def only_once(rows: int, value: object) -> object:
    """`value`, unless its row's key comes `rows` > 1 times: PostgreSQL would have to update a row twice (21000)."""
    if rows > 1:
        raise DatabaseError(
            "ON CONFLICT DO UPDATE command cannot affect row a second time: several rows of the statement have one key",
            sqlstate="21000",
        )
    return value


def only_once_where(rows: int, value: object) -> object:
    """The same for ON CONFLICT DO UPDATE … WHERE, of which PostgreSQL may take several."""
    if rows > 1:
        raise NotPortable(
            "several rows of one key in ON CONFLICT DO UPDATE … WHERE",
            why="PostgreSQL goes by which of them its WHERE takes",
            instead="let the query give one row for each key: DISTINCT ON (key)",
        )
    return value


def merged_once(rows: int) -> int:
    """`rows`, unless MERGE would change so many > 1 times the same row (21000)."""
    if rows > 1:
        raise DatabaseError(
            "MERGE command cannot affect row a second time: more than one row of the source matches it",
            sqlstate="21000",
        )
    return rows


def joined_once(rows: int) -> int:
    """`rows`, unless so many > 1 rows of FROM or USING are joined to one that is changed: PostgreSQL takes any of them."""
    if rows > 1:
        raise NotPortable(
            "UPDATE … FROM or DELETE … USING that finds several rows for one, with RETURNING of their columns",
            why="PostgreSQL takes any of them",
            instead="join with one row for each, by GROUP BY or DISTINCT ON",
        )
    return rows


def violated(sqlstate: str, message: str) -> None:
    """Raise the error of a constraint that rows do not fulfil."""
    raise database_error(sqlstate)(message, sqlstate=sqlstate)


def limit(count: int | None, word: str) -> int:
    """LIMIT's or OFFSET's number for SQLite, to which a negative LIMIT is none."""
    if count is None:
        return -1 if word == "LIMIT" else 0
    if count < 0:
        raise DataError(f"{word} must not be negative", sqlstate="2201W" if word == "LIMIT" else "2201X")
    return count


SCALARS: tuple[Scalar, ...] = (
    Scalar("pg_only_once", 2, only_once),
    Scalar("pg_only_once_where", 2, only_once_where),
    Scalar("pg_merged_once", 1, merged_once),
    Scalar("pg_joined_once", 1, joined_once),
    Scalar("pg_violated", 2, violated, deterministic=False),  # else SQLite may ask it without a row
    Scalar("pg_limit", 2, limit),
    strict("pg_float_hex", 1, float.hex),
    strict("pg_float_of_hex", 1, float.fromhex),
    strict("pg_bytes_of_hex", 1, bytes.fromhex),
)
