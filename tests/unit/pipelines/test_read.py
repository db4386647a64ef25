"""Model files: a TOML header in a comment and one SELECT; what is wrong is said with its file and line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from stepladder.config import Project
from stepladder.errors import ModelError
from stepladder.pipelines.model import Model
from stepladder.pipelines.read import read_model, read_models
from stepladder.sql import TableName

HEADER = """/* stepladder
time   = "day"
every  = "day"
key    = ["user_id", "day"]
checks = ["not_null(user_id)", "row_count >= 1"]
start  = 2026-03-01
description = "visits by day"
*/
"""
BODY = """SELECT user_id, date_trunc('day', at, :zone) AS day, count(*) AS visits
FROM visits
WHERE at >= :start AND at < :end
GROUP BY 1, 2
"""
Write = Callable[..., Model]


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    (tmp_path / "models").mkdir()
    return Project(tmp_path, "shop", None, "Europe/Berlin", {}, {"currency": "EUR"})


@pytest.fixture
def write(shop: Project) -> Write:
    def written(text: str, name: str = "daily.sql") -> Model:
        path = shop.models / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return read_model(path, shop)

    return written


# -- what a file says
def test_a_model_is_its_header_and_its_select(write: Write) -> None:
    model = write(HEADER + BODY)
    assert (model.name, model.kind, model.time, model.every) == ("daily", "interval", "day", "day")
    assert model.key == ("user_id", "day")
    assert [check.text for check in model.checks] == ["not_null(user_id)", "row_count >= 1"]
    assert model.start == dt.datetime(2026, 2, 28, 23, tzinfo=dt.UTC)
    assert model.description == "visits by day"
    assert model.reads == (TableName(None, "visits"),)
    assert set(model.parameters) == {"zone", "start", "end"}
    assert [(window.table.name, window.column) for window in model.windows] == [("visits", "at")]


def test_a_select_alone_is_a_table_that_is_made_whole(write: Write) -> None:
    model = write("SELECT 1 AS a;")
    assert (model.kind, model.time, model.every, model.key, model.checks) == ("table", None, None, (), ())
    assert (model.start, model.description, model.reads) == (None, "", ())
    assert model.sql.strip() == "SELECT 1 AS a"


def test_the_header_is_blanked_and_every_line_keeps_its_number(write: Write) -> None:
    model = write(HEADER + "\n" + BODY)
    assert model.sql.splitlines()[9] == BODY.splitlines()[0]
    assert not "".join(model.sql.splitlines()[:9]).strip()
    assert "stepladder" not in model.sql


def test_a_header_on_one_line(write: Write) -> None:
    model = write('/* stepladder key = ["a"] */ SELECT 1 AS a')
    assert model.key == ("a",)
    assert model.sql.strip() == "SELECT 1 AS a"


def test_other_comments_are_no_header(write: Write) -> None:
    assert write("/* about stepladder */ SELECT 1 AS a").key == ()
    assert write("-- a remark\nSELECT 1 AS a /* about stepladder */").key == ()


def test_a_byte_order_mark_does_not_hide_the_header(write: Write) -> None:
    """Editors on Windows write one."""
    assert write('\ufeff/* stepladder\nkey = ["a"]\n*/\nSELECT 1 AS a').key == ("a",)


@pytest.mark.parametrize("before", ["-- Copyright\n", "/* Copyright */\n"])
def test_a_header_that_does_not_stand_first_is_not_passed_over(write: Write, before: str) -> None:
    """Read or refused: a model whose header is taken for a remark would lose its checks in silence."""
    try:
        model = write(before + '/* stepladder\nkey = ["a"]\n*/\nSELECT 1 AS a')
    except ModelError:
        return
    assert model.key == ("a",)


@pytest.mark.parametrize(
    ("sql", "reads"),
    [
        ("SELECT * FROM a JOIN app.b USING (x)", {(None, "a"), ("app", "b")}),
        ("WITH a AS (SELECT * FROM b) SELECT * FROM a", {(None, "b")}),
        (
            "SELECT (SELECT max(x) FROM c) AS m FROM a WHERE EXISTS (SELECT 1 FROM d)",
            {(None, n) for n in "acd"},
        ),
        ("SELECT 1 AS a UNION ALL SELECT 2 FROM b", {(None, "b")}),
    ],
)
def test_reads_are_the_tables_that_it_names(
    write: Write, sql: str, reads: set[tuple[str | None, str]]
) -> None:
    assert {(table.schema, table.name) for table in write(sql).reads} == reads


# -- its code
def test_comments_and_spacing_are_no_code(write: Write) -> None:
    before = write(HEADER + BODY).code_hash
    after = HEADER.replace("visits by day", "other words").replace("row_count >= 1", "row_count >= 2")
    assert (
        write(after + "-- a remark\n" + BODY.replace("SELECT ", "select  ").replace("\n", "\n\n")).code_hash
        == before
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("count(*)", "sum(n)"),
        ("'day', at", "'DAY', at"),
        ('every  = "day"', 'every = "hour"'),
        ('"user_id", "day"', '"day"'),
    ],
)
def test_what_changes_the_rows_is_code(write: Write, old: str, new: str) -> None:
    before = write(HEADER + BODY).code_hash
    text = (HEADER + BODY).replace(old, new)
    assert text != HEADER + BODY
    assert write(text).code_hash != before


# -- what is wrong
def refused(write: Write, text: str, name: str = "daily.sql") -> ModelError:
    with pytest.raises(ModelError) as caught:
        write(text, name)
    return caught.value


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("/* stepladder\nkey = [\n'a'\nb\n*/\nSELECT 1 AS a", 4, "not valid TOML"),
        ("\n\n/* stepladder\ntime = day\n*/\nSELECT 1 AS a", 4, "not valid TOML"),
        (
            "/* stepladder\nkey = ['a']\nevry = 'day'\n*/\nSELECT 1 AS a",
            3,
            r"unknown key 'evry'.*Did you mean 'every'\?",
        ),
        (
            "/* stepladder\ntime = 'a'\nevery = 'day'\ntim = 'a'\n*/\nSELECT 1",
            4,
            r"unknown key 'tim'.*'time'\?",
        ),
        (
            "/* stepladder\ndescription = 'the owner is ada'\nowner = 'ada'\n*/\nSELECT 1",
            3,
            "unknown key 'owner'",
        ),
        ("SELECT 1 AS a;\n\nSELECT 2 AS a", 3, "a second statement begins here"),
        ("\n-- a remark\nDELETE FROM a", 3, "a model is a SELECT"),
        ("\n\nINSERT INTO a SELECT 1", 3, "a model is a SELECT"),
        ("SELECT 1 AS a\nFROM WHERE", 2, "syntax error"),
        ("SELECT 'a\nFROM b", 1, "."),
        (HEADER + "\nDELETE FROM a", 10, "a model is a SELECT"),
        (HEADER + "\nSELECT 1 AS a;\nSELECT 2 AS a", 11, "a second statement begins here"),
        (HEADER + BODY.replace("FROM visits", "FROM FROM visits"), 10, "syntax error"),
        (HEADER + BODY + "\n\nHAVING 'a", 15, "."),
    ],
)
def test_an_error_names_file_and_line(write: Write, text: str, line: int, said: str) -> None:
    error = refused(write, text)
    assert (error.file, error.line) == ("models/daily.sql", line)
    assert error.message.startswith(f"models/daily.sql:{line}: ")
    with pytest.raises(ModelError, match=said):
        raise error


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no statement"),
        ("-- nothing\n;", "holds no statement"),
        ("/* stepladder\ntime = 'a'\n*/ SELECT 1 AS a", "`time` and `every` belong together"),
        ("/* stepladder\nevery = 'day'\n*/ SELECT 1 AS a", "`time` and `every` belong together"),
        ("/* stepladder\ntime = 1\nevery = 'day'\n*/ SELECT 1 AS a", "time must be text"),
        ("/* stepladder\nkey = 'a'\n*/ SELECT 1 AS a", "key must be a list"),
        ("/* stepladder\nkey = [1]\n*/ SELECT 1 AS a", "key must be a list"),
        ("/* stepladder\nchecks = ['row_count']\n*/ SELECT 1 AS a", "row_count"),
        ("/* stepladder\nstart = 'soon'\n*/ SELECT 1 AS a", "start: 'soon' is no date"),
        (HEADER.replace('"day"\nkey', '"dya"\nkey') + BODY, r"every = 'dya'\. Did you mean 'day'\?"),
        (HEADER + "SELECT 1 AS day", ":start and :end is missing"),
        (HEADER + "SELECT at AS day FROM a WHERE at >= :start", ":end is missing"),
        (BODY, ":start and :end needs `time` and `every`"),
        (
            "SELECT :curency AS a",
            r"nothing gives :curency a value\. Did you mean 'currency'\?.*:now, :zone, :currency",
        ),
        ("SELECT * FROM daily", "reads itself"),
        ("SELECT * FROM public.daily", "reads itself"),
    ],
)
def test_a_model_that_makes_no_sense_is_refused(write: Write, text: str, said: str) -> None:
    error = refused(write, text)
    assert error.file == "models/daily.sql"
    with pytest.raises(ModelError, match=said):
        raise error


def test_variables_of_the_project_are_parameters(write: Write) -> None:
    assert write("SELECT :currency AS a, :now AS b, :zone AS c").parameters == ("currency", "now", "zone")


# -- names
@pytest.mark.parametrize("name", ["daily", "_daily", "a1", "a" * 63])
def test_a_model_is_named_like_its_file(write: Write, name: str) -> None:
    assert write("SELECT 1 AS a", f"{name}.sql").name == name


@pytest.mark.parametrize("name", ["Daily", "two words", "1st", "é", "a-b", "a.b", "a" * 64])
def test_a_name_that_is_no_plain_table_name_is_refused(write: Write, name: str) -> None:
    refused(write, "SELECT 1 AS a", f"{name}.sql")


def test_models_are_read_by_name_from_every_folder(write: Write, shop: Project) -> None:
    for name in ("zebra.sql", "sales/apple.sql", "mango.sql"):
        write("SELECT 1 AS a", name)
    (shop.models / "notes.txt").write_text("no model")
    assert [model.name for model in read_models(shop)] == ["apple", "mango", "zebra"]


def test_two_models_of_one_name_are_refused(write: Write, shop: Project) -> None:
    for name in ("a.sql", "sales/a.sql"):
        write("SELECT 1 AS a", name)
    with pytest.raises(ModelError, match=r"another model is called a: .*a\.sql"):
        read_models(shop)


def test_a_project_without_models_is_refused(shop: Project) -> None:
    with pytest.raises(ModelError, match="there is no model in"):
        read_models(shop)
    shop.models.rmdir()
    with pytest.raises(ModelError, match="there is no folder"):
        read_models(shop)


def test_a_file_that_cannot_be_read_is_refused(shop: Project) -> None:
    path = shop.models / "daily.sql"
    path.write_bytes(b"SELECT '\xe9' AS a")
    with pytest.raises(ModelError, match=r"models/daily\.sql: cannot be read"):
        read_model(path, shop)
    with pytest.raises(ModelError, match=r"models/none\.sql: cannot be read"):
        read_model(shop.models / "none.sql", shop)
