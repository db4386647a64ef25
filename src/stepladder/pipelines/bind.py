"""Models against a target's catalogue: every table and column that they name, before anything is written."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from stepladder.config import Project, nearest
from stepladder.db import Database, Session
from stepladder.errors import ModelError, NotPortable, ProgrammingError, UndefinedColumn, UndefinedTable
from stepladder.pipelines.known import Known
from stepladder.pipelines.model import Function, Model, Query, is_model
from stepladder.pipelines.naming import shown
from stepladder.pipelines.unbound import unbound
from stepladder.quality import unknown_columns
from stepladder.sql import (
    Column,
    Finding,
    TableName,
    Text,
    Type,
    columns_read,
    describe,
    type_of,
    windows,
    zone_findings,
)

_ZONED = ("timestamptz", "date")


@dataclass(frozen=True, slots=True)
class Bound:
    """A model and its output's columns; None where only the server can tell them. `by_date`: its windows are on
    date columns, so :start and :end are dates of the project's zone. `read`: the columns of each table that it reads,
    where that is known. `target`: the target's name, or its URL without the password. `warnings`: what runs, but may not
    say what was meant."""

    model: Model
    columns: tuple[Column, ...] | None
    by_date: bool
    read: Mapping[TableName, frozenset[str]] | None = None
    target: str = ""
    warnings: tuple[Finding, ...] = ()


def bind(
    models: Sequence[Model],
    session: Session,
    project: Project,
    *,
    strict: bool,
    others: Container[str] = (),
) -> tuple[Bound, ...]:
    """Bind models, upstream first; `others` are models too, whose tables must be there. Types, and the windows of columns that
    SQL names without their table.

    `strict` (SQLite): whatever cannot be typed here is refused, since it could not run either; else (PostgreSQL) the
    server may know what we do not, and only a missing table or column is refused. Where what a model reads has no
    types before its first run (models in Python), it is typed when it runs.

    Raises ModelError with file and line.
    """
    schema = Known(session)
    target = str(session.target.name or session.target) if isinstance(session, Database) else ""
    bound = []
    for model in models:
        found = replace(_bind(model, schema, project, others, strict=strict), target=target)
        schema.models[model.name] = found.columns
        bound.append(found)
    return tuple(bound)


def _bind(model: Model, schema: Known, project: Project, others: Container[str], *, strict: bool) -> Bound:
    file, body = shown(model.path, project), model.body
    line = body.line if isinstance(body, Function) else None
    for table in (*model.reads, *model.depends):
        if not is_model(table, schema.models) and schema.columns(table) is None:
            said = (
                "a model that has not been made here yet and is not among the chosen ones. Run it first: "
                f"stepladder run {table.name}"
                if is_model(table, others)
                else "which is neither a model nor a table of the target. "
                f"Load it first: stepladder load FILE --into {table.sql} --mode append --create"
            )
            raise ModelError(f"{model.name} reads {table.sql}, {said}", file=file, line=line)
    _refuse_own_rows(model, schema, file, line)
    for table in model.watch:
        if table not in model.reads:
            raise ModelError(
                f"watch names {table.sql}, which the model does not read.{nearest(table.sql, [each.sql for each in model.reads])}",
                file=file,
                line=line,
            )
    if isinstance(body, Query):
        return _bind_query(model, body, schema, project, strict=strict)
    columns = body.columns or schema.made(model.name)
    if columns is not None:
        refuse_output(model, columns, file)
    read = {table: frozenset(each.name for each in schema.columns(table) or ()) for table in model.reads}
    return Bound(model, columns, by_date=False, read=read if all(read.values()) else None)


def _bind_query(model: Model, body: Query, schema: Known, project: Project, *, strict: bool) -> Bound:
    file = shown(model.path, project)
    model = _with_windows(model, body, schema)
    by_date = reads_dates(model, schema)
    try:
        types = parameter_types(model, project, by_date=by_date)
        columns = describe(body.sql, schema, types)
    except (ProgrammingError, NotPortable) as error:
        unknown = any(schema.columns(table) is None for table in model.reads)
        if (strict and not unknown) or _surely_wrong(error, unknown=unknown):
            raise unbound(error, model, schema, file) from error
        return Bound(model, None, by_date)
    refuse_output(model, columns, file)
    warnings = zone_findings(
        source_text(model, project), body.sql.lstrip("\n"), schema, types, project.timezone
    )
    return Bound(model, columns, by_date, columns_read(body.sql, schema, types), warnings=warnings)


def source_text(model: Model, project: Project) -> Text:
    """A model's file, and where in it its SELECT begins."""
    text = model.path.read_text(encoding="utf-8-sig")
    return Text(shown(model.path, project), text, max(text.rfind(model.sql.lstrip("\n")), 0))


def _refuse_own_rows(model: Model, schema: Known, file: str, line: int | None) -> None:
    """What a model reads through a view are its own rows of the last run: it would never come to rest."""
    for table in model.reads:
        if not is_model(table, schema.models) and is_model(
            TableName(None, model.name), _names(schema.through(table))
        ):
            raise ModelError(
                f"{model.name} reads {table.sql}, a view over {model.name} itself. Read what the view reads, in the interval, instead.",
                file=file,
                line=line,
            )


def _names(tables: Iterable[TableName]) -> frozenset[str]:
    return frozenset(table.name for table in tables if table.schema in (None, "public"))


def _with_windows(model: Model, body: Query, schema: Known) -> Model:
    """The model with windows on columns that SQL names without their table, too: now the tables are known."""

    def names(table: TableName) -> Sequence[str] | None:
        found = schema.columns(table)
        return None if found is None else [column.name for column in found]

    read = windows(body.sql, names)
    return replace(model, windows=read.inside, whole=read.whole)


def _surely_wrong(error: Exception, *, unknown: bool) -> bool:
    return isinstance(error, UndefinedColumn | UndefinedTable) and not unknown


def reads_dates(model: Model, schema: Known) -> bool:
    """Whether the model's windows are on date columns. Raises ModelError where one is and another is not."""
    types = {
        column.type.name
        for window in model.windows
        for column in schema.columns(window.table) or ()
        if column.name == window.column
    }
    if "date" in types and len(types) > 1:
        raise ModelError(
            f"{model.name} compares :start with a date and with a timestamp. Read both by timestamps.",
            file=str(model.path),
        )
    return types == {"date"}


def parameter_types(model: Model, project: Project, *, by_date: bool) -> Mapping[str, Type]:
    """The types of the values that a run gives the model's parameters."""
    edge = Type("date" if by_date else "timestamptz")
    given = {"start": edge, "end": edge, "now": Type("timestamptz"), "zone": Type("unknown")}
    return {name: given[name] if name in given else type_of(project.vars[name]) for name in model.parameters}


def refuse_output(model: Model, columns: Sequence[Column], file: str) -> None:
    """Raise ModelError where the output lacks what the header names, or its time says no zone."""
    names = [column.name for column in columns]
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise ModelError(f"two columns are called {', '.join(twins)}. Name them apart with AS.", file=file)
    if "?column?" in names:
        raise ModelError(f"column {names.index('?column?') + 1} has no name. Give it one with AS.", file=file)
    named = {
        "time": [model.time] if model.time else [],
        "key": model.key,
        "indexes": [name for index in model.indexes for name in index],
        "columns": model.column_comments,
    }
    for what, wanted in named.items():
        for name in wanted:
            if name not in names:
                raise ModelError(
                    f"{what} names {name!r}, which is no column of the output ({', '.join(names)}).",
                    file=file,
                    line=model.lines.get(what),
                )
    for check in model.checks:
        for name in unknown_columns(check, columns):
            raise ModelError(
                f"check {check.text} names {name!r}, which is no column of the output ({', '.join(names)}).",
                file=file,
                line=model.lines.get("checks"),
            )
    if model.kind == "history" and (taken := [name for name in ("valid_from", "valid_to") if name in names]):
        raise ModelError(
            f"a history adds {' and '.join(taken)} itself. Name the output's otherwise.", file=file
        )
    type_ = next((column.type for column in columns if column.name == model.time), None)
    if type_ is not None:
        _refuse_time(model, type_, file)


def _refuse_time(model: Model, type_: Type, file: str) -> None:
    """The time column must say instants, or days of the project's zone."""
    if type_.name == "timestamp":
        if model.time_is is None:
            raise ModelError(
                f"the time column {model.time} is {type_}: its values do not say of which zone they are. Say it: "
                f'time_is = "UTC" (or "Europe/Berlin", or "local"); or make it a timestamptz, or a date of the project\'s zone: '
                f"({model.time} AT TIME ZONE :zone)::date.",
                file=file,
                line=model.lines.get("time"),
            )
    elif type_.name not in _ZONED:
        raise ModelError(
            f"the time column {model.time} is {type_}; it must be a timestamptz, a date of the project's zone, or a timestamp.",
            file=file,
            line=model.lines.get("time"),
        )
    elif model.time_is is not None:
        raise ModelError(
            f"time_is has no meaning here: the time column {model.time} is {type_}. Leave it out.",
            file=file,
            line=model.lines.get("time_is"),
        )
