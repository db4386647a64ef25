"""A model's column changes its type while views read it: those of models are made again, others are named."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from stepladder.config import read_project
from stepladder.db import Database
from stepladder.errors import ConfigError
from stepladder.pipelines import RunResult, prepare, run

on_a_server = pytest.mark.parametrize("engine", [pytest.param("psycopg", marks=pytest.mark.postgres)])
NOW = dt.datetime(2026, 3, 11, 6, tzinfo=dt.UTC)


class Shop:
    def __init__(self, db: Database, folder: Path) -> None:
        self.db = db
        self.folder = folder

    def run(self, **models: str) -> RunResult:
        """Write these models, and run the project."""
        for name, text in models.items():
            (self.folder / "models" / f"{name}.sql").write_text(text)
        project = read_project(self.folder)
        return run(self.db, project, prepare(self.db, project, now=NOW))

    def types(self, table: str) -> dict[str, str]:
        return {column.name: str(column.type) for column in self.db.columns(table)}


@pytest.fixture
def shop(db: Database, tmp_path: Path) -> Shop:
    (tmp_path / "models").mkdir()
    (tmp_path / "stepladder.toml").write_text("")
    db.execute("CREATE TABLE orders (id int, amount int)")
    db.execute("INSERT INTO orders VALUES (1, 5), (2, 7)")
    made = Shop(db, tmp_path)
    result = made.run(
        totals="SELECT id, amount FROM orders",
        large='/* stepladder\nkind = "view"\n*/\nSELECT id, amount FROM totals WHERE amount > 5',
        largest='/* stepladder\nkind = "view"\n*/\nSELECT max(amount) AS amount FROM large',
        ids='/* stepladder\nkind = "view"\n*/\nSELECT id FROM totals',
    )
    assert not result.failed
    return made


WIDER = "SELECT id, amount::bigint AS amount FROM orders"


def test_a_model_is_widened_under_its_views(shop: Shop) -> None:
    assert not shop.run(totals=WIDER).failed
    assert shop.types("totals") == {"id": "integer", "amount": "bigint"}
    assert shop.types("large") == {"id": "integer", "amount": "bigint"}
    assert shop.db.query("SELECT amount FROM largest").scalar() == 7
    assert not shop.run().steps


@on_a_server
def test_their_grants_and_comments_stay_and_the_others_are_not_touched(shop: Shop) -> None:
    shop.db.script(
        "GRANT SELECT ON large TO pg_monitor WITH GRANT OPTION; GRANT SELECT ON large TO PUBLIC;"
        "COMMENT ON VIEW large IS 'It''s large'; COMMENT ON COLUMN large.amount IS 'in cents';"
        "ALTER VIEW large SET (security_barrier = true)"
    )
    said = (
        "SELECT relacl::text, reloptions::text, obj_description(oid, 'pg_class') AS comment, col_description(oid, 2) AS of_column"
        " FROM pg_class WHERE oid = 'large'::regclass"
    )
    before = shop.db.query(said).one()
    ids = shop.db.query("SELECT 'ids'::regclass::oid::bigint").scalar()
    assert not shop.run(totals=WIDER).failed
    assert shop.db.query(said).one() == before
    assert shop.db.query("SELECT 'ids'::regclass::oid::bigint").scalar() == ids


def test_other_peoples_views_are_named_and_nothing_is_written(shop: Shop) -> None:
    shop.db.execute("CREATE VIEW finance AS SELECT sum(amount) AS amount FROM large")
    (step,) = (step for step in shop.run(totals=WIDER).steps if step.state == "failed")
    assert isinstance(step.error, ConfigError)
    assert "no model made: finance. Nothing was written." in step.error.message
    assert shop.types("totals") == {"id": "integer", "amount": "integer"}
    assert shop.db.query("SELECT amount FROM finance").scalar() == 7
