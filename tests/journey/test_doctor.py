"""`stepladder doctor` and `stepladder tables`, from outside: nothing is made, nothing is written, no password is said."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

import stepladder as sl
from stepladder.cli import main
from tests.journey.conftest import Ended

Run = Callable[..., Any]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The same as `stepladder`, in this process: a start of Python costs more than an examination."""
    for variable in [name for name in os.environ if name.startswith(("PG", "STEPLADDER"))]:
        monkeypatch.delenv(variable)

    def run(*arguments: str, cwd: Path, expect: int = 0, **environment: str) -> Ended:
        with monkeypatch.context() as patch:
            patch.chdir(cwd)
            for name, value in environment.items():
                patch.setenv(name, value)
            code = main(arguments)
        said = capsys.readouterr()
        assert code == expect, f"exit {code}\n{said.out}\n{said.err}"
        return Ended(code, said.out, said.err)

    return run


def findings(ended: Any) -> dict[str, list[dict[str, str]]]:
    """Topic -> what was found."""
    found: dict[str, list[dict[str, str]]] = {}
    for each in json.loads(ended.out)["findings"]:
        assert each["state"] in ("ok", "warn", "fail")
        assert each["said"]
        assert (each["state"] == "ok") == (each["remedy"] == "")
        found.setdefault(each["topic"], []).append(each)
    return found


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_without_a_project(in_process: Run, tmp_path: Path) -> None:
    ended = in_process("doctor", cwd=tmp_path)
    assert "no stepladder.toml" in ended.out
    assert "Python 3" in ended.out
    assert "0 failures" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_there_is_not_made(command: Run, tmp_path: Path) -> None:
    found = findings(command("doctor", "--json", "--target", "sqlite:///shop.db", cwd=tmp_path))
    assert found["file"][0]["state"] == "warn"
    assert list(tmp_path.iterdir()) == []
    ended = command("doctor", "--json", "--target", "sqlite:///nowhere/shop.db", cwd=tmp_path, expect=3)
    assert "mkdir" in findings(ended)["file"][0]["remedy"]
    ended = command(
        "doctor",
        "--json",
        "--target",
        "postgresql+embedded:///cluster",
        cwd=tmp_path,
        XDG_DATA_HOME=str(tmp_path / "data"),
    )
    assert "no cluster" in findings(ended)["file"][0]["said"]
    assert not (tmp_path / "cluster").exists()


def test_a_sqlite_file_is_left_as_it_was(command: Run, tmp_path: Path) -> None:
    with sl.connect(f"sqlite:///{tmp_path / 'shop.db'}") as db:
        db.execute("CREATE TABLE t (a int)")
    before = snapshot(tmp_path)
    found = findings(command("doctor", "--json", "--target", "sqlite:///shop.db", cwd=tmp_path))
    assert snapshot(tmp_path) == before
    assert {each["state"] for topic in found.values() for each in topic} == {"ok"}
    assert {
        "SQLite",
        "rights",
        "disk",
        "file system",
        "journal",
        "integrity",
        "encoding",
        "our tables",
    } <= found.keys()


def test_a_foreign_or_damaged_file_is_told(command: Run, tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE t (a INTEGER)")
        other.executemany("INSERT INTO t VALUES (?)", [(number,) for number in range(20_000)])
        other.commit()
    before = snapshot(tmp_path)
    found = findings(command("doctor", "--json", "--target", "sqlite:///shop.db", cwd=tmp_path))
    assert "did not make" in found["tables"][0]["said"]
    assert snapshot(tmp_path) == before
    content = bytearray(path.read_bytes())
    content[8192 : 8192 + 2000] = b"\x07" * 2000
    path.write_bytes(content)
    found = findings(command("doctor", "--json", "--target", "sqlite:///shop.db", cwd=tmp_path, expect=3))
    assert found["integrity"][0]["state"] == "fail"
    path.write_bytes(b"no database, but long enough to be taken for one" * 100)
    found = findings(command("doctor", "--json", "--target", "sqlite:///shop.db", cwd=tmp_path, expect=3))
    assert found["connection"][0]["state"] == "fail"


def test_a_file_of_a_newer_version_is_told(command: Run, tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with sl.connect(f"sqlite:///{path}") as db:
        db.execute("CREATE TABLE t (a int)")
    with closing(sqlite3.connect(path)) as other, other:
        other.execute('UPDATE "stepladder.version" SET number = 99')
    found = findings(command("doctor", "--json", "--target", "sqlite:///shop.db", cwd=tmp_path, expect=3))
    assert found["our tables"][0]["remedy"].startswith("install the newer version")


def test_a_server_that_is_down_is_a_finding(command: Run, tmp_path: Path) -> None:
    target = "postgresql://etl:s3cret@127.0.0.1:1/shop"
    ended = command("doctor", "--target", target, cwd=tmp_path, expect=3)
    assert "1 failure" in ended.err
    assert "connection" in ended.out
    assert "s3cret" not in ended.out + ended.err


def test_settings_and_their_places(command: Run, tmp_path: Path) -> None:
    (tmp_path / "stepladder.toml").write_text(
        'timezone = "Europe/Berlin"\ndefault = "dev"\n[targets]\ndev = "sqlite:///shop.db"\nprod = "${PROD_URL}"\n'
        'other = "postgresql://etl:${SECRET_WORD}@db/x"\nlast = "postgresql://etl:${NOT_SET}@db/x"\n'
    )
    (tmp_path / ".env").write_text("PROD_URL=postgresql://etl:s3cret@db/shop\nSECRET_WORD=s3cret\n")
    (tmp_path / ".env").chmod(0o644)
    ended = command("doctor", "--json", cwd=tmp_path, PGPASSWORD="s3cret", PGUSER="anna")
    found = findings(ended)
    said = {each["said"]: each["state"] for topic in found.values() for each in topic}
    assert said["PROD_URL = postgresql://etl:***@db/shop, from .env, for target prod"] == "ok"
    assert said["SECRET_WORD is set, not shown, from .env, for target other"] == "ok"
    assert said["NOT_SET is not set: target last cannot be used"] == "warn"
    assert said["PGPASSWORD is set, not shown, from the environment"] == "ok"
    assert said["PGUSER = anna, from the environment"] == "ok"
    assert "Europe/Berlin" in found["time zone"][0]["said"]
    assert any("may be read by others" in each["said"] for each in found["project"])
    assert "s3cret" not in ended.out + ended.err


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("timezone = 'Mars/Base'\n", "no zone"),
        ("default = \n", "not valid TOML"),
        ('default = "nope"\n[targets]\ndev = "sqlite:///x.db"\n', "nope"),
        ('default = "dev"\n[targets]\ndev = "${NOT_SET}"\n', "NOT_SET"),
    ],
)
def test_wrong_configuration_ends_with_two(command: Run, tmp_path: Path, toml: str, words: str) -> None:
    (tmp_path / "stepladder.toml").write_text(toml)
    ended = command("doctor", "--json", cwd=tmp_path, expect=2)
    failed = [each for topic in findings(ended).values() for each in topic if each["state"] == "fail"]
    assert any(words in each["said"] for each in failed)


@pytest.mark.postgres
def test_a_server_and_its_rights(in_process: Run, tmp_path: Path, postgres_url: str) -> None:
    ended = in_process("doctor", "--json", "--target", postgres_url, cwd=tmp_path)
    found = findings(ended)
    assert {
        "connection",
        "version",
        "rights",
        "clock",
        "settings",
        "collation",
        "encoding",
        "connections",
        "disk",
    } <= found.keys()
    assert "ordered by its bytes" in found["collation"][0]["said"]
    with sl.connect(postgres_url) as db:
        assert db.query("SELECT count(*) FROM pg_namespace WHERE nspname = 'stepladder'").scalar() == 0


@pytest.mark.postgres
def test_what_a_role_may_not_do(command: Run, tmp_path: Path, postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        (database,) = admin.execute("SELECT current_database()").fetchone() or ("",)
        admin.execute("CREATE ROLE reader LOGIN CONNECTION LIMIT 3")
        try:
            admin.execute("CREATE TABLE hidden (a int)")
            admin.execute(f"REVOKE TEMP ON DATABASE {database} FROM PUBLIC")
            admin.execute("ALTER ROLE reader SET TimeZone = 'Europe/Berlin'")
            admin.execute("ALTER ROLE reader SET default_transaction_read_only = on")
            admin.execute("GRANT USAGE ON SCHEMA public TO reader")
            target = postgres_url.replace("//postgres:@", "//reader@").replace("//postgres@", "//reader@")
            found = findings(command("doctor", "--json", "--target", target, cwd=tmp_path))
        finally:
            admin.execute(f"GRANT TEMP ON DATABASE {database} TO PUBLIC")
            admin.execute("DROP TABLE IF EXISTS hidden")
            admin.execute("DROP OWNED BY reader")
            admin.execute("DROP ROLE reader")
    rights = "\n".join(f"{each['state']}: {each['said']} → {each['remedy']}" for each in found["rights"])
    assert "warn: every transaction of reader is read only" in rights
    assert "warn: reader may not make tables in schema public" in rights
    assert "warn: there is no schema stepladder" in rights
    assert "warn: reader may not make temporary tables" in rights
    assert "warn: reader may not read 1 of the tables" in rights
    assert "superuser" not in rights
    assert "TimeZone = Europe/Berlin" in found["settings"][0]["said"]
    assert found["connections"][0]["state"] == "warn"


# -- tables
def test_tables_are_listed_and_told_whole(command: Run, tmp_path: Path) -> None:
    with sl.connect(f"sqlite:///{tmp_path / 'shop.db'}") as db:
        db.script(
            "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (a int NOT NULL DEFAULT 3 CHECK (a > 0), b text UNIQUE,"
            " p int REFERENCES p ON DELETE CASCADE); CREATE INDEX i ON t (a DESC) WHERE a > 5; COMMENT ON COLUMN t.b IS 'a note';"
            "CREATE VIEW v AS SELECT a FROM t; INSERT INTO t VALUES (1, 'x', NULL)"
        )
    target = ("--target", "sqlite:///shop.db")
    listed = command("tables", *target, cwd=tmp_path).out
    assert [line.split()[:2] for line in listed.splitlines()] == [
        ["table", "kind"],
        ["p", "table"],
        ["t", "table"],
        ["v", "view"],
    ]
    whole = command("tables", "t", *target, cwd=tmp_path).out
    for words in (
        "about 1 row", "not null default 3", "a note", "unique t_b_key: b", "foreign key t_p_fkey: p → p (id) on delete cascade",
        "check t_a_check: a > 0", "index i: a desc where a > 5",
    ):  # fmt: skip
        assert words in whole
    (one,) = json.loads(command("tables", "t", "--json", *target, cwd=tmp_path).out)["tables"]
    assert one["columns"][0] == {
        "name": "a", "type": "integer", "not_null": True, "default": "3", "identity": None, "generated": None,
        "collation": None, "comment": None,
    }  # fmt: skip
    assert one["checks"] == [{"name": "t_a_check", "expression": "a > 0", "other": None}]


def test_foreign_tables_are_listed(command: Run, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as other, other:
        other.execute("CREATE TABLE t (at DATETIME, x)")
    listed = command("tables", "t", "--target", "sqlite:///shop.db", cwd=tmp_path).out
    assert "datetime" in listed
    assert "unknown" in listed
