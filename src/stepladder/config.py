"""stepladder.toml, .env and the environment, as values: nothing here connects or writes.

Where a setting is given twice, the environment wins over .env (beside stepladder.toml), and .env over
stepladder.toml. `${NAME}` is resolved only for what is used, so a project whose production password is not
at hand still runs on its prototype.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from stepladder.errors import ConfigError, MissingFile, redact, redact_url

FILE_NAME = "stepladder.toml"
_KNOWN = ("name", "default", "timezone", "recheck", "targets", "sources", "vars", "alerts")
_PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_UNENCODED = re.compile(r"[@/]|%(?![0-9A-Fa-f]{2})")
_SCHEMES = {
    "sqlite": "sqlite3",
    "postgresql": "psycopg",
    "postgres": "psycopg",
    "postgresql+psycopg": "psycopg",
    "postgresql+psycopg2": "psycopg2",
    "postgresql+embedded": "embedded",
}


@dataclass(frozen=True, slots=True)
class Target:
    """One place where tables live.

    `driver` is "sqlite3", "psycopg", "psycopg2" or "embedded". `url` holds the password and never prints;
    `str(target)` is for people. `path` is the SQLite file or the embedded cluster's folder; None for a server
    and for `:memory:`.
    """

    url: str = field(repr=False)
    driver: str
    name: str | None = None
    path: Path | None = None

    @property
    def is_sqlite(self) -> bool:
        return self.driver == "sqlite3"

    def __str__(self) -> str:
        shown = redact_url(self.url)
        return f"{self.name} ({shown})" if self.name else shown


@dataclass(frozen=True, slots=True)
class Source:
    """What [sources.NAME] says of a table that no model makes.

    `time` is the column by which a model in Python gets its interval's rows of it; `time_is` the zone of its values
    where they have none. `fresh` is how old its newest row may be, as text ("26 hours"). `print` is how a change of it
    is found: "xmin", "digest", "column:NAME", "none"; None: the engine's own way.
    """

    name: str
    time: str | None = None
    time_is: str | None = None
    fresh: str | None = None
    print: str | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """What stepladder.toml says. `timezone` is an IANA name: the zone whose midnight ends a day. `recheck` is how often
    `schedule` looks for late rows, as text ("15 min")."""

    folder: Path
    name: str
    default: str | None
    timezone: str
    targets: Mapping[str, str] = field(repr=False)
    vars: Mapping[str, object]
    sources: Mapping[str, Source] = field(default_factory=dict)
    recheck: str | None = None

    @property
    def models(self) -> Path:
        return self.folder / "models"


def find_project(start: Path | None = None) -> Project | None:
    """The project of the nearest stepladder.toml in `start` (default: the current folder) or above it."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / FILE_NAME).is_file():
            return read_project(folder)
    return None


def require_project(start: Path | None = None) -> Project:
    """`find_project`, or ConfigError."""
    project = find_project(start)
    if project is None:
        where = (start or Path.cwd()).resolve()
        raise ConfigError(
            f"There is no {FILE_NAME} in {where} or above it. Make a project with `stepladder init NAME`, or go to its folder."
        )
    return project


def read_project(folder: Path) -> Project:
    """The project in `folder`. Raises MissingFile, ConfigError."""
    path = folder / FILE_NAME
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MissingFile(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error
    refuse_unknown(data, _KNOWN, str(path))
    timezone = _text(data, "timezone", path) or "UTC"
    _check_zone(timezone, path)
    return Project(
        folder=folder,
        name=_text(data, "name", path) or folder.name,
        default=_text(data, "default", path),
        timezone=timezone,
        targets=_targets(data.get("targets", {}), path),
        vars=_table(data, "vars", path),
        sources=_sources(_table(data, "sources", path), path, timezone),
        recheck=_text(data, "recheck", path),
    )


def resolve_target(
    target: str | None, project: Project | None, environment: Mapping[str, str] | None = None
) -> Target:
    """A URL or a target's name as a Target; None means STEPLADDER_TARGET, else the project's `default`.

    Raises ConfigError for an unknown name, a variable that is not set, a URL of an unknown kind.
    """
    values = settings(project, os.environ if environment is None else environment)
    chosen = target or values.get("STEPLADDER_TARGET") or (project.default if project else None)
    if not chosen:
        known = f" The project knows: {_list(project.targets)}." if project else ""
        raise ConfigError(
            f"No target is named. Give a URL or a name (--target), set STEPLADDER_TARGET, or write `default` in {FILE_NAME}.{known}"
        )
    if "://" in chosen:
        return _target(chosen, None, project)
    if project is None:
        raise ConfigError(
            f"There is no target {redact(chosen)!r}: no {FILE_NAME} in {Path.cwd()} or above it. Give a URL such as sqlite:///shop.db."
        )
    if chosen not in project.targets:
        hint = nearest(chosen, project.targets)
        raise ConfigError(
            f"There is no target {redact(chosen)!r} in {project.folder / FILE_NAME}.{hint} It knows: {_list(project.targets)}."
        )
    url = _substitute(project.targets[chosen], values, f"target {chosen!r}")
    return _target(url, chosen, project)


def slow_seconds(project: Project | None, environment: Mapping[str, str] | None = None) -> float | None:
    """STEPLADDER_SLOW_SECONDS: a statement that takes longer is logged with its plan; None: none is. Raises ConfigError."""
    text = settings(project, os.environ if environment is None else environment).get(
        "STEPLADDER_SLOW_SECONDS"
    )
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not seconds >= 0:
        raise ConfigError(f"STEPLADDER_SLOW_SECONDS is {text!r}: give seconds, as 0.5 or 2.")
    return seconds


def settings(project: Project | None, environment: Mapping[str, str]) -> Mapping[str, str]:
    """The environment over the project's .env."""
    path = project.folder / ".env" if project else None
    if path is None or not path.is_file():
        return environment
    from dotenv import dotenv_values  # only where there is an .env: it costs the start of every command else

    found = dotenv_values(path, interpolate=False)
    return {**{name: value for name, value in found.items() if value is not None}, **environment}


def placeholders(text: str) -> tuple[str, ...]:
    """The names of the variables that `text` needs."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(text)))


def refuse_unknown(data: Mapping[str, object], known: Iterable[str], place: str) -> None:
    """ConfigError for the first key of `data` that is not `known`, with the nearest one that is."""
    names = list(known)
    for key in data:
        if key not in names:
            raise ConfigError(f"{place}: unknown key {key!r}.{nearest(key, names)} Known: {_list(names)}.")


def nearest(word: str, known: Iterable[str]) -> str:
    """' Did you mean X?' for the closest known word, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def _target(url: str, name: str | None, project: Project | None) -> Target:
    scheme, _, rest = url.partition("://")
    driver = _SCHEMES.get(scheme)
    if driver is None:
        raise ConfigError(
            f"{redact_url(url)} is not a URL that Stepladder knows.{nearest(scheme, _SCHEMES)} "
            "Use sqlite:///file.db, postgresql://user@host/database, postgresql+psycopg2://… or postgresql+embedded:///folder."
        )
    if driver not in ("sqlite3", "embedded"):
        _refuse_unencoded(rest)
        return Target(url, driver, name)
    if not rest.startswith("/"):
        raise ConfigError(
            f"{redact_url(url)} names a host. A {scheme} URL has three slashes: {scheme}:///path."
        )
    location = rest[1:].partition("?")[0]
    if driver == "sqlite3" and location in ("", ":memory:"):
        return Target(url, driver, name)
    if not location:
        raise ConfigError(f"{url} names no folder. Write {scheme}:///folder.")
    base = project.folder if project else Path.cwd()
    return Target(url, driver, name, (base / location).resolve())


def _refuse_unencoded(rest: str) -> None:
    """libpq ends a password at its first @ or /, takes the rest for a host, and prints it."""
    login, at, _ = rest.partition("?")[0].rpartition("@")
    password = login.partition(":")[2]
    if any(letter.isspace() for letter in rest) or (at and _UNENCODED.search(password)):
        raise ConfigError(
            "The target's URL holds a character that must be percent-encoded in a name or password: @ is %40, / is %2F, "
            ": is %3A, % is %25, a blank is %20. The password is not shown."
        )


def _substitute(text: str, values: Mapping[str, str], what: str) -> str:
    def value(match: re.Match[str]) -> str:
        found = values.get(match[1])
        if not found:
            raise ConfigError(
                f"{what} needs ${{{match[1]}}}, which is not set. Set it in the environment or in .env beside {FILE_NAME}."
            )
        return found

    return _PLACEHOLDER.sub(value, text)


def _targets(data: object, path: Path) -> dict[str, str]:
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: [targets] must be a table of names and URLs.")
    found: dict[str, str] = {}
    for name, value in data.items():
        if isinstance(value, dict):
            refuse_unknown(value, ("url",), f"{path}, target {name!r}")
        url = value.get("url") if isinstance(value, dict) else value
        if not isinstance(url, str):
            raise ConfigError(f"{path}: target {name!r} must be a URL in quotes.")
        found[name] = url
    return found


_PRINTS = ("xmin", "digest", "none")


def _sources(data: Mapping[str, object], path: Path, timezone: str) -> dict[str, Source]:
    found = {}
    for name, value in data.items():
        place = f"{path}, source {name!r}"
        if not isinstance(value, dict):
            raise ConfigError(f"{place} must be a table: [sources.{name}].")
        refuse_unknown(value, ("time", "time_is", "fresh", "print"), place)
        words = {key: _text(value, key, path) for key in value}
        print_, zone = words.get("print"), words.get("time_is")
        if print_ and print_ not in _PRINTS and not print_.startswith("column:"):
            raise ConfigError(
                f"{place}: print = {print_!r}.{nearest(print_, _PRINTS)} It is one of {_list(_PRINTS)}, column:NAME."
            )
        if zone == "local":
            words["time_is"] = timezone
        elif zone:
            _check_zone(zone, path, f"source {name!r}, time_is")
        found[name] = Source(name, **words)
    return found


def _check_zone(name: str, path: Path, what: str = "timezone") -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigError(
            f"{path}: {what} = {name!r} is no zone of the IANA database. Write one like 'Europe/Berlin' or 'UTC'."
        ) from error


def _text(data: Mapping[str, object], key: str, path: Path) -> str | None:
    value = data.get(key)
    if value is not None and not isinstance(value, str):
        raise ConfigError(f"{path}: {key} must be text in quotes.")
    return value


def _table(data: Mapping[str, object], key: str, path: Path) -> dict[str, object]:
    value = data.get(key, {})
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: [{key}] must be a table.")
    return value


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
