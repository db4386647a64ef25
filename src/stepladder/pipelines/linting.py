"""Lints a project's models in the order in which they read each other, and plain .sql files beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from stepladder.config import Project
from stepladder.db import Session
from stepladder.errors import DatabaseError, ModelError, NotPortable, UsageError
from stepladder.pipelines.bind import parameter_types, reads_dates, source_text
from stepladder.pipelines.graph import in_order
from stepladder.pipelines.known import Known
from stepladder.pipelines.model import Model, Query, is_model
from stepladder.pipelines.modules import Modules
from stepladder.pipelines.naming import shown
from stepladder.pipelines.read import model_files, read_file
from stepladder.pipelines.selecting import select
from stepladder.sql import Finding, Setting, Text, describe, lint_script, lint_statement


def lint_models(
    project: Project, session: Session | None, names: Sequence[str], *, by_bytes: bool = False
) -> tuple[Finding, ...]:
    """What is to be said of these models (none: all), each typed by what it reads. Raises ModelError for a circle,
    UsageError for an unknown name."""
    return tuple(_of_models(project, Known(session), names, _setting(project, session, by_bytes)))


def lint_files(
    texts: Sequence[Text], project: Project | None, session: Session | None, *, by_bytes: bool = False
) -> tuple[Finding, ...]:
    """What is to be said of these scripts; they see the project's models as they will be."""
    schema, setting = Known(session), _setting(project, session, by_bytes)
    if project is not None and project.models.is_dir():
        list(_of_models(project, schema, (), setting))
    return tuple(finding for text in texts for finding in lint_script(text, schema, setting))


def _setting(project: Project | None, session: Session | None, by_bytes: bool) -> Setting:  # noqa: FBT001
    return Setting(session is not None, project.timezone if project else "UTC", by_bytes=by_bytes)


def _of_models(project: Project, schema: Known, names: Sequence[str], setting: Setting) -> Iterator[Finding]:
    models: list[Model] = []
    modules = Modules(project.folder, project.models)
    for path in model_files(project):
        try:
            models += read_file(path, project, modules)
        except ModelError as error:
            schema.models[path.stem] = None
            if not names or path.stem in names:
                yield _unread(path, project, error)
    known = [name for name in names if name not in schema.models]
    ordered = in_order(models)
    for model in ordered if not names else select(ordered, known) if known else ():
        if not isinstance(model.body, Query):
            schema.models[model.name] = model.body.columns or schema.made(model.name)
            continue
        findings = _of_model(model, project, schema, setting)
        if not names or model.name in names:
            yield from findings


def _unread(path: Path, project: Project, error: ModelError) -> Finding:
    file, line = shown(path, project), error.line or 1
    said = error.message.removeprefix(f"{error.file}:").removeprefix(f"{error.line}:").strip()
    return Finding(file, line, 1, "error", said, snippet=())


def _of_model(model: Model, project: Project, schema: Known, setting: Setting) -> tuple[Finding, ...]:
    sql = model.sql.lstrip("\n")
    source = source_text(model, project)
    unknown = any(is_model(table, schema.models) and schema.columns(table) is None for table in model.reads)
    setting = replace(setting, complete=setting.complete and not unknown, model=True)
    schema.models[model.name] = None
    try:
        types = parameter_types(model, project, by_date=reads_dates(model, schema))
    except (ModelError, UsageError) as error:
        return (Finding(source.file, 1, 1, "error", error.message),)
    findings = lint_statement(source, sql, schema, types, setting)
    with suppress(DatabaseError, NotPortable):  # said by the findings
        schema.models[model.name] = describe(sql, schema, types)
    return findings
