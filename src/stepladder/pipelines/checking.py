"""The header's checks, asked of an interval's new rows before anybody sees them."""

from __future__ import annotations

from collections.abc import Sequence

from stepladder.db import Transaction
from stepladder.errors import CheckFailed
from stepladder.pipelines.difference import Slice
from stepladder.pipelines.model import Model
from stepladder.quality import Check, Finding, failing_sql, judge, scan_sql, table_expectations


def check_rows(tx: Transaction, model: Model, part: Slice, table: str) -> int:
    """Ask all checks in one scan of the new rows; their number. Raises CheckFailed."""
    inside = (
        []
        if part.where == "true"
        else [Check(f"{model.time} in the interval", fails=f"({part.where}) IS NOT TRUE")]
    )
    checks = (*inside, *table_expectations(model.key), *model.checks)
    counts = tuple(tx.query(scan_sql(checks, table), part.values if inside else {}).one())
    findings = judge(checks, counts)
    if findings:
        raise CheckFailed("\n".join(_describe(tx, finding, part, inside, table) for finding in findings))
    return int(counts[0])


def _describe(tx: Transaction, finding: Finding, part: Slice, inside: Sequence[Check], table: str) -> str:
    sql = failing_sql(finding.check, table)
    if sql is None:
        return str(finding)
    rows = tx.query(sql, part.values if finding.check in inside else {})
    shown = "; ".join(", ".join(f"{name} = {value}" for name, value in row.items()) for row in rows.dicts())
    return f"{finding}, e.g. {shown}"
