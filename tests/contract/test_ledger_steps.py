"""A shop that an earlier version made runs on: nothing is redone, and from then on its sources are compared."""

from __future__ import annotations

import pytest

from stepladder import ledger
from tests.contract.shop import DAYS, Shop, engine, opened, shop

__all__ = ["engine", "opened", "shop"]


@pytest.fixture
def old_shop(shop: Shop) -> Shop:
    """As the first step of the ledger had it."""
    with shop.db.transaction() as tx:
        for table in ("input", "attempt"):
            tx.execute(f"DROP TABLE stepladder.{table}")
        tx.execute("ALTER TABLE stepladder.model DROP COLUMN accepted")
        for column in ("closed", "error_code"):
            tx.execute(f"ALTER TABLE stepladder.interval DROP COLUMN {column}")
        tx.execute("UPDATE stepladder.version SET number = 1 WHERE part = 'ledger'")
    return shop


def test_it_runs_on(old_shop: Shop) -> None:
    before = old_shop.daily()
    assert old_shop.plan() == []
    assert old_shop.run().steps == ()
    assert old_shop.db.steps_taken(ledger.PART) == len(ledger.STEPS)
    assert set(old_shop.versions("daily").values()) == {1}
    assert old_shop.daily() == before
    noted = old_shop.db.query("SELECT count(*) FROM stepladder.input WHERE model = 'daily'").scalar()
    assert 0 < noted <= DAYS
    old_shop.db.execute("INSERT INTO events VALUES (900, '2026-03-08 12:00+00', 'buy', 5)")
    assert old_shop.plan() == [("daily", 8, "late"), ("totals", 8, "upstream")]
