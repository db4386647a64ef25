"""One model on both sides: interval by interval, its rows beside each other."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from stepladder.compare import Comparison, Difference, Table, compare
from stepladder.config import Project
from stepladder.db import Rows, Side
from stepladder.errors import (
    ConnectionFailed,
    DatabaseError,
    Error,
    NotPortable,
    ResourceError,
    StatementCanceled,
)
from stepladder.pipelines import Bound, Work, model_values, refuse_output
from stepladder.prove.copying import columns_of, make_table
from stepladder.prove.diagnosis import diagnose
from stepladder.prove.proof import Finding, ModelProof
from stepladder.prove.sorted_rows import in_other_order, sorting
from stepladder.prove.text_order import TextOrder
from stepladder.sql import TableName, constructs

_SHOWN = 10
_LOOKED_AT = 1000  # differences of one interval that are given a class

Answers = tuple[Rows, Rows]


@dataclass(slots=True)
class _Tally:
    """What has been found so far."""

    rows: list[int] = field(default_factory=lambda: [0, 0])
    causes: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    differences: int = 0
    notes: dict[str, None] = field(default_factory=dict)
    said: list[tuple[str, str]] = field(default_factory=list)
    state: str = ""


def prove_model(
    bound: Bound,
    work: Sequence[Work],
    sides: Sequence[Side],
    project: Project,
    now: dt.datetime,
    order: TextOrder,
    *,
    has_readers: bool,
    on_interval: Callable[[], None],
) -> ModelProof:
    """Run a model's intervals on both sides, SQLite first, and compare each. `has_readers`: its rows are kept for them."""
    began = time.monotonic()
    model, tally = bound.model, _Tally()
    uses, sort = constructs(model.sql), sorting(model.sql, order)
    if sort.note:
        tally.notes[sort.note] = None
    for number, item in enumerate(work):
        values = model_values(project, bound, item.start, item.end, now)
        answers = _answers(bound, sides, values, tally)
        if answers is None:
            break
        for rows in answers:
            refuse_output(model, rows.columns, str(model.path.relative_to(project.folder)))
        left, right = (Table(rows.columns, rows.tuples()) for rows in answers)
        tally.rows[0] += len(left.rows)
        tally.rows[1] += len(right.rows)
        found = _compared(left, right, model.key, tally)
        differences = list(found.differences)
        differences += in_other_order(left, right, sort.columns) if found.equal else []
        tally.differences += max(sum(count for _, count in found.reasons), len(differences))
        _classify(differences, tally, lambda one: diagnose(one, uses, by_bytes=order.by_bytes))
        if has_readers:
            _keep(model.name, answers, sides, first=number == 0)
        on_interval()
    if has_readers and not work:
        _keep_empty(bound, sides)
    compared = f"by {', '.join(model.key)}" if model.key else "as a multiset"
    if tally.said:
        compared = ""
    elif sort.columns:
        compared += ", and in order"
    return ModelProof(
        name=model.name,
        state=tally.state or ("different" if tally.differences else "equal" if any(tally.rows) else "empty"),
        intervals=len(work),
        sqlite_rows=tally.rows[0],
        postgres_rows=tally.rows[1],
        compared=compared,
        findings=tuple(tally.findings),
        causes=tuple(tally.causes.most_common()),
        differences=tally.differences,
        notes=tuple(tally.notes),
        said=tuple(tally.said),
        seconds=time.monotonic() - began,
    )


def _answers(
    bound: Bound, sides: Sequence[Side], values: Mapping[str, object], tally: _Tally
) -> Answers | None:
    """What both sides answer; None where one has failed, which the tally then says."""
    found = [_ask(side, bound.model.sql, values) for side in sides]
    failed = [
        (side.name, answer) for side, answer in zip(sides, found, strict=True) if isinstance(answer, Error)
    ]
    if not failed:
        left, right = (answer for answer in found if isinstance(answer, Rows))
        return left, right
    tally.said = [(name, error.message) for name, error in failed]
    portable = not any(isinstance(error, NotPortable) for _, error in failed)
    codes = {getattr(error, "sqlstate", type(error).__name__) for _, error in failed}
    if not portable:
        tally.state = "refused"
    elif len(failed) == len(sides) and len(codes) == 1:
        tally.state = "failed"
    else:
        tally.state, tally.differences = "different", tally.differences + 1
        tally.causes["error"] += 1
    return None


def _ask(side: Side, sql: str, values: Mapping[str, object]) -> Rows | Error:
    try:
        with side.session.transaction() as tx:
            return tx.query(side.sql(sql), values)
    except (ConnectionFailed, ResourceError, StatementCanceled):
        raise
    except (DatabaseError, NotPortable) as error:
        return error


def _compared(left: Table, right: Table, key: Sequence[str], tally: _Tally) -> Comparison:
    found = compare(left, right, key=key, keep=_LOOKED_AT)
    if found.equal or [name for name, _ in found.reasons] != ["duplicate key"]:
        return found
    without = compare(left, right, keep=_LOOKED_AT)
    if without.equal:  # wrong, but alike on both
        tally.notes[
            f"{', '.join(key)} is no key: some rows share it, on both sides alike. A run would fail its check."
        ] = None
        return without
    return found


def _classify(differences: Sequence[Difference], tally: _Tally, name: Callable[[Difference], object]) -> None:
    for difference in differences:
        finding = Finding(difference, name(difference))  # type: ignore[arg-type]
        new = finding.cause.name not in tally.causes
        tally.causes[finding.cause.name] += 1
        if new or len(tally.findings) < _SHOWN:
            tally.findings.append(finding)


def _keep(model: str, answers: Answers, sides: Sequence[Side], *, first: bool) -> None:
    """Each side's own rows, where the models that read this one look for them."""
    for rows, side in zip(answers, sides, strict=True):
        name = side.table(TableName(None, model))
        if first:
            make_table(side, name, columns_of(rows.columns), model)
        if rows:
            side.session.load(rows, name, mode="append")


def _keep_empty(bound: Bound, sides: Sequence[Side]) -> None:
    for side in sides:
        if bound.columns is not None:
            make_table(
                side,
                side.table(TableName(None, bound.model.name)),
                columns_of(bound.columns),
                bound.model.name,
            )
