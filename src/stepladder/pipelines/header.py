"""What a model says of itself, from a header's TOML or a decorator's arguments: the keys, their values, their defaults."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from stepladder.config import Project, nearest
from stepladder.errors import ConfigError, ModelError, ProgrammingError, UsageError
from stepladder.pipelines.grid import EVERY, local_instant
from stepladder.pipelines.model import KINDS
from stepladder.quality import Check, parse_check
from stepladder.sql import TableName, parse_name

KEYS = (
    "time", "every", "key", "checks", "start", "description",
    "kind", "time_is", "wait", "open", "lookback", "indexes", "watch", "depends", "on_change", "columns_change",
    "retries", "timeout", "tags", "owner", "columns",
)  # fmt: skip
_UNITS = {
    "s": 1,
    "sec": 1,
    "second": 1,
    "min": 60,
    "minute": 60,
    "h": 3600,
    "hour": 3600,
    "day": 86_400,
    "week": 604_800,
}
_DURATION = re.compile(r"\s*(\d+)\s*([a-z]+?)s?\s*")
_LOOKBACK = {"week": dt.timedelta(weeks=2), "month": dt.timedelta(days=62)}  # two intervals; seven days else


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model's keys stand."""

    file: str
    lines: Mapping[str, int] = field(default_factory=dict)
    line: int | None = None

    def error(self, key: str, message: str) -> ModelError:
        return ModelError(message, file=self.file, line=self.lines.get(key, self.line))


def read_keys(values: Mapping[str, Any], place: Place, project: Project) -> dict[str, Any]:
    """The fields of `Model` that these keys say. Raises ModelError."""
    reader = _Reader(values, place)
    every, time = reader.one_of("every", EVERY), reader.text("time")
    said = {
        "kind": _kind(reader, time, every),
        "time": time,
        "every": every,
        "time_is": _zone(reader, project),
        "key": reader.texts("key"),
        "start": _start(reader, project),
        "wait": reader.duration("wait"),
        "open": reader.typed("open", bool, "true or false"),
        "lookback": _lookback(reader, every),
        "checks": _checks(reader),
        "indexes": tuple(tuple(map(str.strip, text.split(","))) for text in reader.texts("indexes")),
        "watch": _tables(reader, "watch"),
        "depends": _tables(reader, "depends"),
        "on_change": reader.one_of("on_change", ("rebuild", "forward")),
        "columns_change": reader.one_of("columns_change", ("add", "refuse")),
        "retries": _retries(reader),
        "timeout": _timeout(reader),
        "tags": reader.texts("tags"),
        "owner": reader.text("owner"),
        "description": reader.text("description"),
        "column_comments": _comments(reader),
    }
    found = {name: value for name, value in said.items() if value is not None}
    _refuse_idle(found, reader)
    return found


def unknown_key(key: str, known: Sequence[str], place: Place, where: str) -> ModelError:
    """The error for a key that there is not."""
    return place.error(
        key, f"unknown key {key!r} in {where}.{nearest(key, known)} Known: {', '.join(known)}."
    )


def duration(text: str) -> dt.timedelta:
    """`90 s`, `15 min`, `2 hours`, `7 days`, `1 week` as a timedelta. Raises UsageError."""
    match = _DURATION.fullmatch(text.lower())
    unit = match and (match[2] if match[2] in _UNITS else f"{match[2]}s")  # "s" itself ends in s
    if match is None or unit not in _UNITS:
        raise UsageError(
            f'{text!r} is no length of time. Write, for instance, "15 min", "2 hours" or "7 days".'
        )
    try:
        return dt.timedelta(seconds=int(match[1]) * _UNITS[unit])
    except OverflowError as error:
        raise UsageError(f"{text!r} is longer than any history.") from error


class _Reader:
    """Values of the right types, or ModelError at their place; None where a key is not given."""

    def __init__(self, values: Mapping[str, Any], place: Place) -> None:
        self.values, self.place = values, place

    def typed(self, key: str, type_: type, what: str) -> Any:
        value = self.values.get(key)
        if value is not None and type(value) is not type_:
            raise self.place.error(key, f"{key} must be {what}.")
        return value

    def text(self, key: str) -> str | None:
        found: str | None = self.typed(key, str, "text in quotes")
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key, [])
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise self.place.error(key, f'{key} must be a list of texts: {key} = ["…", "…"].')
        return tuple(value)

    def one_of(self, key: str, words: Sequence[str]) -> str | None:
        value = self.text(key)
        if value is not None and value not in words:
            raise self.place.error(
                key, f"{key} = {value!r}.{nearest(value, words)} It is one of {', '.join(words)}."
            )
        return value

    def duration(self, key: str) -> dt.timedelta | None:
        value = self.text(key)
        return None if value is None else self.checked(key, duration, value)

    def checked(self, key: str, read: Callable[[str], Any], value: str) -> Any:
        try:
            return read(value)
        except (UsageError, ProgrammingError, ConfigError) as error:
            raise self.place.error(key, f"{key}: {error.message}") from error


# -- single keys
def _kind(reader: _Reader, time: str | None, every: str | None) -> str:
    plain = "interval" if time and every else "table"
    kind = reader.one_of("kind", KINDS) or plain
    if kind == "seed":
        raise reader.place.error(
            "kind", "a seed is a .csv file in the models' folder, with types in its first line."
        )
    if kind != plain and kind in ("table", "interval"):
        raise reader.place.error(
            "kind",
            "kind = 'interval' needs `time` and `every`."
            if kind == "interval"
            else "with `time` and `every` the model is made interval by interval: leave `kind` out, or them.",
        )
    return kind


def _zone(reader: _Reader, project: Project) -> str | None:
    name = reader.text("time_is")
    if name is None or name == "local":
        return name and project.timezone
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise reader.place.error(
            "time_is",
            f'time_is = {name!r} is no zone. Write "UTC", one like "Europe/Berlin", or "local" for the project\'s.',
        ) from error
    return name


def _start(reader: _Reader, project: Project) -> dt.datetime | None:
    value = reader.values.get("start")
    return (
        None
        if value is None
        else reader.checked("start", lambda text: local_instant(text, project.timezone), str(value))
    )


def _lookback(reader: _Reader, every: str | None) -> object:
    if reader.text("lookback") == "all":
        return "all"
    return reader.duration("lookback") or (_LOOKBACK.get(every) if every else None)


def _checks(reader: _Reader) -> tuple[Check, ...]:
    try:
        return tuple(parse_check(text) for text in reader.texts("checks"))
    except UsageError as error:
        raise reader.place.error("checks", error.message) from error


def _tables(reader: _Reader, key: str) -> tuple[TableName, ...]:
    return tuple(reader.checked(key, parse_name, text) for text in reader.texts(key))


def _retries(reader: _Reader) -> int | None:
    found: int | None = reader.typed("retries", int, "a number")
    if found is not None and not 0 <= found <= 100:
        raise reader.place.error("retries", "retries is a number from 0 to 100.")
    return found


def _timeout(reader: _Reader) -> float | None:
    found = reader.duration("timeout")
    if found is not None and not found:
        raise reader.place.error("timeout", "timeout must be longer than nothing.")
    return None if found is None else found.total_seconds()


def _comments(reader: _Reader) -> Mapping[str, str]:
    found = reader.values.get("columns", {})
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise reader.place.error("columns", 'columns says what columns hold: columns.user_id = "who bought".')
    return found


# -- keys that go together
_OF_INTERVALS = ("start", "open", "lookback", "watch", "on_change")


def _refuse_idle(found: Mapping[str, Any], reader: _Reader) -> None:
    kind, place = found["kind"], reader.place
    needs = {"interval": ("time", "every"), "upsert": ("time", "every", "key"), "history": ("key",)}
    for key in needs.get(kind, ()):
        if not found.get(key):
            raise place.error("kind", f"kind = {kind!r} needs `{key}`.")
    idle: tuple[str, ...]
    if kind == "view":
        idle = ("time", "every", "key", "indexes", "wait", *_OF_INTERVALS)
        why = "a view has no rows of its own"
    elif kind in ("table", "history"):
        idle = ("time", "time_is", *_OF_INTERVALS)
        why = "it is of use with `time` and `every` only"
        if found.get("time") and kind == "table":
            raise place.error(
                "time",
                "`time` and `every` belong together: give both, or no `time` for a table that is made whole.",
            )
        if not found.get("every"):
            idle = (*idle, "wait")
    else:
        return
    for key in idle:
        if key in reader.values:
            raise place.error(key, f"`{key}` has no meaning here ({kind}): {why}.")
