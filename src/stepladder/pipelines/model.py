"""A model: one SELECT whose rows become a table of its name."""

from __future__ import annotations

import hashlib
from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from stepladder.quality import Check
from stepladder.sql import TableName, Window, code_text

# How the code hash is made; a new rule re-hashes the text that the ledger keeps, so that it looks like no edit.
HASH_RULE = 1
BUILT_IN = ("start", "end", "now", "zone")


def is_model(table: TableName, names: Container[str]) -> bool:
    """Whether a table that SQL names is the one that a model of these names makes."""
    return table.schema in (None, "public") and table.name in names


@dataclass(frozen=True, slots=True)
class Model:
    """What a model's file says.

    `time` is a column of the output; with `every` ("hour", "day", "week", "month") the model is brought up to
    date interval by interval, else it is a table that is made whole. `sql` is the file without its header, its
    lines where they were. `reads` are all tables that it reads, models or not. `settings` are the values from
    stepladder.toml that its parameters take: a change of them changes the rows.
    """

    name: str
    path: Path
    sql: str
    time: str | None
    every: str | None
    key: tuple[str, ...]
    checks: tuple[Check, ...]
    start: datetime | None
    description: str
    reads: tuple[TableName, ...]
    windows: tuple[Window, ...]
    parameters: tuple[str, ...]
    settings: str = ""

    @property
    def kind(self) -> str:
        return "interval" if self.every else "table"

    @property
    def code(self) -> str:
        """The text whose change means that the rows may change: comments, spacing and letters' case do not count."""
        return f"{code_text(self.sql)}\ntime={self.time} every={self.every} key={','.join(self.key)} {self.settings}".rstrip()

    @property
    def code_hash(self) -> str:
        return hashlib.blake2b(self.code.encode(), digest_size=16).hexdigest()
