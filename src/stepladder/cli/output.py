"""Where words and data go: data to standard output, prose to standard error; plain when not a terminal."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import json
import math
import sys
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from stepladder.sql import Span

_WIDE = 10_000  # a pipe has no width: nothing is cut or wrapped there


def prose() -> Console:
    """For what people read beside the data. Honours NO_COLOR."""
    return Console(stderr=True, highlight=False, soft_wrap=True, width=None if sys.stderr.isatty() else _WIDE)


def data() -> Console:
    """For tables on standard output."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(to_json(value) + "\n")


def to_json(value: object) -> str:
    """JSON with all digits of a numeric as a number, ISO times, base64 bytes, NaN and infinities as strings."""
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{json.dumps(str(name))}: {to_json(item)}" for name, item in value.items()) + "}"
        )
    if isinstance(value, list | tuple) and not isinstance(value, Span):
        return "[" + ", ".join(map(to_json, value)) + "]"
    if isinstance(value, decimal.Decimal):
        return format(value, "f") if value.is_finite() else json.dumps(str(value))
    if isinstance(value, float) and not math.isfinite(value):
        return json.dumps(str(value))
    return json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, Span):
        seconds = decimal.Decimal(value.microseconds).scaleb(-6)
        return f"P{value.months}M{value.days}DT{seconds:f}S"
    if isinstance(value, dt.timedelta):
        return f"PT{decimal.Decimal(value // dt.timedelta(microseconds=1)).scaleb(-6):f}S"
    return value


def table(names: Sequence[str], rows: Sequence[Sequence[object]], *, title: str | None = None) -> Table:
    """Rows as a table: numbers to the right, NULL as a dim dash."""
    found = Table(title=title, box=None, header_style="bold", pad_edge=False, title_justify="left")
    for place, name in enumerate(names):
        numeric = any(
            isinstance(row[place], int | float | decimal.Decimal) and not isinstance(row[place], bool)
            for row in rows
        )
        found.add_column(Text(name), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        found.add_row(*(_cell(value) for value in row))
    return found


def _cell(value: object) -> Text:
    if value is None:
        return Text("NULL", style="dim")
    if isinstance(value, decimal.Decimal):
        return Text(format(value, "f"))
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return Text(value.isoformat(sep=" "))
    return Text(str(value))


def count(number: int, noun: str) -> str:
    """ "1 row", "1,204 rows"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
