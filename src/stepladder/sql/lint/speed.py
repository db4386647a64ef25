"""What SQLite computes in Python, row by row."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stepladder.sql.translation import Translation

_FUNCTION = re.compile(r"\bpg_[a-z0-9_]+(?=\()")
_FREE = ("pg_now", "pg_clock", "pg_raised")  # once a statement, or at the edge


def slow(translation: Translation) -> Iterator[tuple[str, str, str, str]]:
    """Severity, what, why and instead, where a statement calls Python functions."""
    names = [name for name in dict.fromkeys(_FUNCTION.findall(translation.sql)) if name not in _FREE]
    decimals = [name for name in names if name.startswith("pg_numeric") or name == "pg_sum_exact"]
    if decimals:
        yield (
            "slow",
            f"computes decimals in Python on SQLite ({', '.join(decimals)})",
            "6 to 18 times slower there than over a numeric(p, s) of at most 15 digits; as exact",
            "give the columns a precision and a scale: numeric(12, 2)",
        )
    others = [name for name in names if name not in decimals]
    if others:
        yield (
            "slow",
            f"calls Python for each row on SQLite ({', '.join(others)})",
            "a call takes at least 0.3 µs a row: 2.6 times as long as upper(), measured over 200,000 rows",
            "",
        )
