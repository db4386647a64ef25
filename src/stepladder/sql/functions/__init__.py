"""PostgreSQL's functions in Python, for registering on a SQLite connection: pure, and tested without one."""

from stepladder.sql.functions import (
    array_functions,
    arrays,
    casts,
    date_fields,
    date_formats,
    date_making,
    date_parsing,
    dates,
    extremes,
    intervals,
    json,
    json_build,
    jsonb,
    jsonb_change,
    jsonb_order,
    lowered,
    numbers,
    percentiles,
    powers,
    rows,
    series,
    statements,
    text,
    trigonometry,
    truncation,
    whole_numbers,
)
from stepladder.sql.functions.aggregates import AGGREGATES
from stepladder.sql.functions.registry import Aggregate, Collation, Scalar

SCALARS: tuple[Scalar, ...] = (
    *numbers.SCALARS,
    *lowered.SCALARS,
    *powers.SCALARS,
    *trigonometry.SCALARS,
    *whole_numbers.SCALARS,
    *text.SCALARS,
    *json.SCALARS,
    *json_build.SCALARS,
    *jsonb.SCALARS,
    *jsonb_change.SCALARS,
    *jsonb_order.SCALARS,
    *dates.SCALARS,
    *date_fields.SCALARS,
    *date_making.SCALARS,
    *intervals.SCALARS,
    *truncation.SCALARS,
    *date_formats.SCALARS,
    *date_parsing.SCALARS,
    *casts.SCALARS,
    *arrays.SCALARS,
    *array_functions.SCALARS,
    *extremes.SCALARS,
    *rows.SCALARS,
    *series.SCALARS,
    *percentiles.SCALARS,
    *statements.SCALARS,
)
COLLATIONS: tuple[Collation, ...] = (
    *array_functions.COLLATIONS,
    Collation("pg_jsonb", jsonb_order.jsonb_compare),
    Collation("pg_numeric", numbers.numeric_compare),
    Collation("pg_interval", intervals.span_compare),
)

__all__ = ["AGGREGATES", "COLLATIONS", "SCALARS", "Aggregate", "Collation", "Scalar"]
