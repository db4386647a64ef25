"""Foreign keys: SQLite takes one that leads nowhere, to other types, or from rows without a partner; PostgreSQL does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stepladder.adopt.keys import row_number, unique_keys
from stepladder.adopt.plan import Obstacle, TablePlan, shown
from stepladder.db.foreign_file import Entry, ForeignFile
from stepladder.sql import Type, quote

_SHOWN = 5
_ALIKE = ({"int2", "int4", "int8"}, {"text", "varchar"})
_LEAVE = "leave the table out: --leave TABLE"


@dataclass(frozen=True, slots=True)
class _ForeignKey:
    """`target` is as the file spells the table; None where there is none. `referenced` are those that are written."""

    table: str
    columns: tuple[str, ...]
    written: str
    target: str | None
    referenced: tuple[str, ...]

    @property
    def name(self) -> str:
        return ", ".join(self.columns)


def foreign_key_obstacles(
    file: ForeignFile, tables: Sequence[Entry], plans: Sequence[TablePlan]
) -> list[Obstacle]:
    """What PostgreSQL would say of the tables' foreign keys, and of rows that break them."""
    by_name = {plan.name: plan for plan in plans}
    return [
        obstacle
        for entry in tables
        for key in _foreign_keys(file, entry.name)
        for obstacle in _of_key(file, key, by_name)
    ]


def _of_key(file: ForeignFile, key: _ForeignKey, plans: Mapping[str, TablePlan]) -> list[Obstacle]:
    if key.target is None:
        why = f"it refers to {key.written}, and the file has no such table"
        return [Obstacle(key.table, key.name, why, f"make the table that it refers to, or {_LEAVE}")]
    unique = unique_keys(file, key.target)
    referenced = key.referenced or (unique[0] if unique else ())
    folded = {name.lower() for name in referenced}
    if len(referenced) != len(key.columns) or all({each.lower() for each in one} != folded for one in unique):
        names = f" ({', '.join(key.referenced)})" if key.referenced else ""
        why = f"it refers to {key.target}{names}, which is neither a primary key nor unique"
        instead = f"make it so: CREATE UNIQUE INDEX … ON {key.target}{names}; or {_LEAVE}"
        return [Obstacle(key.table, key.name, why, instead)]
    if key.table in plans and key.target in plans:
        unlike = _unlike(plans[key.table], plans[key.target], key.columns, referenced)
        if unlike:
            return unlike
    return _orphans(file, key, referenced)


def _foreign_keys(file: ForeignFile, table: str) -> list[_ForeignKey]:
    kinds = {name.lower(): (name, kind) for _, name, kind, *_ in file.rows("PRAGMA table_list")}
    rows = sorted(file.rows(f"PRAGMA foreign_key_list({quote(table)})"), key=lambda row: (row[0], row[1]))
    found = []
    for number in dict.fromkeys(row[0] for row in rows):
        mine = [row for row in rows if row[0] == number]
        name, kind = kinds.get(mine[0][2].lower(), (None, None))
        found.append(
            _ForeignKey(
                table,
                tuple(row[3] for row in mine),
                mine[0][2],
                None if kind == "view" else name,
                tuple(row[4] for row in mine if row[4] is not None),
            )
        )
    return found


def _unlike(
    table: TablePlan, target: TablePlan, columns: Sequence[str], referenced: Sequence[str]
) -> list[Obstacle]:
    """Columns of another type than those that they refer to: values that were equal would not be."""
    own, theirs = ({column.name.lower(): column for column in each.columns} for each in (table, target))
    found = []
    for one, two in zip(
        (own[name.lower()] for name in columns), (theirs[name.lower()] for name in referenced), strict=True
    ):
        if not alike(one.type, two.type):
            why = f"it is {one.type}, and refers to {target.name}.{two.name}, whose type is {two.type}"
            flag = f"--type '{table.name}.{one.name}={two.type}', or of the other, if that is what they are"
            found.append(Obstacle(table.name, one.name, why, flag))
    return found


def alike(one: Type, two: Type) -> bool:
    """Whether equal values of the two are stored equal."""
    return one.bare == two.bare or any({one.name, two.name} <= kinds for kinds in _ALIKE)


def _orphans(file: ForeignFile, key: _ForeignKey, referenced: Sequence[str]) -> list[Obstacle]:
    """Rows whose partner is not there."""
    assert key.target is not None
    filled = " AND ".join(f"child.{quote(name)} IS NOT NULL" for name in key.columns)
    partner = " AND ".join(
        f"parent.{quote(other)} = child.{quote(name)}"
        for other, name in zip(referenced, key.columns, strict=True)
    )
    broken = (
        f"FROM {quote(key.table)} AS child WHERE {filled}"
        f" AND NOT EXISTS (SELECT 1 FROM {quote(key.target)} AS parent WHERE {partner})"
    )
    ((count,),) = file.rows(f"SELECT count(*) {broken}")
    if not count:
        return []
    row = _row_name(file, key.table)
    columns = ", ".join(f"child.{each}" for each in (*row, *map(quote, key.columns)))
    rows = [
        [shown(each) for each in cells]
        for batch in file.as_stored(f"SELECT {columns} {broken} LIMIT {_SHOWN}")
        for cells in batch
    ]
    why = f"refers to a row of {key.target} that is not there"
    instead = "mend the row with UPDATE or DELETE, or leave the table out: --leave TABLE"
    return [
        Obstacle(
            key.table,
            key.name,
            why,
            instead,
            row=cells[0] if len(row) == 1 else f"({', '.join(cells[: len(row)])})",
            value=", ".join(cells[len(row) :]),
            count=count,
        )
        for cells in rows
    ]


def _row_name(file: ForeignFile, table: str) -> tuple[str, ...]:
    """What tells a row: its number, or the primary key of a table that has none."""
    columns = file.rows(f"PRAGMA table_xinfo({quote(table)})")
    ((without,),) = file.rows("SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?", (table,))
    number = None if without else row_number(column[1] for column in columns)
    return (number,) if number else tuple(quote(name) for name in unique_keys(file, table)[0])
