"""to_char() of numbers in Roman numerals, by powers of ten, and of floats with as many digits as they have."""

from __future__ import annotations

import pytest

import stepladder as sl
from stepladder.errors import DatabaseError


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("to_char(1994, 'RN')", "        MCMXCIV"),
        ("to_char(1994.5, 'FMrn')", "mcmxcv"),
        ("to_char(3.5::float8, 'x FMRN y')", "x IV y"),
        ("to_char(4000, 'RN')", "###############"),
        ("to_char(0.00012355, '9.99EEEE')", " 1.24e-04"),
        ("to_char(9.996, '9.99EEEE')", " 10.00e+00"),
        ("to_char(-25::bigint, '9EEEE')", "-3e+01"),
        ("to_char(25, '9EEEE')", " 2e+01"),
        ("to_char(9.996::float8, '9.99eeee')", " 1.00e+01"),
        ("to_char(1e300::float8, '\"about\"9EEEE')", " 1e+300"),
        ("to_char(12345.67::float4, '99999.99')", " 12345.7"),
        ("to_char(10000::float4, '999.99')", " ###.#"),
        ("to_char(-12345.67::float4, '99999.99MI')", "12345.7"),
        ("to_char(123456789012345.67::float8, '999999999999999.99 x')", " 123456789012346"),
        ("to_char(0.1::float8, '0.0000000000000000000')", " 0.10000000000000"),
    ],
)
def test_notations(db: sl.Database, call: str, text: str) -> None:
    assert db.query(f"SELECT {call}").scalar() == text


@pytest.mark.parametrize("pattern", ["9EEEE9", "FM9EEEE", "S9EEEE", "RNRN", "RN0", "RN.", "EEEERN"])
def test_what_does_not_go_together(db: sl.Database, pattern: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        db.query(f"SELECT to_char(12, '{pattern}')")
    assert caught.value.sqlstate == "42601"
    assert db.query(f"SELECT to_char(NULL::int, '{pattern}')").scalar() is None


@pytest.mark.parametrize(
    ("text", "pattern", "number"),
    [
        ("<002>", "S0000", 2),
        ("<002>", "000PR", -2),
        ("-12", "S99", -12),
        ("12-", "99S", -12),
        ("1,234", "9,999", 1234),
        ("1,234", "9999", 123),
        ("1,234", "FM9,999", 123),
        ("a1b2", "9999", 12),
        ("$12", "L99", 12),
        ("3rd", "9th", 3),
        ("12.345", "99.9", 12),
        ("€7", '"€"9', 7),
    ],
)
def test_the_pattern_leads_where_a_text_is_read(
    db: sl.Database, text: str, pattern: str, number: int
) -> None:
    assert int(db.query("SELECT to_number(:text, :pattern)", text=text, pattern=pattern).scalar()) == number
    assert (
        db.query("SELECT to_number(:text, :pattern)::text", text=text, pattern=pattern).scalar()[:2]
        == str(number)[:2]
    )


@pytest.mark.parametrize(("text", "pattern", "sqlstate"), [("", "99", "22P02"), ("123", "9D9", "22003")])
def test_a_text_that_is_no_number_by_its_pattern(
    db: sl.Database, text: str, pattern: str, sqlstate: str
) -> None:
    with pytest.raises(DatabaseError) as caught:
        db.query("SELECT to_number(:text, :pattern)", text=text, pattern=pattern)
    assert caught.value.sqlstate == sqlstate


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("to_char(12, '99SP')", " 12"),
        ("to_char(42, '9DG9')", " #. #"),
        ("to_char(0.04, '0FMPRPL')", " 0 +"),
        ("to_char(5, '9.')", " 5"),
    ],
)
def test_patterns_that_nobody_writes(db: sl.Database, call: str, text: str) -> None:
    assert db.query(f"SELECT {call}").scalar() == text
