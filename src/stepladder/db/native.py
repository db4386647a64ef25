"""The driver's own SQL, where a user must: sent as it is, with the driver's own placeholders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NativeValues = Mapping[str, object] | Sequence[object] | None


@dataclass(frozen=True, slots=True)
class Native:
    """A statement in the dialect and the placeholders of the driver that will run it."""

    text: str


def native(sql: str) -> Native:
    """Mark a statement as the driver's own, for `query` and `execute`.

    It is sent as it is: nothing is translated, checked or bound by Stepladder. `params` are the driver's: a sequence
    for `%s` (psycopg, psycopg2) or `?` (sqlite3), a mapping for `%(name)s` or `:name`; with values, psycopg's `%` is
    doubled. On SQLite values come back as they are stored.
    """
    return Native(sql)
