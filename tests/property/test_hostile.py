"""Hostile text as values and as names: it comes back equal, or is refused by name with nothing written, and no
statement runs that harmless text of the same number would not have run. SQLite and the server count them.

A tenth of the texts by default; all of them with `-m long`. The texts are the same in every run of the same code.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from stepladder.db import Database
from stepladder.errors import DataError, LoadError, NotPortable, ParameterError, UsageError
from stepladder.sql import parse_name, quote

TEXTS = 20_000
BATCH = 100
PIECES = [
    "'", "''", "\"", "\"\"", "\\", "\\\\", "\\'", "%", "%s", "%(x)s", "%%", ":x", "::", "::int", ":=", "$1", "$$",
    "$x$", "?", "?|", "\0", "\u00e9", "\U0001f409", "\ud800", "\udfff", "'; DROP TABLE canary; --",
    "\"; DROP TABLE canary; --", "'); DELETE FROM canary; --", "$$; DROP TABLE canary; $$",
    "'; COMMIT; DROP TABLE canary; BEGIN; --", "E'\\''", "E'", "U&'", "x'", "--", "/*", "*/", "/* /*", ";", ";;",
    "\n", "\r\n", "\t", " ", "   ", "\u202e", "\u200f", "\ufeff", "\u2028", "\x01", "\x1a", "\x7f", "\\N", "\\.",
    "NULL", "null", "{}", "{", "}", ",", "(", ")", "[", "]", ".", "=", "-", "DROP", "OR 1=1", "' OR '1'='1", "1", "a",
    "A", "\u0130", "\u00df", "\\x00", "\\u0000", "${HOME}", "{{x}}", "`", "#", "&",
]  # fmt: skip
MIXED = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=6).map("".join)
LONG = st.builds(lambda piece, times: piece * times, st.sampled_from(PIECES), st.integers(1, 500))
HOSTILE = st.one_of(*[MIXED] * 49, LONG)


@cache
def batches(texts: int) -> list[list[str]]:
    drawn: list[list[str]] = []

    @settings(
        max_examples=texts // BATCH,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(HOSTILE, min_size=BATCH, max_size=BATCH))
    def draw(batch: list[str]) -> None:
        drawn.append(batch)

    draw()
    return drawn


def is_text(text: str) -> bool:
    """Whether a database can hold it at all."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def is_name(text: str) -> bool:
    return is_text(text) and 0 < len(text.encode()) <= 63


# -- counting
# SQLite's catalogue of types is looked up again after every rollback: those are not counted.
LOOK_UPS = (
    "PRAGMA ",
    "SELECT name",
    "SELECT definition FROM",
    "SELECT details FROM",
    "SELECT type, sql FROM sqlite_schema",
    "SELECT type FROM sqlite_schema",
    "SELECT 1 FROM sqlite_schema",
    "SELECT 1 FROM pragma_table_info(",
    "-- PRAGMA ",
)


@contextmanager
def counted(db: Database) -> Iterator[tuple[Any, Callable[[], int]]]:
    """A transaction, rolled back, and how many statements its session has analysed so far, as the database tells."""
    seen = [0]

    def one(*_: object) -> None:
        seen[0] += 1

    with db.scratch() as tx:
        raw = tx._raw._raw  # type: ignore[attr-defined]
        if isinstance(raw, sqlite3.Connection):
            raw.set_trace_callback(lambda sql: None if sql.startswith(LOOK_UPS) else one())
        else:
            _count_notices(raw, one)
            raw.cursor().execute(
                "SET LOCAL log_parser_stats = on; SET LOCAL client_min_messages = log; SET LOCAL log_min_messages = panic"
            )
        yield tx, lambda: seen[0]
        if isinstance(raw, sqlite3.Connection):
            raw.set_trace_callback(None)


def _count_notices(raw: Any, one: Callable[[], None]) -> None:
    """Each statement that the server analyses is one message of log_parser_stats."""
    wanted = "PARSE ANALYSIS STATISTICS"
    if hasattr(raw, "add_notice_handler"):
        raw.add_notice_handler(lambda said: one() if wanted in said.message_primary else None)
    else:
        raw.notices = type("Notices", (), {"append": lambda _, text: one() if wanted in text else None})()


def statements_of(work: Callable[..., None], tx: Any, count: Callable[[], int], *given_: Any) -> int:
    before = count()
    work(tx, *given_)
    return count() - before


# -- as values
def as_values(tx: Any, texts: Sequence[str]) -> None:
    """Every text by every way in, and back."""
    tx.execute("DELETE FROM cells")
    names = {f"v{place}": text for place, text in enumerate(texts)}
    assert list(tx.query("SELECT " + ", ".join(f":{name}" for name in names), names).one()) == list(texts)
    assert tx.query("SELECT :texts", texts=texts).scalar() == list(texts)
    document = {text: [text, {"text": text}] for text in texts}
    assert tx.query("SELECT :document", document=document).scalar() == document
    rows = [
        {"id": place, "t": text, "a": [text, None], "j": {text: text}} for place, text in enumerate(texts)
    ]
    tx.execute_many("INSERT INTO cells (id, t, a, j) VALUES (:id, :t, :a, :j)", rows)
    tx.load(rows, "cells", mode="append")
    tx.load([tuple(row.values()) for row in rows], "cells", mode="append")
    found = tx.query("SELECT id, t, a, j FROM cells ORDER BY id").dicts()
    assert found == [row for row in rows for _ in range(3)]
    for text in texts[::20]:
        assert tx.query("SELECT count(*) FROM cells WHERE t = :text", text=text).scalar() == 3 * texts.count(
            text
        )
    assert tx.query("SELECT count(*) FROM cells WHERE t = ANY(:texts)", texts=texts).scalar() == len(found)


def refused(tx: Any, text: str) -> None:
    """What no database holds is refused by name, whichever way it comes."""
    with pytest.raises(ParameterError, match=r"^:text: "):
        tx.query("SELECT :text", text=text)
    with pytest.raises(ParameterError, match=r"^:texts: "):
        tx.execute("INSERT INTO cells (id, a) VALUES (1, :texts)", texts=["x", text])
    with pytest.raises((DataError, ParameterError), match=r"^:document: "):
        tx._raw.run("SELECT :document", {"document": {text: 1, "x": [text]}})
    with pytest.raises(ParameterError, match=r"^row 2: :text: "):
        tx.execute_many("INSERT INTO cells (t) VALUES (:text)", [{"text": "x"}, {"text": text}])
    with pytest.raises(LoadError, match="row 2, column t = "):
        tx.load([{"t": "x"}, {"t": text}], "cells", mode="append")


def values_come_back(db: Database, texts: int) -> None:
    db.execute("CREATE TABLE canary (note text)")
    db.execute("INSERT INTO canary VALUES ('alive')")
    db.execute("CREATE TABLE cells (id int, t text, a text[], j jsonb)")
    with counted(db) as (tx, count):
        harmless = [f"x{place}" for place in range(BATCH)]
        as_values(tx, harmless)  # what is translated or looked up once is behind us
        wanted = statements_of(as_values, tx, count, harmless)
        assert wanted > 10
        for batch in batches(texts):
            good, bad = (
                [text for text in batch if is_text(text)],
                [text for text in batch if not is_text(text)],
            )
            assert statements_of(as_values, tx, count, (good * BATCH)[:BATCH]) == wanted
            for text in bad:
                refused(tx, text)
        tx.load([{"t": text} for text in bad], "cells", mode="append", rejects="table")
        if bad:  # the table is made for the first of them
            assert tx.query("SELECT count(*) FROM cells_rejects").scalar() == len(bad)
        assert tx.query("SELECT note FROM canary").tuples() == [("alive",)]
        assert tx.query("SELECT count(*) FROM cells").scalar() == 3 * BATCH
    assert db.query("SELECT note FROM canary").tuples() == [("alive",)]
    assert db.tables() == ("canary", "cells")


def test_hostile_text_comes_back_or_is_refused(db: Database) -> None:
    values_come_back(db, TEXTS // 25)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_twenty_thousand_hostile_texts_come_back_or_are_refused(db: Database) -> None:
    values_come_back(db, TEXTS)


# -- as names
def as_names(tx: Any, table: str, columns: Sequence[str]) -> None:
    """A table of these names is made, read, described and dropped."""
    row = {name: f"in {place}" for place, name in enumerate(columns)}
    name = quote(table)
    assert tx.load([row], name, mode="append", create=True).inserted == 1
    tx.load([row], name, mode="append", create=True)
    rows = tx.query(f"SELECT {', '.join(map(quote, columns))} FROM {name}")
    assert rows.dicts() == [row, row]
    assert [column.name for column in rows.columns] == list(columns)
    assert [column.name for column in tx.table(name).columns] == list(columns)
    assert parse_name(name).name == table
    assert parse_name(name).sql in tx.tables()
    tx.execute(f"DROP TABLE {name}")


def distinct(names: Sequence[str]) -> list[str]:
    """One of those that differ in case only: to SQLite they are one name."""
    return list({name.lower(): name for name in names}.values())


def names_come_back(db: Database, texts: int, engine: str) -> None:
    db.execute("CREATE TABLE canary (note text)")
    db.execute("INSERT INTO canary VALUES ('alive')")
    with counted(db) as (tx, count):
        as_names(tx, "warm", ["a", "b"])
        wanted: dict[int, int] = {}
        for batch in batches(texts):
            good = distinct([text for text in batch if is_name(text)])
            tables = [text for text in good[::20] if not (engine == "sqlite3" and "." in text)]
            for place, table in enumerate(tables):
                columns = good[place :: len(tables)]
                if len(columns) not in wanted:
                    harmless = [f"c{n}" for n in range(len(columns))]
                    wanted[len(columns)] = statements_of(as_names, tx, count, "harmless", harmless)
                    assert wanted[len(columns)] > 5
                assert statements_of(as_names, tx, count, table, columns) == wanted[len(columns)]
            for text in batch:
                if not is_name(text):
                    no_name(tx, text)
        assert tx.query("SELECT note FROM canary").tuples() == [("alive",)]
        assert tx.tables() == ("canary",)


def no_name(tx: Any, text: str) -> None:
    for attempt in (
        lambda: quote(text),
        lambda: tx.load([{text: 1}], "fresh", mode="append", create=True),
        lambda: tx.load([{"a": 1}], '"' + text.replace('"', '""') + '"', mode="append", create=True),
        lambda: tx.table('"' + text.replace('"', '""') + '"'),
    ):
        with pytest.raises(UsageError):
            attempt()


def test_hostile_names_come_back_or_are_refused(db: Database, engine: str) -> None:
    names_come_back(db, TEXTS // 25, engine)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_twenty_thousand_hostile_names_come_back_or_are_refused(db: Database, engine: str) -> None:
    names_come_back(db, TEXTS, engine)


def test_a_point_in_a_tables_name_is_no_schema(db: Database, engine: str) -> None:
    if engine == "sqlite3":
        with pytest.raises(NotPortable, match=r"a\.b"):
            db.load([{"x": 1}], '"a.b"', mode="append", create=True)
        assert db.tables() == ()
    else:
        db.load([{"x": 1}], '"a.b"', mode="append", create=True)
        assert db.tables() == ('"a.b"',)


# -- around a parameter
def quoted_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def escaped_text(text: str) -> str:
    return "E'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def dollar_text(text: str) -> str:
    tag = next(tag for tag in ("$$", "$q$", "$other_tag$") if tag not in f"{text}$")
    return f"{tag}{text}{tag}"


def comment(text: str) -> str:
    return f"/* {text.replace('*/', '').replace('/*', '')} /* nested: :p */ ' */"


def line_comment(text: str) -> str:
    return f"-- {text}".replace("\n", " ").replace("\r", " ") + "\n"


STORABLE = MIXED.filter(is_text)
ITEMS = st.one_of(
    st.builds(lambda write, text: (write(text), text), st.sampled_from([quoted_text, escaped_text, dollar_text]), STORABLE),
    st.builds(lambda write, text: (f"{write(text)} || :p", text + "{p}"), st.sampled_from([quoted_text, dollar_text]), STORABLE),
    st.builds(lambda write, text: (f"{write(text)}{write(text)}:q::text", "{q}"), st.sampled_from([comment, line_comment]), STORABLE),
    st.builds(lambda text: (f"(:p||{quoted_text(text)})::text", "{p}" + text), STORABLE),
    st.sampled_from([
        (":q", "{q}"), ("(:p)", "{p}"), ("CASE WHEN true THEN :p ELSE :q END", "{p}"), (":q=:q", True), ("12::text", "12"),
        ("ARRAY['a']::text[]", ["a"]), ("'1 day'::interval::text", "1 day"), ("(ARRAY[:p,'b'])[1]", "{p}"), (":p = ANY(:list)", True),
        ("'{\":p\": 1}'::jsonb", {":p": 1}), ("5-:n", 8), ("5 - -:n", 2), ("(:n)::numeric(5,2)::text", "-3.00"),
        ("'12:30:00'::time::text", "12:30:00"),
    ]),
)  # fmt: skip


def run_statement(db: Database, items: Sequence[tuple[str, Any]], p: str, q: str) -> None:
    values = {"p": p, "q": q, "n": -3, "list": [p, q]}
    text = ", ".join(f'{sql} AS ":c{place}"' for place, (sql, _) in enumerate(items))
    used = {name: value for name, value in values.items() if any(f":{name}" in sql for sql, _ in items)}
    wanted = [filled(value, p, q) for _, value in items]
    statement = f"SELECT {text} -- the end: :p"
    unused = set(used) - set(names_of(statement))
    row = db.query(statement, {name: value for name, value in used.items() if name not in unused}).one()
    assert list(row) == wanted, statement
    assert list(row.dict()) == [f":c{place}" for place in range(len(items))]


def filled(value: Any, p: str, q: str) -> Any:
    if not isinstance(value, str):
        return value
    if value.startswith("{p}"):
        return p + value[3:]
    if value.endswith("{p}"):
        return value[:-3] + p
    return q if value == "{q}" else value


def names_of(sql: str) -> tuple[str, ...]:
    from stepladder.sql import parameter_names

    return parameter_names(sql)


def around_a_parameter(db: Database, statements: int) -> None:
    @settings(
        max_examples=statements,
        phases=[Phase.generate, Phase.explicit],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(ITEMS, min_size=1, max_size=8), STORABLE, STORABLE)
    def same_everywhere(items: list[tuple[str, Any]], p: str, q: str) -> None:
        run_statement(db, items, p, q)

    same_everywhere()


def test_hostile_text_around_a_parameter(db: Database) -> None:
    around_a_parameter(db, 150)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_two_thousand_statements_with_hostile_text_around_a_parameter(db: Database) -> None:
    around_a_parameter(db, 2_000)
