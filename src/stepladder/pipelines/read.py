"""Model files: SQL with a TOML header in a comment, Python functions, CSV seeds."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stepladder.config import Project, nearest
from stepladder.errors import ModelError, ProgrammingError
from stepladder.pipelines.functions import cut, read_functions
from stepladder.pipelines.header import KEYS, Place, read_keys, unknown_key
from stepladder.pipelines.model import BUILT_IN, Model, Query, is_model
from stepladder.pipelines.modules import Modules
from stepladder.pipelines.naming import check_name, shown
from stepladder.pipelines.seeds import read_seed
from stepladder.sql import (
    check_syntax,
    is_query,
    parameter_names,
    place_lines,
    references,
    statements,
    windows,
)

_HEADER = re.compile(r"\s*/\*\s*stepladder\b(.*?)\*/", re.DOTALL)


def read_models(project: Project) -> tuple[Model, ...]:
    """Every model of the project, by name. Raises ModelError with file and line."""
    folder = project.models
    if not folder.is_dir():
        raise ModelError(f"there is no folder {folder}: a project's models are its files.")
    modules = Modules(project.folder, folder)
    found: dict[str, Model] = {}
    for path in model_files(project):
        for model in read_file(path, project, modules):
            if model.name in found:
                raise ModelError(
                    f"another model is called {model.name}: {shown(found[model.name].path, project)}.",
                    file=shown(path, project),
                )
            found[model.name] = model
    if not found:
        raise ModelError(
            f"there is no model in {folder}: write one, for instance {folder / 'orders_by_day.sql'}."
        )
    return tuple(cut(found[name], found, project) for name in sorted(found))


def model_files(project: Project) -> list[Path]:
    """The files that may hold models. Those whose name begins with _ do not."""
    return sorted(
        path
        for path in project.models.rglob("*")
        if path.suffix in (".sql", ".py", ".csv") and path.is_file() and not path.name.startswith("__")
    )


def read_file(path: Path, project: Project, modules: Modules) -> tuple[Model, ...]:
    """The models in one file: one, but in Python any number. Raises ModelError."""
    if path.suffix == ".py":
        return read_functions(path, project, modules)
    return (read_seed(path, project) if path.suffix == ".csv" else read_model(path, project),)


def read_model(path: Path, project: Project) -> Model:
    """The model in one file of SQL. Raises ModelError."""
    file = shown(path, project)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"cannot be read: {error}", file=file) from error
    name = path.stem
    check_name(name, file)
    header, sql, place = _split(text, file)
    try:
        check_syntax(sql)
        sql = _one_query(sql)
        reads, found_windows, parameters = references(sql), windows(sql), parameter_names(sql)
    except ProgrammingError as error:
        said = "\n".join([error.message, *place_lines(sql, error.position)])
        raise ModelError(said, file=file, line=_line(sql, error.position)) from error
    model = Model(
        name=name,
        path=path,
        body=Query(sql, parameters),
        reads=reads,
        windows=found_windows.inside,
        whole=found_windows.whole,
        settings=_settings(parameters, project),
        lines=place.lines,
        **read_keys(header, place, project),
    )
    _refuse_nonsense(model, project, file)
    return model


def _settings(parameters: Sequence[str], project: Project) -> str:
    given = {"zone": project.timezone, **project.vars}
    return " ".join(f"{name}={given[name]!r}" for name in sorted(parameters) if name in given)


def _split(text: str, file: str) -> tuple[Mapping[str, Any], str, Place]:
    """The header's values, the text with the header blanked, so that every line keeps its number, and where the keys
    stand."""
    match = _HEADER.match(text)
    if match is None:
        stray = re.search(r"/\*\s*stepladder\b", text)
        if stray is not None:
            raise ModelError(
                "the header must come first in the file: move what stands before it below.",
                file=file,
                line=_line(text, stray.start()),
            )
        return {}, text, Place(file)
    try:
        header = tomllib.loads(match[1])
    except tomllib.TOMLDecodeError as error:
        offset = text[: match.start(1)].count("\n")
        at = re.search(r"at line (\d+)", str(error))
        raise ModelError(
            f"the header is not valid TOML: {error}",
            file=file,
            line=offset + int(at[1]) if at else offset + 1,
        ) from error
    first = text.count("\n", 0, match.start(1)) + 1
    place = Place(file, {key: first + _line_of(key, match[1]) for key in header}, first)
    for key in header:
        if key not in KEYS:
            raise unknown_key(key, KEYS, place, "the header")
    return header, "\n" * match[0].count("\n") + text[match.end() :], place


def _line_of(key: str, header: str) -> int:
    found = re.search(rf"^\s*(?:\[\s*)?[\"']?{re.escape(key)}[\"']?\s*[=.\]]", header, re.MULTILINE)
    return header.count("\n", 0, found.end()) if found else 0


def _one_query(sql: str) -> str:
    found = statements(sql)
    if not found:
        raise ProgrammingError("the file holds no statement: a model is one SELECT", position=0)
    if len(found) > 1:
        raise ProgrammingError(
            "a model is one SELECT; a second statement begins here", position=found[1].offset
        )
    if not is_query(found[0].text):
        raise ProgrammingError("a model is a SELECT: its rows become the table", position=found[0].offset)
    return "\n" * (found[0].line - 1) + found[0].text


def _refuse_nonsense(model: Model, project: Project, file: str) -> None:
    missing = [f":{name}" for name in ("start", "end") if model.by_interval and name not in model.parameters]
    if missing:
        raise ModelError(
            f"a model with `every` reads its interval: {' and '.join(missing)} is missing from the SQL. "
            "Add, for instance, WHERE event_timestamp >= :start AND event_timestamp < :end.",
            file=file,
            line=model.lines.get("every"),
        )
    idle = [f":{name}" for name in ("start", "end") if not model.by_interval and name in model.parameters]
    if idle:
        raise ModelError(f"{' and '.join(idle)} needs `time` and `every` in the header.", file=file)
    known = (*BUILT_IN, *project.vars)
    for name in model.parameters:
        if name not in known:
            raise ModelError(
                f"nothing gives :{name} a value.{nearest(name, known)} There are {_colons(known)}; more go into [vars].",
                file=file,
            )
    if any(is_model(table, (model.name,)) for table in model.reads):
        raise ModelError("the model reads itself; read the interval's sources instead.", file=file)


def _colons(names: Sequence[str]) -> str:
    return ", ".join(f":{name}" for name in names)


def _line(text: str, position: int | None) -> int | None:
    return None if position is None else text.count("\n", 0, position) + 1
