"""Models in Python and seeds, run on every engine: what functions are given, and what becomes of what they give."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from stepladder import Database
from stepladder.config import Project, Source
from stepladder.errors import Error
from stepladder.pipelines import RunResult, prepare, run

Write = Callable[..., None]
Run = Callable[..., RunResult]
IMPORT = "import datetime as dt\nfrom decimal import Decimal\nimport stepladder as sl\n"
BERLIN_DAY = "@sl.model(time='day', every='day', columns={'day': 'date', 'n': 'bigint'}, frame="


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    (tmp_path / "models").mkdir()
    sources = {
        "events": Source("events", "at"),
        "local_events": Source("local_events", "at", "Europe/Berlin"),
    }
    return Project(tmp_path, "shop", None, "Europe/Berlin", {}, {"rate": 3}, sources)


@pytest.fixture
def write(shop: Project) -> Write:
    def written(python: str = "", **files: str) -> None:
        texts = {
            f"{name.replace('_csv', '.csv').replace('_sql', '.sql')}": text for name, text in files.items()
        }
        for name, text in {**({"m.py": IMPORT + python} if python else {}), **texts}.items():
            (shop.models / name).write_text(text, encoding="utf-8")

    return written


@pytest.fixture
def do(db: Database, shop: Project) -> Run:
    """Bring the project up to date; every step must be done."""

    def done(now: str = "2026-03-04", **options: object) -> RunResult:
        moment = dt.datetime.fromisoformat(now).replace(tzinfo=dt.UTC)
        result = run(db, shop, prepare(db, shop, now=moment, **options))  # type: ignore[arg-type]
        assert [str(step.error) for step in result.steps if step.error] == []
        return result

    return done


@pytest.fixture
def events(db: Database) -> None:
    db.execute("CREATE TABLE events (id integer, at timestamptz, kind text, amount numeric(10,2))")
    db.execute(
        "INSERT INTO events VALUES (1, '2026-02-28 23:00+00', 'a', 1.50), (2, '2026-03-01 22:59:59.999999+00', 'b', NULL),"
        " (3, '2026-03-01 23:00+00', 'a', 0.05), (4, '2026-03-03 10:00+00', NULL, 7)"
    )


def rows(db: Database, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in db.query(sql)]


# -- what a function is given
@pytest.mark.parametrize("frame", ["pandas", "polars", "arrow"])
def test_a_function_gets_its_interval_and_gives_rows(
    db: Database, events: None, write: Write, do: Run, frame: str
) -> None:
    write(
        f"{BERLIN_DAY}'{frame}')\ndef daily(events, run):\n    return [{{'day': run.start.date(), 'n': len(events)}}]\n"
    )
    do()
    expected = [(dt.date(2026, 3, 1), 2), (dt.date(2026, 3, 2), 1), (dt.date(2026, 3, 3), 1)]
    assert rows(db, "SELECT day, n FROM daily ORDER BY day") == expected
    assert do().steps == ()


def test_models_feed_each_other_whatever_they_are(db: Database, events: None, write: Write, do: Run) -> None:
    write(
        "@sl.model(key=['code'], frame='arrow')\ndef totals(daily, countries):\n"
        "    import pyarrow.compute as pc\n"
        "    return [{'code': c, 'n': pc.sum(daily['n']).as_py()} for c in countries['code'].to_pylist()]\n",
        daily_sql="/* stepladder\ntime='day'\nevery='day'\n*/ SELECT (at AT TIME ZONE :zone)::date AS day, count(*) AS n"
        " FROM events WHERE at >= :start AND at < :end GROUP BY 1",
        countries_csv="code:text,vat:numeric(4,2)\nde,19.00\nat,\n",
        above_sql="SELECT code, n FROM totals WHERE n > 1",
    )
    do()
    assert rows(db, "SELECT code, n FROM above ORDER BY code") == [("at", 4), ("de", 4)]
    assert [row[1] for row in db.query("SELECT code, vat FROM countries ORDER BY vat NULLS LAST")][1] is None
    assert str(db.columns("countries")[1].type) == "numeric(4,2)"


def test_a_late_row_redoes_the_day_that_was_given_it(
    db: Database, events: None, write: Write, do: Run
) -> None:
    write(
        f"{BERLIN_DAY}'arrow')\ndef daily(events, run): return [{{'day': run.start.date(), 'n': len(events)}}]\n"
        "@sl.model(frame='arrow')\ndef total(daily):\n    return [{'n': sum(daily['n'].to_pylist())}]\n"
    )
    do()
    db.execute("INSERT INTO events VALUES (9, '2026-03-01 12:00+00', 'late', 1)")
    assert [(step.work.model, step.work.start.day) for step in do().steps] == [("daily", 28), ("total", 2)]
    assert rows(db, "SELECT n FROM total") == [(5,)]
    assert do().steps == ()


ROLLING = (
    "/* stepladder\ntime='day'\nevery='day'\n*/ SELECT :end - 1 AS day, sum(n)::bigint AS n"
    " FROM daily WHERE day >= :start - 2 AND day < :end"
)
SO_FAR = (
    "/* stepladder\ntime='day'\nevery='day'\nstart='2026-03-01'\n*/ SELECT :start AS day, sum(n)::bigint AS n"
    " FROM daily WHERE day < :end HAVING :start IS NOT NULL"
)
DAYS = (
    "/* stepladder\ntime='day'\nevery='day'\n*/ SELECT (at AT TIME ZONE :zone)::date AS day, count(*) AS n"
    " FROM events WHERE at >= :start AND at < :end GROUP BY 1"
)


def test_a_change_reaches_as_far_as_windows_on_models_do(
    db: Database, events: None, write: Write, do: Run
) -> None:
    """A rolling sum of three days: what changes a day changes the two after it."""
    write(daily_sql=DAYS, rolling_sql=ROLLING)
    do()
    expected = "SELECT day, (SELECT sum(n) FROM daily d WHERE d.day > r.day - 3 AND d.day <= r.day) FROM rolling r ORDER BY 1"
    found = "SELECT day, n FROM rolling ORDER BY 1"
    assert rows(db, found) == rows(db, expected) != []
    db.execute("INSERT INTO events VALUES (9, '2026-03-01 12:00+00', 'late', 1)")
    done = [step.work.model for step in do().steps]
    assert done == ["daily", "rolling", "rolling", "rolling"]
    assert rows(db, found) == rows(db, expected)
    assert do().steps == ()


def test_what_is_read_whole_is_made_before(db: Database, events: None, write: Write, do: Run) -> None:
    """Newest first, the last day's total would else be summed before the first day is there."""
    write(daily_sql=DAYS, so_far_sql=SO_FAR)
    do(asked=(dt.datetime(2026, 2, 28, 23, tzinfo=dt.UTC), dt.datetime(2026, 3, 3, 23, tzinfo=dt.UTC)))
    assert rows(db, "SELECT n FROM so_far ORDER BY day") == [(2,), (3,), (4,)]


def test_a_column_without_a_zone_is_cut_in_its_own(db: Database, write: Write, do: Run) -> None:
    db.execute("CREATE TABLE local_events (at timestamp)")
    db.execute(
        "INSERT INTO local_events VALUES ('2026-03-01 00:00'), ('2026-03-01 23:59'), ('2026-03-02 00:00')"
    )
    write(
        f"{BERLIN_DAY}'arrow')\ndef daily(local_events, run): return [{{'day': run.start.date(), 'n': len(local_events)}}]"
    )
    do()
    assert rows(db, "SELECT n FROM daily ORDER BY day") == [(2,), (1,)]


def test_an_extractor_is_told_of_its_run(db: Database, shop: Project, write: Write, do: Run) -> None:
    write(
        "@sl.model(time='at', every='day', start='2026-03-01')\ndef pages(run):\n"
        "    run.log.info('hello')\n"
        "    for n in range(3):\n"
        "        yield {'at': run.start + n * (run.end - run.start) / 3, 'n': n * run.vars['rate'], 'now': run.now}\n"
    )
    do(asked=(None, dt.datetime(2026, 3, 2, 23, tzinfo=dt.UTC)))
    found = rows(db, "SELECT count(*), sum(n), min(at), max(now) FROM pages")[0]
    assert (found[0], found[1]) == (6, 18)
    assert found[2] == dt.datetime(2026, 2, 28, 23, tzinfo=dt.UTC)
    assert found[3] == dt.datetime(2026, 3, 4, tzinfo=dt.UTC)


# -- what it gives
@pytest.mark.parametrize(
    "gives",
    [
        "return pandas.DataFrame({'a': [1, 2], 'b': ['x', None]})",
        "return polars.DataFrame({'a': [1, 2], 'b': ['x', None]})",
        "return polars.LazyFrame({'a': [1, 2], 'b': ['x', None]})",
        "return pyarrow.table({'a': [1, 2], 'b': ['x', None]})",
        "return [{'a': 1, 'b': 'x'}, {'a': 2}]",
        "yield {'a': 1, 'b': 'x'}\n    yield {'a': 2}",
        "yield {'a': 1, 'b': 'x'}\n    yield pandas.DataFrame({'b': [None], 'a': [2]})",
        "yield polars.DataFrame({'a': [1], 'b': ['x']})\n    yield None\n    yield pyarrow.table({'a': [2]})",
        "return one.query('SELECT 1 AS a, \\'x\\' AS b UNION ALL SELECT 2, NULL')",
        "return one.query('SELECT 1 AS a, \\'x\\' AS b UNION ALL SELECT 2, NULL').all()",
    ],
)
def test_frames_and_rows_are_equal(db: Database, write: Write, do: Run, gives: str) -> None:
    head = "import pandas, polars, pyarrow\none = sl.connect('sqlite:///:memory:')\n"
    write(f"{head}@sl.model\ndef m():\n    {gives}\n")
    do()
    assert rows(db, "SELECT a, b FROM m ORDER BY a") == [(1, "x"), (2, None)]


def test_types_are_those_of_the_first_run(db: Database, events: None, write: Write, do: Run) -> None:
    """A day without values, or without rows, gives the columns no other type: a frame of pandas has lost it by then."""
    write(
        "import pandas as pd\n@sl.model(time='at', every='day')\ndef m(events, run):\n"
        "    frame = events[['at', 'id', 'amount', 'kind']]\n"
        "    if run.start.day == 2:\n"
        "        return pd.DataFrame({'at': frame['at'], 'id': [None], 'amount': [float('nan')], 'kind': [None]})\n"
        "    return frame if run.start.day == 1 else pd.DataFrame()\n"
    )
    do(asked=(None, dt.datetime(2026, 3, 1, 23, tzinfo=dt.UTC)))
    types = [str(column.type) for column in db.columns("m")]
    do()
    assert [str(column.type) for column in db.columns("m")] == types
    assert rows(db, "SELECT id, amount, kind FROM m WHERE at >= '2026-03-01 23:00+00'") == [
        (None, None, None)
    ]
    assert rows(db, "SELECT count(*) FROM m") == [(3,)]


def test_columns_say_the_types(db: Database, write: Write, do: Run) -> None:
    columns = {"a": "numeric(10,2)", "b": "jsonb", "c": "date", "d": "int[]", "e": "uuid"}
    write(f"@sl.model(columns={columns})\ndef m(): return []\n")
    do()
    assert [str(column.type) for column in db.columns("m")] == [
        "numeric(10,2)",
        "jsonb",
        "date",
        "integer[]",
        "uuid",
    ]


@pytest.mark.parametrize(
    ("python", "said"),
    [
        (
            "@sl.model\ndef m(): return 1 / 0",
            r"models/m\.py:5, in m: `def m\(\): return 1 / 0`: ZeroDivisionError: division by zero",
        ),
        (
            "def deep(): raise KeyError('x')\n@sl.model\ndef m():\n    return deep()",
            r"models/m\.py:4, in deep: .*KeyError: 'x'",
        ),
        ("@sl.model\ndef m(): raise SystemExit(3)", "SystemExit: 3"),
        ("@sl.model\ndef m(): return 5", "it returns a int"),
        ("@sl.model\nasync def m(): return []", "async def"),
        ("@sl.model\ndef m(): return [1]", "A row is a dict or a tuple"),
        ("@sl.model\ndef m(): return []", r"its first call gives no column.*columns="),
        ("@sl.model\ndef m(): return [{'a': None}]", r"column 'a' holds no value.*columns="),
        ("@sl.model(columns={'a': 'int'})\ndef m(): return [{'a': 1, 'b': 2}]", "it gives b too"),
        ("@sl.model(columns={'a': 'int'})\ndef m(): return [{'a': 'x'}]", "models/m.py:4: m: .*row 1"),
        (
            "import pandas\n@sl.model(columns={'a': 'int', 'b': 'int'})\ndef m(): return pandas.DataFrame({'a': [1]})",
            "it does not give b",
        ),
    ],
)
def test_what_goes_wrong_names_the_line(
    db: Database, shop: Project, write: Write, python: str, said: str
) -> None:
    write(python)
    result = run(db, shop, prepare(db, shop))
    assert [step.state for step in result.steps] == ["failed"]
    error = result.steps[0].error
    assert error is not None
    assert error.exit_code == 4
    with pytest.raises(Error, match=f"(?s){said}"):
        raise error
    assert "m" not in db.tables()


def test_a_cell_of_a_seed_that_does_not_fit_is_named(db: Database, shop: Project, write: Write) -> None:
    write(countries_csv="code:text,since:date\nde,1949-05-23\nat,soon\n")
    result = run(db, shop, prepare(db, shop))
    error = result.steps[0].error
    assert error is not None
    assert error.exit_code == 1
    assert error.message.startswith("models/countries.csv: 1 row does not fit:\n")
    assert "row 2, column since = 'soon'" in error.message
    assert "stepladder_" not in error.message
    assert "countries" not in db.tables()
