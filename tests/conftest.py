"""Engines as parameters: a test that takes `db` or `url` runs on sqlite3, psycopg and psycopg2, on a real server.

The server is the embedded one, in a cluster of its own, or the one that STEPLADDER_TEST_POSTGRES names; each
test finds it empty.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings

import stepladder as sl
from stepladder.db import Database, embedded

# How long an example takes is the machine's business: it is shared.
settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")

ENGINES = ("sqlite3", "psycopg", "psycopg2")
DATABASE = f"stepladder_test_{os.getpid()}"  # of this run: others may use the same server


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_is_heard() -> None:
    """A shell that runs the tests in the background has them ignore Ctrl-C, and what they start too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def signals_are_heard() -> Iterator[None]:
    """Python runs signal handlers where it next enters a function: in a finalizer, or a callback of the garbage
    collector, which hypothesis leaves behind, their exception is swallowed. No garbage is collected meanwhile."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server's maintenance database."""
    given = os.environ.get("STEPLADDER_TEST_POSTGRES")
    if given:
        yield given
        return
    folder = tmp_path_factory.mktemp("cluster")
    url = embedded.start(folder)
    _without_waiting_for_the_disk(url)
    yield url
    embedded.remove(folder)


def _without_waiting_for_the_disk(url: str) -> None:
    """Every test makes and drops tables: with fsync that is most of its time. Tests that kill a server start their own."""
    with psycopg.connect(url, autocommit=True) as admin:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            admin.execute(f"ALTER SYSTEM SET {setting} = off")
        admin.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def _database(postgres_server: str) -> Iterator[str]:
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        admin.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0 LOCALE 'C' ENCODING 'UTF8'")
    yield _in_database(postgres_server, DATABASE)
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


@pytest.fixture
def postgres_url(_database: str) -> Iterator[str]:
    """The URL of an empty database."""
    yield _database
    with psycopg.connect(_database, autocommit=True) as admin:
        admin.execute("DROP SCHEMA IF EXISTS stepladder CASCADE")
        admin.execute("DROP SCHEMA public CASCADE")
        admin.execute("CREATE SCHEMA public")


@pytest.fixture(
    params=[pytest.param(name, marks=() if name == "sqlite3" else pytest.mark.postgres) for name in ENGINES]
)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The URL of an empty database of the engine."""
    if engine == "sqlite3":
        return f"sqlite:////{str(tmp_path / 'test.db').lstrip('/')}"
    found = str(request.getfixturevalue("postgres_url"))
    return found.replace("postgresql://", f"postgresql+{engine}://", 1)


@pytest.fixture
def db(url: str) -> Iterator[Database]:
    with sl.connect(url) as database:
        yield database


@pytest.fixture(scope="session")
def shared() -> Path:
    """Other people's data, kept outside the repository."""
    folder = Path(os.environ.get("STEPLADDER_SHARED") or Path(__file__).parents[2] / "shared") / "data"
    if not folder.is_dir():
        pytest.skip(f"needs data that the repository does not hold: {folder}")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A new project as `stepladder init` makes it, in UTC."""
    from stepladder.cli.init import make_project

    folder = tmp_path / "shop"
    make_project(folder, "UTC")
    return folder


def _in_database(url: str, name: str) -> str:
    head, question, options = url.partition("?")
    scheme, _, rest = head.partition("://")
    host = rest.partition("/")[0]
    return f"{scheme}://{host}/{name}{question}{options}"
