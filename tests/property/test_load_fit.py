"""A column that is fitted at once holds what its values give one by one, or is left to them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stepladder.db.arrow.fit import fit
from stepladder.db.arrow.stored import stored_text, stored_values
from stepladder.db.arrow.values import arrow_of
from stepladder.db.loading.encoding import Cell, encode_column
from stepladder.sql import Column, encoder, parse_type

TARGETS = [
    "smallint", "integer", "bigint", "numeric(12,2)", "numeric(15,0)", "numeric(30,10)", "numeric", "real", "double precision", "boolean",
    "text", "varchar(3)", "char(3)", "timestamptz", "timestamp", "date", "time", "uuid", "bytea",
]  # fmt: skip
NUMBERS = st.from_regex(r"\A[+-]?[0-9]{0,20}(\.[0-9]{0,20})?([eE][+-]?[0-9]{1,3})?\Z", fullmatch=True)
MOMENTS = st.from_regex(
    r"\A(20|00|99)[0-9]{2}-[01][0-9]-[0-3][0-9]([ T][0-2][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,7})?(Z|[+-][01][0-9](:?[0-5][0-9])?)?)?\Z",
    fullmatch=True,
)
WORDS = st.sampled_from(
    [
        "t",
        "TRUE",
        "false",
        "F",
        "yes",
        "1",
        "",
        " 1",
        "NaN",
        "-0.00",
        "-0",
        "00.50",
        "1_0",
        "abcd",
        "ab   ",
        "a\0",
        "ü",
    ]
)
UUIDS = (
    st.uuids().map(str)
    | st.uuids().map(lambda value: value.hex)
    | st.uuids().map(lambda value: str(value).upper())
)
AWARE = st.datetimes(timezones=st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=5, minutes=30))]))
SOURCES: dict[str, st.SearchStrategy[list[Any]]] = {
    name: st.lists(st.none() | values, min_size=1, max_size=5)
    for name, values in {
        "numbers": NUMBERS,
        "moments": MOMENTS,
        "words": WORDS,
        "uuids": UUIDS,
        "integers": st.integers(-(2**63), 2**63 - 1) | st.integers(-40_000, 40_000),
        "floats": st.floats(allow_nan=False) | st.floats(-1e5, 1e5).map(lambda value: round(value, 3)) | st.integers(-9, 9).map(float),
        "decimals": st.decimals(allow_nan=False, allow_infinity=False, places=3) | st.decimals(-100, 100, places=2),
        "bools": st.booleans(),
        "naive": st.datetimes() | st.dates().map(lambda day: dt.datetime.combine(day, dt.time())),
        "aware": AWARE,
        "dates": st.dates(),
        "bytes": st.binary(max_size=20) | st.binary(min_size=16, max_size=16),
    }.items()
}  # fmt: skip


def one_by_one(values: list[Any], spelled: str) -> tuple[list[Any], dict[int, str]]:
    column = Column("c", parse_type(spelled))
    stored, misfits = encode_column(values, Cell(column, encoder(column.type), None))
    return list(stored), misfits


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_at_once_is_as_one_by_one(target: str, source: str, data: st.DataObject) -> None:
    check(target, data.draw(SOURCES[source]))


@pytest.mark.long
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_at_once_is_as_one_by_one_at_length(target: str, source: str, data: st.DataObject) -> None:
    check(target, data.draw(SOURCES[source]))


def check(target: str, values: list[Any]) -> None:
    type_ = parse_type(target)
    array = arrow_of(pa, values, type_)
    fitted = None if array is None else fit(array, type_)
    if fitted is None:
        return
    stored, misfits = one_by_one(values, target)
    assert misfits == {}
    assert stored_values(fitted, type_) == [
        float(v) if isinstance(v, int) and type_.name == "numeric" else v for v in stored
    ]
    if type_.name not in ("bytea", "float4", "float8", "bool", "numeric"):
        assert stored_text(fitted).to_pylist() == [value if value is None else str(value) for value in stored]


@pytest.mark.parametrize(
    ("target", "values"),
    [
        ("numeric(12,2)", ["0.285", "0.295", "-0.285", None]),
        ("numeric(12,2)", [0.285, 0.295, 1.005]),
        ("numeric(15,0)", [Decimal("9.500"), Decimal("0.000")]),
        ("numeric(3,1)", [Decimal("-9.96"), Decimal("0.94")]),
        ("double precision", ["0.1", "1e22", "5.2e-05"]),
        ("timestamptz", ["2026-03-01T10:00:00.5+0130", "2026-03-01 10:00:00Z"]),
        ("integer", ["-7", "0012"]),
        ("date", ["2024-02-29", None]),
    ],
)
def test_the_usual_spellings_are_fitted_at_once(target: str, values: list[Any]) -> None:
    type_ = parse_type(target)
    assert fit(arrow_of(pa, values, type_), type_) is not None
    check(target, values)
