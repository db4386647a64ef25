"""Random expressions on a real server and on SQLite: the same name, type and value, the same error, or a refusal."""

from __future__ import annotations

import random
from typing import Any

import psycopg
import pytest

from stepladder.errors import DatabaseError, NotPortable
from tests.fuzz.answers import shown
from tests.unit.sql.conftest import Lite

pytestmark = pytest.mark.postgres
ROUNDS = 1500
# ASCII only: how other letters change their case depends on the server's locale.
VALUES: dict[str, list[str]] = {
    "int4": ["0", "1", "-7", "3", "2147483647", "-2147483648", "NULL::int4", "100"],
    "int8": ["5000000000", "-9223372036854775808", "9223372036854775807", "2::int8", "NULL::int8"],
    "numeric": ["0.0", "1.5", "-2.50", "3.00", "0.000123", "123456789.987654321", "1e20", "12345.678::numeric(10,2)", "1e-10"],
    "float8": ["0.1::float8", "-2.5::float8", "3::float8", "1e300::float8", "1e-300::float8", "NULL::float8", "3.5::float8"],
    "bool": ["true", "false", "NULL::bool"],
    "text": ["''::text", "'abc'::text", "' Ab c '::text", "'12'::text", "NULL::text", "'a%b_c'::text", "'a,b,c'::text"],
    "date": ["'2024-01-31'::date", "'2024-02-29'::date", "'1999-12-31'::date", "NULL::date"],
    "timestamp": ["'2024-01-31 23:59:59.5'::timestamp", "'2024-10-27 02:30:00'::timestamp", "'2024-03-31 02:30:00'::timestamp"],
    "timestamptz": ["'2024-03-31 01:00:00+00'::timestamptz", "'2024-02-29 12:34:56.789123+02'::timestamptz", "NULL::timestamptz"],
    "interval": ["'1 day'::interval", "'30 minutes'::interval", "'-1 day 02:00:00'::interval", "'36 hours'::interval"],
    "unknown": ["'abc'", "'5'", "'2.5'", "NULL", "'2024-01-31'", "'1 day'"],
}  # fmt: skip
OPERATORS = ["+", "-", "*", "/", "%", "=", "<>", "<", ">", "<=", ">=", "||", "~~", "~~*", "!~~"]
FUNCTIONS = [
    "abs",
    "round",
    "ceil",
    "floor",
    "sign",
    "mod",
    "div",
    "sqrt",
    "lower",
    "upper",
    "length",
    "left",
    "right",
    "replace",
    "split_part",
    "btrim",
    "lpad",
    "repeat",
    "reverse",
    "strpos",
    "concat",
    "concat_ws",
    "md5",
    "starts_with",
    "initcap",
    "coalesce",
    "nullif",
    "greatest",
    "least",
    "substring",
]
CASTS = [
    "int2",
    "int4",
    "int8",
    "numeric",
    "numeric(10,2)",
    "float8",
    "bool",
    "text",
    "varchar(2)",
    "date",
    "timestamp",
    "timestamptz",
    "interval",
]
FIELDS = [
    "epoch",
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "dow",
    "isodow",
    "doy",
    "week",
    "quarter",
]


class Sentences:
    """Random expressions, from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def value(self, *kinds: str) -> str:
        return self._random.choice(VALUES[self._random.choice(kinds or tuple(VALUES))])

    def expression(self, depth: int) -> str:
        rule = self._random.choice(
            (
                self._operator,
                self._operator,
                self._function,
                self._function,
                self._cast,
                self._moment,
                self._case,
            )
        )
        return rule(depth)

    def _operand(self, depth: int) -> str:
        return self.value() if depth <= 0 or self._random.random() < 0.5 else self.expression(depth - 1)

    def _pair(self, depth: int) -> tuple[str, str]:
        kind = self._random.choice(tuple(VALUES))
        alike = self._random.random() < 0.6
        return (self.value(kind), self.value(kind)) if alike else (self._operand(depth), self._operand(depth))

    def _operator(self, depth: int) -> str:
        one, other = self._pair(depth)
        return f"({one} {self._random.choice(OPERATORS)} {other})"

    def _function(self, depth: int) -> str:
        name = self._random.choice(FUNCTIONS)
        arguments = [*self._pair(depth), str(self._random.randint(-3, 5))][: self._random.randint(1, 3)]
        return f"{name}({', '.join(arguments)})"

    def _cast(self, depth: int) -> str:
        return f"({self._operand(depth)})::{self._random.choice(CASTS)}"

    def _moment(self, _: int) -> str:
        moment = self.value("date", "timestamp", "timestamptz")
        field = self._random.choice(FIELDS)
        return self._random.choice(
            (
                f"extract({field} FROM {moment})",
                f"date_trunc('{field}', {moment})",
                f"date_trunc('week', {self.value('timestamptz')}, 'America/New_York')",
                f"({self.value('timestamp', 'timestamptz')} AT TIME ZONE 'Europe/Berlin')",
                f"({moment} + {self.value('interval')})",
                f"to_char({moment}, 'YYYY-MM-DD HH24:MI:SS Dy Mon')",
            )
        )

    def _case(self, depth: int) -> str:
        one, other = self._pair(depth)
        return f"CASE WHEN {self.value('bool')} THEN {one} ELSE {other} END"


Answer = tuple[Any, ...]


def on_server(server: psycopg.Connection[Any], types: dict[int, str], sql: str) -> Answer:
    try:
        cursor = server.execute(sql.encode())
        row = cursor.fetchone()
        assert cursor.description is not None
        assert row is not None
        return "value", cursor.description[0].name, types[cursor.description[0].type_code], shown(row[0])
    except psycopg.Error as error:
        return "error", error.sqlstate


def on_sqlite(lite: Lite, sql: str) -> Answer:
    try:
        found = lite.run(sql)
        return "value", found.columns[0].name, str(found.columns[0].type.bare), shown(found.value)
    except NotPortable:
        return ("refused",)
    except DatabaseError as error:
        return "error", error.sqlstate


@pytest.mark.parametrize("seed", [1, 2])
def test_no_answer_differs_in_silence(postgres_url: str, seed: int) -> None:
    sentences, lite = Sentences(seed), Lite()
    with psycopg.connect(postgres_url, autocommit=True, options="-c timezone=UTC") as server:
        types = dict(server.execute("SELECT oid, format_type(oid, NULL) FROM pg_type").fetchall())
        wrong, answered = [], 0
        for _ in range(ROUNDS):
            sql = f"SELECT {sentences.expression(1)}"
            truth, found = on_server(server, types, sql), on_sqlite(lite, sql)
            answered += found[0] == truth[0] == "value"
            # Two errors in one expression may be told in another order; a value for an error, or another value, is wrong.
            if found[0] != "refused" and found != truth and "value" in (found[0], truth[0]):
                wrong.append((sql, truth, found))
    assert wrong == []
    assert answered > ROUNDS / 4
