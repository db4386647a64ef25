"""Types to Arrow's and back: each keeps what it was."""

from __future__ import annotations

import pyarrow as pa
import pytest

from stepladder.db.arrow.types import arrow_type, type_of_arrow
from stepladder.errors import ParameterError
from stepladder.sql import parse_type

KEPT = [
    "smallint", "integer", "bigint", "real", "double precision", "boolean", "text", "date", "time", "timestamp",
    "timestamptz", "interval", "uuid", "jsonb", "bytea", "numeric(12,2)", "numeric(38,38)", "numeric(76,10)", "integer[]",
    "text[]", "uuid[]", "timestamptz[]", "numeric(10,3)[]", "jsonb[]",
]  # fmt: skip


@pytest.mark.parametrize("spelled", KEPT)
def test_what_comes_out_goes_in_as_what_it_was(spelled: str) -> None:
    type_ = parse_type(spelled)
    assert type_of_arrow(arrow_type(type_)) == type_


@pytest.mark.parametrize(
    ("spelled", "back"),
    [("varchar(5)", "text"), ("char(3)", "text"), ("numeric", "numeric(76,38)")],
)
def test_what_arrow_cannot_say_is_widened(spelled: str, back: str) -> None:
    assert type_of_arrow(arrow_type(parse_type(spelled))) == parse_type(back)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (pa.int8(), "smallint"), (pa.uint8(), "smallint"), (pa.uint16(), "integer"), (pa.uint32(), "bigint"),
        (pa.uint64(), "numeric(20,0)"), (pa.float16(), "real"), (pa.large_string(), "text"), (pa.string_view(), "text"),
        (pa.dictionary(pa.int8(), pa.string()), "text"), (pa.timestamp("ns", "Europe/Berlin"), "timestamptz"),
        (pa.timestamp("s"), "timestamp"), (pa.date64(), "date"), (pa.time32("s"), "time"), (pa.duration("ms"), "interval"),
        (pa.binary(16), "bytea"), (pa.struct([("a", pa.int64())]), "jsonb"), (pa.map_(pa.string(), pa.int64()), "jsonb"),
        (pa.list_(pa.list_(pa.int64())), "jsonb"), (pa.large_list(pa.int64()), "bigint[]"), (pa.null(), "text"),
        (pa.decimal128(5, -2), "numeric(7,0)"), (pa.decimal32(5, 2), "numeric(5,2)"),
    ],
)  # fmt: skip
def test_every_arrow_type_has_a_column(given: pa.DataType, expected: str) -> None:
    assert type_of_arrow(given) == parse_type(expected)


def test_a_type_that_arrow_has_not_is_refused_with_a_way_out() -> None:
    with pytest.raises(ParameterError, match=r"numeric\(100,2\) has no Arrow form.*Cast it"):
        arrow_type(parse_type("numeric(100,2)"))
