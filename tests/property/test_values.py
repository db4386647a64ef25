"""Every type of PostgreSQL's that SQLite keeps: what goes in comes out equal in value and in Python type, whichever
way it goes in and on every driver, and what came out can be bound again.

A tenth of the values by default; all of them with `-m long`. The values are the same in every run of the
same code.
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import stepladder as sl
from stepladder.db import Database
from stepladder.sql import Type, parse_type, type_of

BATCH = 50
VALUES = 5_000  # of each type; and as many arrays
UTC = dt.UTC
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


WIDE = Context(prec=100)


# -- what is asked for
def as_it_is(value: Any) -> Any:
    return value


def digits(value: Decimal) -> Decimal:
    """A numeric as the server keeps it: no exponent, no negative zero."""
    if not value.is_finite():
        return Decimal("NaN") if value.is_nan() else value
    written = Decimal(f"{value:f}")
    return written if written else written.copy_abs()


def scaled(places: int) -> Callable[[Decimal], Decimal]:
    return lambda value: digits(value.quantize(Decimal(1).scaleb(-places), context=WIDE))


def shortest(value: float) -> float:
    """A float of four bytes as the double with the fewest digits."""
    packed = struct.pack("f", value)
    return next(
        short
        for short in (float(f"{value:.{places}g}") for places in range(1, 10))
        if packed == struct.pack("f", short)
    )


def interval(value: dt.timedelta | sl.Span) -> dt.timedelta | sl.Span:
    if isinstance(value, dt.timedelta) or value.months:
        return value
    return dt.timedelta(days=value.days, microseconds=value.microseconds)


def exact(value: Any) -> Any:
    """Equal only for a value of the same Python type, digits and zone. A zero's sign is left out: numeric has none,
    and neither has a column of SQLite's."""
    if isinstance(value, list):
        return [exact(item) for item in value]
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    return type(value).__name__, repr(value + 0.0 if isinstance(value, float) else value)


# -- the types
@dataclass(frozen=True)
class Kind:
    """A type, its values, what comes out of a column of it, and what comes out of a bare `SELECT :value`."""

    type: str
    values: st.SearchStrategy[Any]
    out: Callable[[Any], Any] = as_it_is
    bare: Callable[[Any], Any] = as_it_is

    def __str__(self) -> str:
        return self.type


def decimals(precision: int, scale: int) -> st.SearchStrategy[Decimal]:
    """Decimals that numeric(precision,scale) holds, with as many digits behind the point or fewer."""
    return st.builds(
        lambda sign, number, places: Decimal(f"{sign}{number // 10 ** (scale - places)}e-{places}"),
        st.sampled_from(["", "-"]),
        st.integers(0, 10**precision - 1),
        st.integers(0, scale),
    )


def unfolded(value: Any) -> Any:
    """Without the mark of the second of two equal clock readings, which says nothing where clocks are not set back."""
    return value.replace(fold=0)


OFFSETS = st.integers(-86_340, 86_340).map(lambda seconds: dt.timezone(dt.timedelta(seconds=seconds)))
INSTANTS = st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30), timezones=OFFSETS).map(unfolded)  # noqa: DTZ001
SPANS = st.builds(
    sl.Span,
    st.integers(-(2**31) + 1, 2**31 - 1),
    st.integers(-999_999, 999_999),
    st.integers(-(10**15), 10**15),
)
JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXT
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=4,
)
KINDS = [
    Kind("smallint", st.integers(-(2**15), 2**15 - 1)),
    Kind("integer", st.integers(-(2**31), 2**31 - 1)),
    Kind("bigint", st.integers(-(2**63), 2**63 - 1)),
    Kind("numeric(12,3)", decimals(12, 3), scaled(3), digits),
    Kind("numeric(15,15)", decimals(15, 15), scaled(15), digits),
    Kind("numeric(38,10)", decimals(38, 10), scaled(10), digits),
    Kind("numeric", st.decimals(), digits, digits),
    Kind("real", st.floats(width=32, allow_nan=False), shortest),
    Kind("double precision", st.floats(allow_nan=False)),
    Kind("boolean", st.booleans()),
    Kind("text", TEXT),
    Kind("character varying(5)", st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)),
    Kind("character(5)", st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5),
         lambda value: value.rstrip(" ").ljust(5)),
    Kind("date", st.dates()),
    Kind("time", st.times().map(unfolded)),
    Kind("timestamp", st.datetimes().map(unfolded)),
    Kind("timestamptz", INSTANTS, lambda value: value.astimezone(UTC), lambda value: value.astimezone(UTC)),
    Kind("interval", st.one_of(st.timedeltas(), SPANS), interval, interval),
    Kind("uuid", st.uuids()),
    Kind("bytea", st.binary(max_size=12)),
    Kind("jsonb", st.dictionaries(TEXT, JSON, max_size=3)),
]  # fmt: skip


Batch = Sequence[tuple[Any, Any]]


@cache
def batches(kind: Kind, values: int) -> list[Batch]:
    """Rows of a value (or NULL) and an array (or NULL) with NULLs in it; the same for every engine."""
    nullable = st.one_of(kind.values, kind.values, kind.values, st.none())
    arrays = st.one_of(st.lists(nullable, max_size=3), st.lists(nullable, max_size=3), st.none())
    drawn: list[Batch] = []

    @settings(
        max_examples=values // BATCH,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(st.tuples(nullable, arrays), min_size=BATCH, max_size=BATCH))
    def draw(batch: Batch) -> None:
        drawn.append(batch)

    draw()
    return drawn


def out(convert: Callable[[Any], Any], value: Any) -> Any:
    if isinstance(value, list):
        return [out(convert, item) for item in value]
    return None if value is None else convert(value)


# -- the ways in
def check(found: Sequence[Any], wanted: Sequence[Any], way: str) -> None:
    wrong = [(one, other) for one, other in zip(found, wanted, strict=True) if exact(one) != exact(other)]
    assert wrong == [], way


def select(db: Database, values: Sequence[Any], cast: str) -> tuple[list[Any], list[str]]:
    """The values by one statement, and their types as the result tells them."""
    names = [f"v{place}" for place in range(len(values))]
    rows = db.query(
        "SELECT " + ", ".join(f":{name}{cast}" for name in names), dict(zip(names, values, strict=True))
    )
    return list(rows.one()), [str(column.type) for column in rows.columns]


def told(type_: Type) -> str:
    """A type as a result tells it: an array's elements without their modifier."""
    return str(type_.bare if type_.element else type_)


def selected(db: Database, kind: Kind, values: Sequence[Any], arrays: Sequence[Any]) -> None:
    for given_, cast in ((values, kind.type), (arrays, f"{kind.type}[]")):
        wanted = [out(kind.out, value) for value in given_]
        found, types = select(db, given_, f"::{cast}")
        check(found, wanted, f"SELECT :v::{cast}")
        assert set(types) == {told(parse_type(cast))}
        again, _ = select(db, found, f"::{cast}")
        check(again, wanted, f"what SELECT :v::{cast} returned, bound again")


def selected_bare(db: Database, kind: Kind, values: Sequence[Any]) -> None:
    found, types = select(db, values, "")
    wanted = [out(kind.bare, value) for value in values]
    check(found, wanted, "SELECT :v")
    assert types == [str(type_of(value)).replace("unknown", "text") for value in values]
    again, types_again = select(db, found, "")
    check(again, wanted, "what SELECT :v returned, bound again")
    assert types_again == types


INSERT = "INSERT INTO t (id, way, v, a) VALUES (:id, :way, :v, :a)"


def insert(db: Database, rows: list[dict[str, Any]]) -> None:
    for row in rows[::5]:
        assert db.execute(INSERT, row) == 1
    rest = [row for place, row in enumerate(rows) if place % 5]
    cells = ", ".join(f"(:id{n}, :way{n}, :v{n}, :a{n})" for n in range(len(rest)))
    values = {f"{name}{n}": value for n, row in enumerate(rest) for name, value in row.items()}
    assert db.execute(f"INSERT INTO t (id, way, v, a) VALUES {cells}", values) == len(rest)


def insert_many(db: Database, rows: list[dict[str, Any]]) -> None:
    assert db.execute_many(INSERT, rows) == len(rows)


def load_dicts(db: Database, rows: list[dict[str, Any]]) -> None:
    assert db.load(rows, "t", mode="append").inserted == len(rows)


def load_tuples(db: Database, rows: list[dict[str, Any]]) -> None:
    db.load([(row["id"], row["way"], row["v"], row["a"]) for row in rows], "t", mode="append")


WAYS: list[Callable[[Any, list[dict[str, Any]]], None]] = [insert, insert_many, load_dicts, load_tuples]


def stored(db: Database, kind: Kind, batch: Sequence[tuple[Any, Any]]) -> None:
    values, arrays = (
        [out(kind.out, value) for value, _ in batch],
        [out(kind.out, array) for _, array in batch],
    )
    with db.transaction() as tx:
        tx.execute("DELETE FROM t")
        for way in WAYS:
            rows = [{"id": place, "way": way.__name__, "v": v, "a": a} for place, (v, a) in enumerate(batch)]
            way(tx, rows)  # type: ignore[arg-type]
        tx.load(tx.query("SELECT id, 'Rows' AS way, v, a FROM t WHERE way = 'insert'"), "t", mode="append")
        for way_name in [*(way.__name__ for way in WAYS), "Rows"]:
            rows_ = tx.query("SELECT v, a FROM t WHERE way = :way ORDER BY id", way=way_name)
            check([row.v for row in rows_], values, f"{kind} by {way_name}")
            check([row.a for row in rows_], arrays, f"{kind}[] by {way_name}")
            assert [str(column.type) for column in rows_.columns] == [
                str(parse_type(kind.type)),
                told(parse_type(f"{kind.type}[]")),
            ]


def comes_back(db: Database, kind: Kind, values: int) -> None:
    db.execute(f"CREATE TABLE t (id int NOT NULL, way text NOT NULL, v {kind.type}, a {kind.type}[])")
    for batch in batches(kind, values):
        selected(db, kind, [value for value, _ in batch], [array for _, array in batch])
        selected_bare(db, kind, [value for row in batch for value in row if has_a_type(value)])
        stored(db, kind, batch)


def has_a_type(value: Any) -> bool:
    """Not so NULL, and lists without values: their context tells."""
    return isinstance(value, str) or type_of(value).name != "unknown"


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_value_comes_back_as_it_went_in(db: Database, kind: Kind) -> None:
    comes_back(db, kind, VALUES // 25)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_five_thousand_values_come_back_as_they_went_in(db: Database, kind: Kind) -> None:
    comes_back(db, kind, VALUES)
