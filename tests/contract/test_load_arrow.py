# ruff: noqa: DTZ001 - timestamps without a zone are meant
"""load by columns: frames, Arrow and files of each kind put equal values into a table of every type."""

from __future__ import annotations

import datetime as dt
import json
import random
import struct
import sys
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet

from stepladder.db import Database
from stepladder.db.arrow.types import arrow_type
from stepladder.errors import (
    AmbiguousColumn,
    CheckViolation,
    LoadError,
    MissingExtra,
    ParameterError,
    UsageError,
)
from stepladder.sql import parse_type

AT = dt.datetime(2026, 3, 1, 10, 0, 0, 250_000, tzinfo=dt.UTC)
NAIVE = AT.replace(tzinfo=None)
ID = uuid.UUID("12345678-1234-5678-1234-567812345678")
# Type -> values of it, as PostgreSQL's drivers return them. Every column also holds NULL.
VALUES: dict[str, list[Any]] = {
    "smallint": [-32768, 0, 32767],
    "integer": [-(2**31), 7, 2**31 - 1],
    "bigint": [-(2**63), 2**53 + 1, 2**63 - 1],
    "numeric(12,2)": [Decimal("-1234567890.12"), Decimal("0.00"), Decimal("1.50")],
    "numeric(30,10)": [Decimal("-12345678901234567890.0000000001"), Decimal("0.0000000000"), Decimal("1.5000000000")],
    "numeric": [Decimal("12345678901234567890.123"), Decimal("0.000"), Decimal("1.500")],
    "real": [0.10000000149011612, -2.5, 0.0],
    "double precision": [0.1, -1e300, 5e-324],
    "boolean": [True, False, True],
    "text": ["", "ü€𝄞\t\\N\n'", "NULL"],
    "varchar(5)": ["abcde", "", "ü"],
    "timestamptz": [AT, dt.datetime(1, 1, 1, tzinfo=dt.UTC), dt.datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=dt.UTC)],
    "timestamp": [NAIVE, dt.datetime(1969, 12, 31, 23, 59, 59, 999_999), dt.datetime(2026, 3, 1)],
    "date": [dt.date(2026, 3, 1), dt.date(1, 1, 1), dt.date(9999, 12, 31)],
    "time": [dt.time(10, 0), dt.time(0, 0, 0, 1), dt.time(23, 59, 59, 999_999)],
    "interval": [dt.timedelta(days=3, seconds=5), dt.timedelta(microseconds=-1), dt.timedelta()],
    "uuid": [ID, uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)],
    "jsonb": [{"b": [1, None, "x"], "a": 1.5}, [], 5],
    "bytea": [b"\x00\xff\\", b"", b"abc"],
    "integer[]": [[1, None, -3], [], [2**31 - 1]],
    "text[]": [["a", 'b "c", {d}', None], [], ["NULL"]],
}  # fmt: skip
NAMES = {spelled: f"c{place}" for place, spelled in enumerate(VALUES)}
COLUMNS = ", ".join(f"{name} {spelled}" for spelled, name in NAMES.items())


def rows() -> list[dict[str, Any]]:
    """Three rows of values, and one of NULLs."""
    full = [{NAMES[spelled]: values[place] for spelled, values in VALUES.items()} for place in range(3)]
    return [*full, dict.fromkeys(NAMES.values())]


def as_arrow() -> pa.Table:
    return arrow_table({type_: [*values, None] for type_, values in VALUES.items()})


def arrow_table(columns: dict[str, list[Any]]) -> pa.Table:
    arrays = {}
    for spelled, name in NAMES.items():
        values = columns[spelled]
        type_ = arrow_type(parse_type(spelled))
        if spelled == "jsonb":
            values = [None if value is None else json.dumps(value) for value in values]
        if spelled == "interval":
            values = [
                None if v is None else pa.MonthDayNano([0, v.days, (v - dt.timedelta(v.days)) // dt.timedelta(microseconds=1) * 1000])
                for v in values
            ]  # fmt: skip
        if spelled == "uuid":
            values = [None if value is None else value.bytes for value in values]
        if spelled == "numeric":
            type_ = pa.decimal128(38, 3)
        if isinstance(type_, pa.BaseExtensionType):
            arrays[name] = pa.ExtensionArray.from_storage(type_, pa.array(values, type_.storage_type))
        else:
            arrays[name] = pa.array(values, type_)
    return pa.table(arrays)


def spelled(value: Any) -> Any:
    """A value as a file of text has it."""
    if isinstance(value, dict | list | int):
        return value
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    if isinstance(value, dt.timedelta):
        return f"{value.days} days {value.seconds} seconds {value.microseconds} microseconds"
    if isinstance(value, float):
        return repr(value)
    return str(value)


def as_csv(folder: Path) -> Path:
    path = folder / "rows.csv"

    def cell(spelled_type: str, value: Any) -> str:
        if value is None:
            return ""
        if spelled_type == "jsonb":
            text = json.dumps(value)
        elif isinstance(value, list):
            items = [
                "NULL" if i is None else '"' + str(i).replace("\\", "\\\\").replace('"', '\\"') + '"'
                for i in value
            ]
            text = "{" + ",".join(items) + "}"
        else:
            text = str(spelled(value))
        return '"' + text.replace('"', '""') + '"'

    lines = [",".join(NAMES.values())]
    lines += [",".join(cell(type_, row[name]) for type_, name in NAMES.items()) for row in rows()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def as_jsonl(folder: Path) -> Path:
    path = folder / "rows.jsonl"
    numbers = ("smallint", "integer", "bigint")

    def line(row: dict[str, Any]) -> str:
        return json.dumps(
            {
                name: row[name]
                if type_ in numbers or row[name] is None or isinstance(row[name], bool)
                else spelled(row[name])
                for type_, name in NAMES.items()
            }
        )

    path.write_text("".join(line(row) + "\n" for row in rows()), encoding="utf-8")
    return path


def as_pandas() -> pd.DataFrame:
    """Dtypes of pandas where there is one, objects elsewhere."""
    dtypes = {
        "smallint": "Int16", "integer": "Int32", "bigint": "Int64", "double precision": "float64", "boolean": "boolean", "text": "str",
        "timestamp": "datetime64[us]",
    }  # fmt: skip
    found = {}
    for type_, name in NAMES.items():
        found[name] = pd.Series([*VALUES[type_], None], dtype=dtypes.get(type_, "object"))
    return pd.DataFrame(found).set_index(pd.Index([9, 9, 8, 7]))


def as_polars() -> pl.DataFrame:
    table = as_arrow()
    for type_ in ("uuid", "jsonb", "interval"):
        place = table.schema.get_field_index(NAMES[type_])
        values = {
            "uuid": [None if value is None else str(value) for value in [*VALUES["uuid"], None]],
            "jsonb": [None if value is None else json.dumps(value) for value in [*VALUES["jsonb"], None]],
            "interval": None,
        }[type_]
        array = pa.array(values) if values else pa.array([*VALUES["interval"], None], pa.duration("us"))
        table = table.set_column(place, NAMES[type_], array)
    return pl.from_arrow(table)


class Stream:
    """An object of somebody's that speaks Arrow."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return as_arrow().__arrow_c_stream__(requested_schema)


def as_parquet(folder: Path) -> Path:
    table = as_arrow()
    place = table.schema.get_field_index(NAMES["interval"])  # Parquet has no intervals
    table = table.set_column(
        place, NAMES["interval"], pa.array([*VALUES["interval"], None], pa.duration("us"))
    )
    parquet.write_table(table, folder / "rows.parquet", row_group_size=3)
    return folder / "rows.parquet"


WAYS = {
    "dicts": lambda folder: rows(),
    "tuples": lambda folder: [tuple(row.values()) for row in rows()],
    "arrow": lambda folder: as_arrow(),
    "record batch": lambda folder: as_arrow().combine_chunks().to_batches()[0],
    "reader": lambda folder: as_arrow().to_reader(1),
    "stream": lambda folder: Stream(),
    "pandas": lambda folder: as_pandas(),
    "polars": lambda folder: as_polars(),
    "lazy": lambda folder: as_polars().lazy(),
    "csv": as_csv,
    "jsonl": as_jsonl,
    "parquet": as_parquet,
}


def typed(found: list[tuple[Any, ...]]) -> list[list[tuple[type, Any]]]:
    return [
        [(type(value), str(value) if isinstance(value, Decimal) else value) for value in row] for row in found
    ]


@pytest.mark.parametrize("way", WAYS)
def test_every_way_puts_equal_values_into_a_table_of_every_type(
    db: Database, tmp_path: Path, way: str
) -> None:
    db.execute(f"CREATE TABLE things ({COLUMNS})")
    assert db.load(WAYS[way](tmp_path), "things", mode="append").inserted == 4
    found = db.query("SELECT * FROM things").tuples()
    expected = [tuple(row.values()) for row in rows()]
    place = list(NAMES).index("real")  # drivers show the fewest digits of a float4
    expected = [
        (*row[:place], row[place] and float(f"{row[place]:.6g}"), *row[place + 1 :]) for row in expected
    ]
    assert typed(found) == typed(expected)


@pytest.mark.parametrize("way", ["dicts", "arrow"])
def test_values_that_go_by_way_of_a_stage_are_equal_too(db: Database, tmp_path: Path, way: str) -> None:
    db.execute(f"CREATE TABLE direct ({COLUMNS})")
    db.execute(f"CREATE TABLE staged ({COLUMNS}, PRIMARY KEY ({NAMES['uuid']}))")
    data = WAYS[way](tmp_path)
    data = data[:3] if way == "dicts" else data.slice(0, 3)
    db.load(data, "direct", mode="append")
    db.load(data, "staged", mode="upsert", key=[NAMES["uuid"]])
    db.load(data, "staged", mode="upsert", key=[NAMES["uuid"]])
    name = NAMES["uuid"]
    direct, staged = (
        db.query(f"SELECT * FROM {table} ORDER BY {name}").tuples() for table in ("direct", "staged")
    )
    assert typed(staged) == typed(direct)
    assert len(staged) == 3


# -- types and names
def test_a_table_is_made_with_the_types_of_the_data(db: Database, tmp_path: Path) -> None:
    table = as_arrow()
    db.load(table, "made", mode="append", create=True, key=None)
    types = {type_: str(column.type) for type_, column in zip(NAMES, db.table("made").columns, strict=True)}
    expected = {type_: str(parse_type(type_)) for type_ in NAMES}
    assert types == expected | {"varchar(5)": "text", "numeric": "numeric(38,3)"}
    frame = pd.DataFrame(
        {
            "id": [1, 2],
            "at": pd.to_datetime(["2026-03-01", None], utc=True),
            "amount": [Decimal("1.5"), None],
            "n": [1.0, None],
        }
    )
    db.load(frame, "framed", mode="append", create=True, key=["id"])
    assert [str(column.type) for column in db.table("framed").columns] == [
        "bigint", "timestamp with time zone", "numeric", "double precision",
    ]  # fmt: skip
    assert db.table("framed").keys == (("id",),)
    assert db.query("SELECT amount, n FROM framed ORDER BY id").tuples() == [
        (Decimal("1.5"), 1.0),
        (None, None),
    ]


def test_what_pandas_makes_of_things_fits_the_table(db: Database) -> None:
    db.execute(
        "CREATE TABLE t (n int, day date, kind text, at timestamptz, f double precision, amount numeric(5,2), odd text)"
    )
    frame = pd.DataFrame(
        {
            "n": [1.0, None],
            "day": pd.to_datetime(["2026-03-01", None]),
            "kind": pd.Categorical(["a", None]),
            "at": pd.to_datetime(["2026-03-01 10:00", None]).tz_localize("Europe/Berlin"),
            "f": [float("nan"), 0.5],
            "amount": [0.285, None],
            "odd": pd.Series(["x", float("nan")], dtype="object"),
        }
    )
    assert db.load(frame, "t", mode="append").inserted == 2
    at = dt.datetime(2026, 3, 1, 9, 0, tzinfo=dt.UTC)
    assert db.query("SELECT * FROM t ORDER BY n NULLS LAST").tuples() == [
        (1, dt.date(2026, 3, 1), "a", at, None, Decimal("0.29"), "x"),
        (None, None, None, None, 0.5, None, None),
    ]
    rows = frame.assign(n=frame["n"].astype("object")).to_dict("records")
    rows[1] |= {"n": None, "kind": None, "amount": None, "odd": None}
    rows[0]["f"] = None
    db.load(rows, "t", mode="replace")
    assert db.query("SELECT n, at FROM t ORDER BY n NULLS LAST").tuples() == [(1, at), (None, None)]


def test_nan_beside_null(db: Database, engine: str) -> None:
    db.execute("CREATE TABLE t (n int, f double precision)")
    table = pa.table({"n": [1, 2, 3], "f": pa.array([float("nan"), None, 1.0])})
    for data in (
        table,
        pl.from_arrow(table),
        [{"n": 1, "f": float("nan")}, {"n": 2, "f": None}, {"n": 3, "f": 1.0}],
    ):
        if engine == "sqlite3":
            with pytest.raises(LoadError, match="row 1, column f = 'nan': NaN"):
                db.load(data, "t", mode="replace")
        else:
            db.load(data, "t", mode="replace")
            assert str(db.query("SELECT f FROM t ORDER BY n").tuples()) == "[(nan,), (None,), (1.0,)]"


# -- rows that do not fit
def test_rows_that_do_not_fit_are_named_whichever_batch_they_are_in(db: Database) -> None:
    db.execute("CREATE TABLE t (n smallint NOT NULL, at timestamptz, word varchar(3))")
    size = 70_000
    numbers: list[int | None] = [place % 100 for place in range(size)]
    moments = [1_000 * place for place in range(size)]
    words = ["abc"] * size
    numbers[4], numbers[69_999], moments[7], words[65_536] = 40_000, None, 1_500_000_001, "abcd"
    table = pa.table(
        {
            "n": pa.array(numbers, pa.int32()),
            "at": pa.array(moments, pa.timestamp("ns", "UTC")),
            "word": words,
        }
    )
    with pytest.raises(LoadError) as caught:
        db.load(table, "t", mode="append")
    lines = caught.value.message.splitlines()
    assert lines[0] == "4 rows do not fit t; nothing was loaded:"
    assert lines[1] == "  row 5, column n = '40000': value \"40000\" is out of range for type smallint"
    assert lines[2].startswith("  row 8, column at = '1970-01-01 00:00:01.500000001")
    assert "has nanoseconds" in lines[2]
    assert lines[3].startswith("  row 65537, column word = 'abcd': value too long")
    assert lines[4] == "  row 70000, column n = None: NULL, and the column is NOT NULL"
    result = db.load(table, "t", mode="append", rejects="table")
    assert (result.inserted, result.rejected) == (size - 4, 4)
    assert db.query('SELECT "row", line FROM t_rejects ORDER BY 1').tuples() == [
        (5, None), (8, None), (65_537, None), (70_000, None),
    ]  # fmt: skip
    assert db.query("SELECT count(*), sum(n) FROM t").one() == (
        size - 4,
        sum(n or 0 for n in numbers) - 40_000 - 36 - 7,
    )


def test_a_row_that_a_constraint_refuses_is_named_in_columns_too(db: Database) -> None:
    db.execute("CREATE TABLE t (n int CHECK (n <> 777))")
    for mode in ("append", "replace"):
        with pytest.raises(CheckViolation, match=r"^row 778 does not fit t; nothing was loaded: "):
            db.load(pa.table({"n": range(2_000)}), "t", mode=mode)


@pytest.mark.parametrize(
    ("data", "error", "said"),
    [
        (pd.DataFrame({1: [1]}), UsageError, "names are no text"),
        (pd.DataFrame([[1, 2]], columns=["n", "n"]), AmbiguousColumn, "one name"),
        (pa.table([[1], [2]], names=["n", "n"]), AmbiguousColumn, "one name"),
        (pl.Series("n", [1]), UsageError, "no table"),
        (pd.DataFrame({"n": [1 + 2j]}), ParameterError, "column 'n' of dtype complex128 has no Arrow form"),
        (pd.DataFrame({"n": pd.period_range("2026-01", "2026-02", freq="M")}), ParameterError, "no column's type"),
        (pl.DataFrame({"n": [object()]}), ParameterError, "dtype Object"),
        (pl.DataFrame({"n": pl.Series([2**100], dtype=pl.Int128)}), ParameterError, "without an Arrow form"),
        (pa.table({"m": [1]}), LoadError, "has not: m"),
    ],
)  # fmt: skip
def test_frames_that_are_none_are_refused(db: Database, data: Any, error: type[Exception], said: str) -> None:
    db.execute("CREATE TABLE t (n int)")
    with pytest.raises(error, match=said):
        db.load(data, "t", mode="append")


def test_a_file_that_is_no_parquet_is_refused(db: Database, tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"nonsense")
    db.execute("CREATE TABLE t (n int)")
    with pytest.raises(LoadError, match="cannot be read as Parquet"):
        db.load(tmp_path / "a.parquet", "t", mode="append")


def test_progress_of_a_parquet_file(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"n": range(100_000)}), path, row_group_size=50_000)
    seen: list[tuple[int, int | None, int | None]] = []
    db.load(path, "t", mode="append", create=True, progress=lambda *args: seen.append(args))
    size = path.stat().st_size
    assert seen[-1] == (100_000, size, size)
    assert [rows for rows, _, _ in seen] == sorted({rows for rows, _, _ in seen})


def test_without_arrow_rows_load_and_frames_name_the_extra(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = [as_pandas(), as_polars(), as_polars().lazy(), Stream(), as_parquet(tmp_path)]
    csv_path = as_csv(tmp_path)
    for name in [name for name in sys.modules if name == "pyarrow" or name.startswith("pyarrow.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setattr("stepladder.db.loading.fitting.has_arrow", lambda: False)
    db.execute(f"CREATE TABLE things ({COLUMNS})")
    for data in frames:
        with pytest.raises(MissingExtra, match=r"stepladder\[arrow\]"):
            db.load(data, "things", mode="append")
    assert db.load(rows() * 500, "things", mode="append").inserted == 2_000
    assert db.load(csv_path, "things", mode="append").inserted == 4


# -- many random rows
DIGITS = {"numeric(12,2)": (10, 2), "numeric(30,10)": (20, 10), "numeric": (20, 3)}
LETTERS = "abc ,;'\"\\\t\n\r{}ü€𝄞NULL%:"


def random_value(dice: random.Random, type_: str) -> Any:
    if type_ in DIGITS:
        whole, scale = DIGITS[type_]
        return Decimal(
            f"{dice.choice(['', '-'])}{dice.randrange(1, 10**whole)}.{dice.randrange(10**scale):0{scale}d}"
        )
    at = dt.datetime(1, 1, 1) + dt.timedelta(microseconds=dice.randrange(9_998 * 365 * 86_400_000_000))
    text = "".join(dice.choices(LETTERS, k=dice.randrange(12)))
    whole = dice.choice([8, 15, 31, 63])
    return {
        "smallint": lambda: dice.randrange(-(2**15), 2**15),
        "integer": lambda: dice.randrange(-(2**31), 2**31),
        "bigint": lambda: dice.randrange(-(2**whole), 2**whole),
        "real": lambda: struct.unpack("f", struct.pack("f", dice.uniform(-1e6, 1e6)))[0],
        "double precision": lambda: dice.choice(
            [dice.random(), dice.uniform(-1e300, 1e300), dice.gauss(0, 1) * 1e-12]
        ),
        "boolean": lambda: dice.random() < 0.5,
        "text": lambda: text,
        "varchar(5)": lambda: text[:5],
        "timestamptz": lambda: at.replace(tzinfo=dt.UTC),
        "timestamp": lambda: at.replace(microsecond=0) if dice.random() < 0.3 else at,
        "date": at.date,
        "time": at.time,
        "interval": lambda: dt.timedelta(
            days=dice.randrange(-999, 999), microseconds=dice.randrange(86_400_000_000)
        ),
        "uuid": lambda: uuid.UUID(int=dice.getrandbits(128)),
        "jsonb": lambda: {text: [dice.randrange(1000), None, text], "n": dice.random()},
        "bytea": lambda: dice.randbytes(dice.randrange(20)),
        "integer[]": lambda: [
            dice.choice([None, dice.randrange(-(2**31), 2**31)]) for _ in range(dice.randrange(4))
        ],
        "text[]": lambda: [dice.choice([None, text]) for _ in range(dice.randrange(4))],
    }[type_]()


def check_random_rows(db: Database, count: int) -> None:
    dice = random.Random(20261125)
    columns = {
        type_: [None if dice.random() < 0.1 else random_value(dice, type_) for _ in range(count)]
        for type_ in NAMES
    }
    tuples = list(zip(*columns.values(), strict=True))
    numbered = [(*row, number) for number, row in enumerate(tuples)]
    found = []
    for data in (numbered, arrow_table(columns).append_column("place", pa.array(range(count)))):
        db.execute("DROP TABLE IF EXISTS things")
        db.execute(f"CREATE TABLE things ({COLUMNS}, place int)")
        assert db.load(data, "things", mode="append").inserted == count
        names = ", ".join(NAMES.values())
        found.append(typed(db.query(f"SELECT {names} FROM things ORDER BY place").tuples()))
    assert found[0] == found[1]
    place = list(NAMES).index("real")
    for row in found[0]:  # drivers show the fewest digits of a float4
        kind, value = row[place]
        row[place] = (kind, None if value is None else struct.unpack("f", struct.pack("f", value))[0])
    assert found[0] == typed(tuples)


def test_random_rows(db: Database) -> None:
    check_random_rows(db, 60)


@pytest.mark.long
def test_five_thousand_random_rows(db: Database) -> None:
    check_random_rows(db, 5_000)
