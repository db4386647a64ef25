"""A project against a target: what is refused before anything is written, with file, line and remedy; what is warned of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from stepladder import Database
from stepladder.config import Project
from stepladder.errors import ModelError
from stepladder.pipelines import Bound, prepare, run

Write = Callable[..., None]
DAILY = """/* stepladder
time = "day"
every = "day"
*/
SELECT (at AT TIME ZONE :zone)::date AS day, count(*) AS n
FROM events
WHERE at >= :start AND at < :end
GROUP BY 1
"""


@pytest.fixture
def shop(tmp_path: Path, db: Database) -> Project:
    (tmp_path / "models").mkdir()
    db.execute("CREATE TABLE events (id integer, at timestamptz, naive timestamp, kind text)")
    db.execute("CREATE TABLE users (id integer, name text)")
    return Project(tmp_path, "shop", None, "Europe/Berlin", {}, {})


@pytest.fixture
def write(shop: Project) -> Write:
    def written(**files: str) -> None:
        for name, text in files.items():
            ending = "py" if text.startswith("import") else "sql"
            (shop.models / f"{name}.{ending}").write_text(text, encoding="utf-8")

    return written


def bound(db: Database, shop: Project) -> dict[str, Bound]:
    return {each.model.name: each for each in prepare(db, shop).bound}


PYTHON = "import stepladder as sl\n\n@sl.model"


@pytest.mark.parametrize(
    ("files", "place", "said"),
    [
        ({"m": "SELECT 1 AS a\nFROM WHERE"}, "models/m.sql:2", "syntax error"),
        ({"m": "SELECT id,\n  nam FROM users"}, "models/m.sql:2", 'column "nam" does not exist'),
        ({"m": "SELECT * FROM usres"}, "models/m.sql", "neither a model nor a table.*stepladder load"),
        (
            {"a": "SELECT * FROM b", "b": "SELECT\n * FROM c", "c": "SELECT * FROM a"},
            "",
            "circle: [abc] → [abc] → [abc] → [abc]",
        ),
        ({"m": "SELECT * FROM m"}, "models/m.sql", "reads itself"),
        (
            {"m": DAILY.replace("(at AT TIME ZONE :zone)::date AS day", "naive AS day")},
            "models/m.sql",
            'time_is = "UTC"',
        ),
        (
            {"m": DAILY.replace("(at AT TIME ZONE :zone)::date AS day", "kind AS day")},
            "models/m.sql",
            "it must be a timestamptz",
        ),
        (
            {"m": DAILY.replace("*/", 'time_is = "UTC"\n*/')},
            "models/m.sql",
            "time_is has no meaning here: the time column day is date",
        ),
        (
            {"m": DAILY.replace("WHERE at >= :start AND at < :end", "")},
            "models/m.sql",
            ":start and :end is missing",
        ),
        ({"m" * 64: "SELECT 1 AS a"}, "models/mmm", "64 bytes"),
        ({"m": "/* stepladder\nkey = ['idd']\n*/ SELECT id FROM users"}, "models/m.sql", "key names 'idd'"),
        (
            {"m": "/* stepladder\ndepends = ['usres']\n*/ SELECT 1 AS a"},
            "models/m.sql",
            "neither a model nor a table",
        ),
        ({"m": f"{PYTHON}\ndef m(usres): ..."}, "models/m.py:3", "neither a model nor a table"),
        ({"m": f"{PYTHON}(key=['a'], columns={{'b': 'int'}})\ndef m(): ..."}, "models/m.py", "key names 'a'"),
        ({"m": f"{PYTHON}(evry='day')\ndef m(): ..."}, "models/m.py:3", "Did you mean 'every'"),
    ],
)
def test_what_cannot_run_is_refused_before_anything_is_written(
    db: Database, shop: Project, write: Write, files: dict[str, str], place: str, said: str
) -> None:
    write(good="SELECT id FROM users", **files)
    with pytest.raises(ModelError, match=f"(?s){said}") as caught:
        prepare(db, shop)
    assert caught.value.message.startswith(place)
    assert caught.value.exit_code == 2
    assert db.tables() == ("events", "users")


def test_a_model_that_reads_its_own_rows_through_a_view_is_refused(
    db: Database, shop: Project, write: Write
) -> None:
    write(m="SELECT id FROM users")
    run(db, shop, prepare(db, shop))
    db.execute("CREATE VIEW v AS SELECT * FROM m")
    db.execute("CREATE VIEW w AS SELECT v.id FROM v JOIN users USING (id)")
    write(m="SELECT id FROM w")
    with pytest.raises(ModelError, match=r"models/m\.sql: m reads w, a view over m itself"):
        prepare(db, shop)


def test_a_naive_time_column_is_of_the_zone_that_is_said(db: Database, shop: Project, write: Write) -> None:
    write(
        m=DAILY.replace("(at AT TIME ZONE :zone)::date AS day", "naive AS day").replace(
            "*/", 'time_is = "local"\n*/'
        )
    )
    (found,) = bound(db, shop).values()
    assert found.model.time_is == "Europe/Berlin"


def test_days_that_are_cut_in_utc_are_warned_of(db: Database, shop: Project, write: Write) -> None:
    write(
        m="SELECT at::date AS a,\n  date_trunc('day', at) AS b, to_char(at, 'YYYY') AS c,\n  extract(hour FROM at) AS d FROM events",
        good="SELECT (at AT TIME ZONE :zone)::date AS a, date_trunc('day', at, :zone) AS b, naive::date AS c FROM events",
    )
    found = bound(db, shop)
    assert [(warning.file, warning.line) for warning in found["m"].warnings] == [
        ("models/m.sql", 1), ("models/m.sql", 2), ("models/m.sql", 2), ("models/m.sql", 3),
    ]  # fmt: skip
    assert {warning.severity for warning in found["m"].warnings} == {"zone"}
    assert found["good"].warnings == ()


def test_a_column_without_its_table_is_a_window_where_the_catalogue_knows_it(
    db: Database, shop: Project, write: Write
) -> None:
    write(m=DAILY.replace("FROM events", "FROM events JOIN users USING (id)"))
    (found,) = bound(db, shop).values()
    assert [(window.table.name, window.column) for window in found.model.windows] == [("events", "at")]
    assert [table.name for table in found.model.whole] == ["users"]


def test_what_a_model_in_python_gives_may_be_typed_when_it_has_run(
    db: Database, shop: Project, write: Write
) -> None:
    """Nothing is known of `raw` when the project is bound; `day` is a date all the same, and windows on it are of dates."""
    write(
        raw="import datetime as dt\nimport stepladder as sl\n@sl.model(time='day', every='day', start='2026-03-01')\n"
        "def raw(run): yield {'day': run.start.date(), 'n': 1}\n",
        m='/* stepladder\ntime = "day"\nevery = "day"\n*/\nSELECT day, n + 1 AS n FROM raw WHERE day >= :start AND day < :end',
    )
    span = (None, dt.datetime(2026, 3, 3, 23, tzinfo=dt.UTC))
    result = run(db, shop, prepare(db, shop, now=span[1], asked=span))
    assert [str(step.error) for step in result.steps if step.error] == []
    expected = [(dt.date(2026, 3, day), 2) for day in (1, 2, 3)]
    assert [tuple(row) for row in db.query("SELECT day, n FROM m ORDER BY 1")] == expected
