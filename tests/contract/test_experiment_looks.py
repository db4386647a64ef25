"""Looks are kept: the same again is no new one, each is paid for, and what was decided stays."""

from __future__ import annotations

import datetime as dt
import os
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
from scipy.special import ndtri

import stepladder as sl
from stepladder.db import Database
from stepladder.experiments import Experiment, Readout
from stepladder.experiments.looks import STEPS
from stepladder.experiments.statistics.sequential import bounds

from .test_experiments import DAY, START, TABLES, keys

Z = 1.959963984540054


def enrol(db: Database, first: int, last: int, *, every: int = 10, treated: int = 10) -> None:
    """Users of both arms; one of `every` in control converts, and one of `treated` in treatment."""
    since = START + first * DAY / 200
    users = [
        (
            user,
            ("control", "treatment")[user % 2],
            since + user * dt.timedelta(seconds=1),
            "checkout_v2",
            "de",
        )
        for user in range(first, last)
    ]
    db.load(users, "experiment_users", mode="append")
    bought = [
        (user[0], "checkout_v2", None, user[2] + DAY / 2)
        for user in users
        if (user[0] // 2) % (every if user[1] == "control" else treated) == 0
    ]
    db.load(bought, "conversions", mode="append")


def look(db: Database, plan: dict[str, Any] | None, **other: Any) -> Readout:
    given = keys(**({} if plan is None else {"plan": plan}))
    return Experiment.declared(db, "checkout_v2", given).analyze(**other)


@pytest.fixture
def tables(db: Database) -> Database:
    db.script(TABLES)
    return db


def test_the_same_data_is_the_same_look(tables: Database) -> None:
    enrol(tables, 0, 1000)
    first, again = look(tables, {"users": 4000}), look(tables, {"users": 4000})
    assert first.look.number == again.look.number == 1
    assert first.to_dict() == again.to_dict()
    assert tables.query("SELECT count(*) FROM stepladder.experiment_look").scalar() == 1


def test_each_look_has_the_bound_of_all_before_it(tables: Database) -> None:
    levels = []
    for quarter in range(4):
        enrol(tables, quarter * 1000, (quarter + 1) * 1000)
        found = look(tables, {"users": 4000})
        assert found.look.number == quarter + 1
        levels.append(found["converted"]["treatment"].confidence_level)
    z = [-float(ndtri((1 - level) / 2)) for level in levels]
    assert z == pytest.approx(bounds([0.25, 0.5, 0.75, 1.0], 0.05), abs=1e-6)
    assert z[-1] > Z
    assert not look(tables, {"users": 4000}).notes


def test_a_verdict_at_the_planned_size_stays(tables: Database) -> None:
    enrol(tables, 0, 4000, every=12, treated=8)
    final = look(tables, {"users": 4000})
    assert final.look.final
    assert final["converted"]["treatment"].is_significant is True
    enrol(tables, 4000, 12000, every=8, treated=12)
    later = look(tables, {"users": 4000})
    assert later["converted"]["treatment"].lift < 0  # type: ignore[operator]
    assert later["converted"]["treatment"].is_significant is True
    assert "its verdict stays" in later.notes[0]
    again = look(tables, {"users": 4000}, until=final.look.until)
    assert again.verdict == final.verdict


def test_planned_looks_are_judged_at_their_time_and_no_other(tables: Database) -> None:
    """Looks at 30 % (of the 25 % planned: it counts), 40 % (none is due), 60 % and 100 % of the users."""
    levels, said = [], []
    at = [0, 1200, 1600, 2400, 4000]
    for first, last in pairwise(at):
        enrol(tables, first, last, every=12, treated=4)
        found = look(tables, {"users": 4000, "looks": 4})
        levels.append(found["converted"]["treatment"].confidence_level)
        said.append(found["converted"]["treatment"].is_significant)
    assert said[1] is None
    assert None not in (said[0], said[2], said[3])
    z = [-float(ndtri((1 - level) / 2)) for place, level in enumerate(levels) if place != 1]
    assert z == pytest.approx(bounds([0.3, 0.6, 1.0], 0.05), abs=1e-6)


def test_a_look_before_the_first_planned_one_only_describes(tables: Database) -> None:
    enrol(tables, 0, 1000, every=12, treated=3)
    found = look(tables, {"users": 4000, "looks": [0.5, 0.75, 1]})
    assert found["converted"]["treatment"].is_significant is None
    assert found["converted"]["treatment"].p_value is not None
    assert "Look 1 of 3 is planned at 2,000 users; there are 1,000" in found.verdict
    enrol(tables, 1000, 2000, every=12, treated=3)
    found = look(tables, {"users": 4000, "looks": [0.5, 0.75, 1]})
    level = found["converted"]["treatment"].confidence_level
    assert -float(ndtri((1 - level) / 2)) == pytest.approx(bounds([0.5], 0.05)[0], abs=1e-6)


def test_to_look_back_at_less_than_was_seen_only_describes(tables: Database) -> None:
    enrol(tables, 0, 1000, every=12, treated=4)
    enrol(tables, 1000, 2000, every=12, treated=4)
    assert look(tables, {"users": 4000})["converted"]["treatment"].is_significant is True
    back = look(tables, {"users": 4000}, until=START + 2 * DAY)
    assert back["converted"]["treatment"].is_significant is None
    assert "An earlier look saw more users (50% of the planned ones)" in back.verdict


def test_what_passed_its_bound_stays_decided(tables: Database) -> None:
    enrol(tables, 0, 2000, every=12, treated=4)
    first = look(tables, {"users": 8000})
    assert first["converted"]["treatment"].is_significant is True
    assert "What is significant early is on average estimated too large." in first.verdict
    enrol(tables, 2000, 6000, every=4, treated=12)
    later = look(tables, {"users": 8000})
    assert "treatment passed its bound for converted at look 1" in " ".join(later.notes)


def test_a_plan_that_changes_once_data_was_seen_is_told(tables: Database) -> None:
    enrol(tables, 0, 2000)
    assert look(tables, {"users": 4000}).notes == ()
    found = look(tables, {"users": 2000, "looks": 1})
    assert found.notes[0].startswith(
        "The plan was changed after look 1 (users: 4000, now 2000, looks: any, now 1): the error rate of 0.05 no longer holds"
    )


def test_looks_of_an_earlier_version_have_no_plan(tables: Database) -> None:
    tables.take_steps("experiments", STEPS[:1])
    tables.execute(
        "INSERT INTO stepladder.experiment_look VALUES ('checkout_v2', 1, 'run', now(), NULL, '{}', 0, 0, false, '', '{}', '', '')"
    )
    enrol(tables, 0, 1000)
    found = look(tables, {"users": 4000})
    assert (found.look.number, found.notes) == (2, ())


def test_one_planned_look_says_nothing_before_its_time(tables: Database) -> None:
    enrol(tables, 0, 2000, every=12, treated=6)
    early = look(tables, {"users": 4000, "looks": 1})
    assert early["converted"]["treatment"].is_significant is None
    assert "One look is planned, at 4,000 users" in early.verdict
    enrol(tables, 2000, 4000, every=12, treated=6)
    found = look(tables, {"users": 4000, "looks": 1})
    assert found["converted"]["treatment"].is_significant is True
    assert found["converted"]["treatment"].confidence_level == 0.95


def test_without_a_plan_a_confidence_sequence_holds_at_every_moment(tables: Database) -> None:
    enrol(tables, 0, 4000, every=12, treated=9)
    found = look(tables, None)
    each = found["converted"]["treatment"]
    assert each.p_value is not None
    assert each.p_value < 0.05
    assert each.is_significant is False
    assert each.confidence_level > 0.99
    assert "No size is planned" in found.notes[0]


def test_without_the_right_to_write_there_is_no_sequential_verdict(tables: Database) -> None:
    enrol(tables, 0, 2000, every=12, treated=6)
    found = look(tables.options(read_only=True), {"users": 4000})
    assert found.look.number is None
    assert found["converted"]["treatment"].p_value is not None
    assert found["converted"]["treatment"].is_significant is None
    assert "could not be stored" in found.verdict
    assert "experiment_look" not in str(tables.tables("stepladder"))


@pytest.mark.postgres
@pytest.mark.parametrize(
    "granted", ["", "USAGE ON SCHEMA stepladder", "SELECT ON ALL TABLES IN SCHEMA stepladder"]
)
def test_a_role_that_may_only_read(postgres_url: str, granted: str) -> None:
    """With looks of somebody else in the target: whatever it may see of them, it is answered."""
    role = f"experiment_reader_{os.getpid()}"
    with psycopg.connect(postgres_url, autocommit=True) as admin, sl.connect(postgres_url) as owner:
        owner.script(TABLES)
        enrol(owner, 0, 2000, every=12, treated=4)
        look(owner, {"users": 4000})
        enrol(owner, 2000, 3000, every=12, treated=4)
        admin.execute(f"CREATE ROLE {role} LOGIN")
        try:
            admin.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
            admin.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
            if granted:
                admin.execute(f"GRANT USAGE ON SCHEMA stepladder TO {role}")
                admin.execute(f"GRANT {granted} TO {role}")
            with sl.connect(re.sub("//postgres:?@", f"//{role}@", postgres_url)) as reader:
                found = look(reader, {"users": 4000})
        finally:
            admin.execute(f"DROP OWNED BY {role}")
            admin.execute(f"DROP ROLE {role}")
    assert found.look.number is None
    assert found["converted"]["treatment"].is_significant is None
    assert "could not be stored" in found.verdict


def test_what_was_said_can_be_asked_in_sql(tables: Database) -> None:
    enrol(tables, 0, 4000, every=12, treated=8)
    found = look(tables, {"users": 4000})["converted"]
    row = tables.query(
        "SELECT control_conversion_rate, treatment_conversion_rate, lift, p_value, is_significant, confidence_level, n_control"
        " FROM stepladder.experiment_result WHERE metric = 'converted'"
    ).one()
    each = found["treatment"]
    assert row == (
        found.arms["control"].figures["rate"],
        found.arms["treatment"].figures["rate"],
        each.lift,
        each.p_value,
        True,
        each.confidence_level,
        2000,
    )
    kept = tables.query("SELECT version, sql_hash, cut_off, final FROM stepladder.experiment_look").one()
    assert (kept.version, len(kept.sql_hash), kept.final) == (sl.__version__, 32, True)


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    with sl.connect(url) as db:
        db.script(TABLES)
        enrol(db, 0, 1000)
    with sl.connect(url, read_only=True) as db:
        assert look(db, {"users": 4000}).look.number is None
