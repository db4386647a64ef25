"""One table: what SQLite says of it, its values looked at once, and the plan that comes of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from stepladder.adopt import declared
from stepladder.adopt.decide import decided, misfits
from stepladder.adopt.expressions import check_notices, default_in_postgres, generated_in_postgres
from stepladder.adopt.keys import collation_obstacles, long_key_obstacles, row_number, unique_keys
from stepladder.adopt.misfit import Misfit
from stepladder.adopt.names import name_obstacles
from stepladder.adopt.objects import (
    default_obstacle,
    expression_obstacles,
    written_obstacles,
)
from stepladder.adopt.plan import ColumnPlan, Obstacle, TablePlan
from stepladder.adopt.readings import Reading
from stepladder.adopt.rewritten_table import rewritten_table, stored_type
from stepladder.adopt.scan import ColumnTally
from stepladder.db.foreign_file import Entry, ForeignFile, default_value
from stepladder.errors import NotPortable
from stepladder.sql import WrittenTable, quote, read_create_table

_GENERATED = (2, 3)
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class _Told:
    """A column by SQLite's own account."""

    name: str
    declared: str
    not_null: bool
    default: str | None
    key_place: int
    generated: bool


@dataclass(frozen=True, slots=True)
class _Table:
    """A table by SQLite's own account."""

    entry: Entry
    written: WrittenTable
    columns: tuple[_Told, ...]
    key: tuple[str, ...]
    rowid: str | None
    numbered: str | None

    @property
    def name(self) -> str:
        return self.entry.name


def plan_table(
    file: ForeignFile, entry: Entry, said: Mapping[str, Reading], progress: Progress
) -> tuple[TablePlan | None, list[Obstacle]]:
    """The plan for a table, or what is in its way. `said` are readings by column that somebody has asked for."""
    try:
        written = read_create_table(entry.sql)
        found = name_obstacles(entry.name, [column.name for column in written.columns])
        if found:  # nothing can be asked of it under such names
            return None, found
        table = _told(file, entry, written)
    except NotPortable as error:
        why = f"its CREATE TABLE is not understood: {error.why}"
        return None, [Obstacle(entry.name, None, why, "leave it out: --leave TABLE")]
    found = written_obstacles(table.name, written)
    tallies, rows = _scanned(file, table, said, progress)
    if not all(tally.fits for tally in tallies):  # every misfit is to be counted
        tallies, rows = _scanned(file, table, said, lambda _rows: None, thorough=True)
    columns, in_the_way = _decided(table, tallies)
    found += in_the_way
    if found:
        return None, found
    return _finished(file, table, columns, rows)


def _finished(
    file: ForeignFile, table: _Table, columns: Sequence[ColumnPlan], rows: int
) -> tuple[TablePlan | None, list[Obstacle]]:
    """What is to be said once every column has its type."""
    indexes = [
        (entry, _computes(file, entry.name))
        for entry in file.entries()
        if entry.kind == "index" and entry.table == table.name and _is_unique(file, entry)
    ]
    found = expression_obstacles(table.name, table.written, columns, indexes)
    strict = "strict" in table.written.options
    for told, column in zip(table.columns, columns, strict=True):
        if told.default is not None:
            words = stored_type(column, strict=strict) if column.changes else column.declared
            obstacle = default_obstacle(table.name, column, told.default, default_value, words)
            obstacle = obstacle or default_in_postgres(table.name, column, told.default)
            found += [obstacle] if obstacle else []
    found += generated_in_postgres(table.name, table.written, columns)
    found += _collisions(file, table, columns)
    found += collation_obstacles(file, table.name)
    found += long_key_obstacles(file, table.name, columns, table.rowid)
    if found:
        return None, found
    try:
        sql = rewritten_table(table.entry.sql, table.written, columns, table.key, table.numbered)
    except NotPortable as error:
        return None, [Obstacle(table.name, None, error.message, "--leave TABLE")]
    notices = check_notices(table.name, table.written, columns)
    return TablePlan(
        table.name,
        tuple(columns),
        rows,
        sql,
        table.rowid,
        table.key,
        table.numbered,
        tuple(notices),
    ), []


def _told(file: ForeignFile, entry: Entry, written: WrittenTable) -> _Table:
    rows = file.rows(f"PRAGMA table_xinfo({quote(entry.name)})")
    columns = tuple(
        _Told(name, words, bool(not_null), default, place, hidden in _GENERATED)
        for _, name, words, not_null, default, place, hidden in rows
    )
    if [column.name for column in columns] != [column.name for column in written.columns]:
        raise NotPortable("this CREATE TABLE", why="its columns are not those that SQLite tells")
    key = tuple(each.name for each in sorted(columns, key=lambda each: each.key_place) if each.key_place)
    numbered = _numbered(file, entry.name, columns, key)
    rowid = None if "without" in written.options else row_number(column.name for column in columns)
    return _Table(entry, written, columns, key, (numbered and quote(numbered)) or rowid, numbered)


def _numbered(file: ForeignFile, table: str, columns: Sequence[_Told], key: Sequence[str]) -> str | None:
    """The column that is another name of the row's number: INTEGER PRIMARY KEY, for which SQLite makes no index."""
    if len(key) != 1 or next(each for each in columns if each.name == key[0]).declared.upper() != "INTEGER":
        return None
    origins = [row[3] for row in file.rows(f"PRAGMA index_list({quote(table)})")]
    return None if "pk" in origins else key[0]


def _scanned(
    file: ForeignFile,
    table: _Table,
    said: Mapping[str, Reading],
    progress: Progress,
    *,
    thorough: bool = False,
) -> tuple[list[ColumnTally], int]:
    tallies = [
        ColumnTally(
            (said[told.name],) if told.name in said else declared.possible(told.declared), thorough=thorough
        )
        for told in table.columns
    ]
    places = [at for at, told in enumerate(table.columns) if told.name in table.key]
    names = ", ".join(quote(told.name) for told in table.columns)
    total = 0
    for rows in file.as_stored(f"SELECT {table.rowid or 'NULL'}, {names} FROM {quote(table.name)}"):
        numbers, *cells = zip(*rows, strict=True)
        keys: Sequence[object] = numbers
        if table.rowid is None:
            keys = [_key(row, places) for row in rows] if places else range(total + 1, total + len(rows) + 1)
        for tally, values in zip(tallies, cells, strict=True):
            tally.add(keys, values)
        total += len(rows)
        progress(len(rows))
    return tallies, total


def _key(row: Sequence[object], places: Sequence[int]) -> str:
    parts = [row[place + 1] for place in places]
    shown = [
        part.decode(errors="backslashreplace") if isinstance(part, bytearray) else part for part in parts
    ]
    return f"({', '.join(map(str, shown))})"


def _decided(table: _Table, tallies: Sequence[ColumnTally]) -> tuple[list[ColumnPlan], list[Obstacle]]:
    plans: list[ColumnPlan] = []
    found: list[Obstacle] = []
    for told, tally in zip(table.columns, tallies, strict=True):
        place = decided(tally)
        if place is None:
            found += misfits(table.name, told.name, tally)
            continue
        nothing = type(None)
        if told.key_place and nothing in tally.examples:
            row = str(tally.examples[nothing][0])
            why = "a primary key holds no NULL in PostgreSQL"
            count = tally.classes[nothing]
            found.append(
                Obstacle(table.name, told.name, why, "give the row a key, or delete it", row, "NULL", count)
            )
        try:
            plan = _column(table, told, tally, place)
        except NotPortable as error:
            why = f"it cannot be {tally.readings[place].type}: {error.what}"
            found.append(Obstacle(table.name, told.name, why, "make the table without STRICT"))
            continue
        if plan.generated and plan.converted:
            why = f"it is generated, and its values are not as {plan.type} stores them"
            found.append(Obstacle(table.name, told.name, why, "--leave TABLE"))
        plans.append(plan)
    return plans, found


def _column(table: _Table, told: _Told, tally: ColumnTally, place: int) -> ColumnPlan:
    reading = tally.readings[place]
    plan = ColumnPlan(
        told.name,
        told.declared,
        reading,
        not_null=told.not_null or bool(told.key_place),
        converted=tally.converted[place],
        generated=told.generated,
        lost=tally.long_doubles if reading.type.name in ("numeric", "json", "jsonb") else 0,
    )
    strict = "strict" in table.written.options
    other = declared.affinity(stored_type(plan, strict=strict)) != declared.affinity(told.declared)
    return replace(plan, changes=(plan.converted > 0 or other) and told.name != table.numbered)


def _is_unique(file: ForeignFile, index: Entry) -> bool:
    rows = file.rows(f"PRAGMA index_list({quote(index.table)})")
    return any(name == index.name and unique for _, name, unique, _, _ in rows)


def _computes(file: ForeignFile, index: str) -> bool:
    """Whether an index is over expressions, or partial."""
    parts = [name for _, _, name in file.rows(f"PRAGMA index_info({quote(index)})")]
    (sql,) = file.rows("SELECT sql FROM sqlite_schema WHERE name = ?", (index,))[0]
    return None in parts or " where " in " ".join(sql.lower().split())


def _collisions(file: ForeignFile, table: _Table, columns: Sequence[ColumnPlan]) -> list[Obstacle]:
    """Rows that differ in a unique key now, and would not once their values are written in one form."""
    converted = {column.name: column for column in columns if column.converted}
    found = []
    for key in unique_keys(file, table.name):
        if converted.keys() & set(key):
            found += _equal_rows(file, table, key, converted)
    return found


def _equal_rows(
    file: ForeignFile, table: _Table, key: Sequence[str], converted: Mapping[str, ColumnPlan]
) -> list[Obstacle]:
    parts = []
    for place, name in enumerate(key):
        if name in converted:
            file.with_function(f"adopted_{place}", _lenient(converted[name].reading))
        parts.append(f"adopted_{place}({quote(name)})" if name in converted else quote(name))
    row = table.rowid or quote(key[0])
    filled = " AND ".join(f"{quote(name)} IS NOT NULL" for name in key)
    rows = file.rows(
        f"SELECT min({row}), max({row}), count(*) FROM {quote(table.name)} WHERE {filled}"
        f" GROUP BY {', '.join(parts)} HAVING count(*) > 1 LIMIT 5"
    )
    types = " and ".join(str(converted[name].type) for name in key if name in converted)
    return [
        Obstacle(
            table.name,
            ", ".join(key),
            f"the key is unique, and equals that of row {first} once both are {types}",
            "mend one of the rows with UPDATE",
            row=str(last),
            count=count - 1,
        )
        for first, last, count in rows
    ]


def _lenient(reading: Reading) -> Callable[[object], object]:
    def convert(value: object) -> object:
        try:
            return None if value is None else reading.convert(value)
        except Misfit:  # somebody is writing: it is looked at again before anything is written
            return value

    return convert
