"""A prototype's SQL (SQLite's dialect, psycopg2's placeholders) as PostgreSQL's, token by token; what is not sure is said."""

from stepladder.sql.prototype.letter_case import in_their_case
from stepladder.sql.prototype.rewriting import Rewritten, rewritten
from stepladder.sql.prototype.table_text import (
    WrittenColumn,
    WrittenTable,
    constants,
    edited,
    named_things,
    read_create_table,
)

__all__ = [
    "Rewritten",
    "WrittenColumn",
    "WrittenTable",
    "constants",
    "edited",
    "in_their_case",
    "named_things",
    "read_create_table",
    "rewritten",
]
