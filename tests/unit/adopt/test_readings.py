"""What each declaration may mean, and which values are in its way."""

from __future__ import annotations

from typing import Any

import pytest

from stepladder.adopt import declared
from stepladder.adopt.decide import decided
from stepladder.adopt.misfit import Misfit
from stepladder.adopt.scan import ColumnTally
from stepladder.errors import UsageError


def tally_of(words: str, *values: Any) -> ColumnTally:
    tally = ColumnTally(declared.possible(words))
    stored = [bytearray(value.encode()) if isinstance(value, str) else value for value in values]
    for at in range(0, len(stored), 2):  # in several batches
        batch = stored[at : at + 2]
        tally.add(range(at + 1, at + 1 + len(batch)), batch)
    return tally


def type_of(words: str, *values: Any) -> str | None:
    tally = tally_of(words, *values)
    place = decided(tally)
    return None if place is None else str(tally.readings[place].type)


@pytest.mark.parametrize(
    ("words", "values", "type_"),
    [
        ("INTEGER", (1, None, 2**63 - 1), "bigint"),
        ("SMALLINT", (70000,), "bigint"),
        ("INTEGER", (1.5,), None),
        ("INTEGER", (1e19,), None),
        ("INTEGER", ("n/a",), None),
        ("NVARCHAR(5)", ("größe", "日本語日本"), "character varying(5)"),
        ("VARCHAR(5)", ("too long",), None),
        ("TEXT", ("a", ""), "text"),
        ("TEXT", ("a\0b",), None),
        ("TEXT", (b"a",), None),
        ("BLOB", (b"", b"\0"), "bytea"),
        ("BLOB", ("a",), None),
        ("DOUBLE PRECISION", (1.5, float("inf")), "double precision"),
        ("REAL", ("1,5",), None),
        ("NUMERIC(10,2)", (1, 2.5, 0.1), "numeric(10,2)"),
        ("NUMERIC(10,2)", (1.005,), None),
        ("NUMERIC(10,2)", (0.1 + 0.2,), None),
        ("NUMERIC(4,2)", (100,), None),
        ("NUMERIC(8,2)", (float("inf"),), None),
        ("decimal", (1, 0.001), "numeric"),
        ("BOOLEAN", (0, 1, None), "boolean"),
        ("BOOLEAN", (0, 2), None),
        ("BOOLEAN", ("t", "f"), "boolean"),
        ("BOOL", ("true", "false"), "boolean"),
        ("BOOLEAN", ("t", 1), None),
        ("BOOLEAN", ("t", "false"), None),
        ("DATE", ("2024-02-29",), "date"),
        ("DATE", ("2023-02-29",), None),
        ("DATE", ("0000-00-00",), None),
        ("DATE", ("02/03/2024",), None),
        ("DATE", ("",), None),
        ("DATETIME", (), "timestamp without time zone"),
        ("DATETIME", ("2024-01-02 03:04:05", "2024-01-02T03:04:05.5"), "timestamp without time zone"),
        ("DATETIME", ("2024-01-02 03:04:05+02:00", "2024-01-02T03:04Z"), "timestamp with time zone"),
        ("DATETIME", ("2024-01-02 03:04:05+02:00", "2024-01-02 03:04:05"), None),
        ("DATETIME", ("2024-01-02", "2024-01-03"), "date"),
        ("DATETIME", ("2024-01-02", "2024-01-03 00:00:00"), None),
        ("DATETIME", (1704164645,), None),
        ("DATETIME", ("now",), None),
        ("DATETIME", ("2016-12-31 23:59:60",), None),
        ("DATETIME", ("2016-12-31 24:00:00",), None),
        ("DATETIME", ("2024-01-02 03:04:05.123456789",), None),
        ("DATETIME", ("2024-01-02 03:04:05.123456000",), "timestamp without time zone"),
        ("timestamptz", ("2024-01-02 03:04:05",), None),
        ("TIME", ("12:34:56",), "time without time zone"),
        ("uuid", ("6BA7B810-9DAD-11D1-80B4-00C04FD430C8",), "uuid"),
        ("uuid", ("xyz",), None),
        ("JSON", ('{"a": 1}', 12), "jsonb"),
        ("JSON", ("{a: 1}",), None),
        ("jsonb", ('{"a": 1, "a": 2}',), None),
        ("jsonb", ('{"a": "x\\u0000y"}',), None),
        ("", (1, 2), "bigint"),
        ("", ("1", "b"), "text"),
        ("", (1, "b"), None),
        ("", (), "text"),
        ("STRING", (7, "abc"), None),
        ("ANY", (1.5,), "double precision"),
    ],
)
def test_a_declaration_and_its_values_give_a_type_or_none(
    words: str, values: tuple[Any, ...], type_: str | None
) -> None:
    assert type_of(words, *values) == type_


def test_a_text_that_is_no_utf8_is_found_even_where_its_neighbour_would_complete_it() -> None:
    tally = ColumnTally(declared.possible("TEXT"))
    tally.add([1, 2], [bytearray(b"a\xc3"), bytearray(b"\xa4b")])
    assert [why for _, _, why in tally.misfits[0]] == ["is no valid UTF-8"] * 2


@pytest.mark.parametrize(
    ("said", "value", "stored"),
    [
        ("timestamptz", "2024-01-02 03:04:05", "2024-01-02 03:04:05+00:00"),
        ("timestamptz", "2024-01-02 03:04:05.5-05:30", "2024-01-02 08:34:05.500000+00:00"),
        ("timestamptz:epoch_s", 1727078782.123456, "2024-09-23 08:06:22.123456+00:00"),
        ("timestamp:epoch_ms", -1, "1969-12-31 23:59:59.999000"),
        ("date:epoch_s", 86400, "1970-01-02"),
        ("timestamp", "2024-01-02", "2024-01-02 00:00:00"),
        ("text", 1.5, "1.5"),
        ("text", b"\xc3\xa4", "ä"),
        ("integer", "42", 42),
        ("boolean", "f", 0),
        ("double precision", 7, 7.0),
        ("numeric", 0.1, "0.1"),
        ("numeric", "1.50", "1.50"),
    ],
)
def test_the_user_says_what_the_file_cannot(said: str, value: Any, stored: Any) -> None:
    found = declared.asked(said).convert(value)
    assert (found, type(found)) == (stored, type(stored))


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("timestamptz", 1704164645),
        ("timestamp:epoch_s", "1704164645"),
        ("timestamp:epoch_us", 0.5),
        ("timestamp:epoch_s", 1e100),
        ("date:epoch_s", 1),
        ("smallint", 70000),
        ("integer", 1.5),
        ("double precision", 2**53 + 1),
        ("text", b"\xff"),
        ("numeric(4,1)", 0.25),
        ("boolean", "maybe"),
    ],
)
def test_what_the_user_says_changes_no_value(said: str, value: Any) -> None:
    with pytest.raises(Misfit):
        declared.asked(said).convert(value)


@pytest.mark.parametrize(
    "said", ["nothing", "char(3)", "text:epoch_s", "timestamptz:fortnights", "timestamp(3)"]
)
def test_what_cannot_be_asked_is_usage(said: str) -> None:
    with pytest.raises(UsageError):
        declared.asked(said)
