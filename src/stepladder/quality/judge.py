"""All checks of a table in one scan, and the verdict on what it found. Text and values; no connection."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stepladder.quality.checks import Check
from stepladder.sql import quote

_COMPARE: dict[str, Callable[[int, int], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A check that does not hold: `rows` that fail it (for row_count: the rows there are)."""

    check: Check
    rows: int

    def __str__(self) -> str:
        if self.check.counts:
            return f"check {self.check.text}: there are {self.rows:,} rows"
        return f"check {self.check.text}: {self.rows:,} {'row' if self.rows == 1 else 'rows'}"


def scan_sql(checks: Sequence[Check], table: str, where: str = "true") -> str:
    """One SELECT over `table` (quoted SQL): the number of rows, then one number a check, in their order.

    `where` narrows the rows. Each set of unique columns costs a sort; the rest is one pass.
    """
    windows = [
        f"count(*) OVER (PARTITION BY {', '.join(map(quote, check.partition))}) AS {quote(_twins(number))}"
        for number, check in enumerate(checks)
        if check.partition
    ]
    source = (
        f"(SELECT *, {', '.join(windows)} FROM {table} WHERE {where}) AS checked"
        if windows
        else f"{table} WHERE {where}"
    )
    columns = [_count(number, check) for number, check in enumerate(checks)]
    return f"SELECT {', '.join(['count(*)', *columns])} FROM {source}"


def judge(checks: Sequence[Check], counts: Sequence[int]) -> tuple[Finding, ...]:
    """The checks that do not hold, from the numbers of `scan_sql`'s row."""
    rows, *failed = counts
    findings = []
    for check, number in zip(checks, failed, strict=True):
        if check.counts:
            compare, wanted = check.counts
            if not _COMPARE[compare](rows, wanted):
                findings.append(Finding(check, rows))
        elif number:
            findings.append(Finding(check, number))
    return tuple(findings)


def failing_sql(check: Check, table: str, where: str = "true", limit: int = 5) -> str | None:
    """A SELECT of some rows that fail `check`; None for a check of the number of rows."""
    if check.counts:
        return None
    if check.partition:
        names = ", ".join(map(quote, check.partition))
        present = " AND ".join(f"{quote(name)} IS NOT NULL" for name in check.partition)
        groups = f"GROUP BY {names} HAVING count(*) > 1 ORDER BY {names}"
        return f"SELECT {names} FROM {table} WHERE {where} AND {present} {groups} LIMIT {limit}"
    return f"SELECT * FROM {table} WHERE {where} AND ({check.fails}) LIMIT {limit}"


def _twins(number: int) -> str:
    return f"stepladder_twins_{number}"


def _count(number: int, check: Check) -> str:
    if check.counts:
        return "count(*)"
    if check.partition:
        present = " AND ".join(f"{quote(name)} IS NOT NULL" for name in check.partition)
        return f"count(*) FILTER (WHERE {quote(_twins(number))} > 1 AND {present})"
    return f"count(*) FILTER (WHERE {check.fails})"
