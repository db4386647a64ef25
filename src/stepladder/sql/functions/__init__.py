"""PostgreSQL's functions in Python, for registering on a SQLite connection: pure, and tested without one."""

from stepladder.sql.functions import (
    arrays,
    binary,
    casts,
    dates,
    extremes,
    formatting,
    like,
    numbers,
    quoting,
    regex,
    statements,
    text,
)
from stepladder.sql.functions.aggregates import AGGREGATES
from stepladder.sql.functions.registry import Aggregate, Collation, Scalar

SCALARS: tuple[Scalar, ...] = (
    *numbers.SCALARS,
    *text.SCALARS,
    *like.SCALARS,
    *regex.SCALARS,
    *quoting.SCALARS,
    *binary.SCALARS,
    *dates.SCALARS,
    *formatting.SCALARS,
    *casts.SCALARS,
    *arrays.SCALARS,
    *extremes.SCALARS,
    *statements.SCALARS,
)
COLLATIONS: tuple[Collation, ...] = (
    Collation("pg_numeric", numbers.numeric_compare),
    Collation("pg_interval", dates.span_compare),
)

__all__ = ["AGGREGATES", "COLLATIONS", "SCALARS", "Aggregate", "Collation", "Scalar"]
