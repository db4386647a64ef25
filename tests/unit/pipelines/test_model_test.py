"""The format of model tests: rows as text, and what is wrong with its file and line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from stepladder.errors import ModelError
from stepladder.pipelines.model_test import (
    Expected,
    ExpectedError,
    Given,
    ModelTest,
    Ran,
    read_model_test,
    read_model_tests,
)

GOOD = """\
# Sessions end after half an hour.
model sessions   start 2026-03-01   end 2026-03-02   zone Europe/Berlin

given user_events
  user_id:text | event_timestamp:timestamptz | amount:numeric(10,2) | note
  ada          | 2026-03-01 10:00+01         | 1.50                 |      # a remark
  bob          | NULL                        |                      | ''

given other
  id:int

expect sessions
  user_id | total_events
  ada     | 1
"""
Read = Callable[[str], ModelTest]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def found(text: str) -> ModelTest:
        path = tmp_path / "a.test"
        path.write_text(text, encoding="utf-8")
        return read_model_test(path, "UTC")

    return found


def only(test: ModelTest) -> Expected:
    (found,) = (step for step in test.steps if isinstance(step, Expected))
    return found


def test_a_file_is_a_test(read: Read, tmp_path: Path) -> None:
    test = read(GOOD)
    assert (test.path, test.model, test.zone, test.now) == (
        tmp_path / "a.test",
        "sessions",
        "Europe/Berlin",
        None,
    )
    assert test.start == dt.datetime(2026, 2, 28, 23, tzinfo=dt.UTC)
    assert test.end == dt.datetime(2026, 3, 1, 23, tzinfo=dt.UTC)


def test_given_tables_have_types_and_cells(read: Read) -> None:
    events, other = read(GOOD).given
    assert events.table == "user_events"
    assert events.names == ("user_id", "event_timestamp", "amount", "note")
    assert [type_ and str(type_) for type_ in events.types] == [
        "text",
        "timestamp with time zone",
        "numeric(10,2)",
        None,
    ]
    assert events.rows == (("ada", "2026-03-01 10:00+01", "1.50", None), ("bob", None, None, ""))
    assert (other.table, other.rows) == ("other", ())


def test_expected_rows(read: Read) -> None:
    expected = only(read(GOOD))
    assert (expected.names, expected.rows) == (("user_id", "total_events"), (("ada", "1"),))
    assert (expected.ordered, expected.line, expected.lines) == (False, 12, (14,))


def test_the_order_counts_where_it_is_said(read: Read) -> None:
    assert read("model a\nexpect ordered a\n  x\n  1").steps[0].ordered  # type: ignore[union-attr]


def test_no_rows_may_be_expected(read: Read) -> None:
    assert only(read("model a\nexpect a\n  x | y")).rows == ()


def test_the_zone_is_the_projects_where_none_is_said(read: Read) -> None:
    test = read("model a  now 2026-03-01T10:00:00+02:00  start 2026-03-01\nexpect a\n  x")
    assert test.zone == "UTC"
    assert test.now == dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
    assert test.start == dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    assert test.end is None


def test_comments_and_blank_lines_do_not_count(read: Read) -> None:
    test = read("\n# first\n\nmodel a # here\n\nexpect a  # there\n  # names\n  x | y\n\n  a#b | 2 # three\n")
    assert only(test).rows == (("a#b", "2"),)


def test_lines_may_end_as_on_windows(read: Read) -> None:
    assert read(GOOD.replace("\n", "\r\n")).given == read(GOOD).given


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("given a\n  x\n", 1, "begins with `model NAME`"),
        ("\nmodel\nexpect a\n  x", 2, "begins with `model NAME`"),
        ("model a start\nexpect a\n  x", 1, "pairs of start, end, now, zone and a value"),
        ("model a begin 2026-03-01\nexpect a\n  x", 1, "pairs of start, end, now, zone and a value"),
        ("model a start soon\nexpect a\n  x", 1, "'soon' is no date"),
        ("model a start 2026-02-30\nexpect a\n  x", 1, "is no date"),
        ("model a start 2026-03-01 zone Nowhere/Land\nexpect a\n  x", 1, "Nowhere/Land"),
        ("model a zone Nowhere/Land\nexpect a\n  x", 1, "Nowhere/Land"),
        ("model a start 2026-03-01 start 2026-03-02\nexpect a\n  x", 1, "twice"),
        ("model a\ngive b\n  x\nexpect a\n  x", 2, "write `given TABLE`, `then replace TABLE`"),
        ("model a\nexpect a b\n  x", 2, "write `given TABLE`, `then replace TABLE`"),
        ("model a\ngiven ordered b\n  x\nexpect a\n  x", 2, "."),
        ("model a\n  x | y\nexpect a\n  x", 2, "."),
        ("model a\nexpect a\n", 2, "names of the columns stand below"),
        ("model a\ngiven b\nexpect a\n  x", 2, "names of the columns stand below"),
        ("model a\nexpect a\n  x | y\n  1 | 2\n  1\n", 5, "1 cells? for 2 columns"),
        ("model a\nexpect a\n  x | y\n  1 | 2 | 3\n", 4, "3 cells for 2 columns"),
        ("model a\ngiven b\n  x:strange\nexpect a\n  x", 3, "strange"),
        ("model a\ngiven b\n  x | x\nexpect a\n  x", 3, "x"),
        ("model a\nexpect a\n  x | x", 3, "x"),
        ("model a\nexpect other\n  x", 2, "expect a"),
        ("model a\nthen run begin 2026-03-01\nexpect a\n  x", 2, "pairs of start, end, now and a value"),
        ("model a\nthen run\n  x\nexpect a\n  x", 3, "nothing stands below `run`"),
        ("model a\nerror unique(x)\n  x", 3, "nothing stands below `error`"),
    ],
)
def test_an_error_names_file_and_line(read: Read, tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(ModelError, match=said) as caught:
        read(text)
    assert (caught.value.file, caught.value.line) == (str(tmp_path / "a.test"), line)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("# nothing\n", "is empty"),
        ("model a", "gives nothing and expects nothing"),
        ("model a\ngiven b\n  x", "at least one `expect a`"),
    ],
)
def test_a_file_that_is_no_test_is_refused(read: Read, tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ModelError, match=said) as caught:
        read(text)
    assert caught.value.file == str(tmp_path / "a.test")


def test_a_file_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.test"
    path.write_bytes(b"model a\nexpect a\n  x\n  \xe9")
    with pytest.raises(ModelError, match=r"a\.test"):
        read_model_test(path, "UTC")


def test_every_test_below_a_folder_is_read(tmp_path: Path) -> None:
    for name in ("b.test", "sub/a.test", "c.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(GOOD)
    assert [test.path.name for test in read_model_tests(tmp_path, "UTC")] == ["b.test", "a.test"]
    assert read_model_tests(tmp_path / "sub", "UTC")[0].model == "sessions"


def test_steps_are_done_in_turn(read: Read) -> None:
    test = read(
        "model a  start 2026-03-01  end 2026-03-02\n"
        "given b\n  x\n  1\n"
        "expect a\n  x\n  1\n"
        "then given b\n  x\n  2\n"
        "then run start 2026-03-02 end 2026-03-03\n"
        "then expect a\n  x\n  2\n".replace("then expect", "expect")
        + "then run\nerror unique(x)\nexpect error DivisionByZero\n"
    )
    kinds = [type(step) for step in test.steps]
    assert kinds == [Given, Expected, Given, Ran, Expected, Ran, ExpectedError, ExpectedError]
    first, second = (step for step in test.steps if isinstance(step, Ran))
    assert first.start == dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    assert (second.start, second.end, second.now) == (None, None, None)
    assert [step.said for step in test.steps if isinstance(step, ExpectedError)] == [
        "unique(x)",
        "DivisionByZero",
    ]


def test_rows_may_be_pasted_from_psql(read: Read) -> None:
    test = read("model a\nexpect a\n   x |  y\n  ---+----\n   1 | 2\n  (1 row)\n")
    assert only(test).rows == (("1", "2"),)


def test_signs_may_be_written(read: Read) -> None:
    test = read("model a\nexpect a\n  x | y\n  a\\|b | issue \\#5 # a remark\n")
    assert only(test).rows == (("a|b", "issue #5"),)


def test_tables_of_a_schema_are_given(read: Read) -> None:
    assert read("model a\ngiven app.users\n  x\nexpect a\n  x").given[0].table == "app.users"
