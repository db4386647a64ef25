"""Model tests on every engine: what passes, what fails and how it is said, and that nothing stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stepladder.compare import Table
from stepladder.config import Project, read_project
from stepladder.db import Database
from stepladder.errors import ModelError
from stepladder.pipelines import (
    Verdict,
    both_agree,
    live_columns,
    read_model_tests,
    read_models,
    run_model_test,
)
from stepladder.sql import Column, Type

VISITS = """\
/* stepladder
time   = "day"
every  = "day"
key    = ["user_id", "day"]
checks = ["visits < 4"]
*/
SELECT user_id, (at AT TIME ZONE :zone)::date AS day, count(*) AS visits, 60 / (4 - count(*)) AS share
FROM events WHERE at >= :start AND at < :end GROUP BY 1, 2
"""
TOTALS = "SELECT count(*) AS visits, sum(amount) AS amount, max(note) AS note FROM app.payments"
GIVEN = """\
model visits  start 2026-03-01  end 2026-03-02  zone Europe/Berlin
given events
  user_id:text | at:timestamptz
  ada          | 2026-03-01 10:00+01
  ada          | 2026-03-01 11:00+01
  ben          | 2026-03-02 10:00+01     # tomorrow's
"""
Judge = Callable[[str], Verdict]


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    (tmp_path / "stepladder.toml").write_text('timezone = "UTC"\n')
    for name, text in {"models/visits.sql": VISITS, "models/totals.sql": TOTALS}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "tests").mkdir()
    return read_project(tmp_path)


@pytest.fixture
def judge(shop: Project, db: Database) -> Judge:
    def run(text: str) -> Verdict:
        (shop.folder / "tests" / "one.test").write_text(text)
        (test,) = read_model_tests(shop.folder / "tests", "UTC")
        before = db.tables()
        found = run_model_test(shop, read_models(shop), test, db, live_columns(db))
        assert db.tables() == before
        return found

    return run


def test_rows_are_compared_whatever_their_order(judge: Judge, db: Database) -> None:
    found = judge(
        GIVEN + "  cy | 2026-03-01 12:00+01\nexpect visits\n  visits | user_id\n  1 | cy\n  2 | ada\n"
    )
    assert found.passed, found.differences
    assert found.engine == ("SQLite" if db.target.is_sqlite else "PostgreSQL")
    assert [column.name for column in found.tables[0].columns] == ["user_id", "day", "visits", "share"]


def test_rows_that_come_late(judge: Judge) -> None:
    found = judge(
        GIVEN + "expect visits\n  user_id | day        | visits\n  ada | 2026-03-01 | 2\n"
        "then run start 2026-03-02 end 2026-03-03\n"
        "expect visits\n  user_id | day | visits\n  ada | 2026-03-01 | 2\n  ben | 2026-03-02 | 1\n"
        "then given events\n  at | user_id\n  2026-03-01 23:59:59.999999+01 | ada\n  2026-03-02 00:00+01 | ada\n"
        "then run\n"
        "expect visits\n  user_id | day | visits\n  ada | 2026-03-01 | 3\n  ben | 2026-03-02 | 1\n"
        "then run start 2026-03-01 end 2026-03-03\n"
        "expect visits\n  user_id | day | visits\n  ada | 2026-03-01 | 3\n  ada | 2026-03-02 | 1\n  ben | 2026-03-02 | 1\n"
    )
    assert found.passed, found.differences
    assert len(found.tables) == 4


def test_an_error_may_be_expected_and_leaves_the_table_as_it_was(judge: Judge) -> None:
    day = "  ada | 2026-03-01 12:00+01\n"
    found = judge(
        GIVEN + "expect visits\n  visits\n  2\n"
        f"then given events\n  user_id | at\n{day}{day}\n"  # four: 60 / 0
        "error DivisionByZero\n"
        "expect visits\n  visits\n  2\n"
        f"then given events\n  user_id | at\n{day}\n"
        "then run\nexpect error visits<4\n"
        "expect visits\n  visits | share\n  2 | 30\n"
    )
    assert found.passed, found.differences


@pytest.mark.parametrize("said", ["DivisionByZero", "DataError", "DatabaseError", "22012", "Error"])
def test_an_error_has_a_class_and_a_code(judge: Judge, said: str) -> None:
    rows = "  ada | 2026-03-01 12:00+01\n" * 2
    found = judge(GIVEN + f"then given events\n  user_id | at\n{rows}\nerror {said}\n")
    assert found.passed, found.differences


def test_another_error_is_said(judge: Judge) -> None:
    rows = "  ada | 2026-03-01 12:00+01\n" * 2
    text = GIVEN + f"then given events\n  user_id | at\n{rows}\n"
    line, got = judge(text + "error UniqueViolation\n").differences[:2]
    assert line == "line 12: expect error UniqueViolation"
    assert got.startswith("got     DivisionByZero: division by zero")
    assert "division by zero" in judge(text + "expect visits\n  visits\n  1\n").differences[0]
    assert judge(GIVEN + "error unique(user_id, day)\n").differences == (
        "line 7: expect error unique(user_id, day)",
        "got     no error",
    )


def test_a_key_that_is_none(judge: Judge, shop: Project) -> None:
    path = shop.models / "visits.sql"
    path.write_text(VISITS.replace('"user_id", "day"]', '"day"]'))
    text = GIVEN + "  cy | 2026-03-01 12:00+01\n"
    assert judge(text + "error unique(day)\n").passed
    assert "check unique(day): 2 rows" in judge(text + "expect visits\n  visits\n  1\n").differences[0]


def test_what_differs_is_said_with_its_line(judge: Judge) -> None:
    found = judge(GIVEN + "expect visits\n  user_id | visits | share\n  ada | 2 | 31\n  cy | 1 | 20\n")
    assert found.differences == (
        "expect, line 9, share: 31    (user_id = ada, visits = 2)",
        "got                    30",
        "expect, line 10: user_id = cy, visits = 1, share = 20",
        "got     no such row",
    )
    found = judge(GIVEN + "expect visits\n  visits\n")
    assert found.differences == ("expect, line 7: no such row", "got     visits = 2")


def test_the_order_counts_where_it_is_said(judge: Judge) -> None:
    text = GIVEN + "  cy | 2026-03-01 12:00+01\n"
    assert judge(text + "expect ordered visits\n  user_id\n  ada\n  cy\n").passed
    assert not judge(text + "expect ordered visits\n  user_id\n  cy\n  ada\n").passed


def test_types_are_those_of_the_live_table(judge: Judge, db: Database) -> None:
    db.execute("CREATE TABLE events (id bigint NOT NULL, user_id text, at timestamptz)")
    found = judge(
        "model visits  start 2026-03-01  end 2026-03-02\ngiven events\n  user_id | at\n  ada | 2026-03-01 10:00+01\n"
        "expect visits\n  user_id | visits\n  ada | 1\n"
    )
    assert found.passed, found.differences
    with pytest.raises(ModelError, match=r"no column 'who'.*it has id, user_id, at"):
        judge(
            "model visits  start 2026-03-01  end 2026-03-02\ngiven events\n  who\n  ada\nexpect visits\n  visits\n"
        )


def test_tables_of_other_schemas(judge: Judge, db: Database) -> None:
    db.execute("CREATE SCHEMA app")
    db.execute("CREATE TABLE app.payments (amount numeric(10,2), note text, other text)")
    db.execute(
        "INSERT INTO app.payments (amount) VALUES (99)"
    )  # the target's own rows are none of the test's business
    text = "model totals\ngiven app.payments\n  amount\n  1.50\n  2\nexpect totals\n  visits | amount | note\n  2 | 3.50 | NULL\n"
    assert judge(text).passed, judge(text).differences
    db.execute("DROP TABLE app.payments")
    db.execute("DROP SCHEMA app")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("model visit\nexpect visit\n  x\n", 1, "there is no model 'visit'. Did you mean 'visits'?"),
        ("model visits\nexpect visits\n  x\n", None, "the model reads events: write `given events`"),
        (
            "model visits  end 2026-03-02\ngiven events\n  user_id\nexpect visits\n  x\n",
            1,
            "the model reads :start",
        ),
        (
            GIVEN + "expect visits\n  visits\n  1\n  many\n",
            7,
            "row 2, column visits = 'many': invalid input syntax",
        ),
        (GIVEN + "  cy | soon\nexpect visits\n  visits\n", 2, "column at = 'soon': invalid input syntax"),
        (
            GIVEN + "expect visits\n  visit\n  1\n",
            7,
            "the model gives no column 'visit'; it gives user_id, day",
        ),
    ],
)
def test_a_test_that_cannot_run_is_refused(judge: Judge, text: str, line: int | None, said: str) -> None:
    with pytest.raises(ModelError) as caught:
        judge(text)
    assert said in caught.value.message
    assert caught.value.line == line


def test_a_column_that_is_not_given(judge: Judge) -> None:
    found = judge(
        "model visits  start 2026-03-01  end 2026-03-02\ngiven events\n  at:timestamptz\nexpect visits\n  visits\n"
    )
    assert not found.passed
    assert "user_id" in found.differences[0]


# -- models of every kind
def test_an_upsert_keeps_the_newest(judge: Judge, shop: Project) -> None:
    (shop.models / "cities.sql").write_text(
        '/* stepladder\nkind = "upsert"\ntime = "at"\nevery = "day"\nkey = ["id"]\n*/\n'
        "SELECT id, city, at FROM moves WHERE at >= :start AND at < :end"
    )
    found = judge(
        "model cities  start 2026-03-02  end 2026-03-03\n"
        "given moves\n  id:int | city | at:timestamptz\n  1 | Rome | 2026-03-01 10:00\n  1 | Oslo | 2026-03-02 10:00\n"
        "expect cities\n  id | city\n  1 | Oslo\n"
        "then run start 2026-03-01 end 2026-03-02\nexpect cities\n  id | city\n  1 | Oslo\n"
    )
    assert found.passed, found.differences


def test_a_history_and_edited_rows(judge: Judge, shop: Project) -> None:
    (shop.models / "people.sql").write_text(
        '/* stepladder\nkind = "history"\nkey = ["id"]\n*/\nSELECT id, city FROM users'
    )
    found = judge(
        "model people  now 2026-03-01\ngiven users\n  id:int | city\n  1 | Rome\n  2 | Oslo\nthen run\n"
        "then replace users\n  id | city\n  1 | Bonn\n  2 | Oslo\nthen run now 2026-03-05\n"
        "expect people\n  id | city | valid_from | valid_to\n  1 | Rome | 2026-03-01 | 2026-03-05\n"
        "  1 | Bonn | 2026-03-05 | NULL\n  2 | Oslo | 2026-03-01 | NULL\n"
        "then replace users\n  id | city\n  1 | Bonn\n  1 | Rome\nerror unique(id)\n"
    )
    assert found.passed, found.differences


def test_views_seeds_and_functions(judge: Judge, shop: Project) -> None:
    (shop.models / "open_orders.sql").write_text(
        '/* stepladder\nkind = "view"\n*/\nSELECT id FROM orders WHERE NOT paid'
    )
    (shop.models / "countries.csv").write_text("code:text,vat:numeric(4,2)\nDE,19\nFR,20.5\n")
    (shop.models / "taxes.py").write_text(
        "import stepladder as sl\n\n"
        "@sl.model(key=['code'], frame='arrow', columns={'code': 'text', 'orders': 'bigint'})\n"
        "def taxes(countries, orders, run):\n"
        "    return [{'code': code, 'orders': len(orders)} for code in countries['code'].to_pylist()]\n"
    )
    orders = "given orders\n  id:int | paid:boolean\n  1 | true\n  2 | false\n"
    for text in (
        f"model open_orders\n{orders}expect open_orders\n  id\n  2\n",
        "model countries\nexpect ordered countries\n  code | vat\n  DE | 19.00\n  FR | 20.50\n",
        f"model taxes\n{orders}given countries\n  code:text\n  DE\nexpect taxes\n  code | orders\n  DE | 2\n",
    ):
        found = judge(text)
        assert found.passed, (text, found.differences)


def test_a_function_that_fails(judge: Judge, shop: Project) -> None:
    (shop.models / "wrong.py").write_text(
        "import stepladder as sl\n\n@sl.model(frame='arrow', columns={'n': 'int'})\ndef wrong(orders):\n    return 1 / 0\n"
    )
    assert judge("model wrong\ngiven orders\n  id:int\n  1\nerror RunFailed\n").passed
    found = judge("model wrong\ngiven orders\n  id:int\n  1\nexpect wrong\n  n\n")
    assert "ZeroDivisionError" in found.differences[0]


def test_engines_that_differ_are_told_apart(shop: Project) -> None:
    (shop.folder / "tests" / "one.test").write_text(GIVEN + "expect visits\n  visits\n  2\n")
    (test,) = read_model_tests(shop.folder / "tests", "UTC")
    columns = (Column("user_id", Type("text")), Column("n", Type("int4")))

    def verdict(engine: str, *rows: tuple[object, ...], said: tuple[str, ...] = ()) -> Verdict:
        return Verdict(test, engine, said, 0.1, (Table(columns, rows),))

    sqlite, server = verdict("SQLite", ("ada", 1)), verdict("PostgreSQL", ("ada", 1))
    assert both_agree(sqlite, server, ["user_id"]).passed
    differing = both_agree(sqlite, verdict("PostgreSQL", ("ada", 2)), ["user_id"])
    assert differing.differences == (
        "the engines differ: 1 row differs; of 1 on SQLite and 1 on PostgreSQL: value (1).",
        "  key 'ada', n: SQLite 1, PostgreSQL 2 (value)",
    )
    assert both_agree(sqlite, verdict("PostgreSQL", ("ada", 1), said=("expect", "got")), ()).differences == (
        "on PostgreSQL:",
        "  expect",
        "  got",
    )
    failed = verdict("SQLite", ("ada", 1), said=("expect", "got"))
    both = both_agree(failed, verdict("PostgreSQL", ("ada", 1), said=("expect", "got")), ())
    assert both.differences == ("expect", "got")
