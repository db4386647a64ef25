"""From raw tables to a read-out, on every engine; the truth is counted by hand, row by row, in Python."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections import defaultdict
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from stepladder.db import Database
from stepladder.errors import ConfigError, UsageError
from stepladder.experiments import Experiment, Readout

START = dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
TABLES = """
CREATE TABLE experiment_users (user_id bigint, variant text, assigned_at timestamptz, experiment_id text, country text);
CREATE TABLE conversions (user_id bigint, experiment_id text, amount numeric(10,2), converted_at timestamptz);
CREATE TABLE user_engagement (user_id bigint, engagement_score double precision, pages integer, engaged_at timestamptz);
"""
KEYS: dict[str, Any] = {
    "control": "control",
    "assignments": {
        "table": "experiment_users",
        "user": "user_id",
        "variant": "variant",
        "time": "assigned_at",
        "experiment": "experiment_id",
    },
    "split": {"control": 0.5, "treatment": 0.5},
    "metrics": {
        "converted": {
            "kind": "conversion",
            "table": "conversions",
            "time": "converted_at",
            "window": "7 days",
            "primary": True,
        },
        "engagement": {
            "kind": "mean",
            "table": "user_engagement",
            "value": "engagement_score",
            "time": "engaged_at",
            "cuped": "14 days",
        },
        "revenue": {"kind": "sum", "table": "conversions", "time": "converted_at", "value": "amount"},
        "capped": {"kind": "mean", "table": "conversions", "time": "converted_at", "value": "amount", "cap": 0.95},
        "visits": {"kind": "count", "table": "user_engagement", "time": "engaged_at", "missing": "exclude"},
        "pages": {
            "kind": "ratio",
            "table": "user_engagement",
            "time": "engaged_at",
            "value": "pages",
            "per": {"table": "conversions", "time": "converted_at"},
        },
        "typical": {
            "kind": "quantile",
            "quantile": 0.5,
            "table": "user_engagement",
            "time": "engaged_at",
            "value": "pages",
        },
        "back": {"kind": "retention", "table": "user_engagement", "time": "engaged_at", "after": "3 days"},
    },
}  # fmt: skip


def keys(*metrics: str, **other: Any) -> dict[str, Any]:
    chosen = {name: KEYS["metrics"][name] for name in metrics or ("converted",)}
    return {**KEYS, "metrics": chosen, **other}


class World:
    """Rows with every kind of dirt, kept in Python too."""

    def __init__(self, seed: int = 20261125, users: int = 700) -> None:
        chance = random.Random(seed)
        self.assigned: list[tuple[Any, ...]] = []
        self.conversions: list[tuple[Any, ...]] = []
        self.engagement: list[tuple[Any, ...]] = []
        for user in range(1, users + 1):
            arm = chance.choice(["control", "treatment"])
            at = START + chance.random() * 10 * DAY
            country = chance.choice(["de", "fr", "uk"])
            self.assigned.append((user, arm, at, "checkout_v2", country))
            if chance.random() < 0.1:
                self.assigned.append((user, arm, at + DAY, "checkout_v2", country))
            if chance.random() < 0.004:
                other = "control" if arm == "treatment" else "treatment"
                self.assigned.append((user, other, at + DAY, "checkout_v2", country))
            if chance.random() < 0.05:
                self.assigned.append((user, "blue", at, "another", country))
            for _ in range(chance.choice([0, 0, 0, 0, 1, 1, 2])):
                name = chance.choice(["checkout_v2"] * 9 + [None])
                when = at + (chance.random() * 11 - 1) * DAY
                self.conversions.append((user, name, Decimal(chance.randrange(100, 20000)) / 100, when))
            for _ in range(chance.randrange(0, 6)):
                when = at + (chance.random() * 25 - 15) * DAY
                self.engagement.append((user, chance.random() * 9, chance.randrange(1, 9), when))
        self.assigned.append((users + 1, None, START, "checkout_v2", "de"))
        self.conversions.append((users + 2, "checkout_v2", Decimal("1.50"), START))

    def load(self, db: Database) -> None:
        db.script(TABLES)
        db.load(self.assigned, "experiment_users", mode="append")
        db.load(self.conversions, "conversions", mode="append")
        db.load(self.engagement, "user_engagement", mode="append")

    def arms(self) -> dict[int, tuple[str, dt.datetime]]:
        labels, since = defaultdict(set), {}
        for user, arm, at, name, _ in self.assigned:
            if name == "checkout_v2" and arm is not None:
                labels[user].add(arm)
                since[user] = min(at, since.get(user, at))
        return {user: (*found, since[user]) for user, found in labels.items() if len(found) == 1}

    def values(
        self,
        rows: list[tuple[Any, ...]],
        *,
        own: bool,
        column: int | None,
        after: float = 0,
        window: float = 1e9,
        before: float = 0,
    ) -> dict[int, list[Any]]:
        """Each user's values from the rows that count."""
        found: dict[int, list[Any]] = {user: [] for user in self.arms()}
        for row in rows:
            user, at = row[0], row[3]
            if user not in found or (own and row[1] != "checkout_v2"):
                continue
            days = (at - self.arms_[user][1]) / DAY
            if (-before <= days < 0) if before else (days >= after and days < after + window):
                found[user].append(1 if column is None else row[column])
        return found

    @property
    def arms_(self) -> dict[int, tuple[str, dt.datetime]]:
        if not hasattr(self, "_arms"):
            self._arms = self.arms()
        return self._arms

    def by_arm(self, values: dict[int, list[Any]]) -> dict[str, list[list[Any]]]:
        found: dict[str, list[list[Any]]] = {"control": [], "treatment": []}
        for user, (arm, _) in self.arms_.items():
            found[arm].append(values[user])
        return found


WORLD = World()


def analyzed(db: Database, *metrics: str, **other: Any) -> Readout:
    WORLD.load(db)
    return Experiment.declared(db, "checkout_v2", keys(*metrics, **other)).analyze()


def test_every_kind_against_rows_counted_by_hand(db: Database) -> None:
    found = analyzed(db, *KEYS["metrics"])
    world, rows = WORLD, WORLD.conversions
    assert {arm: sum(each[0] == arm for each in world.arms_.values()) for arm in found.look.users} == dict(
        found.look.users
    )

    converted = world.by_arm(world.values(rows, own=True, column=None, window=7))
    for arm, each in converted.items():
        assert found["converted"].arms[arm].figures["converters"] == sum(map(bool, each))

    revenue = world.by_arm(world.values(rows, own=True, column=2))
    for arm, each in revenue.items():
        assert found["revenue"].arms[arm].figures["total"] == float(sum(map(sum, each)))
        assert found["revenue"].arms[arm].figures["sd"] == pytest.approx(
            np.std([float(sum(one)) for one in each], ddof=1), rel=1e-12
        )

    everybody = sorted(sum(one) for each in revenue.values() for one in each)
    cap = everybody[-(-len(everybody) * 95 // 100) - 1]
    assert found["capped"].figures["cap"] == float(cap)
    for arm, each in revenue.items():
        assert found["capped"].arms[arm].figures["total"] == float(sum(min(sum(one), cap) for one in each))

    visits = world.by_arm(world.values(world.engagement, own=False, column=None))
    for arm, each in visits.items():
        here = [len(one) for one in each if one]
        assert found["visits"].arms[arm].users == len(here)
        assert found["visits"].arms[arm].figures["mean"] == pytest.approx(np.mean(here), rel=1e-12)

    pages = world.by_arm(world.values(world.engagement, own=False, column=2))
    bought = world.by_arm(world.values(rows, own=True, column=None))
    for arm in pages:
        ratio = sum(map(sum, pages[arm])) / sum(map(len, bought[arm]))
        assert found["pages"].arms[arm].figures["ratio"] == pytest.approx(ratio, rel=1e-12)
        in_order = sorted(map(sum, pages[arm]))
        assert found["typical"].arms[arm].figures["value"] == in_order[-(-len(in_order) // 2) - 1]

    back = world.by_arm(world.values(world.engagement, own=False, column=None, after=3, window=1))
    for arm, each in back.items():
        assert found["back"].arms[arm].figures["converters"] == sum(map(bool, each))


def test_cuped_against_rows_counted_by_hand(db: Database) -> None:
    found = analyzed(db, "engagement")["engagement"]
    after = WORLD.by_arm(WORLD.values(WORLD.engagement, own=False, column=1))
    before = WORLD.by_arm(WORLD.values(WORLD.engagement, own=False, column=1, before=14))
    y = {arm: np.array([sum(one) for one in each], dtype=float) for arm, each in after.items()}
    x = {arm: np.array([sum(one) for one in each], dtype=float) for arm, each in before.items()}
    slope = np.cov(np.concatenate(list(x.values())), np.concatenate(list(y.values())))
    theta = slope[0, 1] / slope[0, 0]
    assert found.figures["cuped"]["theta"] == pytest.approx(theta, rel=1e-8)  # type: ignore[index]
    adjusted = {arm: y[arm] - theta * x[arm] for arm in y}
    difference = adjusted["treatment"].mean() - adjusted["control"].mean()
    assert found["treatment"].difference == pytest.approx(difference, rel=1e-8)


def test_gates_say_what_the_rows_hold(db: Database) -> None:
    WORLD.load(db)
    found = Experiment.declared(db, "checkout_v2", keys("converted", "engagement")).analyze()
    both = [
        user
        for user in {row[0] for row in WORLD.assigned}
        if len({row[1] for row in WORLD.assigned if row[0] == user and row[3] == "checkout_v2"} - {None}) == 2
    ]
    assert found.gates["two_arms"].figures["users"] == len(both) > 0
    assert found.gates["unlabelled"].figures == {"rows": 1, "without_user": 0}
    nameless = sum(row[1] is None for row in WORLD.conversions)
    assert found.gates["nameless"].figures["rows"] == {"conversions": nameless}
    assert found.gates["nameless"].state == "warn"
    since = {row[0]: row[2] for row in reversed(WORLD.assigned) if row[3] == "checkout_v2"}
    early = sum(
        row[1] == "checkout_v2" and row[0] in since and row[3] < since[row[0]] for row in WORLD.conversions
    )
    assert found.gates["early"].figures["rows"]["conversions"] == early  # type: ignore[index]
    assert found.gates["srm"].state == "ok"


def test_mature_only_leaves_out_whose_window_is_open(db: Database) -> None:
    WORLD.load(db)
    given = keys()
    given["metrics"] = {"converted": {**KEYS["metrics"]["converted"], "mature_only": True}}
    until = START + 12 * DAY
    found = Experiment.declared(db, "checkout_v2", keys()).analyze(until=until)
    assert found.gates["windows"].state == "warn"
    found = Experiment.declared(db, "checkout_v2", given).analyze(until=until)
    mature = [arm for arm, since in WORLD.arms_.values() if since + 7 * DAY <= until]
    assert found["converted"].arms["control"].users == mature.count("control")
    assert found.gates["windows"].state == "ok"


def test_dimensions_add_up(db: Database) -> None:
    found = analyzed(db, "converted", dimensions=["country"])
    assert set(found.slices["country"]) == {"de", "fr", "uk"}
    for arm in ("control", "treatment"):
        parts = [each["converted"].arms[arm] for each in found.slices["country"].values()]
        assert sum(part.users for part in parts) == found["converted"].arms[arm].users
        assert (
            sum(int(str(part.figures["converters"])) for part in parts)
            == found["converted"].arms[arm].figures["converters"]
        )


def test_engines_print_the_same(db: Database, engine: str, request: pytest.FixtureRequest) -> None:
    """To the last digit, doubles too: the first engine's text is kept for the others."""
    from stepladder.cli.output import to_json

    found = to_json(analyzed(db, *KEYS["metrics"], dimensions=["country"]).to_dict())
    kept = getattr(request.config, "_experiment_text", None)
    if kept is None:
        request.config._experiment_text = found  # type: ignore[attr-defined]
    else:
        assert found == kept


# -- trouble, each with a clear answer
def small(db: Database, rows: list[tuple[Any, ...]], **other: Any) -> Readout:
    db.script(TABLES)
    db.load([(*row, START, "checkout_v2", "de") for row in rows], "experiment_users", mode="append")
    return Experiment.declared(db, "checkout_v2", keys(**other)).analyze()


def test_one_arm_is_empty(db: Database) -> None:
    found = small(db, [(user, "control") for user in range(200)])
    assert not found.ok
    assert "Nobody is in 'treatment'" in found.verdict
    each = found["converted"]["treatment"]
    assert (each.is_significant, each.p_value, each.lift) == (None, None, None)


def test_one_user(db: Database) -> None:
    found = small(db, [(1, "control")])
    assert found["converted"]["treatment"].is_significant is None
    assert "Too little data" in found.verdict


def test_no_row_at_all(db: Database) -> None:
    found = small(db, [])
    assert "holds no row of the experiment 'checkout_v2'" in found.verdict


def test_all_variants_null(db: Database) -> None:
    found = small(db, [(user, None) for user in range(50)])
    assert found.gates["unlabelled"].figures["rows"] == 50
    assert not found.ok


def test_a_label_with_a_blank(db: Database) -> None:
    rows = [(user, ["Control ", "treatment", "control"][user % 3]) for user in range(900)]
    found = small(db, rows)
    assert found.gates["labels"].state == "fail"
    assert "'Control ' (300 rows). Did you mean 'control'?" in found.verdict
    assert found["converted"]["treatment"].is_significant is None


def test_all_values_null(db: Database) -> None:
    db.script(TABLES)
    rows = [(user, ["control", "treatment"][user % 2], START, "checkout_v2", "de") for user in range(400)]
    db.load(rows, "experiment_users", mode="append")
    db.load([(user, None, None, START + DAY) for user in range(400)], "user_engagement", mode="append")
    found = Experiment.declared(db, "checkout_v2", keys("engagement")).analyze()
    assert found["engagement"]["treatment"].is_significant is None
    assert "the values do not vary" in found.verdict


def test_keys_of_another_type(db: Database) -> None:
    db.script(TABLES.replace("conversions (user_id bigint", "conversions (user_id text"))
    rows = [(user, ["control", "treatment"][user % 2], START, "checkout_v2", "de") for user in range(400)]
    db.load(rows, "experiment_users", mode="append")
    found = Experiment.declared(db, "checkout_v2", keys("converted", "engagement")).analyze()
    assert found.gates["keys"].state == "fail"
    assert "conversions.user_id is text" in found.verdict
    assert "converted" not in found.metrics


def test_a_split_that_does_not_fit(db: Database) -> None:
    rows = [(user, "control" if user % 10 < 4 else "treatment") for user in range(2000)]
    found = small(db, rows)
    assert found.gates["srm"].state == "fail"
    assert found.verdict.startswith(
        "Do not read the effects. The split does not fit the plan: 40/60, planned 50/50"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"table": "conversion"}, "no table 'conversion'. Did you mean 'conversions'?"),
        ({"time": "converted"}, "no column 'converted'. Did you mean 'converted_at'?"),
        ({"user": "userid"}, "no column 'userid'. Did you mean 'user_id'?"),
        ({"time": "experiment_id"}, "is text, no time"),
    ],
)
def test_a_name_that_is_not_there(db: Database, change: dict[str, str], said: str) -> None:
    db.script(TABLES)
    given = keys()
    given["metrics"] = {"converted": {**KEYS["metrics"]["converted"], **change}}
    with pytest.raises(ConfigError, match=said.replace("?", r"\?")):
        Experiment.declared(db, "checkout_v2", given).analyze()


def test_tables_of_a_home_made_script(db: Database) -> None:
    """No time anywhere, integers of another size, scores that are real: what can be said is said."""
    db.script(
        "CREATE TABLE experiment_users (user_id integer, variant varchar(20), experiment_id integer);"
        "CREATE TABLE conversions (user_id bigint, experiment_id integer);"
        "CREATE TABLE user_engagement (user_id integer, engagement_score real)"
    )
    users = [(user, ("control", "treatment")[user % 2], 7) for user in range(2000)]
    db.load(users, "experiment_users", mode="append")
    db.load([(user // 3, 7) for user in range(600)], "conversions", mode="append")
    db.load([(user, user % 5) for user in range(2000)], "user_engagement", mode="append")
    given = {
        "control": "control",
        "assignments": {"table": "experiment_users", "where": "experiment_id = 7"},
        "split": {"control": 1, "treatment": 1},
        "metrics": {
            "converted": {"kind": "conversion", "table": "conversions", "where": "experiment_id = 7"},
            "engagement": {"kind": "mean", "table": "user_engagement", "value": "engagement_score"},
        },
    }
    found = Experiment.declared(db, "seven", given).analyze()
    assert found.gates["early"].state == "unknown"
    assert found["converted"].arms["control"].figures["converters"] == 100
    assert found["engagement"].arms["control"].figures["mean"] == 2.0
    assert found.ok


def test_sizes_that_cannot_be_had(db: Database) -> None:
    WORLD.load(db)
    experiment = Experiment.declared(db, "checkout_v2", keys("converted", "visits"))
    with pytest.raises(UsageError, match="an effect of 0"):
        experiment.size(effect=0)
    with pytest.raises(UsageError, match="a power of 2 cannot be had"):
        experiment.size(power=2)
    found = experiment.size(effect=9)
    assert [each.metric for each in found.needs] == ["visits"]
    assert re.match(r"converted is [\d.]+% now: no rate can be \d+%\.", found.notes[0])
    # Fewer than the gate for data asks for would be judged by nothing.
    assert found.needs[0].users == 200


def test_experiments_that_have_numbers(db: Database) -> None:
    db.script(TABLES.replace("experiment_id text", "experiment_id integer"))
    rows = [(user, ["control", "treatment"][user % 2], START, 7, "de") for user in range(400)]
    db.load(rows, "experiment_users", mode="append")
    found = Experiment.declared(db, "7", keys()).analyze()
    assert dict(found.look.users) == {"control": 200, "treatment": 200}
    with pytest.raises(ConfigError, match="experiment_id is integer, and 'checkout_v2' is none"):
        Experiment.declared(db, "checkout_v2", keys()).analyze()


def test_a_ratio_of_nothing(db: Database) -> None:
    db.script(TABLES)
    rows = [(user, ["control", "treatment"][user % 2], START, "checkout_v2", "de") for user in range(400)]
    db.load(rows, "experiment_users", mode="append")
    found = Experiment.declared(db, "checkout_v2", keys("pages")).analyze()
    assert found["pages"].arms["control"].figures["ratio"] is None
    assert "pages: in an arm there is nothing to divide by" in found.verdict


def test_rows_without_a_time_are_told(db: Database) -> None:
    db.script(TABLES)
    rows = [
        (user, ["control", "treatment"][user % 2], None if user < 10 else START, "checkout_v2", "de")
        for user in range(400)
    ]
    db.load(rows, "experiment_users", mode="append")
    bought = [(user, "checkout_v2", None, None if user < 20 else START + DAY) for user in range(10, 200)]
    db.load(bought, "conversions", mode="append")
    found = Experiment.declared(db, "checkout_v2", keys()).analyze()
    assert dict(found.look.users) == {"control": 195, "treatment": 195}
    gate = found.gates["timeless"]
    assert (gate.state, gate.figures["rows"]) == ("warn", {"experiment_users": 10, "conversions": 10})
    assert "10 rows of experiment_users and 10 rows of conversions have no time" in gate.says


def test_a_dimension_that_is_null_is_not_the_word(db: Database) -> None:
    db.script(TABLES)
    rows = [
        (user, ["control", "treatment"][user % 2], START, "checkout_v2", None if user < 250 else "None")
        for user in range(400)
    ]
    db.load(rows, "experiment_users", mode="append")
    found = Experiment.declared(db, "checkout_v2", keys(dimensions=["country"])).analyze()
    users = {
        value: each["converted"].arms["control"].users for value, each in found.slices["country"].items()
    }
    assert users == {"(null)": 125, "None": 75}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"where": "nope > 1"}, "metric 'm': where = 'nope > 1': column \"nope\" does not exist"),
        ({"where": "pages > 1) OR (true"}, "syntax error"),
        ({"where": "count(*) > 1"}, "aggregate functions are not allowed in WHERE"),
        (
            {"value": "count(*)"},
            "metric 'm': value = 'count(*)': aggregate functions are not allowed in WHERE",
        ),
    ],
)
def test_sql_of_the_declaration_that_is_none(db: Database, change: dict[str, str], said: str) -> None:
    db.script(TABLES)
    metric = {"kind": "mean", "table": "user_engagement", "time": "engaged_at", "value": "pages", **change}
    with pytest.raises(ConfigError, match=re.escape(said)):
        Experiment.declared(db, "checkout_v2", {**keys(), "metrics": {"m": metric}}).analyze()


def test_sql_of_the_declaration_may_end_in_a_comment(db: Database) -> None:
    WORLD.load(db)
    plain = {
        "kind": "mean",
        "table": "user_engagement",
        "time": "engaged_at",
        "value": "pages",
        "where": "pages > 2",
    }
    noted = {**plain, "value": "pages -- of a visit", "where": "pages > 2 -- short ones"}
    found = Experiment.declared(db, "checkout_v2", {**keys(), "metrics": {"m": plain, "n": noted}}).analyze()
    assert found["m"].arms == found["n"].arms


def test_values_that_are_too_large_to_be_added_exactly(db: Database) -> None:
    db.script(TABLES.replace("pages integer", "pages bigint"))
    rows = [(user, ["control", "treatment"][user % 2], START, "checkout_v2", "de") for user in range(400)]
    db.load(rows, "experiment_users", mode="append")
    db.load(
        [(user, None, 2**40 + user, START + DAY) for user in range(400)], "user_engagement", mode="append"
    )
    metric = {"kind": "mean", "table": "user_engagement", "time": "engaged_at", "value": "pages"}
    with pytest.raises(ConfigError, match=r"too large to be added exactly\. Write its value as a double"):
        Experiment.declared(db, "checkout_v2", {**keys(), "metrics": {"m": metric}}).analyze()
    metric["value"] = "pages::double precision"
    found = Experiment.declared(db, "checkout_v2", {**keys(), "metrics": {"m": metric}}).analyze()
    assert found["m"].arms["control"].figures["sd"] == pytest.approx(
        np.std(np.arange(0, 400, 2), ddof=1), rel=1e-6
    )


def test_until_without_a_time_zone(db: Database) -> None:
    db.script(TABLES)
    with pytest.raises(UsageError, match="has no time zone"):
        Experiment.declared(db, "checkout_v2", keys()).analyze(until=dt.datetime(2026, 3, 8))  # noqa: DTZ001


def test_nobody_in_control_converted(db: Database) -> None:
    db.script(TABLES)
    rows = [(user, ["control", "treatment"][user % 2], START, "checkout_v2", "de") for user in range(4000)]
    db.load(rows, "experiment_users", mode="append")
    bought = [(user, "checkout_v2", None, START + DAY) for user in range(1, 1000, 2)]
    db.load(bought, "conversions", mode="append")
    found = Experiment.declared(db, "checkout_v2", keys()).analyze()
    each = found["converted"]["treatment"]
    assert (each.lift, each.is_significant) == (None, True)
    assert "treatment raises converted by 25.00 percentage points" in found.verdict


def test_a_huge_double_with_a_small_spread(db: Database) -> None:
    """Its squares would cancel: it is asked again, about its mean."""
    db.script(TABLES)
    rows = [(user, ["control", "treatment"][user % 2], START, "checkout_v2", "de") for user in range(2000)]
    db.load(rows, "experiment_users", mode="append")
    scores = [(user, 1e8 + (user // 2) % 3, 1, START + DAY) for user in range(2000)]
    db.load(scores, "user_engagement", mode="append")
    given = keys("engagement")
    given["metrics"] = {
        "engagement": {key: value for key, value in KEYS["metrics"]["engagement"].items() if key != "cuped"}
    }
    arm = Experiment.declared(db, "checkout_v2", given).analyze()["engagement"].arms["control"]
    values = [(user // 2) % 3 for user in range(0, 2000, 2)]
    assert arm.figures["sd"] == pytest.approx(np.std(values, ddof=1), rel=1e-8)
    assert arm.figures["mean"] == pytest.approx(1e8 + np.mean(values), rel=1e-9)


def test_unequal_arms_and_skewed_figures_are_warned_of(db: Database) -> None:
    db.script(TABLES)
    rows = [
        (user, "treatment" if user % 10 == 0 else "control", START, "checkout_v2", "de")
        for user in range(5000)
    ]
    db.load(rows, "experiment_users", mode="append")
    spent = [
        (user, "checkout_v2", Decimal(5000 if user % 1000 == 0 else 10), START + DAY) for user in range(5000)
    ]
    db.load(spent, "conversions", mode="append")
    found = Experiment.declared(
        db, "checkout_v2", keys("revenue", split={"control": 0.9, "treatment": 0.1})
    ).analyze()
    values = {
        "control": [10.0] * 4500,
        "treatment": [5000.0 if user % 1000 == 0 else 10.0 for user in range(0, 5000, 10)],
    }
    third = {arm: np.mean((np.array(each) - np.mean(each)) ** 3) for arm, each in values.items()}
    variance = sum(np.var(each, ddof=1) / len(each) for each in values.values())
    skew = (third["treatment"] / 500**2 - third["control"] / 4500**2) / variance**1.5
    assert found.gates["skew"].figures["skew"] == {"revenue": pytest.approx(skew, abs=1e-3)}
    assert found.gates["skew"].state == "warn"


def test_dirty_tables_are_the_truth(db: Database) -> None:
    """A little of `python -m benchmarks.experiments data`."""
    from benchmarks.experiment_data import KEYS as MADE
    from benchmarks.experiment_data import MORE, NAME, differences, load, world

    made = world(3000)
    load(db, made)
    given = {**MADE, "metrics": {**MADE["metrics"], "revenue": MORE["revenue"]}}
    assert differences(Experiment.declared(db, NAME, given).analyze(), made.truth) == []
