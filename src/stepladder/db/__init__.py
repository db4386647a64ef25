"""The database floor: one door to SQLite and PostgreSQL. The only floor that imports a driver."""

from stepladder.db.borrowed.wrap import wrap
from stepladder.db.catalog.values import Table
from stepladder.db.connection import Connection, Cursor
from stepladder.db.database import Database, connect, temporary
from stepladder.db.examination import examine
from stepladder.db.explain.plan import Node, Plan, Slow
from stepladder.db.health.findings import Finding
from stepladder.db.loading.incoming import created_columns
from stepladder.db.loading.load import LoadResult
from stepladder.db.monitor import PoolStats, StatementStats, Stats
from stepladder.db.native import native
from stepladder.db.prints import NOTHING, Parts, Print
from stepladder.db.rows import Row, Rows
from stepladder.db.scratch import Side, postgres_side, sqlite_side
from stepladder.db.session import Session
from stepladder.db.stream import Stream
from stepladder.db.transaction import Transaction

__all__ = [
    "NOTHING",
    "Connection",
    "Cursor",
    "Database",
    "Finding",
    "LoadResult",
    "Node",
    "Parts",
    "Plan",
    "PoolStats",
    "Print",
    "Row",
    "Rows",
    "Session",
    "Side",
    "Slow",
    "StatementStats",
    "Stats",
    "Stream",
    "Table",
    "Transaction",
    "connect",
    "created_columns",
    "examine",
    "native",
    "postgres_side",
    "sqlite_side",
    "temporary",
    "wrap",
]
