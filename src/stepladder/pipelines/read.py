"""Model files: a TOML header in a comment, and one SELECT."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stepladder.config import Project, nearest
from stepladder.errors import ModelError, ProgrammingError, UsageError
from stepladder.pipelines.grid import EVERY, local_instant
from stepladder.pipelines.model import BUILT_IN, Model, is_model
from stepladder.quality import Check, parse_check
from stepladder.sql import check_syntax, is_query, parameter_names, references, statements, windows

_HEADER = re.compile(r"\s*/\*\s*stepladder\b(.*?)\*/", re.DOTALL)
_KEYS = ("time", "every", "key", "checks", "start", "description")
_NAME_BYTES = 63


def read_models(project: Project) -> tuple[Model, ...]:
    """Every model of the project, by name. Raises ModelError with file and line."""
    folder = project.models
    if not folder.is_dir():
        raise ModelError(f"there is no folder {folder}: a project's models are its .sql files.")
    found: dict[str, Model] = {}
    for path in sorted(folder.rglob("*.sql")):
        model = read_model(path, project)
        if model.name in found:
            raise ModelError(
                f"another model is called {model.name}: {found[model.name].path}.", file=str(path)
            )
        found[model.name] = model
    if not found:
        raise ModelError(
            f"there is no model in {folder}: write one, for instance {folder / 'orders_by_day.sql'}."
        )
    return tuple(found[name] for name in sorted(found))


def read_model(path: Path, project: Project) -> Model:
    """The model in one file. Raises ModelError."""
    file = _shown(path, project)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"cannot be read: {error}", file=file) from error
    name = _name(path, file)
    header, sql = _split(text, file)
    try:
        check_syntax(sql)
        sql = _one_query(sql)
        reads, found_windows, parameters = references(sql), windows(sql), parameter_names(sql)
    except ProgrammingError as error:
        raise ModelError(error.message, file=file, line=_line(sql, error.position)) from error
    model = Model(
        name=name,
        path=path,
        sql=sql,
        time=_word(header, "time", file),
        every=_word(header, "every", file),
        key=tuple(_words(header, "key", file)),
        checks=_checks(header, file),
        start=_start(header, project, file),
        description=_word(header, "description", file) or "",
        reads=reads,
        windows=found_windows,
        parameters=parameters,
        settings=_settings(parameters, project),
    )
    _refuse_nonsense(model, project, file)
    return model


def _settings(parameters: Sequence[str], project: Project) -> str:
    given = {"zone": project.timezone, **project.vars}
    return " ".join(f"{name}={given[name]!r}" for name in sorted(parameters) if name in given)


def _split(text: str, file: str) -> tuple[Mapping[str, Any], str]:
    """The header's values, and the text with the header blanked, so that every line keeps its number."""
    match = _HEADER.match(text)
    if match is None:
        stray = re.search(r"/\*\s*stepladder\b", text)
        if stray is not None:
            raise ModelError(
                "the header must come first in the file: move what stands before it below.",
                file=file,
                line=_line(text, stray.start()),
            )
        return {}, text
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
    for key in header:
        if key not in _KEYS:
            place = re.search(rf"^\s*[\"']?{re.escape(key)}[\"']?\s*=", match[1], re.MULTILINE)
            line = text[: match.start(1) + (place.end() if place else 0)].count("\n") + 1
            raise ModelError(
                f"unknown key {key!r} in the header.{nearest(key, _KEYS)} Known: {', '.join(_KEYS)}.",
                file=file,
                line=line,
            )
    return header, "\n" * match[0].count("\n") + text[match.end() :]


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
    if (model.time is None) != (model.every is None):
        raise ModelError(
            "`time` and `every` belong together: give both, or neither for a table that is made whole.",
            file=file,
        )
    if model.every and model.every not in EVERY:
        raise ModelError(
            f"every = {model.every!r}.{nearest(model.every, EVERY)} It is one of {', '.join(EVERY)}.",
            file=file,
        )
    missing = [f":{name}" for name in ("start", "end") if model.every and name not in model.parameters]
    if missing:
        raise ModelError(
            f"a model with `every` reads its interval: {' and '.join(missing)} is missing from the SQL. "
            "Add, for instance, WHERE event_timestamp >= :start AND event_timestamp < :end.",
            file=file,
        )
    idle = [f":{name}" for name in ("start", "end") if not model.every and name in model.parameters]
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


def _name(path: Path, file: str) -> str:
    name = path.stem
    if len(name.encode()) > _NAME_BYTES:
        raise ModelError(
            f"the name has {len(name.encode())} bytes; PostgreSQL keeps {_NAME_BYTES}, so two models could become one table. Shorten it.",
            file=file,
        )
    if name.startswith("stepladder"):
        raise ModelError("names that begin with stepladder are kept for Stepladder's own tables.", file=file)
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", name):
        raise ModelError(f"{name!r} is no plain table name: use small letters, digits and _.", file=file)
    return name


def _checks(header: Mapping[str, Any], file: str) -> tuple[Check, ...]:
    try:
        return tuple(parse_check(text) for text in _words(header, "checks", file))
    except UsageError as error:
        raise ModelError(error.message, file=file) from error


def _start(header: Mapping[str, Any], project: Project, file: str) -> dt.datetime | None:
    value = header.get("start")
    if value is None:
        return None
    try:
        return local_instant(str(value), project.timezone)
    except UsageError as error:
        raise ModelError(f"start: {error.message}", file=file) from error


def _word(header: Mapping[str, Any], key: str, file: str) -> str | None:
    value = header.get(key)
    if value is not None and not isinstance(value, str):
        raise ModelError(f"{key} must be text in quotes.", file=file)
    return value


def _words(header: Mapping[str, Any], key: str, file: str) -> Sequence[str]:
    value = header.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ModelError(f'{key} must be a list of texts: {key} = ["…", "…"].', file=file)
    return value


def _line(text: str, position: int | None) -> int | None:
    return None if position is None else text.count("\n", 0, position) + 1


def _shown(path: Path, project: Project) -> str:
    return str(path.relative_to(project.folder)) if path.is_relative_to(project.folder) else str(path)
