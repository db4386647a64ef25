"""Calls a model's function, outside of any transaction, and takes what it returns or yields."""

from __future__ import annotations

import datetime as dt
import inspect
import logging
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stepladder.config import Project
from stepladder.db import Row, Rows
from stepladder.errors import Error, RunFailed
from stepladder.pipelines.model import Function, Model
from stepladder.pipelines.naming import shown


@dataclass(frozen=True, slots=True)
class ModelRun:
    """What a model in Python is told of its run, as the parameter `run`.

    `start` and `end` are the interval's instants in the project's zone; None for a table that is made whole. `now` is
    the run's instant. `target` is the target's name, or its URL without the password. `log` is the logger
    `stepladder.model.NAME`. `vars` are the values of [vars].
    """

    start: dt.datetime | None
    end: dt.datetime | None
    now: dt.datetime
    target: str
    log: logging.Logger
    vars: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a function is called with: frames by parameter, and the run."""

    frames: Mapping[str, Any]
    run: ModelRun


@dataclass(frozen=True, slots=True)
class Produced:
    """What a function gave: frames, and lists of dicts or of tuples, in order."""

    pieces: tuple[Any, ...]


def call(model: Model, body: Function, inputs: Inputs, project: Project) -> Produced:
    """Call the function. Raises RunFailed with its file, line and what it raised; an error of ours stays of its class,
    so that one that is worth another try is tried again."""
    given = {**inputs.frames, **({"run": inputs.run} if body.takes_run else {})}
    try:
        return Produced(tuple(_pieces(body.call(**given))))
    except Error as error:
        raise error.at(_place(error, model, body, project)) from error
    except (Exception, SystemExit) as error:
        said = f"{type(error).__name__}: {error}".rstrip(": ")
        raise RunFailed(f"{_place(error, model, body, project)}: {said}") from error


def _place(error: BaseException, model: Model, body: Function, project: Project) -> str:
    """`models/daily.py:12, in helper`: the last line of the project's that the error went through."""
    folder = str(project.folder)
    frames = [each for each in traceback.extract_tb(error.__traceback__) if each.filename.startswith(folder)]
    if not frames:
        return f"{shown(model.path, project)}:{body.line}, {model.name}"
    last = frames[-1]
    file = last.filename.removeprefix(folder).lstrip("/\\")
    return f"{file}:{last.lineno}, in {last.name}: `{last.line}`"


# -- what it gives
def _pieces(value: Any) -> Iterator[Any]:
    if value is None:
        return
    if is_frame(value) or isinstance(value, Rows):
        yield _collected(value)
        return
    if inspect.iscoroutine(value):
        value.close()
        raise RunFailed(
            "the function is `async def`; a model's function is called as it is. Write `def`, with asyncio.run inside."
        )
    if isinstance(value, Mapping | str | bytes) or not isinstance(value, Iterable):
        raise RunFailed(
            f"it returns a {type(value).__name__}. Return a frame, or a list of dicts, or yield them."
        )
    rows: list[Any] = []
    for item in value:
        if is_frame(item) or isinstance(item, Rows):
            yield from _together(rows)
            rows = []
            yield _collected(item)
        elif isinstance(item, Mapping | Row | tuple | list):
            rows.append(item.dict() if isinstance(item, Row) else item)
        elif item is not None:
            raise RunFailed(f"it gives a {type(item).__name__} for a row. A row is a dict or a tuple.")
    yield from _together(rows)


def is_frame(value: Any) -> bool:
    """Whether it is a frame of pandas or polars, or speaks Arrow."""
    arrow = hasattr(value, "__arrow_c_stream__") or hasattr(value, "__arrow_c_array__")
    return arrow or type(value).__name__ in ("DataFrame", "LazyFrame")


def _collected(value: Any) -> Any:
    return value.collect() if type(value).__name__ == "LazyFrame" else value


def _together(rows: list[Any]) -> Iterator[list[Any]]:
    """Rows as one list of one kind; dicts with the same names in each."""
    if not rows:
        return
    if not all(isinstance(row, Mapping) for row in rows):
        if any(isinstance(row, Mapping) for row in rows):
            raise RunFailed("some of its rows are dicts, others are not.")
        yield [tuple(row) for row in rows]
        return
    names = dict.fromkeys(name for row in rows for name in row)
    yield [{**names, **row} for row in rows]
