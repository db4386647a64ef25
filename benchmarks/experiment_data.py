"""Dirty tables of an A/B test whose truth is known by construction: rates, revenue and users to the last unit.

The dirt: users in both arms, users assigned twice, NULL labels, conversions before the assignment, after the window,
without the experiment's name, of another experiment, of nobody who was assigned; repeat buyers; events beside conversions.
"""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

import stepladder as sl
from stepladder.experiments import Experiment, Readout

DAY = 86_400_000_000  # microseconds
START = 1_767_225_600_000_000  # 2026-01-01
NAME = "checkout_v2"
TABLES = """
DROP TABLE IF EXISTS experiment_users; DROP TABLE IF EXISTS conversions; DROP TABLE IF EXISTS user_engagement;
CREATE TABLE experiment_users (user_id bigint, variant text, assigned_at timestamptz, experiment_id text);
CREATE TABLE conversions (user_id bigint, experiment_id text, amount numeric(10,2), converted_at timestamptz);
CREATE TABLE user_engagement (user_id bigint, engagement_score numeric(8,2), engaged_at timestamptz)
"""
KEYS: dict[str, Any] = {
    "control": "control",
    "assignments": {"table": "experiment_users", "time": "assigned_at", "experiment": "experiment_id"},
    "split": {"control": 1, "treatment": 1},
    "metrics": {
        "converted": {"kind": "conversion", "table": "conversions", "time": "converted_at", "window": "7 days", "primary": True},
        "engagement": {"kind": "mean", "table": "user_engagement", "value": "engagement_score", "time": "engaged_at"},
    },
}  # fmt: skip
MORE: dict[str, Any] = {
    "revenue": {
        "kind": "sum",
        "table": "conversions",
        "time": "converted_at",
        "window": "7 days",
        "value": "amount",
    },
    "cuped": {**KEYS["metrics"]["engagement"], "cuped": "14 days"},
    "p90": {**KEYS["metrics"]["engagement"], "kind": "quantile", "quantile": 0.9},
}


@dataclass(frozen=True)
class World:
    """The tables, column by column, and the truth by arm."""

    tables: dict[str, dict[str, Any]]
    truth: dict[str, dict[str, int]]


def world(users: int, seed: int = 20261125) -> World:
    """`users` assigned users, 0.15 conversions and 1.5 events for each."""
    random = np.random.default_rng(seed)
    user = np.arange(1, users + 1)
    at = START + random.integers(0, 14 * DAY, users)
    treated = random.random(users) < 0.5
    both = np.zeros(users, dtype=bool)
    both[random.choice(users, users // 1250, replace=False)] = True
    twice = random.choice(users, users // 20, replace=False)
    label = np.where(treated, "treatment", "control")
    assigned = {
        "user_id": np.concatenate([user, user[both], user[twice], users + 1 + np.arange(users // 5000)]),
        "variant": np.concatenate(
            [
                label,
                np.where(treated[both], "control", "treatment"),
                label[twice],
                np.full(users // 5000, None),
            ]
        ),
        "assigned_at": np.concatenate(
            [at, at[both] + DAY, at[twice] + 2 * DAY, np.full(users // 5000, START)]
        ),
        "experiment_id": np.full(users + both.sum() + len(twice) + users // 5000, NAME, dtype=object),
    }
    conversions, converted, cents = _conversions(random, users, at, treated)
    engagement, score = _engagement(random, users, at)
    truth = {}
    for arm, is_in in (("control", ~treated & ~both), ("treatment", treated & ~both)):
        truth[arm] = {
            "users": int(is_in.sum()),
            "converters": int((is_in & converted).sum()),
            "cents": int(cents[is_in].sum()),
            "score": int(score[is_in].sum()),
        }
    tables = {"experiment_users": assigned, "conversions": conversions, "user_engagement": engagement}
    return World(tables, truth)


def _conversions(
    random: np.random.Generator, users: int, at: np.ndarray, treated: np.ndarray
) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    many = users * 15 // 100
    who = random.integers(0, users, many)
    who = np.where((random.random(many) < 0.1) & ~treated[who], (who + 1) % users, who)
    after = random.integers(-2 * DAY, 10 * DAY, many)
    name = random.choice(np.array([NAME, NAME, NAME, NAME, NAME, NAME, None, "another"], dtype=object), many)
    amount = random.integers(100, 20_000, many)
    counts = (after >= 0) & (after < 7 * DAY) & (name == NAME)
    converted = np.zeros(users, dtype=bool)
    converted[who[counts]] = True
    cents = np.zeros(users, dtype=np.int64)
    np.add.at(cents, who[counts], amount[counts])
    stray = many // 100  # of users who were never assigned
    rows = {
        "user_id": np.concatenate([who + 1, 10 * users + np.arange(stray)]),
        "experiment_id": np.concatenate([name, np.full(stray, NAME, dtype=object)]),
        "amount": np.concatenate([amount, np.full(stray, 999)]),
        "converted_at": np.concatenate([at[who] + after, np.full(stray, START + DAY)]),
    }
    return rows, converted, cents


def _engagement(random: np.random.Generator, users: int, at: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:
    many = users * 3 // 2
    who = random.integers(0, users, many)
    after = random.integers(-14 * DAY, 14 * DAY, many)
    hundredths = np.minimum(random.lognormal(6, 1, many), 99_999).astype(np.int64)
    score = np.zeros(users, dtype=np.int64)
    np.add.at(score, who[after >= 0], hundredths[after >= 0])
    return {"user_id": who + 1, "engagement_score": hundredths, "engaged_at": at[who] + after}, score


def load(db: sl.Database, found: World) -> None:
    """Make the tables anew."""
    import pyarrow as pa

    db.script(TABLES)
    for name, columns in found.tables.items():
        arrow = {each: _column(each, values) for each, values in columns.items()}
        db.load(pa.table(arrow), name, mode="append")


def _column(name: str, values: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as compute

    if name.endswith("_at"):
        return pa.array(values, pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    if name in ("amount", "engagement_score"):
        hundredth = pa.scalar(Decimal("0.01"), pa.decimal128(2, 2))
        units = pa.array(values, pa.int64()).cast(pa.decimal128(19, 0))
        return compute.multiply(units, hundredth).cast(pa.decimal128(12, 2))
    return pa.array(values)


def differences(found: Readout, truth: dict[str, dict[str, int]]) -> list[str]:
    """Where a read-out is not the truth."""
    wrong = []
    for arm, known in truth.items():
        said = {
            "users": found["converted"].arms[arm].users,
            "converters": found["converted"].arms[arm].figures["converters"],
            "score": found["engagement"].arms[arm].figures["total"] * 100,  # type: ignore[operator]
        }
        if "revenue" in found.metrics:
            said["cents"] = found["revenue"].arms[arm].figures["total"] * 100  # type: ignore[operator]
        wrong += [
            f"{arm} {name}: {value} instead of {known[name]}"
            for name, value in said.items()
            if abs(float(str(value)) - known[name]) > 1e-3
        ]
    return wrong


def compare(url: str, users: int) -> bool:
    """Load, read, compare; print seconds."""
    from stepladder.cli.output import to_json

    found = world(users)
    right = True
    with sl.connect(url) as db:
        began = time.perf_counter()
        load(db, found)
        print(
            f"{db.server()}: {sum(len(t['user_id']) for t in found.tables.values()):,} rows loaded in {time.perf_counter() - began:.1f} s"
        )
        for name, metrics in (
            ("one conversion, one mean, all gates", {}),
            ("and revenue", {"revenue": MORE["revenue"]}),
            ("and CUPED", {"cuped": MORE["cuped"]}),
            ("and the 90th percentile", {"p90": MORE["p90"]}),
        ):
            keys = {**KEYS, "metrics": KEYS["metrics"] | metrics}
            experiment = Experiment.declared(db, NAME, keys)
            began, worked = time.perf_counter(), time.process_time()
            said = experiment.analyze(store=False)
            seconds, worked = time.perf_counter() - began, time.process_time() - worked
            wrong = differences(said, found.truth)
            right = right and not wrong
            text = to_json(said.to_dict())
            print(
                f"{name}: {seconds:.1f} s ({worked:.1f} s of this process); {'; '.join(wrong) or 'the truth'}; digest {hash_of(text)}"
            )
    print(
        f"memory at its largest: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB (the data was made in it)"
    )
    return right


def hash_of(text: str) -> str:
    """To see at a glance that two engines said the same."""
    import hashlib

    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
