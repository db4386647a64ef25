# ruff: noqa: DTZ001 - timestamps without a zone are meant
"""load by columns: frames, Arrow and files of each kind put equal values into a table of every type."""

from __future__ import annotations

import datetime as dt
import json
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
from stepladder.db.arrow_types import arrow_type
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
    arrays = {}
    for spelled, name in NAMES.items():
        values: list[Any] = [*VALUES[spelled], None]
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
