"""The sessions model of `benchmarks.pipelines` as dbt's incremental model, day by day (microbatch, dbt-postgres 1.9).

dbt is run as its users run it, by its command: the one on the PATH, or the one that STEPLADDER_DBT names (it wants an
environment of its own).
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

PROFILE = """shop:
  target: prod
  outputs:
    prod:
      {{type: postgres, host: "{host}", port: {port}, user: "{user}", password: "{password}",
       dbname: "{name}", schema: public, threads: 4}}
"""
PROJECT = """name: shop
version: "1.0.0"
profile: shop
flags: {send_anonymous_usage_stats: false}
"""
SOURCES = """sources:
  - name: public
    tables:
      - name: user_events
        config: {event_time: event_timestamp}
"""
CONFIG = """{{{{ config(materialized="incremental", incremental_strategy="microbatch", event_time="session_start", batch_size="day",
    begin="{begin}", lookback=0, unique_key=["user_id", "session_id", "session_start"],
    indexes=[{{"columns": ["user_id", "session_id", "session_start"], "unique": true}}, {{"columns": ["session_start"]}}]) }}}}
"""
WINDOW = "WHERE event_timestamp >= :start AND event_timestamp < :end"


def command() -> str | None:
    """dbt's command, where there is one."""
    return os.environ.get("STEPLADDER_DBT") or shutil.which("dbt")


def project(folder: Path, select: str, url: str, begin: dt.datetime) -> None:
    """A project of dbt's with the model dbt_sessions, over the server that `url` names."""
    assert WINDOW in select
    body = (
        select.replace(WINDOW, "")  # dbt filters its source by the day itself
        .replace("FROM user_events", "FROM {{ source('public', 'user_events') }}")
        .replace(":start", "'{{ model.batch.event_time_start if model.batch else '' }}'::timestamptz")
        .replace(":zone", "'UTC'")
    )
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    (folder / "models").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text(PROJECT)
    (folder / "profiles.yml").write_text(
        PROFILE.format(
            host=query.get("host", parts.hostname),
            port=query.get("port", parts.port or 5432),
            user=parts.username,
            password=parts.password or "",
            name=parts.path.lstrip("/"),
        )
    )
    (folder / "models" / "sources.yml").write_text(SOURCES)
    (folder / "models" / "dbt_sessions.sql").write_text(CONFIG.format(begin=f"{begin:%Y-%m-%d}") + body)


def run(folder: Path, start: dt.datetime, end: dt.datetime) -> float:
    """Seconds of `dbt run` over these days."""
    began = time.perf_counter()
    done = subprocess.run(
        [
            *(command() or "dbt", "run", "--quiet"),
            *("--event-time-start", f"{start:%Y-%m-%d}", "--event-time-end", f"{end:%Y-%m-%d}"),
        ],
        cwd=folder,
        env={**os.environ, "DBT_PROFILES_DIR": str(folder), "DO_NOT_TRACK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"dbt failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return time.perf_counter() - began
