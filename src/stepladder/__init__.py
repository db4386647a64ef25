"""Stepladder: write a data pipeline once, prototype it on SQLite, run it on PostgreSQL, prove that the two agree.

import stepladder as sl

with sl.connect("sqlite:///shop.db") as db:
    print(db.query("SELECT count(*) FROM orders").scalar())
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stepladder import testing
    from stepladder.db import Database, LoadResult, Row, Rows, Transaction, connect, native
    from stepladder.db.borrowed import wrap
    from stepladder.errors import Error
    from stepladder.pipelines import project
    from stepladder.pipelines.declaring import model
    from stepladder.sql import Span

__version__ = "0.1.0"
__all__ = [
    "Database",
    "Error",
    "LoadResult",
    "Row",
    "Rows",
    "Span",
    "Transaction",
    "__version__",
    "connect",
    "model",
    "native",
    "project",
    "testing",
    "wrap",
]

_DOORS = {
    "Database": "stepladder.db",
    "LoadResult": "stepladder.db",
    "Row": "stepladder.db",
    "Rows": "stepladder.db",
    "Transaction": "stepladder.db",
    "connect": "stepladder.db",
    "model": "stepladder.pipelines.declaring",
    "native": "stepladder.db",
    "project": "stepladder.pipelines",
    "wrap": "stepladder.db",
    "Error": "stepladder.errors",
    "Span": "stepladder.sql",
}


def __getattr__(name: str) -> Any:
    # The floors load when first used: `import stepladder` and `stepladder --help` stay as quick as Python itself.
    if name == "testing":
        return import_module("stepladder.testing")
    if name not in _DOORS:
        raise AttributeError(f"module 'stepladder' has no attribute {name!r}")
    return getattr(import_module(_DOORS[name]), name)


def __dir__() -> list[str]:
    return __all__
