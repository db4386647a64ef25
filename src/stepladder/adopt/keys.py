"""What tells a table's rows apart, by SQLite's own account, and whether PostgreSQL could index it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stepladder.adopt.plan import ColumnPlan, Obstacle
from stepladder.db.foreign_file import ForeignFile
from stepladder.sql import quote

_ROW_NUMBERS = ("rowid", "_rowid_", "oid")
_SHOWN = 5
# A B-tree's entry has at most 2,704 bytes: 8 of its own, and 4 before each text.
_LONGEST = 2704
_OF_THE_ENTRY, _OF_A_TEXT = 8, 4
_LONG_TYPES = ("text", "varchar", "bytea", "jsonb")


def row_number(columns: Iterable[str]) -> str | None:
    """The name under which SQLite gives the number of a row, where no column has taken all three."""
    taken = {name.lower() for name in columns}
    return next((name for name in _ROW_NUMBERS if name not in taken), None)


def unique_keys(file: ForeignFile, table: str) -> list[tuple[str, ...]]:
    """The primary key, where there is one, and then the columns of each UNIQUE."""
    columns = file.rows(f"PRAGMA table_xinfo({quote(table)})")
    primary = tuple(row[1] for row in sorted(columns, key=lambda row: row[5]) if row[5])
    found = [primary] if primary else []
    for _, index, unique, _, partial in file.rows(f"PRAGMA index_list({quote(table)})"):
        names = tuple(name for _, _, name in file.rows(f"PRAGMA index_info({quote(index)})"))
        if unique and not partial and None not in names and names not in found:
            found.append(names)
    return found


def collation_obstacles(file: ForeignFile, table: str) -> list[Obstacle]:
    """Unique indexes that take values for equal which PostgreSQL does not."""
    found = []
    for _, index, unique, _, _ in file.rows(f"PRAGMA index_list({quote(table)})"):
        for _, _, column, _, collation, is_key in file.rows(f"PRAGMA index_xinfo({quote(index)})"):
            if unique and is_key and collation.upper() != "BINARY":
                why = f"the unique index {index} compares by COLLATE {collation}: PostgreSQL would take more rows"
                instead = f"DROP INDEX {quote(index)}, or leave the table out: --leave TABLE"
                found.append(Obstacle(table, column, why, instead))
    return found


def long_key_obstacles(
    file: ForeignFile, table: str, columns: Sequence[ColumnPlan], rowid: str | None
) -> list[Obstacle]:
    """Values of a unique key that no index of PostgreSQL's takes."""
    long = {column.name for column in columns if column.type.name in _LONG_TYPES}
    found = []
    for key in unique_keys(file, table):
        names = [name for name in key if name in long]
        if names:
            found += _long_keys(file, table, key, names, rowid)
    return found


def _long_keys(
    file: ForeignFile, table: str, key: Sequence[str], names: Sequence[str], rowid: str | None
) -> list[Obstacle]:
    bytes_ = " + ".join(f"coalesce(length(CAST({quote(name)} AS BLOB)), 0)" for name in names)
    most = _LONGEST - _OF_THE_ENTRY - _OF_A_TEXT * len(names) - 8 * (len(key) - len(names))
    row = rowid or quote(key[0])
    where = f"FROM {quote(table)} WHERE {bytes_} > {most}"
    rows = file.rows(f"SELECT substr(CAST({row} AS TEXT), 1, 80), {bytes_} {where} LIMIT {_SHOWN}")
    ((count,),) = file.rows(f"SELECT count(*) {where}") if rows else ((0,),)
    return [
        Obstacle(
            table,
            ", ".join(key),
            f"the key has {length:,} bytes, and an index of PostgreSQL's takes about {most:,} of it "
            "(what it can compress is not counted on)",
            "make the table without the UNIQUE, or leave it out: --leave TABLE",
            row=number,
            count=count,
        )
        for number, length in rows
    ]
