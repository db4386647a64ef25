"""The plan for a whole file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from stepladder.adopt import declared
from stepladder.adopt.foreign_keys import foreign_key_obstacles
from stepladder.adopt.objects import trigger_obstacles
from stepladder.adopt.plan import Obstacle, Plan, TablePlan, ViewPlan
from stepladder.adopt.readings import Reading
from stepladder.adopt.table import plan_table
from stepladder.adopt.views import plan_views
from stepladder.db.foreign_file import Entry, ForeignFile
from stepladder.errors import DatabaseError, UsageError
from stepladder.sql import Column, parse_type, quote

Progress = Callable[[str, int], None]  # a table's name, and how many rows more have been looked at
_OURS = "stepladder."
DAMAGED = "XX001"


def survey(file: ForeignFile, said: Mapping[str, str], leave: Sequence[str], progress: Progress) -> Plan:
    """What adopting comes to. `said` are types by `table.column`, `leave` tables, views and triggers that stay as they are.

    Raises UsageError for a name that is not there, DatabaseError for a damaged file.
    """
    entries = file.entries()
    tables, left, notices = _tables(file, entries, leave)
    readings = _said(said, tables, file)
    found = [*_of_the_file(file)]
    plans: list[TablePlan] = []
    for entry in tables:
        mine = _readings(file, entry, readings)
        plan, obstacles = plan_table(file, entry, mine, lambda rows, name=entry.name: progress(name, rows))  # type: ignore[misc]
        plans += [plan] if plan else []
        found += obstacles
    views, more = _views(file, entries, plans, leave) if len(plans) == len(tables) else ([], [])
    found += more
    found += foreign_key_obstacles(file, tables, plans)
    triggers = [each for each in entries if each.kind == "trigger"]
    adopted = {each.name for each in [*tables, *_foreign_views(file, entries, leave)]}
    found += trigger_obstacles([each for each in triggers if each.table in adopted], plans, leave)
    notices += [each for plan in plans for each in plan.notices]
    notices += [
        f"{plan.name}.{column.name}: of {column.lost} whole numbers SQLite kept about 16 digits when they were written"
        for plan in plans
        for column in plan.columns
        if column.lost
    ]
    return Plan(tuple(plans), tuple(views), tuple(found), tuple(notices), tuple(left))


def _tables(
    file: ForeignFile, entries: Sequence[Entry], leave: Sequence[str]
) -> tuple[list[Entry], list[str], list[str]]:
    """The tables to adopt, those that are left, and what to say of the latter."""
    known, intact = {entry.name: entry.kind for entry in entries if entry.kind != "index"}, file.intact()
    for name in leave:
        if name not in known:
            raise UsageError(
                f"--leave {name}: the file has no such table, view or trigger. Nothing was written."
            )
    kinds = {name: kind for _, name, kind, *_ in file.rows("PRAGMA table_list")}
    tables, left, notices = (
        [],
        list(leave),
        [
            f"trigger {name} is kept: it runs on SQLite only"
            if known[name] == "trigger"
            else f"{name} is left as it is"
            for name in leave
        ],
    )
    for entry in entries:
        if entry.kind != "table" or entry.name in leave or entry.name.startswith(("sqlite_", _OURS)):
            continue
        kind = kinds.get(entry.name, "table")
        if entry.name in intact:
            left.append(entry.name)
        elif kind in ("virtual", "shadow"):
            left.append(entry.name)
            if kind == "virtual":
                notices.append(
                    f"{entry.name} is a virtual table: it is left as it is, and its shadow tables too"
                )
        else:
            tables.append(entry)
    return tables, left, notices


def _said(
    said: Mapping[str, str], tables: Sequence[Entry], file: ForeignFile
) -> dict[tuple[str, str], Reading]:
    names = {entry.name for entry in tables}
    found = {}
    for place, words in said.items():
        table, _, column = place.rpartition(".")
        columns = [row[1] for row in file.rows("SELECT * FROM pragma_table_xinfo(?)", (table,))]
        if table not in names or column not in columns:
            raise UsageError(
                f"--type {place}={words}: the file has no such column to adopt. Nothing was written."
            )
        found[table, column] = declared.asked(words)
    return found


def _readings(file: ForeignFile, entry: Entry, said: Mapping[tuple[str, str], Reading]) -> dict[str, Reading]:
    """The user's word before what Stepladder recorded once of a table that was changed since."""
    recorded = {name: declared.recorded(words) for name, words in file.recorded_types(entry.name).items()}
    return {
        **recorded,
        **{column: reading for (table, column), reading in said.items() if table == entry.name},
    }


def _views(
    file: ForeignFile, entries: Sequence[Entry], plans: Sequence[TablePlan], leave: Sequence[str]
) -> tuple[list[ViewPlan], list[Obstacle]]:
    intact = file.intact()
    known: dict[str, Sequence[Column]] = {
        name: [Column(column, parse_type(words)) for column, words in file.recorded_types(name).items()]
        for name in intact
    }
    known |= {
        plan.name: [Column(each.name, each.type, each.not_null) for each in plan.columns] for plan in plans
    }

    def columns_of(view: str) -> list[str]:
        return [row[1] for row in file.rows(f"PRAGMA table_info({quote(view)})")]

    return plan_views(_foreign_views(file, entries, leave), known, columns_of)


def _foreign_views(file: ForeignFile, entries: Sequence[Entry], leave: Sequence[str]) -> list[Entry]:
    intact = file.intact()
    return [
        each for each in entries if each.kind == "view" and each.name not in intact and each.name not in leave
    ]


def _of_the_file(file: ForeignFile) -> list[Obstacle]:
    encoding = file.pragma("encoding")
    found = []
    if encoding != "UTF-8":
        why = f"the file keeps text as {encoding}, which orders it otherwise than UTF-8"
        found.append(Obstacle(file.path.name, None, why, "make it anew: sqlite3 FILE .dump | sqlite3 NEW"))
    for line in file.problems():
        if not line.startswith(("CHECK constraint failed in", "NULL value in")):
            raise DatabaseError(line, sqlstate=DAMAGED)
        found.append(
            Obstacle(file.path.name, None, f"a row breaks its table's own rule: {line}", "mend the row")
        )
    return found
