"""Names: quoted, parsed, spelled for each engine."""

from __future__ import annotations

import pytest

from stepladder.errors import UsageError
from stepladder.sql import TableName, parse_name, quote


def test_a_name_is_quoted() -> None:
    assert quote('a"b') == '"a""b"'


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 64, "ä" * 32])
def test_what_no_name_can_be_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        quote(name)


@pytest.mark.parametrize(
    ("text", "name", "sql", "sqlite"),
    [
        ("Employees", TableName(None, "employees"), "employees", '"employees"'),
        ("app.emp", TableName("app", "emp"), "app.emp", '"app.emp"'),
        ('"Odd".x', TableName("Odd", "x"), '"Odd".x', '"Odd.x"'),
        ("public.t", TableName("public", "t"), "public.t", '"t"'),
        ("pg_temp.t", TableName("pg_temp", "t"), "pg_temp.t", 'temp."t"'),
        ('"order"', TableName(None, "order"), '"order"', '"order"'),
    ],
)
def test_a_name_in_every_spelling(text: str, name: TableName, sql: str, sqlite: str) -> None:
    assert parse_name(text) == name
    assert name.sql == sql
    assert name.sqlite == sqlite
    assert parse_name(name.sql) == name


def test_a_stored_name_leads_back() -> None:
    assert TableName.from_stored("stepladder.run") == TableName("stepladder", "run")
    assert TableName("stepladder", "run").stored_name == "stepladder.run"


@pytest.mark.parametrize("text", ["", "a.b.c", "a b", "a.", '"a', "1a", "a;b"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_name(text)
