"""An experiment on a database: look at it, show its SQL, size it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from stepladder.db import Database
from stepladder.errors import PermissionDenied, UniqueViolation, UsageError
from stepladder.experiments import looks
from stepladder.experiments.analysis import Circumstances, read_out
from stepladder.experiments.declaration import Declaration
from stepladder.experiments.layout import lay_out
from stepladder.experiments.looking import looking
from stepladder.experiments.plan_changes import changes, promised
from stepladder.experiments.read import declared, read_experiment
from stepladder.experiments.results import Look, Readout
from stepladder.experiments.size import Sizing, sized
from stepladder.experiments.statement import Cuts, sums_statement
from stepladder.experiments.sums import Sums, read_sums
from stepladder.experiments.validation import Validation, validated
from stepladder.sql import code_text

_ATTEMPTS = 3
_READ_ONLY = "25006"


@dataclass(frozen=True, slots=True)
class History:
    """A look among those that are kept: its number (None: it is not kept), those before it, what was decided at the
    planned size, at which look an arm first passed its bound, and how the plan changed."""

    number: int | None
    earlier: tuple[looks.Kept, ...]
    decided: Mapping[tuple[str, str], bool | None]
    passed: Mapping[tuple[str, str], int]
    changes: tuple[str, ...]


class Experiment:
    """A declaration and the database that holds its tables."""

    def __init__(self, db: Database, declaration: Declaration) -> None:
        self.db = db
        self.declaration = declaration

    @classmethod
    def declared(cls, db: Database, name: str, keys: Mapping[str, object]) -> Experiment:
        """From the keys that the file experiments/NAME.toml would hold. Raises ConfigError."""
        return cls(db, declared(name, keys))

    @classmethod
    def read(cls, db: Database, path: str | Path) -> Experiment:
        """From such a file. Raises MissingFile, ConfigError."""
        return cls(db, read_experiment(Path(path)))

    def sql(self) -> str:
        """The statement that brings the sums, with :experiment for the experiment's name. Raises ConfigError."""
        return sums_statement(lay_out(self.db, self.declaration), Cuts())

    def sums(self, until: datetime | None = None) -> Sums:
        """What the database says, in one snapshot. Raises ConfigError; UsageError for `until` without a time zone."""
        if until is not None and until.tzinfo is None:
            raise UsageError(
                f"until = {until.isoformat()} has no time zone. Give it one: until.replace(tzinfo=UTC)."
            )
        with self.db.transaction(read_only=True, isolation="repeatable read") as tx:
            return read_sums(tx, self.declaration, until)

    def analyze(self, *, until: datetime | None = None, store: bool = True) -> Readout:
        """Look at the experiment as of `until` (None: all there is) and keep the look.

        The same data again is the same look. Where nothing can be written the read-out says so, and gives no sequential
        verdict. Raises ConfigError; UsageError for `until` without a time zone; database errors.
        """
        sums = self.sums(until)
        for left in reversed(range(_ATTEMPTS)):
            try:
                return self._looked(sums, store=store)
            except UniqueViolation:
                if not left:
                    raise
            except PermissionDenied:
                if not store or not left:
                    raise
                store = False
        raise AssertionError("not reached")

    def size(self, *, effect: float | None = None, power: float | None = None) -> Sizing:
        """How many users, and days, a relative effect needs (None: the plan's, else several). Raises UsageError."""
        return sized(self.sums(), effect=effect, power=power)

    def validate(self, *, draws: int = 2000, seed: int = 1) -> Validation:
        """How often the method calls what is no effect significant, on these users' own figures. Raises UsageError."""
        with self.db.transaction(read_only=True, isolation="repeatable read") as tx:
            return validated(tx, read_sums(tx, self.declaration), draws=draws, seed=seed)

    def _looked(self, sums: Sums, *, store: bool) -> Readout:
        ready = store and self._prepared()
        kept = self._kept()
        look = _look(sums)
        known = next((each for each in kept if each.is_of(look)), None)
        number = known.number if known else len(kept) + 1
        earlier = tuple(each for each in kept if each.number < number)
        history = History(
            number=number if known or ready else None,
            earlier=earlier,
            decided=self._decided(kept, known),
            passed=self._passed(earlier),
            changes=changes(self.declaration, (*earlier, known) if known else earlier),
        )
        found = _read_out(sums, look, history)
        if known is not None or not ready:
            return found
        with self.db.transaction() as tx:
            looks.keep(tx, found, _hash(sums), promised(self.declaration))
        return found

    def _kept(self) -> tuple[looks.Kept, ...]:
        """The looks that are stored, as far as this user may know."""
        try:
            return looks.kept_looks(self.db, self.declaration.name) if looks.are_kept(self.db) else ()
        except PermissionDenied:
            return ()

    def _decided(
        self, kept: Sequence[looks.Kept], known: looks.Kept | None
    ) -> dict[tuple[str, str], bool | None]:
        """What a look at the planned size said; nothing at that look itself."""
        final = next((each for each in kept if each.final), None)
        if final is None or (known is not None and known.number == final.number):
            return {}
        return looks.decisions(self.db, self.declaration.name, final.number)

    def _passed(self, earlier: Sequence[looks.Kept]) -> dict[tuple[str, str], int]:
        return looks.first_passed(self.db, self.declaration.name, earlier[-1].number + 1) if earlier else {}

    def _prepared(self) -> bool:
        """Whether looks can be stored."""
        try:
            looks.prepare(self.db)
        except (PermissionDenied, UsageError):
            return False
        except Exception as error:
            if getattr(error, "sqlstate", "") == _READ_ONLY:
                return False
            raise
        return True


def _read_out(sums: Sums, look: Look, history: History) -> Readout:
    before = [sum(each.users.values()) for each in history.earlier]
    stored = history.number is not None
    how = looking(sums.declaration.plan, sum(look.users.values()), before, stored=stored)
    look = replace(look, number=history.number, information=how.share, final=how.over and not history.decided)
    return read_out(sums, Circumstances(look, how, history.decided, tuple(_notes(history))))


def _notes(history: History) -> Iterator[str]:
    if history.number is None:
        yield "The look was not stored: the target cannot be written to, or it was not asked for."
    yield from history.changes
    if history.decided:
        yield "The planned size was reached at an earlier look: its verdict stays, and these figures only describe."
        return
    for (metric, arm), number in history.passed.items():
        yield (
            f"{arm} passed its bound for {metric} at look {number}: that look decided, and what came later does not take it back."
        )


def _look(sums: Sums) -> Look:
    arms = sums.declaration.arms
    return Look(sums.until, {arm: sums.users(number) for number, arm in enumerate(arms, 1)})


def _hash(sums: Sums) -> str:
    text = code_text(sums_statement(sums.layout, Cuts()))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
