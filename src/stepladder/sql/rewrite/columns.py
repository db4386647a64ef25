"""The columns and constraints of CREATE TABLE."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from stepladder.errors import DatabaseError, ProgrammingError, SqlSyntaxError, UndefinedColumn, UndefinedTable
from stepladder.sql.definition import ForeignKey, Key, TableColumn, object_name, shown_name
from stepladder.sql.expression_text import show, show_default
from stepladder.sql.infer.coercion import assign, boolean
from stepladder.sql.infer.context import Analysis, Item, Scope, refuse, wrong
from stepladder.sql.infer.expressions import expression
from stepladder.sql.infer.raw import Raw, kind_of, strings
from stepladder.sql.infer.sources import table_name
from stepladder.sql.infer.tree import (
    Aggregate,
    Call,
    Constant,
    Expression,
    Parameter,
    Reference,
    Subquery,
    WindowCall,
    walk,
)
from stepladder.sql.infer.types import SERIALS, type_of_name
from stepladder.sql.names import SYSTEM_COLUMNS, TableName, parse_name, quote
from stepladder.sql.rewrite.comparisons import collation
from stepladder.sql.rewrite.immutability import GENERATION, check_immutable
from stepladder.sql.rewrite.printer import Printer
from stepladder.sql.rewrite.queries import stored_column
from stepladder.sql.rewrite.rules import string
from stepladder.sql.rewrite.writes import stored
from stepladder.sql.storage import check, declared, is_native_numeric
from stepladder.sql.types import Column, Type

_ACTIONS = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}


@dataclass(slots=True)
class ColumnText:
    """A column as it is being put together."""

    name: str
    type: Type
    identity: str | None = None
    not_null: bool = False
    default: str | None = None  # PostgreSQL's, as are the next two
    generated: str | None = None
    collation: str | None = None
    comment: str | None = None
    sequence: str | None = None  # of a numbered column: its name beside the table
    takes_numbers: bool = False
    parts: list[str] = field(default_factory=list)

    def text(self, *, inline_key: bool) -> str:
        """The column's definition. An identity that is the key is SQLite's row number, which is never given twice."""
        if self.identity and inline_key and not self.takes_numbers:
            return f"{quote(self.name)} INTEGER PRIMARY KEY AUTOINCREMENT {' '.join(self.parts)}".rstrip()
        words = [quote(self.name), self._declared(key=inline_key)]
        if self.not_null:
            words.append("NOT NULL")
        words.append("" if is_native_numeric(self.type) else collation(self.type).strip())
        guard = check(self.type, quote(self.name))
        words += [*self.parts, f"CHECK ({guard})" if guard else ""]
        return " ".join(filter(None, words))

    def take_numbers(self, table: TableName) -> None:
        """Have a numbered column that is no key filled from a sequence of its own."""
        assert self.sequence is not None
        name = shown_name(replace(table, name=self.sequence)).sql
        self.parts.append(f"DEFAULT (pg_nextval({string(name)}))")
        self.takes_numbers = True

    def _declared(self, *, key: bool) -> str:
        """SQLite would number a lone key declared INTEGER by itself; INT it takes as any other."""
        found = declared(self.type)
        return "INT" if key and found.upper() == "INTEGER" else found


@dataclass(slots=True)
class TableText:
    """A table as it is being put together."""

    table: TableName
    columns: list[ColumnText] = field(default_factory=list)
    primary: tuple[str, ...] = ()
    primary_name: str = ""
    constraints: list[str] = field(default_factory=list)
    unique: list[Key] = field(default_factory=list)  # a name of "": none was given
    checks: list[tuple[str, Expression]] = field(default_factory=list)
    foreign: list[tuple[ForeignKey, int | None]] = field(default_factory=list)
    computed: dict[str, Raw] = field(default_factory=dict)  # columns that are generated, by name
    of_columns: list[Raw] = field(default_factory=list)  # CHECKs that stand behind a column

    def column(self, name: str, position: int | None) -> ColumnText:
        """The column of that name. Raises UndefinedColumn."""
        for column in self.columns:
            if column.name == name:
                return column
        raise wrong(UndefinedColumn, f'column "{name}" named in key does not exist', position)

    def set_primary(self, names: tuple[str, ...], body: Raw) -> None:
        """Make these the primary key."""
        position = body.get("location")
        if self.primary:
            message = f'multiple primary keys for table "{self.table.name}" are not allowed'
            raise wrong(ProgrammingError, message, position, sqlstate="42P16")
        self.primary, self.primary_name = names, body.get("conname", "")
        for name in names:
            self.column(name, position).not_null = True

    @property
    def numbered(self) -> bool:
        """Whether the key is SQLite's row number."""
        return any(
            column.identity is not None and not column.takes_numbers and self.primary == (column.name,)
            for column in self.columns
        )

    def body(self) -> str:
        """What stands in CREATE TABLE's parentheses."""
        alone = len(self.primary) == 1
        texts = []
        for column in self.columns:
            key = alone and column.name == self.primary[0]
            if column.identity and not key and not column.takes_numbers:
                column.take_numbers(self.table)
            texts.append(column.text(inline_key=key))
        if self.primary and not self.numbered:
            texts.append(f"PRIMARY KEY ({', '.join(map(quote, self.primary))})")
        return ", ".join([*texts, *self.constraints])

    def definitions(self) -> tuple[TableColumn, ...]:
        """The columns for the type catalogue."""
        return tuple(
            TableColumn(
                column.name,
                column.type,
                column.not_null,
                default=column.default,
                identity=column.identity,
                generated=column.generated,
                collation=column.collation,
                comment=column.comment,
                sequence=column.sequence if column.takes_numbers else None,
            )
            for column in self.columns
        )


def column_text(analysis: Analysis, body: Raw, table: TableText, printer: Printer) -> None:
    """Put one ColumnDef into `table`."""
    position = body.get("location")
    name = body["colname"]
    if any(column.name.lower() == name.lower() for column in table.columns):
        message = f'column "{name}" specified more than once'
        raise wrong(ProgrammingError, message, position, sqlstate="42701")
    if name in SYSTEM_COLUMNS:
        message = f'column name "{name}" conflicts with a system column name'
        raise wrong(ProgrammingError, message, position, sqlstate="42701")
    if body.get("collClause") and strings(body["collClause"]["collname"])[-1] not in ("C", "POSIX"):
        raise refuse("a column's collation", position, instead='COLLATE "C"')
    serial = strings(body["typeName"]["names"])[-1] in SERIALS
    column = ColumnText(
        name, type_of_name(body["typeName"]), identity="serial" if serial else None, not_null=serial
    )
    if body.get("collClause"):
        column.collation = strings(body["collClause"]["collname"])[-1]
    declared(column.type)
    table.columns.append(column)
    for each in body.get("constraints", ()):
        constraint = each["Constraint"]
        rule = _COLUMN_RULES.get(constraint["contype"])
        if rule is None:
            raise refuse(f"the constraint {constraint['contype'].removeprefix('CONSTR_')}", position)
        rule(analysis, constraint, column, table, printer)
    name_sequence(analysis, table.table, column)


def name_sequence(analysis: Analysis, table: TableName, column: ColumnText) -> None:
    """Find the name of a numbered column's sequence."""
    if column.identity is not None:
        column.sequence = object_name(
            table.name, column.name, "seq", lambda name: analysis.schema.taken(replace(table, name=name))
        )


# -- a column's constraints
def _not_null(_: Analysis, __: Raw, column: ColumnText, ___: TableText, ____: Printer) -> None:
    column.not_null = True


def _null(_: Analysis, body: Raw, column: ColumnText, table: TableText, __: Printer) -> None:
    """NULL is what a column allows anyway."""
    if column.not_null:
        message = (
            f'conflicting NULL/NOT NULL declarations for column "{column.name}" of table "{table.table.name}"'
        )
        raise wrong(SqlSyntaxError, message, body.get("location"))


def _primary(_: Analysis, body: Raw, column: ColumnText, table: TableText, __: Printer) -> None:
    table.set_primary((column.name,), body)


def _unique(_: Analysis, body: Raw, column: ColumnText, table: TableText, ___: Printer) -> None:
    refuse_options(body)
    column.parts.append("UNIQUE")
    table.unique.append(Key(body.get("conname", ""), (column.name,)))


def refuse_options(body: Raw) -> None:
    """Raise NotPortable for a key of a kind that SQLite has not."""
    if body.get("nulls_not_distinct") or body.get("deferrable") or body.get("including"):
        raise refuse("this kind of constraint", body.get("location"))


def _check(_: Analysis, body: Raw, __: ColumnText, table: TableText, ___: Printer) -> None:
    table.of_columns.append(body)


def _check_text(analysis: Analysis, body: Raw, table: TableText, printer: Printer) -> str:
    scope = row_scope(printer, analysis, table.columns, table.table.name)
    node = boolean(expression(analysis, body["raw_expr"], scope), "CHECK")
    refuse_unsteady(node)
    name = f"CONSTRAINT {quote(body['conname'])} " if body.get("conname") else ""
    table.checks.append((body.get("conname", ""), node))
    return f"{name}CHECK ({printer.expression(node)})"


def row_scope(
    printer: Printer, analysis: Analysis, columns: Sequence[ColumnText | Column], table: str | None = None
) -> Scope:
    """The scope of an expression over the row's own columns, which may be called by their table's name where it is given."""
    source = analysis.new_id()
    known = [each if isinstance(each, Column) else Column(each.name, each.type) for each in columns]
    printer.stored[source] = lambda node: quote(known[node.place].name)
    printer.references[source] = lambda node: stored_column("", known[node.place])
    references: list[tuple[str, Expression]] = [
        (column.name, Reference(type=column.type, source=source, place=place, name=column.name))
        for place, column in enumerate(columns)
    ]
    return Scope(items=[Item(table, references)], clause="CHECK")


def refuse_unsteady(node: Expression) -> None:
    """What a stored expression must not hold: its value would change, or SQLite does not allow it."""
    for each in walk(node):
        if isinstance(each, Parameter | Subquery | Aggregate | WindowCall):
            raise refuse("this in a table's definition", each.position)
        if isinstance(each, Call) and each.name in (
            "now",
            "current_timestamp",
            "current_date",
            "localtimestamp",
        ):
            raise refuse("the clock in a constraint", each.position)
        if isinstance(each, Call) and each.volatile:
            raise refuse(f"{each.name}() in a constraint", each.position)


def refuse_unsteady_default(analysis: Analysis, node: Expression) -> None:
    """What a default must not hold; a sequence that it takes its numbers from must be there."""
    for each in walk(node):
        if isinstance(each, Constant) and each.type.name == "regclass" and each.value is not None:
            name = parse_name(each.value)
            if analysis.schema.kind(name) is None:
                raise wrong(UndefinedTable, f'relation "{name.sql}" does not exist', each.position)
        if isinstance(each, Parameter | Subquery | Aggregate | WindowCall | Reference):
            raise refuse("this in a default", each.position)


def _default(analysis: Analysis, body: Raw, column: ColumnText, table: TableText, printer: Printer) -> None:
    if any(part.startswith("DEFAULT ") for part in column.parts):
        message = (
            f'multiple default values specified for column "{column.name}" of table "{table.table.name}"'
        )
        raise wrong(SqlSyntaxError, message, body.get("location"))
    if kind_of(body["raw_expr"]) == "ColumnRef":
        raise wrong(
            DatabaseError,
            "cannot use column reference in DEFAULT expression",
            body.get("location"),
            sqlstate="0A000",
        )
    node = assign(expression(analysis, body["raw_expr"], Scope(clause="DEFAULT")), column.type, column.name)
    column.default = show_default(node)
    refuse_unsteady_default(analysis, node)
    column.parts.append(f"DEFAULT ({stored(printer, node, column.type)})")


def _identity(_: Analysis, body: Raw, column: ColumnText, __: TableText, ___: Printer) -> None:
    if body.get("options"):
        raise refuse("an identity's options", body.get("location"))
    column.identity = "always" if body.get("generated_when") == "a" else "by default"
    column.not_null = True


def _generated(_: Analysis, body: Raw, column: ColumnText, table: TableText, __: Printer) -> None:
    if body.get("generated_when", "a") != "a" or body.get("generated_kind") == "v":
        raise refuse("a virtual generated column", body.get("location"), instead="write STORED")
    if column.name in table.computed:
        message = (
            f'multiple generation clauses specified for column "{column.name}" of table "{table.table.name}"'
        )
        raise wrong(SqlSyntaxError, message, body.get("location"))
    table.computed[column.name] = body


def finish_columns(analysis: Analysis, table: TableText, printer: Printer) -> None:
    """What stands behind a column and may name those that come later."""
    for name, body in table.computed.items():
        _generate(analysis, body, table.column(name, None), table, printer)
    for column in table.columns:
        if column.identity is not None and column.default is not None:
            what = "multiple default values" if column.identity == "serial" else "both default and identity"
            message = f'{what} specified for column "{column.name}" of table "{table.table.name}"'
            raise wrong(SqlSyntaxError, message, None)
    for body in table.of_columns:
        table.constraints.append(_check_text(analysis, body, table, printer))


def _generate(analysis: Analysis, body: Raw, column: ColumnText, table: TableText, printer: Printer) -> None:
    for word, given in (("default", column.default), ("identity", column.identity)):
        if given is not None:
            message = f'both {word} and generation expression specified for column "{column.name}" of table "{table.table.name}"'
            raise wrong(SqlSyntaxError, message, body.get("location"))
    scope = row_scope(printer, analysis, table.columns, table.table.name)
    node = assign(expression(analysis, body["raw_expr"], scope), column.type, column.name)
    for each in walk(node):
        if not isinstance(each, Reference):
            continue
        if each.name in table.computed or table.column(each.name, None).generated is not None:
            message = (
                f'cannot use generated column "{each.name}" in column generation expression\n'
                "A generated column cannot reference another generated column."
            )
            raise wrong(ProgrammingError, message, each.position, sqlstate="42P17")
    check_immutable(node, GENERATION)
    refuse_unsteady(node)
    column.generated = show(node)
    column.parts.append(f"GENERATED ALWAYS AS ({stored(printer, node, column.type)}) STORED")


def _references(_: Analysis, body: Raw, column: ColumnText, table: TableText, __: Printer) -> None:
    column.parts.append(_foreign(body, table, (column.name,)))


def _foreign(body: Raw, table: TableText, names: tuple[str, ...]) -> str:
    refuse_foreign_options(body)
    columns = strings(body.get("pk_attrs"))
    table.foreign.append((foreign_key(body, names, tuple(columns)), body.get("location")))
    text = f"REFERENCES {table_name(body['pktable']).sqlite}"
    text += f" ({', '.join(map(quote, columns))})" if columns else ""
    for word, key in (("DELETE", "fk_del_action"), ("UPDATE", "fk_upd_action")):
        action = _ACTIONS[body.get(key, "a")]
        text += f" ON {word} {action}" if action != "NO ACTION" else ""
    return text


def refuse_foreign_options(body: Raw) -> None:
    """Raise NotPortable for a foreign key of a kind that SQLite has not."""
    if body.get("fk_matchtype", "s") != "s" or body.get("deferrable") or body.get("fk_del_set_cols"):
        raise refuse("this kind of foreign key", body.get("location"))


def foreign_key(body: Raw, names: tuple[str, ...], referenced: tuple[str, ...]) -> ForeignKey:
    """The foreign key that a constraint says; its name is "" where it has none."""
    target = table_name(body["pktable"])
    return ForeignKey(
        body.get("conname", ""),
        names,
        shown_name(target).sql,
        referenced,
        on_delete=_ACTIONS[body.get("fk_del_action", "a")],
        on_update=_ACTIONS[body.get("fk_upd_action", "a")],
    )


_COLUMN_RULES: dict[str, Callable[[Analysis, Any, ColumnText, TableText, Printer], None]] = {
    "CONSTR_NOTNULL": _not_null,
    "CONSTR_NULL": _null,
    "CONSTR_PRIMARY": _primary,
    "CONSTR_UNIQUE": _unique,
    "CONSTR_CHECK": _check,
    "CONSTR_DEFAULT": _default,
    "CONSTR_IDENTITY": _identity,
    "CONSTR_GENERATED": _generated,
    "CONSTR_FOREIGN": _references,
}


def table_constraint(analysis: Analysis, body: Raw, table: TableText, printer: Printer) -> None:
    """Put one constraint of the table into it."""
    kind, position = body["contype"], body.get("location")
    names = tuple(strings(body.get("keys") or body.get("fk_attrs")))
    for name in names:
        table.column(name, position)
    listed = ", ".join(map(quote, names))
    constraint = f"CONSTRAINT {quote(body['conname'])} " if body.get("conname") else ""
    refuse_options(body)
    if kind == "CONSTR_PRIMARY":
        table.set_primary(names, body)
    elif kind == "CONSTR_UNIQUE":
        table.unique.append(Key(body.get("conname", ""), names))
        table.constraints.append(f"{constraint}UNIQUE ({listed})")
    elif kind == "CONSTR_CHECK":
        table.constraints.append(_check_text(analysis, body, table, printer))
    elif kind == "CONSTR_FOREIGN":
        table.constraints.append(f"{constraint}FOREIGN KEY ({listed}) {_foreign(body, table, names)}")
    else:
        raise refuse(f"the constraint {kind.removeprefix('CONSTR_')}", position)
