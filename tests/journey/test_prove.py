"""prove: the shop agrees, a planted difference is found and named, nothing is left behind."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psycopg
import pytest

import stepladder as sl
from stepladder.cli.init import make_project
from stepladder.config import read_project
from stepladder.db import scratch
from stepladder.demo import make_shop
from stepladder.prove import Proof, diagnose, prove
from tests.conftest import _in_database
from tests.journey.conftest import Ended

Run = Callable[..., Ended]
pytestmark = pytest.mark.postgres
LAST = dt.date(2026, 3, 14)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The project of `init`, with a small shop in its SQLite file."""
    folder = tmp_path / "shop"
    make_project(folder, "UTC")
    made = make_shop(20, days=3, end=LAST, timezone="UTC")
    with sl.connect(f"sqlite:////{str(folder / 'shop.db').lstrip('/')}") as db:
        for table in made.tables:
            lines = ", ".join(f"{column.name} {column.type}" for column in table.columns)
            db.execute(f"CREATE TABLE {table.name} ({lines})")
            db.load(table.rows, table.name, mode="append")
    return folder


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A project without a model, and a table `people`."""
    folder = tmp_path / "bare"
    make_project(folder, "UTC")
    for path in (folder / "models").iterdir():
        path.unlink()
    with sl.connect(f"sqlite:////{str(folder / 'bare.db').lstrip('/')}") as db:
        db.execute(
            "CREATE TABLE people (id int PRIMARY KEY, name text, amount numeric(10,2), at timestamptz, note text)"
        )
        rows = [
            (1, "anna", "2.50", "2026-03-01 10:00+00", None),
            (2, "Straße", "3.50", "2026-03-01 11:00+00", "x"),
            (3, "Zoe", "1.25", "2026-03-02 12:00+00", "y"),
        ]
        db.load(rows, "people", mode="append")
    return folder


def model(folder: Path, name: str, sql: str, header: str = "") -> None:
    (folder / "models" / f"{name}.sql").write_text(f"/* stepladder\n{header}\n*/\n{sql}\n")


def schemas(url: str) -> list[str]:
    with psycopg.connect(url) as admin:
        return [
            name
            for (name,) in admin.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'stepladder%'")
        ]


def proved(folder: Path, url: str, **options: object) -> Proof:
    project = read_project(folder)
    source = f"sqlite:////{str(folder / (folder.name + '.db')).lstrip('/')}"
    with sl.connect(source, read_only=True) as origin, sl.connect(url) as target:
        return prove(origin, target, project, **options)  # type: ignore[arg-type]


def test_the_untouched_shop_agrees(in_process: Run, shop: Path, postgres_url: str) -> None:
    before = (shop / "shop.db").read_bytes()
    ended = in_process("prove", "--to", postgres_url, "--json", cwd=shop)
    found = json.loads(ended.out)
    assert found["equal"] is True
    assert [each["state"] for each in found["models"]] == ["equal"] * 3
    assert all(each["rows"]["sqlite"] == each["rows"]["postgresql"] > 0 for each in found["models"])
    assert "nothing was left behind" in ended.err
    assert schemas(postgres_url) == []
    assert (shop / "shop.db").read_bytes() == before
    page = (shop / "reports" / "prove.html").read_text()
    assert "agree on all" in page
    assert "http:" not in page
    assert "<script" not in page


def test_a_span_a_sample_and_one_model(in_process: Run, shop: Path, postgres_url: str) -> None:
    span = ("--start", "2026-03-13", "--end", "2026-03-14")
    found = json.loads(in_process("prove", "sessions", *span, "--to", postgres_url, "--json", cwd=shop).out)
    assert [(each["name"], each["intervals"]) for each in found["models"]] == [("sessions", 1)]
    assert "from 2026-03-13" in found["inputs"][0]["read"]
    sampled = ("--sample", "50", "--now", "2026-03-14")
    found = json.loads(in_process("prove", *sampled, "--to", postgres_url, "--json", cwd=shop).out)
    assert (found["equal"], found["inputs"][0]["rows"]) == (True, 50)


def test_a_sample_keeps_what_its_rows_point_to(shop: Path, postgres_url: str) -> None:
    model(
        shop,
        "visits",
        "SELECT e.event_timestamp, u.user_id FROM user_events e JOIN users u USING (user_id)"
        " WHERE e.event_timestamp >= :start AND e.event_timestamp < :end",
        'time = "event_timestamp"\nevery = "day"',
    )
    with sl.connect(f"sqlite:////{str(shop / 'shop.db').lstrip('/')}") as db:
        db.execute("CREATE UNIQUE INDEX users_id ON users (user_id)")
    found = proved(shop, postgres_url, names=["visits"], sample=10)
    assert {each.table: each.read for each in found.inputs}["users"].startswith(
        "all that user_events.user_id points to"
    )
    assert (found.models[0].state, found.models[0].sqlite_rows) == ("equal", 10)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--to", "dev"), "proves nothing"),
        (("--to", "nowhere"), "nowhere"),
        (("nothing", "--to", "URL"), "there is no model 'nothing'"),
        (("--to", "URL", "--sample", "0"), "at least one row"),
        (("--to", "URL", "--start", "2026-03-14", "--end", "2026-03-13"), "must be before"),
    ],
)
def test_what_cannot_be_asked(
    in_process: Run, shop: Path, postgres_url: str, options: tuple[str, ...], said: str
) -> None:
    given = [postgres_url if word == "URL" else word for word in options]
    assert said in in_process("prove", *given, cwd=shop, expect=2).err


def test_a_table_that_is_not_there(in_process: Run, bare: Path, postgres_url: str) -> None:
    model(bare, "m", "SELECT id FROM nobody")
    ended = in_process("prove", "--to", postgres_url, cwd=bare, expect=2)
    assert "m reads nobody, which is neither a model nor a table of the source" in ended.err


def test_a_server_that_is_down(in_process: Run, bare: Path) -> None:
    model(bare, "m", "SELECT id FROM people")
    in_process("prove", "--to", "postgresql://nobody@127.0.0.1:1/none", cwd=bare, expect=3)


# -- differences
@pytest.fixture
def other_locale(postgres_server: str) -> Iterator[str]:
    """A database whose upper() maps ß to SS, as ICU's does."""
    name = f"prove_{os.getpid()}"
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        if admin.info.server_version < 180000:
            pytest.skip("PG_UNICODE_FAST came with PostgreSQL 18")
        admin.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' "
            "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'PG_UNICODE_FAST'"
        )
    yield _in_database(postgres_server, name)
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_server_of_another_locale(in_process: Run, bare: Path, other_locale: str) -> None:
    model(bare, "loud", "SELECT id, upper(name) AS name FROM people", 'key = ["id"]')
    model(bare, "louder", "SELECT count(*) AS n FROM loud WHERE name = 'STRASSE'")
    ended = in_process("prove", "--to", other_locale, "--json", cwd=bare, expect=1)
    found = {each["name"]: each for each in json.loads(ended.out)["models"]}
    assert found["loud"]["classes"] == {"text case mapping": 1}
    assert found["loud"]["first"][0] | {"why": ""} == {
        "key": [2], "column": "name", "sqlite": "'STRAßE'", "postgresql": "'STRASSE'", "class": "text case mapping", "why": "",
    }  # fmt: skip
    assert found["louder"]["state"] == "different"  # each side reads its own
    assert "key 2, name: SQLite 'STRAßE', PostgreSQL 'STRASSE'" in ended.err
    assert "text case mapping" in (bare / "reports" / "prove.html").read_text()


PLANTED: Mapping[str, tuple[str, str, str]] = {
    # class: the model, and the model as the planted defect has SQLite run it
    "LIKE's case": ("SELECT id, name FROM people WHERE id = 1 OR name LIKE 'z%'",
        "SELECT id, name FROM people WHERE id = 1 OR name ILIKE 'z%'", "id"),
    "half rounding": ("SELECT id, round(amount)::int AS x FROM people", "SELECT id, round(amount::float8)::int AS x FROM people", "id"),
    "integer division": ("SELECT id, id / 2.0 AS x FROM people", "SELECT id, id / 2 AS x FROM people", "id"),
    "scale": ("SELECT id, amount AS x FROM people", "SELECT id, amount::numeric(10,3) AS x FROM people", "id"),
    "float summation": ("SELECT sum(amount::float8) / 10 AS x FROM people", "SELECT sum(amount::float8) / 10 + 1e-15 AS x FROM people", ""),
    "time zone": ("SELECT id, date_trunc('day', at) AS x FROM people",
        "SELECT id, date_trunc('day', at, 'Asia/Tokyo') AS x FROM people", "id"),
    "text case mapping": ("SELECT id, upper(name) AS x FROM people", "SELECT id, name AS x FROM people", "id"),
    "jsonb text": ("""SELECT id, '{"a": 1}'::jsonb::text AS x FROM people""", """SELECT id, '{"a":1}' AS x FROM people""", "id"),
    "NULL order": ("SELECT id, note FROM people ORDER BY note", "SELECT id, note FROM people ORDER BY note NULLS FIRST", "id"),
    "text order": ("SELECT id, name FROM people ORDER BY name", "SELECT id, name FROM people ORDER BY lower(name) DESC", "id"),
    "missing rows": ("SELECT id FROM people", "SELECT id FROM people WHERE id > 1", "id"),
    "duplicate rows": ("SELECT name FROM people", "SELECT name FROM people UNION ALL SELECT name FROM people", ""),
    "type": ("SELECT id, id::numeric AS x FROM people", "SELECT id, id AS x FROM people", "id"),
    "NULL": ("SELECT id, note AS x FROM people", "SELECT id, coalesce(note, '-') AS x FROM people", "id"),
    "not classified": ("SELECT id, 4 AS x FROM people", "SELECT id, 17 AS x FROM people", "id"),
    "columns": ("SELECT id, 5 AS x FROM people", "SELECT id FROM people", "id"),
    "error": ("SELECT id, 3 AS x FROM people", "SELECT id, 1 / (id - id) AS x FROM people", "id"),
    "fewer digits": ("SELECT id, amount * 1.23456 AS x FROM people",
        "SELECT id, round(amount * 1.23456, 4) AS x FROM people", "id"),
    "float rounding": ("SELECT id, amount::float8 / 3 AS x FROM people",
        "SELECT id, amount::float8 / 3 * (1 + 2.3e-16) AS x FROM people", "id"),
    "sign of zero": ("SELECT id, 0.0::float8 AS x FROM people", "SELECT id, '-0'::float8 AS x FROM people", "id"),
    "order of elements": ("SELECT array_agg(name ORDER BY id) AS x FROM people",
        "SELECT array_agg(name ORDER BY id DESC) AS x FROM people", ""),
    "order": ("SELECT id FROM people ORDER BY id", "SELECT id FROM people ORDER BY id DESC", "id"),
    "fraction of a second": ("SELECT id, at + interval '0.25 seconds' AS x FROM people",
        "SELECT id, date_trunc('second', at) AS x FROM people", "id"),
    "case of letters": ("SELECT id, 'Ab' AS x FROM people", "SELECT id, 'aB' AS x FROM people", "id"),
    "text form": ("SELECT id, '2024-01-02 00:00:00' AS x FROM people", "SELECT id, '2024-01-02T00:00:00' AS x FROM people", "id"),
    "padding": ("SELECT id, 'a' AS x FROM people", "SELECT id, 'a   ' AS x FROM people", "id"),
    "white space": ("SELECT id, 'a b' AS x FROM people", "SELECT id, 'a  b' AS x FROM people", "id"),
}  # fmt: skip


def test_each_planted_difference_is_found_and_named(
    bare: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = {f"m{number}": name for number, name in enumerate(PLANTED)}
    for file, name in named.items():
        sql, _, key = PLANTED[name]
        model(bare, file, sql, f'key = ["{key}"]' if key else "")
    untouched = {named[each.name]: each.state for each in proved(bare, postgres_url).models}
    assert untouched == dict.fromkeys(PLANTED, "equal")
    defects = {sql: defect for sql, defect, _ in PLANTED.values()}

    def sent(side: scratch.Side, text: str) -> str:
        return defects[text.strip()] if side.name == "SQLite" else text

    monkeypatch.setattr(scratch.Side, "sql", sent)
    found = {named[each.name]: each for each in proved(bare, postgres_url).models}
    assert {each.state for each in found.values()} == {"different"}
    assert {name: dict(each.causes) for name, each in found.items() if name not in dict(each.causes)} == {}
    assert schemas(postgres_url) == []


UNSTEADY = {
    "clock": "SELECT id, clock_timestamp() AS x FROM people",
    "random": "SELECT id, random() AS x FROM people",
}


def test_what_no_two_runs_agree_on_is_named(bare: Path, postgres_url: str) -> None:
    for name, sql in UNSTEADY.items():
        model(bare, f"m_{name}", sql, 'key = ["id"]')
    found = {each.name: dict(each.causes) for each in proved(bare, postgres_url).models}
    assert {name: name in found[f"m_{name}"] for name in UNSTEADY} == dict.fromkeys(UNSTEADY, True)


def test_every_class_is_planted() -> None:
    known = set(re.findall(r'"([^"]+)"', diagnose.__doc__ or "")) | {"error"}
    assert known - PLANTED.keys() - UNSTEADY.keys() == set()


def test_what_sqlite_is_not_given_and_what_reads_it(in_process: Run, bare: Path, postgres_url: str) -> None:
    model(bare, "a_search", "SELECT id, to_tsvector(name)::text AS x FROM people")
    model(bare, "b_reader", "SELECT id FROM a_search")
    model(bare, "c_fine", "SELECT id FROM people")
    ended = in_process("prove", "--to", postgres_url, "--json", cwd=bare, expect=1)
    found = {each["name"]: each["state"] for each in json.loads(ended.out)["models"]}
    assert found == {"a_search": "refused", "b_reader": "not run", "c_fine": "equal"}


def test_the_same_error_on_both_is_no_difference_but_a_failure(
    in_process: Run, bare: Path, postgres_url: str
) -> None:
    model(bare, "m", "SELECT 1 / (id - 1) AS x FROM people")
    ended = in_process("prove", "--to", postgres_url, "--json", cwd=bare, expect=4)
    assert json.loads(ended.out)["models"][0]["state"] == "failed"


def test_no_rows_prove_nothing(in_process: Run, bare: Path, postgres_url: str) -> None:
    model(bare, "m", "SELECT id FROM people WHERE id > 99")
    ended = in_process("prove", "--to", postgres_url, cwd=bare)
    assert "nothing is proved of it" in ended.err


def test_schemas_that_models_name(bare: Path, postgres_url: str) -> None:
    with sl.connect(f"sqlite:////{str(bare / 'bare.db').lstrip('/')}") as db:
        db.execute("CREATE SCHEMA app")
        db.execute("CREATE TABLE app.users (id int PRIMARY KEY, name text)")
        db.load([(1, "ada"), (3, "eve")], "app.users", mode="append")
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("CREATE TABLE people (id int, name text)")  # production's own, which no proof reads
    model(
        bare,
        "m",
        "SELECT app.users.name, p.name AS other FROM app.users JOIN public.people p ON p.id = users.id",
    )
    found = proved(bare, postgres_url)
    assert (found.models[0].state, found.models[0].sqlite_rows) == ("equal", 2)


def test_a_server_that_does_not_order_by_bytes(
    bare: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one with ICU is: said once, and what is sorted by text is compared as a set, but for COLLATE "C"."""
    from stepladder.prove import proving
    from stepladder.prove.text_order import TextOrder

    by_name = "SELECT id, name FROM people ORDER BY name"
    by_bytes = 'SELECT id, name FROM people ORDER BY name COLLATE "C"'
    model(bare, "a", by_name)
    model(bare, "b", by_bytes)
    model(bare, "c", "SELECT min(name) AS first FROM people")
    monkeypatch.setattr(proving, "text_order", lambda _: TextOrder("en-US", "icu", by_bytes=False))

    def sent(side: scratch.Side, text: str) -> str:
        if side.name == "SQLite":
            return text
        return text.replace("min(name)", "max(name)").replace("ORDER BY name", "ORDER BY lower(name)")

    monkeypatch.setattr(scratch.Side, "sql", sent)
    found = proved(bare, postgres_url)
    assert "orders text by en-US (icu), SQLite by bytes" in found.notes[0]
    assert [each.state for each in found.models] == ["equal", "different", "different"]
    assert [dict(each.causes) for each in found.models[1:]] == [{"text order": 3}, {"text order": 1}]


@pytest.mark.parametrize("driver", ["psycopg2", "psycopg"])
def test_either_driver(bare: Path, postgres_url: str, driver: str) -> None:
    model(bare, "m", "SELECT id, name, amount / 3 AS third, at, note FROM people", 'key = ["id"]')
    assert (
        proved(bare, postgres_url.replace("postgresql://", f"postgresql+{driver}://", 1)).models[0].state
        == "equal"
    )


def test_seeds_are_taken_from_the_project_and_python_from_the_source(bare: Path, postgres_url: str) -> None:
    (bare / "models" / "grades.csv").write_text("name,grade:numeric(4,2)\nanna,1.50\nZoe,2.00\n")
    (bare / "models" / "fees.py").write_text(
        "import stepladder as sl\n@sl.model\ndef fees(): return [{'fee': 3}]\n"
    )
    model(
        bare,
        "graded",
        "SELECT id, grade + fee AS cost FROM people JOIN grades USING (name), fees",
        "kind = 'view'",
    )
    with sl.connect(f"sqlite:////{str(bare / 'bare.db').lstrip('/')}") as db:
        db.execute("CREATE TABLE fees AS SELECT 3 AS fee")
    found = proved(bare, postgres_url)
    assert [(each.name, each.state, each.sqlite_rows) for each in found.models] == [("graded", "equal", 2)]
    assert {each.table: each.rows for each in found.inputs} == {"grades": 2, "people": 3, "fees": 1}
    assert any("fees" in note for note in found.notes)


def test_columns_that_no_model_reads_are_not_copied(bare: Path, postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("CREATE TYPE mood AS ENUM ('good', 'bad')")
        admin.execute(
            "CREATE TABLE pets (id int PRIMARY KEY, name text, mood mood, place point, seen timestamptz)"
        )
        admin.execute(
            "INSERT INTO pets VALUES (1, 'rex', 'good', '(1,2)', 'infinity'), (2, 'max', NULL, NULL, now())"
        )
    model(
        bare,
        "m",
        "WITH named AS (SELECT p.name FROM pets p) SELECT *, (SELECT count(*) FROM pets) AS n FROM named",
    )
    project = read_project(bare)
    for sample in (None, 5):
        with sl.connect(postgres_url, read_only=True) as origin, sl.connect(postgres_url) as target:
            (found,) = prove(origin, target, project, sample=sample).models
        assert (found.state, found.sqlite_rows) == ("equal", 2)
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("DROP TYPE mood CASCADE")


@pytest.mark.parametrize(
    ("type_", "value"), [("float8", "NaN"), ("timestamptz", "infinity"), ("point", "(1,2)")]
)
def test_an_input_that_sqlite_cannot_hold(
    in_process: Run, bare: Path, postgres_url: str, type_: str, value: str
) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f"CREATE TABLE odd (x {type_})")
        admin.execute("INSERT INTO odd VALUES (%s)", (value,))
    model(bare, "m", "SELECT x FROM odd")
    ended = in_process("prove", "--from", postgres_url, "--to", postgres_url, cwd=bare, expect=2)
    assert "odd" in ended.err


def test_ties_have_no_order(bare: Path, postgres_url: str) -> None:
    model(bare, "m", "SELECT id, name FROM people ORDER BY id % 2")
    model(bare, "n", "SELECT id, id % 2 AS odd FROM people ORDER BY odd")
    by_name = {each.name: each for each in proved(bare, postgres_url).models}
    assert by_name["m"].state == by_name["n"].state == "equal"
    assert "was not compared" in by_name["m"].notes[0]
    assert "in order" in by_name["n"].compared


# -- rights
@pytest.fixture
def reader(postgres_url: str) -> Iterator[str]:
    """A role that may connect, and nothing else."""
    role = f"prove_reader_{os.getpid()}"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
    yield role
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f"DROP OWNED BY {role}")
        admin.execute(f"DROP ROLE {role}")


def _as(url: str, role: str) -> str:
    return url.replace("postgres@", f"{role}:secret@", 1)


def test_the_right_that_is_missing_is_said(
    in_process: Run, bare: Path, postgres_url: str, reader: str
) -> None:
    model(bare, "m", "SELECT id FROM people")
    ended = in_process("prove", "--to", _as(postgres_url, reader), cwd=bare, expect=3)
    assert f"the role {reader} lacks the right CREATE on the database" in ended.err
    assert "GRANT CREATE ON DATABASE" in ended.err
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("CREATE TABLE people (id int PRIMARY KEY)")
        admin.execute("INSERT INTO people VALUES (1)")
        admin.execute(f"GRANT USAGE ON SCHEMA public TO {reader}")
        admin.execute(f'GRANT CREATE ON DATABASE "{admin.info.dbname}" TO {reader}')
    mine = _as(postgres_url, reader)
    ended = in_process("prove", "--from", mine, "--to", mine, cwd=bare, expect=3)
    assert "GRANT SELECT ON people" in ended.err
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f"GRANT SELECT ON people TO {reader}")
    in_process("prove", "--from", mine, "--to", mine, cwd=bare)
    assert schemas(postgres_url) == []


# -- the end, whichever it is
def _begun(folder: Path, url: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "stepladder", "prove", "--to", url]
    return subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)


def _strangers(url: str) -> int:
    """Sessions of ours that are still at it."""
    with psycopg.connect(url) as admin:
        row = admin.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'stepladder'"
        ).fetchone()
        assert row is not None
        return int(row[0])


def _left(folder: Path, url: str) -> list[str]:
    deadline = time.monotonic() + 10
    while _strangers(url) and time.monotonic() < deadline:
        time.sleep(0.05)
    scratch = [
        path.name
        for place in (Path(tempfile.gettempdir()), Path("/var/tmp"))
        for path in place.glob("stepladder_prove*")
    ]
    beside = [
        path.name
        for path in folder.iterdir()
        if path.suffix not in ("", ".toml", ".md", ".db", ".db-wal", ".db-shm")
    ]
    return [*schemas(url), *scratch, *beside]


def _kill(folder: Path, url: str, seconds: float) -> None:
    running = _begun(folder, url)
    time.sleep(seconds)
    running.kill()
    running.communicate()
    assert _left(folder, url) == []


def test_killed_it_leaves_nothing(shop: Path, postgres_url: str) -> None:
    for _ in range(2):
        _kill(shop, postgres_url, random.uniform(0.3, 1.2))
    assert proved(shop, postgres_url).equal


@pytest.mark.long
def test_killed_twenty_times_it_leaves_nothing(shop: Path, postgres_url: str) -> None:
    for _ in range(20):
        _kill(shop, postgres_url, random.uniform(0.05, 1.6))
    assert proved(shop, postgres_url).equal


def test_killed_in_a_long_statement_the_server_notices(bare: Path, postgres_url: str) -> None:
    model(bare, "m", "SELECT id FROM people")
    code = (
        "import stepladder as sl\nfrom stepladder.db import postgres_side\n"
        f"with sl.connect({postgres_url!r}) as db, postgres_side(db, frozenset()) as side:\n"
        "    print('ready', flush=True)\n    side.session.query('SELECT pg_sleep(60)')\n"
    )
    running = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert running.stdout.readline() == "ready\n"
    time.sleep(0.2)
    running.kill()
    running.communicate()
    assert _left(bare, postgres_url) == []
    assert _strangers(postgres_url) == 0


def test_ctrl_c_ends_it_with_nothing_left(shop: Path, postgres_url: str) -> None:
    running = _begun(shop, postgres_url)
    assert running.stderr is not None
    while "user_events" not in (line := running.stderr.readline()):
        assert line
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=20)
    assert running.returncode == 130, said
    assert "Traceback" not in said
    assert _left(shop, postgres_url) == []


def test_the_how_to(shop: Path, postgres_url: str) -> None:
    page = Path(__file__).parents[2] / "docs" / "how-to" / "prove.md"
    text = page.read_text(encoding="utf-8")
    (commands,) = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    with (
        sl.connect(f"sqlite:////{str(shop / 'shop.db').lstrip('/')}") as db,
        sl.connect(postgres_url) as server,
    ):
        server.load(db.query("SELECT * FROM user_events"), "user_events", mode="append", create=True)
    script = f'set -e\nstepladder() {{ {sys.executable} -m stepladder "$@"; }}\n{commands}'
    ended = subprocess.run(
        ["bash", "-c", script],
        cwd=shop,
        env=os.environ | {"DATABASE_URL": postgres_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.count("nothing was left behind") == 3


def test_the_how_to_names_every_class() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "prove.md").read_text(encoding="utf-8")
    named = re.findall(r'"([^"]+)"', diagnose.__doc__ or "")
    assert len(named) > 20
    assert [name for name in named if name not in page] == []
