"""The database floor: one door to SQLite and PostgreSQL. The only floor that imports a driver."""

from stepladder.db.connection import Connection, Cursor
from stepladder.db.database import Database, connect
from stepladder.db.load import LoadResult
from stepladder.db.rows import Row, Rows
from stepladder.db.session import Session, Table
from stepladder.db.stream import Stream
from stepladder.db.transaction import Transaction

__all__ = [
    "Connection",
    "Cursor",
    "Database",
    "LoadResult",
    "Row",
    "Rows",
    "Session",
    "Stream",
    "Table",
    "Transaction",
    "connect",
]
