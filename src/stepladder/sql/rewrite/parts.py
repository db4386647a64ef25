"""What SQLite runs before the statement proper, in one transaction with it."""

from __future__ import annotations

from dataclasses import dataclass

from stepladder.sql.types import Type

Parameters = tuple[tuple[str, Type], ...]


@dataclass(frozen=True, slots=True)
class Earlier:
    """A part of a statement that SQLite runs by itself. Its rows, if any, go into the temporary table `into`, of so
    many `columns`, until the statement has ended."""

    sql: str
    parameters: Parameters = ()
    into: str | None = None
    columns: int = 0
