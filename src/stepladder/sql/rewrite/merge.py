"""MERGE for SQLite: the join is computed once, into a temporary table, and what is done is done from there.

Each row of that table is one row of the target that is to be changed, or one new row: the target's rowid, the
number of the action (from 1, in the order of the WHENs), the values to be stored, and the columns that RETURNING
asks for. Everything is evaluated over the tables as they were before the statement.

New rows are inserted before others are changed, and rows are deleted last: where PostgreSQL's answer hangs on the
order of its plan (a key that one row gives up and another one takes), this is the order that raises.
"""
# ruff: noqa: S608 - printing SQL is what this module does; names are quoted, values are parameters or literals

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.row_functions import columns_of
from stepladder.sql.infer.tree import (
    CteSource,
    FunctionSource,
    Join,
    Merge,
    MergeAction,
    QuerySource,
    Reference,
    Source,
    TableSource,
    leaves,
    walk,
)
from stepladder.sql.names import quote
from stepladder.sql.rewrite.parts import Earlier
from stepladder.sql.rewrite.printer import Printer
from stepladder.sql.rewrite.queries import (
    from_clause,
    print_query,
    print_with,
    put_in_sight,
    sqlite_name,
    stored_column,
)
from stepladder.sql.rewrite.rules import string
from stepladder.sql.rewrite.writes import stored
from stepladder.sql.types import Column

_FIXED = 2  # columns before the values: rowid and action
_NEITHER = "SELECT NULL WHERE 0"


@dataclass(frozen=True, slots=True)
class MergeParts:
    """What runs before, the statement whose rows are the answer, and the query that counts the rows written."""

    before: tuple[Earlier, ...]
    last: Earlier
    counts: str


def merge_parts(write: Merge) -> MergeParts:
    """A MERGE as several statements."""
    plan = _Plan(write)
    before = [*plan.source_kept(), plan.joined(), plan.checked(), *plan.changes()]
    return MergeParts(tuple(before), plan.answer(), f"SELECT count(*) FROM temp.{plan.rows}")


class _Plan:
    """The names that the parts of one MERGE share."""

    def __init__(self, write: Merge) -> None:
        self._write = write
        number = write.target.id
        self.rows = f"stepladder_m{number}"
        self._source_rows = f"stepladder_s{number}"
        self._table = sqlite_name(write.target.table)
        self._alias = f"t{number}"
        self._rowid = _rowid(write.target)
        self._actions = list(enumerate(write.actions, 1))
        self._values = max((len(each.assignments) for each in write.actions), default=0)
        self._returned = tuple(_references(write, tuple(each.value for each in write.returning)))
        self._keeps_source = any(each.when == "NOT MATCHED BY SOURCE" for each in write.actions)

    # -- the join
    def source_kept(self) -> list[Earlier]:
        """The source's rows, where one that has no match must be told from one that is not there."""
        if not self._keeps_source:
            return []
        printer = Printer(print_query, lowers=False)
        head = print_with(printer, self._write.with_)
        tail = from_clause(printer, (self._write.source,))
        columns = [printer.expression(each) for each in self._source_columns()]
        sql = f"{head}SELECT {', '.join(columns) or 'NULL'}{tail}"
        return [Earlier(sql, tuple(printer.parameters), self._source_rows, len(columns) or 1)]

    def _source_columns(self) -> list[Reference]:
        return [
            Reference(type=column.type, source=leaf.id, place=place, name=column.name)
            for leaf in leaves(self._write.source)
            for place, column in enumerate(_columns(leaf))
        ]

    def joined(self) -> Earlier:
        """What is to be done, row by row."""
        printer = Printer(print_query, lowers=False)
        head = print_with(printer, self._write.with_)
        source = self._kept_source(printer) if self._keeps_source else self._direct_source(printer)
        used = list(_references(self._write, (self._write.actions, self._returned)))
        names = {(each.source, each.place): f"j.k{place}" for place, each in enumerate(used, 1)}
        target = self._write.target
        printer.references[self._write.old_id] = lambda node: stored_column(
            self._alias, target.columns[node.place]
        )
        inside = [
            f"{self._alias}.{self._rowid} AS r",
            f"{self._action(printer)} AS a",
            *(f"{printer.expression(each)} AS k{place}" for place, each in enumerate(used, 1)),
        ]
        # Materialized, so that the action is decided once for a row.
        inner = f"j AS MATERIALIZED (SELECT {', '.join(inside)}{source})"
        head = f"{head.rstrip()}, {inner}" if head else f"WITH {inner}"
        _read_from(printer, used, names)
        cells = ["j.r", "j.a", *self._cells(printer), *(printer.expression(each) for each in self._returned)]
        sql = f"{head} SELECT {', '.join(cells)} FROM j WHERE j.a IS NOT NULL"
        return Earlier(sql, tuple(printer.parameters), self.rows, len(cells))

    def _direct_source(self, printer: Printer) -> str:
        write = self._write
        kind = "LEFT" if any(each.when == "NOT MATCHED" for each in write.actions) else "INNER"
        return from_clause(printer, (Join(kind=kind, left=write.source, right=write.target, on=write.on),))

    def _kept_source(self, printer: Printer) -> str:
        columns = self._source_columns()
        names = {(each.source, each.place): f"s.c{place}" for place, each in enumerate(columns, 1)}
        _read_from(printer, columns, names)
        put_in_sight(printer, self._write.target)
        on = printer.expression(self._write.on)
        return f" FROM temp.{self._source_rows} AS s FULL JOIN {self._table} AS {self._alias} ON {on}"

    def _action(self, printer: Printer) -> str:
        """The number of the first action whose condition holds; NULL where nothing is to be done."""
        chains = dict.fromkeys(("MATCHED", "NOT MATCHED", "NOT MATCHED BY SOURCE"), "NULL")
        for number, each in reversed(self._actions):
            done = "NULL" if each.command == "NOTHING" else str(number)
            rest = chains[each.when]
            chains[each.when] = (
                done
                if each.condition is None
                else f"CASE WHEN {printer.expression(each.condition)} THEN {done} ELSE {rest} END"
            )
        unmatched = f"WHEN {self._alias}.{self._rowid} IS NULL THEN {chains['NOT MATCHED']}"
        if self._keeps_source:
            unmatched += f" WHEN s.rowid IS NULL THEN {chains['NOT MATCHED BY SOURCE']}"
        return f"CASE {unmatched} ELSE {chains['MATCHED']} END"

    def _cells(self, printer: Printer) -> Iterator[str]:
        """The values to be stored: of each action its own, in order."""
        types = {column.name: column.type for column in self._write.target.columns}
        for place in range(self._values):
            whens = [
                f"WHEN {number} THEN {stored(printer, value, types[name])}"
                for number, each in self._actions
                for name, value in each.assignments[place : place + 1]
            ]
            yield f"CASE j.a {' '.join(whens)} END"

    # -- what is done
    def checked(self) -> Earlier:
        """PostgreSQL's error for a row that would be changed twice."""
        return Earlier(
            f"SELECT {self._write.twice}(count(*)) FROM temp.{self.rows} WHERE c1 IS NOT NULL"
            " GROUP BY c1 HAVING count(*) > 1 LIMIT 1"
        )

    def changes(self) -> Iterator[Earlier]:
        """One statement for each WHEN."""
        for command, rule in (("INSERT", self._insert), ("UPDATE", self._update), ("DELETE", self._delete)):
            for number, each in self._actions:
                if each.command == command:
                    yield rule(number, each)

    def _insert(self, number: int, action: MergeAction) -> Earlier:
        names = ", ".join(quote(name) for name, _ in action.assignments)
        values = ", ".join(f"c{_FIXED + place}" for place in range(1, len(action.assignments) + 1))
        sql = f"INSERT INTO {self._table} ({names}) SELECT {values} FROM temp.{self.rows} WHERE c2 = {number} ORDER BY rowid"
        if not self._write.returning:
            return Earlier(sql)
        return Earlier(f"{sql} RETURNING {self._rowid}", into=self._new_rows(number), columns=1)

    def _update(self, number: int, action: MergeAction) -> Earlier:
        sets = ", ".join(
            f"{quote(name)} = m.c{_FIXED + place}" for place, (name, _) in enumerate(action.assignments, 1)
        )
        return Earlier(
            f"UPDATE {self._table} AS {self._alias} SET {sets} FROM temp.{self.rows} AS m"
            f" WHERE m.c2 = {number} AND m.c1 = {self._alias}.{self._rowid}"
        )

    def _delete(self, number: int, _: MergeAction) -> Earlier:
        rows = f"SELECT c1 FROM temp.{self.rows} WHERE c2 = {number}"
        return Earlier(f"DELETE FROM {self._table} WHERE {self._rowid} IN ({rows})")

    # -- RETURNING
    def answer(self) -> Earlier:
        """RETURNING's rows: of what was inserted or updated as it is now, of what was deleted as it was."""
        write = self._write
        if not write.returning:
            return Earlier(_NEITHER)
        printer = Printer(print_query, lowers=False)
        values = tuple(each.value for each in write.returning)
        used = any(isinstance(node, CteSource) for node in walk(values))
        head = print_with(printer, write.with_) if used else ""
        kept = {
            (each.source, each.place): f"m.c{_FIXED + self._values + place}"
            for place, each in enumerate(self._returned, 1)
        }
        _read_from(printer, self._returned, kept)
        printer.references[write.target.id] = self._target_column(kept)
        columns = write.target.columns
        printer.references[write.new_id] = lambda node: stored_column(self._alias, columns[node.place])
        printer.references[write.action_id] = lambda _: self._words()
        texts = [
            f"{printer.expression(each.value)} AS c{place}" for place, each in enumerate(write.returning, 1)
        ]
        numbered = f"SELECT *, row_number() OVER (PARTITION BY c2 ORDER BY rowid) AS n FROM temp.{self.rows} ORDER BY rowid"
        joins, now = self._where_now()
        sql = (
            f"{head}SELECT {', '.join(texts)} FROM ({numbered}) AS m{joins}"
            f" LEFT JOIN {self._table} AS {self._alias} ON {self._alias}.{self._rowid} = {now}"
        )
        return Earlier(sql, tuple(printer.parameters))

    def _target_column(self, kept: dict[tuple[int, int], str]) -> Callable[[Reference], str]:
        gone = ", ".join(str(number) for number, each in self._actions if each.command == "DELETE")
        columns = self._write.target.columns

        def text(node: Reference) -> str:
            now = stored_column(self._alias, columns[node.place])
            before = kept[(node.source, node.place)]
            return f"(CASE WHEN m.c2 IN ({gone}) THEN {before} ELSE {now} END)" if gone else now

        return text

    def _where_now(self) -> tuple[str, str]:
        """The joins that find the rowid of each row of the target, and that rowid."""
        joins, whens = [], []
        identity = self._write.identity
        for number, each in self._actions:
            if each.command == "INSERT":
                new = f"n{number}"
                joins.append(
                    f" LEFT JOIN temp.{self._new_rows(number)} AS {new} ON m.c2 = {number} AND {new}.rowid = m.n"
                )
                whens.append(f"WHEN {number} THEN {new}.c1")
            names = [name for name, _ in each.assignments]
            if each.command == "UPDATE" and identity in names:
                whens.append(f"WHEN {number} THEN m.c{_FIXED + 1 + names.index(identity or '')}")
        return "".join(joins), f"CASE m.c2 {' '.join(whens)} ELSE m.c1 END" if whens else "m.c1"

    def _words(self) -> str:
        whens = [f"WHEN {number} THEN {string(each.command)}" for number, each in self._actions]
        return f"(CASE m.c2 {' '.join(whens)} END)"

    def _new_rows(self, number: int) -> str:
        return f"stepladder_n{self._write.target.id}_{number}"


def _rowid(table: TableSource) -> str:
    """SQLite's name for a row's number: one that no column has."""
    taken = {column.name.lower() for column in table.columns}
    free = next((name for name in ("rowid", "_rowid_", "oid") if name not in taken), None)
    if free is None:
        raise refuse(f"MERGE into {table.table.sql}, which has columns rowid, _rowid_ and oid", None)
    return free


def _columns(source: Source) -> Sequence[Column]:
    if isinstance(source, QuerySource):
        return source.query.columns
    if isinstance(source, FunctionSource):
        return columns_of(source)
    assert isinstance(source, TableSource | CteSource)
    return source.columns


def _references(write: Merge, nodes: tuple[object, ...]) -> Iterator[Reference]:
    """The columns of target and source that are used, each once."""
    own = {write.target.id, write.old_id, *(leaf.id for leaf in leaves(write.source))}
    seen = set()
    for node in walk(nodes):
        if isinstance(node, Reference) and node.source in own and (node.source, node.place) not in seen:
            seen.add((node.source, node.place))
            yield node


def _read_from(printer: Printer, columns: Sequence[Reference], names: dict[tuple[int, int], str]) -> None:
    """From here on these columns are read where `names` says."""
    for each in columns:
        printer.stored.pop(each.source, None)
        printer.references[each.source] = lambda node: names[(node.source, node.place)]
