"""`@sl.model`: a Python function says that its rows become a table of its name."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any, TypeVar, overload

_Function = TypeVar("_Function", bound=Callable[..., object])
_MARK = "__stepladder_model__"


@dataclass(frozen=True, slots=True)
class Declared:
    """A function and what its decorator says: the keys that were given, and the file and line where it says so."""

    call: Callable[..., object]
    keys: Mapping[str, Any]
    file: str
    line: int


@overload
def model(function: _Function, /) -> _Function: ...
@overload
def model(
    *,
    time: str | None = None,
    every: str | None = None,
    time_is: str | None = None,
    key: Sequence[str] | None = None,
    frame: str | None = None,
    columns: Mapping[str, str] | None = None,
    inputs: Mapping[str, str] | None = None,
    kind: str | None = None,
    start: str | None = None,
    wait: str | None = None,
    open: bool | None = None,
    lookback: str | None = None,
    checks: Sequence[str] | None = None,
    indexes: Sequence[str] | None = None,
    watch: Sequence[str] | None = None,
    depends: Sequence[str] | None = None,
    on_change: str | None = None,
    columns_change: str | None = None,
    retries: int | None = None,
    timeout: str | None = None,
    tags: Sequence[str] | None = None,
    owner: str | None = None,
    description: str | None = None,
    comments: Mapping[str, str] | None = None,
) -> Callable[[_Function], _Function]: ...
def model(function: Any = None, /, **keys: Any) -> Any:
    """Make a function in `models/` a model: its rows become a table of the function's name.

    Each parameter is a table that it reads, given as a frame of the kind `frame` ("pandas", "polars", "arrow"), cut to
    the interval where the table has a time column; the parameter `run` is the run (start, end, now, target, log, vars).
    It returns a frame or rows, or yields them. `columns` are the output's types; without them those of the first run
    stay. `inputs` says which table a parameter is, where that is not its name. The other keys are the header's of
    models in SQL. The function itself stays as it is. Wrong keys are refused when the project is read, by ModelError.
    """

    if function is not None:
        return _marked(function, keys, sys._getframe(1))
    return lambda call: _marked(call, keys, sys._getframe(1))


def _marked(call: _Function, keys: Mapping[str, Any], frame: FrameType) -> _Function:
    if not inspect.isfunction(call):
        raise TypeError(f"sl.model marks a function, not a {type(call).__name__}")
    given = {name: value for name, value in keys.items() if value is not None}
    code = inspect.unwrap(call).__code__
    file = frame.f_code.co_filename
    line = code.co_firstlineno if code.co_filename == file else frame.f_lineno
    setattr(call, _MARK, Declared(call, given, file, line))
    return call


def declared(value: object) -> Declared | None:
    """What the decorator said of a function; None for anything else."""
    found = getattr(value, "__dict__", {}).get(_MARK) if callable(value) else None
    return found if isinstance(found, Declared) else None
