"""A psycopg 3 connection of the user's."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq import Escaping
from psycopg.rows import tuple_row

from stepladder.db.borrowed.postgres import LentPostgres
from stepladder.db.psycopg3 import PsycopgConnection, read_our_way


class LentPsycopg(LentPostgres, PsycopgConnection):
    """Its adapters and row factories stay as they are: ours are on cursors of our own."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self._raw = raw
        self._escaping = Escaping(raw.pgconn)
        self._reader = Transformer(self._cursor())
        self._begun = not raw.autocommit
        self.refuse_encoding()

    def _cursor(self) -> psycopg.Cursor[Any]:
        cursor = psycopg.Cursor(self._raw, row_factory=tuple_row)
        read_our_way(cursor)
        return cursor

    def _begin_as_theirs(self) -> None:
        if not self._raw.autocommit and not self._in_transaction():
            self._cursor().execute(
                ""
            )  # the driver begins, with the connection's own isolation and access mode

    def _setting(self, name: str) -> str:
        return self._raw.info.parameter_status(name) or ""

    def stands_alone(self) -> bool:
        return self._raw.autocommit and not self._in_transaction()
