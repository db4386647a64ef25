"""`stepladder adopt`: a look, the refusals, the user's word, the rewritten file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any


def app(folder: Path) -> Path:
    path = folder / "app.db"
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE visits (id INTEGER PRIMARY KEY, at DATETIME, seen INTEGER, price DECIMAL(8,2))")
    raw.execute("INSERT INTO visits VALUES (1, 1704164645, 5, 2.5), (2, 1704164646, NULL, 1.005)")
    raw.commit()
    raw.close()
    return path


def test_a_foreign_file_is_examined_mended_and_adopted(
    in_process: Callable[..., Any], tmp_path: Path
) -> None:
    path = app(tmp_path)
    before = path.read_bytes()
    refused = in_process("adopt", "app.db", "--apply", cwd=tmp_path, expect=1)
    assert "visits.at, row 1: holds 1704164645" in refused.out
    assert "--type 'visits.at=timestamptz:epoch_s'" in refused.out
    assert "visits.price, row 2: holds 1.005" in refused.out
    assert "Nothing was written" in refused.err
    assert path.read_bytes() == before

    words = ("--type", "visits.at=timestamptz:epoch_s", "--type", "visits.price=numeric")
    look = in_process("adopt", "app.db", *words, cwd=tmp_path)
    assert "timestamp with time zone" in look.out
    assert "--apply" in look.err
    assert path.read_bytes() == before

    done = json.loads(in_process("adopt", "app.db", *words, "--apply", "--json", cwd=tmp_path).out)
    assert done["applied"] is True
    assert [column["type"] for column in done["tables"][0]["columns"]] == [
        "bigint",
        "timestamp with time zone",
        "bigint",
        "numeric",
    ]
    asked = ("query", "SELECT id, at, price FROM visits ORDER BY at", "--csv", "--target", "sqlite:///app.db")
    assert in_process(*asked, cwd=tmp_path).out.splitlines()[1:] == [
        "1,2024-01-02 03:04:05+00:00,2.5",
        "2,2024-01-02 03:04:06+00:00,1.005",
    ]


def test_refusals_as_json(in_process: Callable[..., Any], tmp_path: Path) -> None:
    app(tmp_path)
    found = json.loads(in_process("adopt", "app.db", "--json", cwd=tmp_path, expect=1).out)
    first = found["obstacles"][0]
    assert (first["table"], first["column"], first["row"], first["value"]) == (
        "visits",
        "at",
        "1",
        "1704164645",
    )
    assert found["applied"] is False


def test_what_is_asked_wrongly(in_process: Callable[..., Any], tmp_path: Path) -> None:
    app(tmp_path)
    for words in (["none.db"], ["app.db", "--type", "at=date"], ["app.db", "--type", "visits.no=date"]):
        assert "Nothing was" in in_process("adopt", *words, cwd=tmp_path, expect=2).err
    (tmp_path / "empty.db").touch()
    assert "no table" in in_process("adopt", "empty.db", "--apply", cwd=tmp_path).err
