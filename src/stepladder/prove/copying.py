"""Inputs, copied into the scratch space: read from the source once for each side, in one snapshot."""

from __future__ import annotations

from collections.abc import Sequence

from stepladder.db import Session, Side
from stepladder.errors import (
    DataError,
    Error,
    LoadError,
    NotPortable,
    PermissionDenied,
    ResourceError,
    UsageError,
)
from stepladder.pipelines import Model, Seed, seed_rows
from stepladder.prove.inputs import Reading, Source
from stepladder.sql import Column, TableName, quote


def copy(source: Source, read: Reading, origin: Session, sides: Sequence[Side]) -> int:
    """Copy an input to every side; the number of its rows.

    It is read for each side anew: a value that one engine kept wrongly must not reach the other. Raises ResourceError
    for a missing right, UsageError for a table or a value that one side cannot hold.
    """
    rows = 0
    for side in sides:
        _make(source, side)
        try:
            with origin.stream(read.sql, read.values) as stream:
                rows = side.session.load(stream, side.table(source.name), mode="append").inserted
        except PermissionDenied as error:
            name = source.name.sql
            raise ResourceError(
                f"the table {name} may not be read: {error.message.splitlines()[0]}. prove needs SELECT on what the models read: "
                f"GRANT SELECT ON {name} TO …. Nothing was written.",
                sqlstate="42501",
            ) from error
        except (LoadError, DataError, NotPortable) as error:
            raise UsageError(
                f"the rows of {source.name.sql} cannot go to {side.name}: {error.message}\nNothing was run."
            ) from error
        _prepare(source, side)
    return rows


def copy_seed(seed: Model, sides: Sequence[Side]) -> int:
    """Make a seed of the project on every side; the number of its rows. Raises UsageError, LoadError."""
    assert isinstance(seed.body, Seed)
    rows = seed_rows(seed.path)
    for side in sides:
        name = side.table(TableName(None, seed.name))
        make_table(side, name, columns_of(seed.body.columns), seed.name)
        try:
            side.session.load(rows, name, mode="append")
        except LoadError as error:
            raise UsageError(f"the seed {seed.name} does not fit {side.name}: {error.message}") from error
    return len(rows)


def _make(source: Source, side: Side) -> None:
    lines = [
        f"{quote(column.name)} {column.type}{' NOT NULL' if column.not_null else ''}"
        for column in source.columns
    ]
    primary = source.table.primary_key
    if primary:
        lines.append(f"PRIMARY KEY ({', '.join(map(quote, primary.columns))})")
    there = {column.name for column in source.columns}
    unique = (key for key in source.table.unique if there.issuperset(key.columns))
    lines += [f"UNIQUE ({', '.join(map(quote, key.columns))})" for key in unique]
    make_table(side, side.table(source.name), lines, source.name.sql)


def make_table(side: Side, name: str, lines: Sequence[str], shown: str) -> None:
    """Make a table of these lines. Raises UsageError where the engine cannot."""
    try:
        side.session.execute(f"{side.create} {name} ({', '.join(lines)})")
    except Error as error:
        raise UsageError(
            f"the table {shown} cannot be made on {side.name}: {error.message}\nNothing was written."
        ) from error


def columns_of(columns: Sequence[Column]) -> list[str]:
    """The lines that make a table of a result's columns."""
    return [f"{quote(column.name)} {column.type}" for column in columns]


def _prepare(source: Source, side: Side) -> None:
    """What a server does by and by: each interval is a range of the time column."""
    name = side.table(source.name)
    if source.time is not None:
        side.session.execute(f"CREATE INDEX ON {name} ({quote(source.time)})")
    side.session.execute(f"ANALYZE {name}")
