"""`sl.project(…)`: a project on a target, as Python sees it. Values back, errors raised; nothing is printed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from types import TracebackType

from stepladder.config import Project, Target, require_project, resolve_target
from stepladder.db import Database, connect
from stepladder.errors import MissingFile, UsageError
from stepladder.pipelines.diff import ModelDiff, diff_model
from stepladder.pipelines.facts import Asked
from stepladder.pipelines.graph import in_order
from stepladder.pipelines.grid import local_instant
from stepladder.pipelines.model import Model
from stepladder.pipelines.model_test import ModelTest, read_model_tests
from stepladder.pipelines.plan import Plan, Wishes
from stepladder.pipelines.read import read_models
from stepladder.pipelines.runner import JOBS, Prepared, RunResult, Step, prepare, run
from stepladder.pipelines.selecting import Selection, states_of
from stepladder.pipelines.status import Status, read_status
from stepladder.pipelines.testing import Verdict, live_columns, prototype, run_model_test

Moment = str | dt.date | dt.datetime | None


def project(path: str | Path | None = None, target: str | None = None) -> OpenProject:
    """The project of the nearest stepladder.toml in `path` (default: the current folder) or above it, on a target: a
    name, a URL, or the project's default.

    Nothing is opened yet: the models are read when they are asked for, the target is connected when it is. Close it, or
    use it as a context manager. Raises ConfigError, MissingFile.
    """
    start = None if path is None else Path(path)
    if start is not None and not start.is_dir():
        raise MissingFile(f"there is no folder {start}.")
    found = require_project(start)
    return OpenProject(found, target)


class OpenProject:
    """A project on a target. Every call reads the models' files anew, so it may live as long as a service does."""

    def __init__(self, project: Project, target: str | None) -> None:
        self._project = project
        self._target_name = target
        self._db: Database | None = None

    def __enter__(self) -> OpenProject:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<project {self._project.name} in {self._project.folder}>"

    @property
    def name(self) -> str:
        """What stepladder.toml calls it."""
        return self._project.name

    @property
    def folder(self) -> Path:
        """Where stepladder.toml is."""
        return self._project.folder

    @property
    def timezone(self) -> str:
        """The zone whose midnight ends a day."""
        return self._project.timezone

    @property
    def target(self) -> Target:
        """Where its tables are. Raises ConfigError."""
        return resolve_target(self._target_name, self._project)

    @property
    def db(self) -> Database:
        """The target's database, connected at the first use. Raises ConfigError, ConnectionFailed."""
        if self._db is None:
            self._db = connect(self.target)
        return self._db

    @property
    def models(self) -> tuple[Model, ...]:
        """Its models, upstream first. Raises ModelError with file and line."""
        return in_order(read_models(self._project))

    def plan(
        self,
        *selectors: str,
        start: Moment = None,
        end: Moment = None,
        now: Moment = None,
        redo: bool = False,
        rebuild: bool = False,
        deep: bool = False,
        forward: bool = False,
    ) -> Plan:
        """What there is to do, and why; writes nothing. Without selectors: all models.

        `start` and `end` are days of the project's zone ("2026-03-08", a date) or instants, half-open; `now` is taken for
        the present. `redo`, `rebuild`, `deep` and `forward` are those of `stepladder run`. Raises UsageError, ModelError, DatabaseError.
        """
        return self._prepare(
            selectors, self._asked(start, end), self._instant(now), Wishes(redo, rebuild, deep, forward)
        ).plan

    def run(
        self,
        *selectors: str,
        start: Moment = None,
        end: Moment = None,
        now: Moment = None,
        redo: bool = False,
        rebuild: bool = False,
        deep: bool = False,
        forward: bool = False,
        jobs: int = JOBS,
        on_step: Callable[[Step], None] = lambda _: None,
    ) -> RunResult:
        """Do what `plan` says, on a server `jobs` intervals at once; each piece of work is told to `on_step` when it is over.

        An interval that fails is no exception but a step of the result (`result.failed`), as the others go on; so ask it.
        Raises UsageError, ModelError, and DatabaseError where nothing can go on.
        """
        ready = self._prepare(
            selectors, self._asked(start, end), self._instant(now), Wishes(redo, rebuild, deep, forward)
        )
        return run(self.db, self._project, ready, jobs=jobs, on_step=on_step)

    def status(self, *selectors: str) -> Status:
        """How far every model is, by the ledger alone. Raises UsageError, ModelError, DatabaseError."""
        return read_status(self.db, self._project, self.models, Selection(selectors, upstream=False))

    def test(self, *names: str) -> tuple[Verdict, ...]:
        """What becomes of the model tests of these names, without .test (default: all): on the target where it is a server
        that was named, else on SQLite in memory. Raises UsageError for an unknown name, ModelError for a test that cannot
        run."""
        tests = read_model_tests(self._project.folder / "tests", self._project.timezone)
        unknown = sorted(set(names) - {test.path.stem for test in tests})
        if unknown:
            raise UsageError(f"there is no test {unknown[0]!r} in {self._project.folder / 'tests'}.")
        if self._target_name is not None:
            return self._test(tests, names, self.db)
        file = prototype(self._project)
        with connect(file, read_only=True) if file else nullcontext() as db:
            return self._test(tests, names, db)

    def _test(
        self, tests: Sequence[ModelTest], names: Sequence[str], db: Database | None
    ) -> tuple[Verdict, ...]:
        server = None if db is None or db.target.is_sqlite else db
        live, models = live_columns(db), self.models
        return tuple(
            run_model_test(self._project, models, test, server, live)
            for test in tests
            if not names or test.path.stem in names
        )

    def diff(
        self, model: str, *, start: Moment = None, end: Moment = None, against: str | None = None
    ) -> ModelDiff:
        """What a run of the model as it is now would change in its table, or in that of the target `against`; writes
        nothing. Raises UsageError where there is no table, ModelError, DatabaseError."""
        asked = self._asked(start, end)
        if against is None:
            return diff_model(self.db, self._project, model, asked=asked)
        with connect(resolve_target(against, self._project), read_only=True) as live:
            return diff_model(self.db, self._project, model, asked=asked, live=live)

    def close(self) -> None:
        """Close the connections that it made."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _prepare(
        self, words: Sequence[str], asked: Asked, now: dt.datetime | None, wishes: Wishes
    ) -> Prepared:
        def planned(names: Selection) -> Prepared:
            return prepare(self.db, self._project, names=names, asked=asked, now=now, wishes=wishes)

        return planned(Selection(words, states=lambda: states_of(planned(Selection()).plan)))

    def _asked(self, start: Moment, end: Moment) -> Asked:
        return self._instant(start), self._instant(end)

    def _instant(self, moment: Moment) -> dt.datetime | None:
        return None if moment is None else instant(moment, self._project.timezone)


def instant(moment: str | dt.date | dt.datetime, zone: str) -> dt.datetime:
    """A day or a time, in words or as a value, as an instant; without a zone it is the project's. Raises UsageError."""
    return local_instant(moment if isinstance(moment, str) else moment.isoformat(), zone)
