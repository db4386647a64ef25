"""From a file to its plan, and from a plan to the file that takes its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from stepladder.adopt.apply import rewrite
from stepladder.adopt.plan import Plan, ViewPlan
from stepladder.adopt.readings import Value
from stepladder.adopt.survey import DAMAGED, survey
from stepladder.adopt.verify import differences
from stepladder.db.file_exchange import holding
from stepladder.db.foreign_file import ForeignFile, reading, size_on_disk
from stepladder.errors import CheckFailed, DatabaseError, ResourceError
from stepladder.sql import decoder, quote

Progress = Callable[[str, int], None]


def examine(path: Path, said: Mapping[str, str], leave: Sequence[str], progress: Progress) -> Plan:
    """The plan for a file, which is left as it is. Raises MissingFile, UsageError, ResourceError, DatabaseError."""
    with _told_where_damaged(path), reading(path) as file:
        return survey(file, said, leave, progress)


def adopt(path: Path, said: Mapping[str, str], leave: Sequence[str], progress: Progress) -> Plan:
    """Rewrite the file by its plan, unless something is in the way: then it stays as it is.

    The new file takes the old one's place in one step, after every value was compared. Raises MissingFile, UsageError,
    DatabaseBusy, ResourceError, CheckFailed where the copy is not the same, DatabaseError.
    """
    if path.is_file() and not size_on_disk(path):  # a lock would make a database of it
        return examine(path, said, leave, progress)
    with _told_where_damaged(path), holding(path) as held:
        plan = survey(held.file, said, leave, progress)
        if plan.obstacles or not (plan.tables or plan.views):
            return plan
        copy = held.file.copy_to(held.copy_path, lambda _done, _total: None)
        try:
            rewrite(copy, plan, progress)
            _check(held.file, copy, plan)
        except BaseException:
            copy.close()
            raise
        held.exchange(copy)
        return plan


@contextmanager
def _told_where_damaged(path: Path) -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        if error.sqlstate != DAMAGED:
            raise
        raise ResourceError(
            f"{path} is damaged: {error.message}. Nothing was written.", sqlstate=DAMAGED
        ) from error


def _check(original: ForeignFile, copy: ForeignFile, plan: Plan) -> None:
    """Raise CheckFailed unless the copy is whole, and says what the original does."""
    found = [line for table in plan.tables for line in differences(original, copy, table)]
    found += [line for table in plan.tables for line in _other_shape(original, copy, table.name)]
    found += [
        f"view {view.name} has other rows" for view in plan.views if not _same_rows(original, copy, view)
    ]
    found += copy.problems()
    if _broken_keys(original) != _broken_keys(copy):
        found.append("foreign keys are broken that were not")
    there = copy.intact()
    recorded = [*(table.name for table in plan.tables), *(view.name for view in plan.views)]
    found += [f"{name} is not recorded" for name in recorded if name not in there]
    found += [
        f"{each.kind} {each.name} is missing"
        for each in original.entries()
        if not _is_in(copy, each.kind, each.name)
    ]
    for setting in ("user_version", "application_id", "page_size", "encoding", "auto_vacuum"):
        if original.pragma(setting) != copy.pragma(setting):
            found.append(f"PRAGMA {setting} is not the same")
    if found:
        raise CheckFailed("the copy is not what the file is, which stays as it was: " + "; ".join(found[:10]))


def _other_shape(original: ForeignFile, copy: ForeignFile, table: str) -> list[str]:
    """Keys, defaults and indexes by SQLite's own account; types and NOT NULL are meant to differ."""
    name = quote(table)
    found = []
    for pragma, columns in (
        ("table_xinfo", (1, 4, 5, 6)),
        ("foreign_key_list", range(8)),
        ("index_list", (2, 3, 4)),
    ):
        sides = [
            sorted(repr([row[at] for at in columns]) for row in file.rows(f"PRAGMA {pragma}({name})"))
            for file in (original, copy)
        ]
        if sides[0] != sides[1]:
            found.append(f"{table}: PRAGMA {pragma} is not the same")
    return found


def _is_in(copy: ForeignFile, kind: str, name: str) -> bool:
    return bool(copy.rows("SELECT 1 FROM sqlite_schema WHERE type = ? AND name = ?", (kind, name)))


def _broken_keys(file: ForeignFile) -> Counter[str]:
    try:
        return Counter(row[0] for row in file.rows("PRAGMA foreign_key_check"))
    except DatabaseError as error:  # a key to no table, which SQLite takes until it is used
        return Counter([error.message])


def _same_rows(original: ForeignFile, copy: ForeignFile, view: ViewPlan) -> bool:
    """Whether a view's rows are the same in PostgreSQL's types."""
    readers = [(column.type, decoder(column.type)) for column in view.definition.columns]

    def read(file: ForeignFile) -> Counter[str]:
        return Counter(
            repr([_meant(value, decode) for value, (_, decode) in zip(row, readers, strict=True)])
            for row in file.rows(f"SELECT * FROM {quote(view.name)}")
        )

    return read(original) == read(copy)


def _meant(value: Value | None, decode: Callable[[Value], object] | None) -> object:
    if value is None or decode is None:
        return value
    try:
        return decode(value)
    except (TypeError, ValueError):
        return value
