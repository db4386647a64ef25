"""A model: a query, a function or a file whose rows become a table of its name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from stepladder.quality import Check
from stepladder.sql import Column, TableName, Window, code_text

# How the code hash is made; a new rule re-hashes the text that the ledger keeps, so that it looks like no edit.
HASH_RULE = 1
BUILT_IN = ("start", "end", "now", "zone")
KINDS = ("table", "interval", "upsert", "view", "history", "seed")
FRAMES = ("pandas", "polars", "arrow")


def is_model(table: TableName, names: Container[str]) -> bool:
    """Whether a table that SQL names is the one that a model of these names makes."""
    return table.schema in (None, "public") and table.name in names


@dataclass(frozen=True, slots=True)
class Query:
    """The body of a model in SQL: the file without its header, its lines where they were. `parameters` are the
    names that it takes values for."""

    sql: str
    parameters: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        return code_text(self.sql)


@dataclass(frozen=True, slots=True)
class Function:
    """The body of a model in Python. `inputs` are its parameters, and the tables that they are given as frames of the
    kind `frame`; `takes_run`: it has the parameter `run` too. `columns` are the output's types where the
    decorator says them. `code` is the text of the function and of the project's modules that it needs."""

    call: Callable[..., object] = field(repr=False, compare=False)
    line: int
    inputs: tuple[tuple[str, TableName], ...]
    takes_run: bool
    frame: str
    columns: tuple[Column, ...] | None
    code: str


@dataclass(frozen=True, slots=True)
class Seed:
    """The body of a CSV file with types in its header. `code` stands for its rows."""

    columns: tuple[Column, ...]
    code: str


@dataclass(frozen=True, slots=True)
class Model:
    """What a model's file says.

    `time` is a column of the output; with `every` ("hour", "day", "week", "month") the model is brought up to
    date interval by interval; without `time` it is made whole. `time_is` is the zone of a time column that has
    none. `reads` are all tables that it reads, models or not; `windows` say which of them it reads only around
    its interval, and `whole` which it reads (also) beyond. `depends` are more tables that it waits for. `settings`
    are the values from stepladder.toml that it takes: a change of them changes the rows. `lines` say where its keys stand
    in the file.
    """

    name: str
    path: Path
    body: Query | Function | Seed
    reads: tuple[TableName, ...] = ()
    windows: tuple[Window, ...] = ()
    whole: tuple[TableName, ...] = ()
    settings: str = ""
    kind: str = "table"
    time: str | None = None
    every: str | None = None
    time_is: str | None = None
    key: tuple[str, ...] = ()
    start: datetime | None = None
    wait: timedelta = timedelta()
    open: bool = False
    lookback: timedelta | Literal["all"] = timedelta(days=7)
    checks: tuple[Check, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    watch: tuple[TableName, ...] = ()
    depends: tuple[TableName, ...] = ()
    on_change: str = "rebuild"
    columns_change: str = "add"
    retries: int = 2
    timeout: float = 3600.0
    tags: tuple[str, ...] = ()
    owner: str = ""
    description: str = ""
    column_comments: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict, repr=False, compare=False)

    @property
    def query(self) -> Query | None:
        """The body, where it is SQL."""
        return self.body if isinstance(self.body, Query) else None

    @property
    def sql(self) -> str:
        """The SELECT; empty for a model that is none."""
        return self.body.sql if isinstance(self.body, Query) else ""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names that its SQL takes values for."""
        return self.body.parameters if isinstance(self.body, Query) else ()

    @property
    def by_interval(self) -> bool:
        """Whether each interval of the grid makes rows of its own."""
        return self.kind in ("interval", "upsert")

    @property
    def code(self) -> str:
        """The text whose change means that the rows may change: comments, spacing and letters' case do not count."""
        # What was not there under the first rule is left out where it has its default: no hash may move.
        later = [f"kind={self.kind}"] if self.kind in ("upsert", "view", "history") else []
        later += [f"time_is={self.time_is}"] if self.time_is else []
        keys = f"time={self.time} every={self.every} key={','.join(self.key)} {self.settings}".rstrip()
        return " ".join([f"{self.body.code}\n{keys}".rstrip(), *later])

    @property
    def code_hash(self) -> str:
        return hashlib.blake2b(self.code.encode(), digest_size=16).hexdigest()
