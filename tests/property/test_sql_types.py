"""Types' spellings, stored forms and intervals, each with its inverse."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stepladder.sql import TableName, Type, decoder, encoder, parse_name, parse_type
from stepladder.sql.arrays import parse_array
from stepladder.sql.literals import array_text
from stepladder.sql.span_spellings import parse_span
from stepladder.sql.spans import Span, span_text

PLAIN = st.sampled_from(
    [
        "int2",
        "int4",
        "int8",
        "numeric",
        "float4",
        "float8",
        "bool",
        "text",
        "varchar",
        "bpchar",
        "date",
        "time",
        "timestamp",
        "timestamptz",
        "interval",
        "uuid",
        "jsonb",
        "bytea",
    ]
)
NUMERIC = st.integers(1, 1000).flatmap(
    lambda precision: st.builds(Type, st.just("numeric"), st.just(precision), st.integers(0, precision))
)
SIZED = st.builds(Type, st.sampled_from(["varchar", "bpchar"]), length=st.integers(1, 10_485_760))
TIMED = st.builds(Type, st.sampled_from(["time", "timestamp", "timestamptz"]), precision=st.integers(0, 6))
SCALAR = st.one_of(st.builds(Type, PLAIN), NUMERIC, SIZED, TIMED)
TYPES = st.one_of(SCALAR, st.builds(Type, st.just("array"), element=SCALAR))
NO_NUL = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
NAMES = NO_NUL.filter(lambda text: 0 < len(text.encode()) <= 63)


@given(TYPES)
def test_a_types_display_is_read_back(type_: Type) -> None:
    assert parse_type(str(type_)) == type_
    assert parse_type(str(type_).upper()) == type_


@given(st.one_of(st.none(), NAMES), NAMES)
def test_a_name_is_read_back(schema: str | None, name: str) -> None:
    table = TableName(schema, name)
    assert parse_name(table.sql) == table


@given(st.lists(st.one_of(st.none(), NO_NUL)))
def test_an_arrays_text_is_read_back(values: list[str | None]) -> None:
    assert list(parse_array(array_text(values))) == values


SPANS = st.builds(
    Span,
    st.integers(-(2**31) + 1, 2**31 - 1),
    st.integers(-(2**31) + 1, 2**31 - 1),
    st.integers(-(2**63) + 1, 2**63 - 1),
)


@given(SPANS)
def test_an_intervals_text_is_read_back(span: Span) -> None:
    assert parse_span(span_text(span)) == span


def there_and_back(type_: str, value: Any) -> Any:
    known = parse_type(type_)
    encode, decode = encoder(known), decoder(known)
    stored = encode(value) if encode else value
    return decode(stored) if decode else stored


@given(
    st.integers(0, 15).flatmap(
        lambda scale: st.tuples(st.just(scale), st.integers(-(10**15) + 1, 10**15 - 1))
    )
)
def test_fifteen_digits_survive_as_a_number(case: tuple[int, int]) -> None:
    scale, digits = case
    value = Decimal(digits).scaleb(-scale)
    found = there_and_back(f"numeric(15,{scale})", value)
    assert found == value
    assert -found.as_tuple().exponent == scale


@given(st.datetimes(timezones=st.timezones(), allow_imaginary=False).filter(lambda at: 2 < at.year < 9998))
def test_an_instant_survives_in_utc(at: dt.datetime) -> None:
    found = there_and_back("timestamptz", at)
    assert found == at.astimezone(dt.UTC)
    assert found.tzinfo is dt.UTC


@given(
    st.datetimes(timezones=st.just(dt.UTC)),
    st.datetimes(timezones=st.just(dt.UTC)),
)
def test_stored_instants_are_ordered_as_text(one: dt.datetime, other: dt.datetime) -> None:
    encode = encoder(Type("timestamptz"))
    assert encode is not None
    assert (encode(one) < encode(other)) == (one < other)


@given(st.timedeltas())
def test_a_timedelta_survives(value: dt.timedelta) -> None:
    assert there_and_back("interval", value) == value


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), NO_NUL),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(NO_NUL, inner)),
    max_leaves=10,
)


@given(st.one_of(st.dictionaries(NO_NUL, JSON), st.lists(JSON)))
def test_json_survives_and_has_one_text(value: Any) -> None:
    assert there_and_back("jsonb", value) == value
    encode = encoder(Type("jsonb"))
    assert encode is not None
    assert encode(encode(value)) == encode(value)
