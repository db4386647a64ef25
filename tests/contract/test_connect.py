"""connect(): every form of URL that the drivers know, and no password anywhere."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

import stepladder as sl
from stepladder.errors import ConnectionFailed, DatabaseError, UsageError

SECRET = "hush-hush"


@pytest.fixture(params=["postgresql", "postgresql+psycopg2"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(postgres_url: str) -> dict[str, str]:
    """libpq's words for the test server: host, port, user, dbname."""
    parts = urlsplit(postgres_url)
    given = {name: values[0] for name, values in parse_qs(parts.query).items()}
    host = given.get("host") or parts.hostname or "127.0.0.1"
    return {
        "host": host,
        "port": given.get("port") or str(parts.port or 5432),
        "user": parts.username or "postgres",
        "dbname": parts.path.lstrip("/"),
    }


def asked(url: str, sql: str = "SELECT current_database()") -> object:
    with sl.connect(url) as db:
        return db.query(sql).scalar()


# -- PostgreSQL
@pytest.mark.postgres
def test_the_first_of_several_hosts_that_answers(scheme: str, server: dict[str, str]) -> None:
    url = (
        f"{scheme}://{server['user']}@/{server['dbname']}?host=127.0.0.1,{server['host']}"
        f"&port=1,{server['port']}&target_session_attrs=read-write"
    )
    assert asked(url) == server["dbname"]


@pytest.mark.postgres
def test_settings_in_the_url(scheme: str, server: dict[str, str]) -> None:
    url = f"{scheme}:///{server['dbname']}?host={server['host']}&port={server['port']}&user={server['user']}"
    assert asked(f"{url}&options=-csearch_path%3Dapp&sslmode=disable", "SHOW search_path") == "app"


@pytest.mark.postgres
def test_a_service(
    scheme: str, server: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = tmp_path / "pg_service.conf"
    services.write_text("[shop]\n" + "".join(f"{name}={value}\n" for name, value in server.items()))
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    assert asked(f"{scheme}:///?service=shop") == server["dbname"]


@pytest.mark.postgres
def test_libpqs_environment(scheme: str, server: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, name in (
        ("PGHOST", "host"),
        ("PGPORT", "port"),
        ("PGUSER", "user"),
        ("PGDATABASE", "dbname"),
    ):
        monkeypatch.setenv(variable, server[name])
    assert asked(f"{scheme}://") == server["dbname"]


@pytest.fixture
def login(postgres_url: str) -> Iterator[str]:
    """A role whose password the server stores; the test server itself lets everybody in."""
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE stepladder_login LOGIN PASSWORD '{SECRET}'")
        yield "stepladder_login"
        admin.execute("DROP ROLE stepladder_login")


@pytest.mark.postgres
def test_no_password_is_shown_by_what_connects(
    scheme: str, server: dict[str, str], login: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"{scheme}://{login}:{SECRET}@/{server['dbname']}?host={server['host']}&port={server['port']}"
    with sl.connect(url) as db:
        shown = [repr(db), str(db.target), repr(db.target), repr(db.__dict__), repr(db.options())]
        with pytest.raises(DatabaseError) as failed:
            db.query("SELECT 1/0")
        # What the operating system shows of this process, and what the server shows of the session.
        shown += [Path("/proc/self/cmdline").read_text(), repr(failed.value), *_told(failed.value)]
        shown += [
            str(row) for row in db.query("SELECT query, application_name FROM pg_stat_activity").tuples()
        ]
    assert SECRET not in "\n".join([*shown, caplog.text])


@pytest.mark.parametrize(
    "broken", ["@[host/db", "@host:port/db", "@host/db?nonsense=1", "@/db?host=/nowhere"]
)
def test_no_password_is_shown_by_what_fails(scheme: str, broken: str) -> None:
    with pytest.raises((ConnectionFailed, sl.Error)) as failed:
        sl.connect(f"{scheme}://app:{SECRET}{broken}")
    assert SECRET not in "\n".join(_told(failed.value))


def _told(error: BaseException) -> list[str]:
    """All that Python prints of an uncaught error, its causes included."""
    return traceback.format_exception(error)


# -- SQLite
def test_a_relative_file_lies_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert asked("sqlite:///shop.db", "SELECT 1") == 1
    assert (tmp_path / "shop.db").exists()


def test_a_name_with_a_blank_a_percent_sign_and_a_question_mark(tmp_path: Path) -> None:
    with sl.connect(f"sqlite:////{str(tmp_path / 'my 100% shop#1.db').lstrip('/')}") as db:
        db.execute("CREATE TABLE t (n int)")
    assert (tmp_path / "my 100% shop#1.db").exists()


def test_a_file_that_is_only_read_must_be_there(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    url = f"sqlite:////{str(path).lstrip('/')}"
    for given, read_only in ((f"{url}?mode=ro", False), (url, True)):
        with pytest.raises(ConnectionFailed, match="cannot open the SQLite file"):
            sl.connect(given, read_only=read_only)
        assert not path.exists()


def test_a_file_that_is_opened_to_read_is_not_written(tmp_path: Path) -> None:
    url = f"sqlite:////{str(tmp_path / 'shop.db').lstrip('/')}"
    with sl.connect(url) as db:
        db.execute("CREATE TABLE t (n int)")
    for given, read_only in ((f"{url}?mode=ro", False), (url, True)):
        with sl.connect(given, read_only=read_only) as db:
            assert db.query("SELECT count(*) FROM t").scalar() == 0
            with pytest.raises(DatabaseError) as failed:
                db.execute("INSERT INTO t VALUES (1)")
            assert failed.value.sqlstate == "25006"


@pytest.mark.parametrize(
    "options", [{"pool_size": "ten"}, {"pool_size": 1.5}, {"pool_timeout": "1 s"}, {"statement_timeout": -1}]
)
def test_options_of_another_kind_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(options))):
        sl.connect("sqlite:///:memory:", **options)


def test_names_of_another_kind_are_refused() -> None:
    with pytest.raises(UsageError, match="a target is a URL or a name"):
        sl.connect(5)  # type: ignore[call-overload, arg-type]
    with sl.connect("sqlite:///:memory:") as db, pytest.raises(UsageError, match="a table is named by text"):
        db.table(5)  # type: ignore[arg-type]
