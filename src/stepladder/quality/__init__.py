"""Checks of what a model has written: read from text, asked in one scan, judged here."""

from stepladder.quality.checks import Check, parse_check, table_expectations, unknown_columns
from stepladder.quality.judge import Finding, failing_sql, judge, scan_sql

__all__ = [
    "Check",
    "Finding",
    "failing_sql",
    "judge",
    "parse_check",
    "scan_sql",
    "table_expectations",
    "unknown_columns",
]
