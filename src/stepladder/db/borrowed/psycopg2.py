"""A psycopg2 connection of the user's."""

from __future__ import annotations

from typing import Any

from psycopg2 import extensions

from stepladder.db.borrowed.postgres import LentPostgres
from stepladder.db.psycopg2 import Psycopg2Connection, read_like_psycopg3, utc


class LentPsycopg2(LentPostgres, Psycopg2Connection):
    """Its typecasters and cursor factory stay as they are: ours are on cursors of our own."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._unread = []
        self._begun = not raw.autocommit
        self.refuse_encoding()

    def _cursor(self) -> Any:
        cursor = self._raw.cursor(cursor_factory=extensions.cursor)
        cursor.tzinfo_factory = utc
        read_like_psycopg3(cursor, self._unread)
        return cursor

    def _begin_as_theirs(self) -> None:
        """Nothing: the driver's cursors, which send all of our statements, do it."""

    def _setting(self, name: str) -> str:
        return self._raw.get_parameter_status(name) or ""

    def stands_alone(self) -> bool:
        return bool(self._raw.autocommit) and not self._in_transaction()
