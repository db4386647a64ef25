"""`stepladder load`, and the page that explains it."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

import stepladder as sl

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "load.md"
TARGET = ("--target", "sqlite:///shop.db")


def blocks(language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


def test_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_process: Callable[..., Any]) -> None:
    monkeypatch.chdir(tmp_path)
    said = io.StringIO()
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(said):
        for code in blocks("python"):
            exec(compile(code, str(PAGE), "exec"), names)
    names["db"].close()
    (shown,) = blocks("text")
    assert said.getvalue() == f"2 inserted\n[(2, Decimal('8.50'))]\n{shown}"
    (tmp_path / "orders.csv").write_text("id,customer,amount\n1,ada,1\n2,bob,2\n2,bob,3\n")
    (commands,) = blocks("sh")
    first, second = commands.splitlines()
    ended = [in_process(*shlex.split(line)[1:], cwd=tmp_path) for line in (first, second, second)]
    assert "orders: 1 row inserted, 1 row updated, 1 duplicate left out" in ended[0].err
    assert "orders: 2 rows inserted, 2 rows deleted, 1 duplicate left out" in ended[1].err
    assert "nothing done: a load with the token 'orders-1'" in ended[2].err


def test_parquet_makes_a_table(tmp_path: Path, in_process: Callable[..., Any]) -> None:
    parquet.write_table(
        pa.table({"id": pa.array([1, 2], pa.int32()), "at": pa.array([0, 1], pa.timestamp("ms", "UTC"))}),
        tmp_path / "a.dat",
    )
    ended = in_process(
        "load",
        "a.dat",
        "--format",
        "parquet",
        "--into",
        "t",
        "--mode",
        "append",
        "--create",
        "--key",
        "id",
        "--json",
        *TARGET,
        cwd=tmp_path,
    )
    assert json.loads(ended.out)["inserted"] == 2
    with sl.connect(f"sqlite:////{str(tmp_path / 'shop.db').lstrip('/')}") as db:
        assert [str(column.type) for column in db.table("t").columns] == [
            "integer",
            "timestamp with time zone",
        ]
        assert db.table("t").keys == (("id",),)


def test_what_is_refused_and_what_is_kept_aside(tmp_path: Path, in_process: Callable[..., Any]) -> None:
    (tmp_path / "a.csv").write_text("id\n1\nx\n")
    with sl.connect(f"sqlite:////{str(tmp_path / 'shop.db').lstrip('/')}") as db:
        db.execute("CREATE TABLE t (id int)")
    load = ("load", "a.csv", "--into", "t", "--mode", "append", *TARGET)
    assert "row 2, line 3, column id = 'x'" in in_process(*load, cwd=tmp_path, expect=1).err
    ended = in_process(*load, "--rejects", "table", cwd=tmp_path)
    assert "1 row inserted, 1 line kept aside in t_rejects" in ended.err
    (tmp_path / "b.csv").write_text("id\n1\n1\n")
    with sl.connect(f"sqlite:////{str(tmp_path / 'shop.db').lstrip('/')}") as db:
        db.execute("CREATE TABLE u (id int PRIMARY KEY)")
    refused = in_process("load", "b.csv", "--into", "u", "--mode", "append", *TARGET, cwd=tmp_path, expect=1)
    assert "row 2, line 3 does not fit u; nothing was loaded: " in refused.err
    assert "write -p name=value" in in_process(*load, "-p", "low", cwd=tmp_path, expect=2).err


def test_the_types_of_a_table_that_is_made_are_said(tmp_path: Path, in_process: Callable[..., Any]) -> None:
    """A CSV file says no types: whoever loads one sees that at once, and again in the error of a model."""
    (tmp_path / "events.csv").write_text("id,at\n1,2026-03-01 10:00:00+00\n2,2026-03-01 10:00:00+00\n")
    arguments = ("load", "events.csv", "--into", "events", "--mode", "append", "--create", *TARGET)
    said = in_process(*arguments, cwd=tmp_path).err
    assert "made events: id text, at text\nAll of it is text." in said
    assert "made" not in in_process(*arguments, cwd=tmp_path).err
    (tmp_path / "stepladder.toml").write_text("")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "gaps.sql").write_text(
        "SELECT id,\n  at - lag(at) OVER (ORDER BY id) AS gap\nFROM events"
    )
    ended = in_process("run", *TARGET, cwd=tmp_path, expect=2)
    assert (
        "models/gaps.sql:2: operator does not exist: text - text. events.id is text, events.at is text\n"
        "      at - lag(at) OVER (ORDER BY id) AS gap\n"
        "         ^"
    ) in ended.err
