"""Shapes of queries on a real server and on SQLite: the same names, types, rows, order and errors.

The statements are in `tests/data/sql/shapes`, over the corpus's tables; a blank line parts them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from stepladder.errors import DatabaseError, NotPortable
from stepladder.sql import statements
from tests.unit.sql.conftest import Lite

pytestmark = pytest.mark.postgres
DATA = Path(__file__).parents[1] / "data" / "sql"
FILES = sorted((DATA / "shapes").glob("*.sql"))
_NOT_TRANSLATED = ("CREATE SEQUENCE", "SELECT setval")
_ORDERED = re.compile(r"ORDER BY[^)]*$", re.IGNORECASE)


class Server:
    """The corpus's tables on the server, in a transaction that is never committed."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        connection.execute("CREATE SCHEMA shapes")
        connection.execute("SET search_path = shapes")
        for name in ("schema.sql", "data.sql"):
            connection.execute((DATA / name).read_bytes())
        self._types = dict(connection.execute("SELECT oid, format_type(oid, NULL) FROM pg_type").fetchall())

    def answer(self, sql: str) -> tuple[Any, ...]:
        try:
            with self._connection.transaction(force_rollback=True):
                cursor = self._connection.execute(sql.encode())
                described = cursor.description or ()
                columns = [(each.name, self._types[each.type_code]) for each in described]
                return columns, [tuple(map(shown, row)) for row in cursor.fetchall()]
        except psycopg.Error as error:
            return (error.sqlstate,)


def on_sqlite(lite: Lite, sql: str) -> tuple[Any, ...]:
    try:
        found = lite.run(sql)
    except NotPortable as error:
        return ("refused", error.message)
    except DatabaseError as error:
        return (error.sqlstate,)
    columns = [
        (column.name, str(column.type.bare).replace("bpchar", "character")) for column in found.columns
    ]
    return columns, [tuple(map(shown, row)) for row in found.rows]


def shown(value: Any) -> Any:
    """A value that is equal only to one of the same Python type and the same digits."""
    if isinstance(value, dt.datetime) and value.tzinfo:
        value = value.astimezone(dt.UTC)
    if isinstance(value, list):
        return [shown(each) for each in value]
    return type(value).__name__, f"{value:f}" if isinstance(value, Decimal) else repr(value)


@pytest.fixture
def server(postgres_url: str) -> Iterator[Server]:
    with psycopg.connect(postgres_url, options="-c timezone=UTC") as connection:
        yield Server(connection)
        connection.rollback()


@pytest.fixture(scope="module")
def shop() -> Lite:
    lite = Lite()
    for name in ("schema.sql", "data.sql"):
        for statement in statements((DATA / name).read_text()):
            if not statement.text.startswith(_NOT_TRANSLATED):
                lite.run(statement.text)
    return lite


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_both_give_one_answer(server: Server, shop: Lite, file: Path) -> None:
    different = []
    for sql in re.split(r"\n\s*\n", file.read_text().strip()):
        truth, found = server.answer(sql), on_sqlite(shop, sql)
        if not _ORDERED.search(sql):
            truth, found = (
                (each[0], sorted(each[1], key=repr)) if len(each) == 2 and each[0] != "refused" else each
                for each in (truth, found)
            )
        if truth != found:
            different.append((sql, truth, found))
    assert different == []
