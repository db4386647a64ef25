"""Our own tables change by numbered steps: what an older version made is carried forward."""

from __future__ import annotations

import pytest

from stepladder import ledger
from stepladder.db import Database
from stepladder.errors import ConfigError

FIRST = "CREATE TABLE stepladder.thing (id bigint NOT NULL PRIMARY KEY)"
SECOND = "ALTER TABLE stepladder.thing ADD COLUMN note text"


def test_a_later_version_takes_the_steps_that_are_missing(db: Database) -> None:
    db.take_steps("things", (FIRST,))
    db.execute("INSERT INTO stepladder.thing (id) VALUES (7)")
    assert db.steps_taken("things") == 1
    for _ in range(2):
        db.take_steps("things", (FIRST, SECOND))
        assert db.steps_taken("things") == 2
    assert db.query("SELECT id, note FROM stepladder.thing").tuples() == [(7, None)]


def test_a_newer_file_is_refused_and_left_alone(db: Database) -> None:
    db.take_steps("things", (FIRST, SECOND))
    with pytest.raises(ConfigError, match="newer version"):
        db.take_steps("things", (FIRST,))
    assert db.steps_taken("things") == 2


def test_a_step_that_fails_is_not_taken(db: Database) -> None:
    with pytest.raises(Exception, match="nowhere"):
        db.take_steps("things", (FIRST, "INSERT INTO stepladder.nowhere (id) VALUES (1)"))
    assert db.steps_taken("things") == 0
    assert "stepladder.thing" not in db.tables("stepladder")


def test_the_ledger_and_the_type_catalogue_say_their_steps(db: Database, engine: str) -> None:
    ledger.prepare(db)
    ledger.prepare(db)
    parts = {row.part: row.number for row in db.query("SELECT part, number FROM stepladder.version")}
    catalogue = {"type catalogue": 4} if engine == "sqlite3" else {}
    assert parts == {"ledger": len(ledger.STEPS), **catalogue}
