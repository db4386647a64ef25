"""By what a server's database orders text, and what that means for a comparison with SQLite, which orders by bytes."""

from __future__ import annotations

from dataclasses import dataclass

from stepladder.db import Session

# What later versions of the server added is asked for through jsonb, so that PostgreSQL 14 answers too.
_ASK = (
    "SELECT to_jsonb(d) AS described, pg_encoding_to_char(encoding)::text AS encoding"
    " FROM pg_database d WHERE datname = current_database()"
)
_PROVIDERS = {"c": "libc", "i": "icu", "b": "builtin", "d": "default"}
# Of the builtin provider all go by code points, which in UTF-8 is by bytes.
_BY_BYTES = ("C", "POSIX", "C.UTF-8", "C.utf8", "C.UTF8", "PG_UNICODE_FAST")


@dataclass(frozen=True, slots=True)
class TextOrder:
    """A database's collation: its name, who provides it (libc, icu, builtin), and whether it goes by bytes."""

    name: str
    provider: str
    by_bytes: bool

    @property
    def meaning(self) -> str:
        """One sentence."""
        if self.by_bytes:
            return f"Text is ordered by its bytes ({self.name}, {self.provider}), as on SQLite."
        return (
            f"The database orders text by {self.name} ({self.provider}), SQLite by bytes: ORDER BY, <, min and max of text may differ. "
            'Rows that are sorted by text are compared as sets. COLLATE "C" makes a model\'s order the same everywhere.'
        )


def text_order(session: Session) -> TextOrder:
    """The order of the database that `session` is connected to."""
    row = session.query(_ASK).one()
    return read_text_order(row["described"], row["encoding"])


def read_text_order(described: dict[str, object], encoding: str) -> TextOrder:
    """The order that a row of pg_database tells."""
    provider = _PROVIDERS.get(str(described.get("datlocprovider") or "c"), "libc")
    name = str(described.get("datlocale") or described.get("daticulocale") or described["datcollate"])
    return TextOrder(
        name, provider, provider != "icu" and name in _BY_BYTES and encoding in ("UTF8", "SQL_ASCII")
    )
