"""Written-out expressions on a real server and on SQLite: the same names, types, values and errors, or a refusal."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.abc import Buffer
from psycopg.adapt import Loader

from stepladder.errors import DatabaseError, NotPortable
from stepladder.sql.spans import Span, from_timedelta, printed_interval
from tests.unit.sql.conftest import Lite

pytestmark = pytest.mark.postgres
FILE = Path(__file__).parents[1] / "data" / "sql" / "expressions.txt"
EXPRESSIONS = [line for line in FILE.read_text().splitlines() if line and not line.startswith("--")]
PARTS = 4


class IntervalText(Loader):
    """An interval as it is: psycopg's timedelta takes a month for 30 days."""

    def load(self, data: Buffer) -> dt.timedelta | Span:
        return printed_interval(bytes(data).decode())


def shown(value: Any) -> Any:
    """A value that is equal only to one of the same Python type and the same digits."""
    if isinstance(value, dt.timedelta | Span):
        span = from_timedelta(value) if isinstance(value, dt.timedelta) else value
        return "interval", span.months, span.order
    if isinstance(value, dt.datetime) and value.tzinfo:
        value = value.astimezone(dt.UTC)
    text = f"{value:f}" if isinstance(value, Decimal) and value.is_finite() else repr(value)
    return type(value).__name__, text


def on_server(server: psycopg.Connection[Any], types: dict[int, str], sql: str) -> tuple[Any, ...]:
    try:
        cursor = server.execute(sql.encode())
        found = cursor.fetchall()
    except psycopg.Error as error:
        return "error", error.sqlstate
    names = [(each.name, types[each.type_code]) for each in cursor.description or ()]
    return "value", names, [list(map(shown, row)) for row in found]


def on_sqlite(lite: Lite, sql: str) -> tuple[Any, ...]:
    try:
        found = lite.run(sql)
    except NotPortable:
        return ("refused",)
    except DatabaseError as error:
        return "error", error.sqlstate
    columns = [(each.name, str(each.type.bare)) for each in found.columns]
    rows = [list(map(shown, row)) for row in found.rows]
    return "value", columns, rows


@pytest.mark.parametrize("part", range(PARTS))
def test_each_expression_is_equal_or_refused(postgres_url: str, part: int) -> None:
    lite, wrong, refused = Lite(), [], 0
    with psycopg.connect(postgres_url, autocommit=True, options="-c timezone=UTC") as server:
        server.adapters.register_loader("interval", IntervalText)
        types = dict(server.execute("SELECT oid, format_type(oid, NULL) FROM pg_type").fetchall())
        for expression in EXPRESSIONS[part::PARTS]:
            sql = f"SELECT {expression}"
            truth, found = on_server(server, types, sql), on_sqlite(lite, sql)
            refused += found == ("refused",)
            if found not in (truth, ("refused",)):
                wrong.append((expression, truth, found))
    assert wrong == []
    assert refused < len(EXPRESSIONS) / PARTS / 8
