"""Models in Python: the functions of a file under `models/` that `@sl.model` marks."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from stepladder.config import Project, nearest
from stepladder.errors import ModelError, ProgrammingError
from stepladder.pipelines.declaring import Declared, declared
from stepladder.pipelines.header import KEYS, Place, read_keys, unknown_key
from stepladder.pipelines.model import FRAMES, Function, Model, is_model
from stepladder.pipelines.modules import Modules
from stepladder.pipelines.naming import check_name, shown
from stepladder.pipelines.python_code import model_lines, python_code
from stepladder.sql import Column, TableName, Window, parse_name, parse_type

_KEYS = (*KEYS, "frame", "inputs", "comments")
_PARAMETERS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def read_functions(path: Path, project: Project, modules: Modules) -> tuple[Model, ...]:
    """The models in one file, in its order; none in a file that only helps others. Raises ModelError."""
    file = shown(path, project)
    module = _load(path, file, modules)
    _refuse_twins(path, file)
    found = [one for value in vars(module).values() if (one := declared(value)) and one.file == str(path)]
    unique = {one.call: one for one in found}
    return tuple(_model(one, path, file, project, modules) for one in unique.values())


def _refuse_twins(path: Path, file: str) -> None:
    """Python keeps the last function of a name; a model before it would be gone without a word."""
    for name, lines in model_lines(path).items():
        if len(lines) > 1:
            raise ModelError(f"another model is called {name}, in line {lines[0]}.", file=file, line=lines[1])


def cut(model: Model, models: Mapping[str, Model], project: Project) -> Model:
    """A model in Python with the windows of its inputs: by the time of the models among them, or of [sources]; any
    other model as it is. Raises ModelError for one that could not tell one interval from another."""
    if not isinstance(model.body, Function) or not model.by_interval:
        return model
    windows = tuple(
        window for table in model.reads if (window := _window(table, models, project)) is not None
    )
    if not windows and not model.body.takes_run:
        raise ModelError(
            "nothing that it is given depends on the interval: take `run` as a parameter, or say the time column of what it "
            'reads: [sources.NAME] time = "…" in stepladder.toml.',
            file=shown(model.path, project),
            line=model.body.line,
        )
    inside = {window.table for window in windows}
    return replace(model, windows=windows, whole=tuple(table for table in model.reads if table not in inside))


def _window(table: TableName, models: Mapping[str, Model], project: Project) -> Window | None:
    if is_model(table, models):
        upstream = models[table.name]
        return Window(table, upstream.time, zone=upstream.time_is) if upstream.time else None
    plain = table.name if table.schema in (None, "public") else f"{table.schema}.{table.name}"
    source = project.sources.get(plain)
    return Window(table, source.time, zone=source.time_is) if source and source.time else None


def _load(path: Path, file: str, modules: Modules) -> ModuleType:
    try:
        return modules.load(path)
    except SyntaxError as error:
        line = error.lineno if error.filename == str(path) else None
        raise ModelError(f"no valid Python: {error.msg}.", file=file, line=line) from error
    except (Exception, SystemExit) as error:
        frames = [each for each in traceback.extract_tb(error.__traceback__) if each.filename == str(path)]
        said = f"{type(error).__name__}: {error}".rstrip(": ")
        raise ModelError(
            f"cannot be loaded: {said}", file=file, line=frames[-1].lineno if frames else None
        ) from error


def _model(said: Declared, path: Path, file: str, project: Project, modules: Modules) -> Model:
    name = said.call.__name__
    place = Place(file, line=said.line)
    for key in said.keys:
        if key not in _KEYS:
            raise unknown_key(key, _KEYS, place, "the decorator")
    keys = {key: value for key, value in said.keys.items() if key not in ("frame", "inputs", "columns")}
    if "comments" in keys:
        keys["columns"] = keys.pop("comments")
    check_name(name, file, said.line)
    fields = read_keys(keys, place, project)
    if fields["kind"] == "view":
        raise place.error("kind", "a view is a SELECT: write it in SQL, or leave `kind` out.")
    inputs, takes_run = _parameters(said, place)
    code = python_code(path, name, modules)
    columns = _columns(said, place)
    types = [f"columns={', '.join(f'{each.name} {each.type}' for each in columns)}"] if columns else []
    body = Function(
        call=said.call,
        line=said.line,
        inputs=inputs,
        takes_run=takes_run,
        frame=_frame(said, place),
        columns=columns,
        code="\n".join([code, *types]),
    )
    reads = tuple(dict.fromkeys(table for _, table in inputs))
    settings = _settings(code, project) if takes_run else ""
    lines = dict.fromkeys(said.keys, said.line)
    return Model(name, path, body, reads, (), reads, settings=settings, lines=lines, **fields)


def _parameters(said: Declared, place: Place) -> tuple[tuple[tuple[str, TableName], ...], bool]:
    """The tables that the parameters stand for, and whether `run` is one of them."""
    chosen = said.keys.get("inputs", {})
    if not isinstance(chosen, dict) or not all(isinstance(table, str) for table in chosen.values()):
        raise place.error(
            "inputs", 'inputs says which table a parameter is: inputs={"events": "app.events"}.'
        )
    parameters = inspect.signature(said.call).parameters
    for name in chosen:
        if name not in parameters:
            raise place.error(
                "inputs", f"inputs names {name!r}, which is no parameter.{nearest(name, parameters)}"
            )
    found = []
    for name, parameter in parameters.items():
        if parameter.kind not in _PARAMETERS:
            raise place.error(
                "inputs",
                f"the parameter {parameter} says no table: each parameter is a table that the model reads, or `run`.",
            )
        if name != "run" and (parameter.default is inspect.Parameter.empty or name in chosen):
            found.append((name, _table(chosen.get(name, name), place)))
    return tuple(found), "run" in parameters


def _table(name: str, place: Place) -> TableName:
    try:
        return parse_name(name)
    except ProgrammingError as error:
        raise place.error("inputs", error.message) from error


def _frame(said: Declared, place: Place) -> str:
    found = said.keys.get("frame", "pandas")
    if found not in FRAMES:
        raise place.error(
            "frame", f"frame = {found!r}.{nearest(str(found), FRAMES)} It is one of {', '.join(FRAMES)}."
        )
    return str(found)


def _columns(said: Declared, place: Place) -> tuple[Column, ...] | None:
    found: Any = said.keys.get("columns")
    if found is None:
        return None
    if not isinstance(found, Mapping) or not found:
        raise place.error(
            "columns", 'columns are the output\'s types: columns={"day": "date", "visits": "bigint"}.'
        )
    return tuple(_typed(found, place))


def _typed(columns: Mapping[str, object], place: Place) -> Iterator[Column]:
    for name, type_ in columns.items():
        try:
            yield Column(name, parse_type(str(type_)))
        except ProgrammingError as error:
            raise place.error("columns", f"columns, {name!r}: {error.message}") from error


def _settings(code: str, project: Project) -> str:
    """The project's values that the function may take: all, where it speaks of `vars`."""
    if "vars" not in code.split():
        return ""
    return " ".join(f"{name}={value!r}" for name, value in sorted(project.vars.items()))
