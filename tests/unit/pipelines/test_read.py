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


@pytest.mark.parametrize(
    ("text", "code_hash"),
    [
        (HEADER + BODY, "4ef476669e5f205487b8c37bc1226a90"),
        ("SELECT :currency AS a", "10c154d4974b4b18f8c62420af07b4d7"),
        ("SELECT 1 AS a", "76d999872667d944be30727914cc0837"),
    ],
)
def test_the_code_of_an_earlier_version_is_the_same_code(write: Write, text: str, code_hash: str) -> None:
    """Ledgers hold these hashes: another one would redo whole histories."""
    assert write(text).code_hash == code_hash


# -- the other keys
def test_keys_have_their_defaults(write: Write) -> None:
    model = write(HEADER + BODY)
    assert (model.wait, model.open, model.lookback) == (dt.timedelta(), False, dt.timedelta(days=7))
    assert (model.on_change, model.columns_change, model.retries, model.timeout) == (
        "rebuild",
        "add",
        2,
        3600.0,
    )
    assert (model.watch, model.depends, model.indexes, model.tags, model.owner) == ((), (), (), (), "")
    assert write(HEADER.replace('every  = "day"', 'every = "week"') + BODY).lookback == dt.timedelta(weeks=2)
    assert write(HEADER.replace('every  = "day"', 'every = "month"') + BODY).lookback == dt.timedelta(days=62)


def test_every_key_is_read(write: Write) -> None:
    more = """
time_is = "local"
wait = "2 hours"
open = true
lookback = "3 weeks"
indexes = ["user_id", "day, user_id"]
watch = ["users"]
depends = ["app.events"]
on_change = "forward"
columns_change = "refuse"
retries = 0
timeout = "90 s"
tags = ["nightly"]
owner = "ada"
columns.user_id = "who"
*/"""
    model = write(HEADER.replace("\n*/", more) + BODY)
    assert (model.time_is, model.wait, model.open) == ("Europe/Berlin", dt.timedelta(hours=2), True)
    assert (model.lookback, model.indexes) == (dt.timedelta(weeks=3), (("user_id",), ("day", "user_id")))
    assert (model.watch, model.depends) == ((TableName(None, "users"),), (TableName("app", "events"),))
    assert (model.on_change, model.columns_change, model.retries, model.timeout) == (
        "forward",
        "refuse",
        0,
        90.0,
    )
    assert (model.tags, model.owner, model.column_comments) == (("nightly",), "ada", {"user_id": "who"})
    assert write(HEADER.replace("\n*/", '\nlookback = "all"\n*/') + BODY).lookback == "all"


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        ("", "table"),
        ("key = ['a']", "table"),
        ("every = 'day'", "table"),
        ("kind = 'table'", "table"),
        ("kind = 'view'", "view"),
        ("kind = 'history'\nkey = ['a']", "history"),
    ],
)
def test_the_kind_follows_from_the_keys(write: Write, keys: str, kind: str) -> None:
    assert write(f"/* stepladder\n{keys}\n*/ SELECT 1 AS a").kind == kind


def test_an_upsert_is_said(write: Write) -> None:
    assert write(HEADER.replace("\n*/", "\nkind = 'upsert'\n*/") + BODY).kind == "upsert"


@pytest.mark.parametrize(
    ("keys", "line", "said"),
    [
        ("kind = 'interval'", 2, "needs `time`"),
        ("key = ['a']\nkind = 'upsert'", 3, "needs `time`"),
        ("kind = 'history'", 2, "needs `key`"),
        ("kind = 'seed'", 2, r"a seed is a \.csv file"),
        ("kind = 'vew'", 2, "Did you mean 'view'"),
        ("kind = 'view'\nkey = ['a']", 3, "`key` has no meaning here"),
        ("kind = 'view'\nevery = 'day'", 3, "`every` has no meaning here"),
        ("\nlookback = '7 days'", 3, "`lookback` has no meaning here"),
        ("open = true", 2, "`open` has no meaning here"),
        ("wait = '1 hour'", 2, "`wait` has no meaning here"),
        ("every = 'day'\nwait = 'soon'", 3, "'soon' is no length of time"),
        ("retries = -1", 2, "from 0 to 100"),
        ("retries = true", 2, "must be a number"),
        ("open = 'yes'", 2, "true or false"),
        ("timeout = '0 s'", 2, "longer than nothing"),
        ("columns = ['a']", 2, r"columns\.user_id"),
        ("time = 'a'\nevery = 'day'\ntime_is = 'Berlin'", 4, "is no zone"),
        ("on_change = 'never'", 2, "one of rebuild, forward"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused_at_its_line(
    write: Write, keys: str, line: int, said: str
) -> None:
    error = refused(write, f"/* stepladder\n{keys}\n*/ SELECT 1 AS a")
    assert error.line == line
    with pytest.raises(ModelError, match=said):
        raise error


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
            "/* stepladder\ndescription = 'the author is ada'\nauthor = 'ada'\n*/\nSELECT 1",
            3,
            "unknown key 'author'",
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
