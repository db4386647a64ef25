"""An experiment on a database: look at it, show its SQL, size it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from stepladder.db import Database
from stepladder.errors import PermissionDenied, UniqueViolation, UsageError
from stepladder.experiments import looks
from stepladder.experiments.analysis import Circumstances, read_out
from stepladder.experiments.declaration import Declaration
from stepladder.experiments.layout import lay_out
from stepladder.experiments.looking import looking
from stepladder.experiments.read import declared, read_experiment
from stepladder.experiments.results import Look, Readout
from stepladder.experiments.size import Sizing, sized
from stepladder.experiments.statement import Cuts, sums_statement
from stepladder.experiments.sums import Sums, read_sums
from stepladder.experiments.validation import Validation, validated
from stepladder.sql import code_text

_ATTEMPTS = 3
_READ_ONLY = "25006"


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
        """What the database says, in one snapshot. Raises ConfigError."""
        with self.db.transaction(read_only=True, isolation="repeatable read") as tx:
            return read_sums(tx, self.declaration, until)

    def analyze(self, *, until: datetime | None = None, store: bool = True) -> Readout:
        """Look at the experiment as of `until` (None: all there is) and keep the look.

        The same data again is the same look. Where nothing can be written the read-out says so, and gives no sequential
        verdict. Raises ConfigError; database errors.
        """
        sums = self.sums(until)
        for left in reversed(range(_ATTEMPTS)):
            try:
                return self._looked(sums, store=store)
            except UniqueViolation:
                if not left:
                    raise
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
        kept = looks.kept_looks(self.db, self.declaration.name) if ready or looks.are_kept(self.db) else ()
        look = _look(sums)
        known = next((each for each in kept if each.is_of(look)), None)
        final = next((each for each in kept if each.final), None)
        decided = {}
        if final is not None and (known is None or known.number != final.number):
            decided = looks.decisions(self.db, self.declaration.name, final.number)
        number = known.number if known else len(kept) + 1 if ready else None
        found = self._read_out(sums, replace(look, number=number), kept, decided)
        if known is not None or number is None:
            return found
        with self.db.transaction() as tx:
            looks.keep(tx, found, _hash(sums))
        return found

    def _read_out(
        self,
        sums: Sums,
        look: Look,
        kept: Sequence[looks.Kept],
        decided: Mapping[tuple[str, str], bool | None],
    ) -> Readout:
        users = sum(look.users.values())
        before = looks.earlier_users(kept, look.number or len(kept) + 1)
        how = looking(self.declaration.plan, users, before, stored=look.number is not None)
        notes = []
        if look.number is None:
            notes.append("The look was not stored: the target cannot be written to, or it was not asked for.")
        if decided:
            notes.append(
                "The planned size was reached at an earlier look: its verdict stays, and these figures only describe."
            )
        look = replace(look, information=how.information[-1] if how.information else None)
        look = replace(look, final=how.planned is not None and how.over and not decided)
        return read_out(sums, Circumstances(look, how, decided, tuple(notes)))

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


def _look(sums: Sums) -> Look:
    arms = sums.declaration.arms
    return Look(sums.until, {arm: sums.users(number) for number, arm in enumerate(arms, 1)})


def _hash(sums: Sums) -> str:
    text = code_text(sums_statement(sums.layout, Cuts()))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
