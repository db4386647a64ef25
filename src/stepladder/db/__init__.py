"""The database floor: one door to SQLite and PostgreSQL. The only floor that imports a driver."""

from stepladder.db.catalog import Table
from stepladder.db.connection import Connection
from stepladder.db.database import Database, connect
from stepladder.db.findings import Finding
from stepladder.db.health import examine
from stepladder.db.load import LoadResult
from stepladder.db.rows import Row, Rows
from stepladder.db.session import Session
from stepladder.db.transaction import Transaction

__all__ = [
    "Connection",
    "Database",
    "Finding",
    "LoadResult",
    "Row",
    "Rows",
    "Session",
    "Table",
    "Transaction",
    "connect",
    "examine",
]
