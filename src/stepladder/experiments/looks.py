"""Every look at an experiment, kept: rows are added, never changed. In the target, in schema `stepladder`.

A look is its data cut-off and its users by arm: the same again is the same look, and spends no alpha. `experiment_look`
holds one row for each, `experiment_result` what was said of each metric and arm.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from stepladder import __version__
from stepladder.db import Database, Session, Transaction
from stepladder.experiments.results import Look, Readout

PART = "experiments"
STEPS = (
    """
    CREATE TABLE stepladder.experiment_look (
        experiment  text NOT NULL,
        look        integer NOT NULL,
        run_id      text NOT NULL,
        looked_at   timestamptz NOT NULL,
        cut_off     timestamptz,
        counts      text NOT NULL,
        users       bigint NOT NULL,
        information double precision,
        final       boolean NOT NULL,
        verdict     text NOT NULL,
        gates       text NOT NULL,
        sql_hash    text NOT NULL,
        version     text NOT NULL,
        PRIMARY KEY (experiment, look)
    );
    CREATE TABLE stepladder.experiment_result (
        experiment                text NOT NULL,
        look                      integer NOT NULL,
        metric                    text NOT NULL,
        kind                      text NOT NULL,
        role                      text NOT NULL,
        variant                   text NOT NULL,
        control                   text NOT NULL,
        n_control                 bigint NOT NULL,
        n_treatment               bigint NOT NULL,
        control_conversion_rate   double precision,
        treatment_conversion_rate double precision,
        value_control             double precision,
        value_treatment           double precision,
        difference                double precision,
        difference_low            double precision,
        difference_high           double precision,
        lift                      double precision,
        lift_low                  double precision,
        lift_high                 double precision,
        p_value                   double precision,
        p_adjusted                double precision,
        confidence_level          double precision NOT NULL,
        is_significant            boolean,
        why                       text NOT NULL,
        PRIMARY KEY (experiment, look, metric, variant)
    )
    """,
    "ALTER TABLE stepladder.experiment_look ADD COLUMN plan text",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A look that was stored."""

    number: int
    cut_off: datetime | None
    users: Mapping[str, int]
    final: bool
    plan: str | None

    def is_of(self, look: Look) -> bool:
        """Whether it is the same look."""
        return self.cut_off == look.until and dict(self.users) == dict(look.users)


def kept_looks(session: Session, experiment: str) -> tuple[Kept, ...]:
    """The stored looks at an experiment, oldest first. The tables must be there."""
    rows = session.query(
        "SELECT look, cut_off, counts, final, plan FROM stepladder.experiment_look"
        " WHERE experiment = :experiment ORDER BY look",
        experiment=experiment,
    )
    return tuple(Kept(row.look, row.cut_off, json.loads(row.counts), row.final, row.plan) for row in rows)


def are_kept(db: Database) -> bool:
    """Whether the target has the tables for looks."""
    return db.steps_taken(PART) >= len(STEPS)


def prepare(db: Database) -> None:
    """Make the tables for looks, or bring them to this version's step."""
    db.take_steps(PART, STEPS)


def decisions(session: Session, experiment: str, look: int) -> dict[tuple[str, str], bool | None]:
    """What a look said, by metric and arm."""
    rows = session.query(
        "SELECT metric, variant, is_significant FROM stepladder.experiment_result WHERE experiment = :experiment AND look = :look",
        experiment=experiment,
        look=look,
    )
    return {(row.metric, row.variant): row.is_significant for row in rows}


def first_passed(session: Session, experiment: str, before: int) -> dict[tuple[str, str], int]:
    """The first look before one at which an arm passed its bound, for primary metrics, by metric and arm."""
    rows = session.query(
        "SELECT metric, variant, min(look) AS look FROM stepladder.experiment_result WHERE experiment = :experiment"
        " AND look < :before AND role = 'primary' AND is_significant GROUP BY metric, variant ORDER BY metric, variant",
        experiment=experiment,
        before=before,
    )
    return {(row.metric, row.variant): row.look for row in rows}


def keep(tx: Transaction, found: Readout, sql_hash: str, plan: str) -> None:
    """Add a look, what it said, and the plan it was judged by. Raises UniqueViolation where somebody else was faster."""
    look = found.look
    tx.execute(
        "INSERT INTO stepladder.experiment_look (experiment, look, run_id, looked_at, cut_off, counts, users, information, final,"
        " verdict, gates, sql_hash, version, plan) VALUES (:experiment, :look, :run_id, now(), :cut_off, :counts, :users,"
        " :information, :final, :verdict, :gates, :sql_hash, :version, :plan)",
        experiment=found.experiment,
        look=look.number,
        run_id=secrets.token_hex(4),
        cut_off=look.until,
        counts=json.dumps(dict(look.users)),
        users=sum(look.users.values()),
        information=look.information,
        final=look.final,
        verdict=found.verdict,
        gates=json.dumps({name: each.state for name, each in found.gates.items()}),
        sql_hash=sql_hash,
        version=__version__,
        plan=plan,
    )
    rows = list(_results(found))
    if rows:
        names = ", ".join(rows[0])
        values = ", ".join(f":{name}" for name in rows[0])
        tx.execute_many(f"INSERT INTO stepladder.experiment_result ({names}) VALUES ({values})", rows)


def _results(found: Readout) -> Iterator[dict[str, object]]:
    for metric in found.metrics.values():
        for arm, each in metric.comparisons.items():
            control, treated = metric.arms[each.control], metric.arms[arm]
            yield {
                "experiment": found.experiment,
                "look": found.look.number,
                "metric": metric.name,
                "kind": metric.kind,
                "role": metric.role,
                "variant": arm,
                "control": each.control,
                "n_control": control.users,
                "n_treatment": treated.users,
                "control_conversion_rate": each.figures.get("control_conversion_rate"),
                "treatment_conversion_rate": each.figures.get("treatment_conversion_rate"),
                "value_control": _value(control.figures),
                "value_treatment": _value(treated.figures),
                "difference": each.difference,
                "difference_low": each.difference_ci[0],
                "difference_high": each.difference_ci[1],
                "lift": each.lift,
                "lift_low": each.lift_ci[0],
                "lift_high": each.lift_ci[1],
                "p_value": each.p_value,
                "p_adjusted": each.p_adjusted,
                "confidence_level": each.confidence_level,
                "is_significant": each.is_significant,
                "why": each.why,
            }


def _value(figures: Mapping[str, object]) -> object:
    return next((figures[name] for name in ("rate", "mean", "ratio", "value") if name in figures), None)
