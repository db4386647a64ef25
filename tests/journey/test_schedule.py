"""`stepladder schedule`: a process that runs until it is stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

import stepladder as sl
from tests.conftest import DATABASE
from tests.journey.conftest import Ended

Run = Callable[..., Ended]
COUNTED = "SELECT count(*) AS rows FROM events"


@pytest.fixture
def prototype(tmp_path: Path) -> str:
    return f"sqlite:////{str(tmp_path / 'test.db').lstrip('/')}"


def make_shop(tmp_path: Path, url: str) -> Path:
    """One model, and no events yet."""
    (tmp_path / "stepladder.toml").write_text('timezone = "Europe/Berlin"\nrecheck = "1 s"\n')
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "counted.sql").write_text(COUNTED)
    with sl.connect(url) as db:
        db.execute("CREATE TABLE events (id bigint)")
    return tmp_path


@contextmanager
def scheduled(shop: Path, url: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    """`stepladder schedule`, killed at the end if it still runs."""
    command = [sys.executable, "-m", "stepladder", "schedule", "--target", url, *options]
    process = subprocess.Popen(
        command, cwd=shop, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ.copy()
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(what: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.1)


def counted(url: str) -> int | None:
    with sl.connect(url) as db:
        return int(db.query("SELECT rows FROM counted").scalar()) if "counted" in db.tables() else None


def stopped(process: subprocess.Popen[str], number: int) -> tuple[int, str, str]:
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    return process.returncode, out, err


def test_it_runs_again_and_again_and_ends_when_told(tmp_path: Path, url: str, engine: str) -> None:
    number, code = (signal.SIGINT, 130) if engine == "psycopg" else (signal.SIGTERM, 143)
    shop = make_shop(tmp_path, url)
    with scheduled(shop, url, "--json") as process:
        until(lambda: counted(url) == 0)
        with sl.connect(url) as db:
            db.load([(1,), (2,)], "events", mode="append")
        until(lambda: counted(url) == 2)
        ended, out, err = stopped(process, number)
    assert ended == code
    assert "Traceback" not in err
    runs = [json.loads(line) for line in out.splitlines()]
    assert [step["state"] for step in runs[0]["steps"]] == ["done"]
    assert "Next run" in err
    with sl.connect(url) as db:
        assert db.query("SELECT count(*) FROM stepladder.run WHERE ended_at IS NULL").scalar() == 0


def test_its_health_is_served(tmp_path: Path, prototype: str) -> None:
    url, shop = prototype, make_shop(tmp_path, prototype)

    def get(path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    with scheduled(shop, url, "--health", ":0") as process:
        assert process.stderr is not None
        line = next(line for line in process.stderr if line.startswith("health on "))
        port = int(line.partition("127.0.0.1:")[2].partition("/")[0])
        until(lambda: counted(url) == 0)
        assert get("/live") == (200, "alive\n")
        assert get("/ready") == (200, "ready\n")
        status, text = get("/status.json")
        assert status == 200
        found = json.loads(text)
        assert [model["name"] for model in found["models"]] == ["counted"]
        assert found["loop"]["alive"] is True
        assert get("/")[0] == 404
        assert stopped(process, signal.SIGTERM)[0] == 143


@pytest.mark.postgres
def test_a_server_that_is_away_is_waited_for(tmp_path: Path, postgres_url: str, postgres_server: str) -> None:
    shop = make_shop(tmp_path, postgres_url)
    with scheduled(shop, postgres_url) as process, psycopg.connect(postgres_server, autocommit=True) as admin:
        until(lambda: counted(postgres_url) == 0)
        admin.execute(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS false")
        try:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (DATABASE,)
            )
            assert process.stderr is not None
            assert any("tried again in 1 s" in line for line in process.stderr)
        finally:
            admin.execute(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS true")
        with sl.connect(postgres_url) as db:
            db.load([(1,), (2,)], "events", mode="append")
        until(lambda: counted(postgres_url) == 2)
        assert stopped(process, signal.SIGTERM)[0] == 143


def test_an_address_that_is_none_is_refused(stepladder: Run, tmp_path: Path, prototype: str) -> None:
    shop = make_shop(tmp_path, prototype)
    for wrong in (":x", "192.0.2.1:8080"):
        ended = stepladder("schedule", "--health", wrong, "--target", prototype, cwd=shop, expect=2)
        assert "--health" in ended.err


def test_a_model_that_cannot_be_read_ends_it_at_once_and_is_waited_for_later(
    stepladder: Run, tmp_path: Path, prototype: str
) -> None:
    url, shop = prototype, make_shop(tmp_path, prototype)
    path = shop / "models" / "counted.sql"
    path.write_text("SELEC")
    assert "counted.sql" in stepladder("schedule", "--target", url, cwd=shop, expect=2).err
    path.write_text(COUNTED)
    with scheduled(shop, url) as process:
        until(lambda: counted(url) == 0)
        path.write_text("SELECT nothing FROM events")
        assert process.stderr is not None
        assert any("nothing" in line for line in process.stderr)
        path.write_text("SELECT count(*) + 7 AS rows FROM events")
        until(lambda: counted(url) == 7)
        assert stopped(process, signal.SIGTERM)[0] == 143


def test_a_timer_for_others_is_printed(stepladder: Run, tmp_path: Path, prototype: str) -> None:
    shop = make_shop(tmp_path, prototype)
    ended = stepladder("schedule", "--as", "kubernetes", "--target", "prod", cwd=shop)
    assert "--target prod --json" in ended.out.replace('", "', " ")
    assert "nothing was installed" in ended.err
