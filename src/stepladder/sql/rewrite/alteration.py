"""A table that ALTER TABLE changes: its definition so far, and what SQLite has to do for it, step by step.

SQLite alters little of a table. Its rows stay where they are: the text of the table in the file's schema is written
anew from the definition (`Redefined`), and what stands in the rows is updated where a column has another type.
"""
# ruff: noqa: S608 - printing SQL is what this module does; names are quoted, values are parameters or literals

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from stepladder.errors import UndefinedColumn
from stepladder.sql.definition import Definition, ForeignKey, Index, Key, TableColumn, shown_name
from stepladder.sql.effects import Created, Effect, SequenceDropped
from stepladder.sql.infer.coercion import assign, boolean, resolved
from stepladder.sql.infer.context import Analysis, Scope, refuse, wrong
from stepladder.sql.infer.expressions import expression
from stepladder.sql.infer.tree import Expression, Reference, walk
from stepladder.sql.names import TableName, parse_name, quote, spelled
from stepladder.sql.parse import parsed_expression
from stepladder.sql.rewrite.columns import ColumnText, TableText, row_scope
from stepladder.sql.rewrite.indexes import index_text
from stepladder.sql.rewrite.parts import Earlier, Redefined
from stepladder.sql.rewrite.printer import Printer
from stepladder.sql.rewrite.rules import string
from stepladder.sql.rewrite.writes import stored


class Alteration:
    """One table on its way from one definition to another."""

    def __init__(self, analysis: Analysis, table: TableName, known: Definition, printer: Printer) -> None:
        self.analysis = analysis
        self.table = table
        self.definition = known
        self.printer = printer
        self.sequences: list[TableName] = []  # that go with their columns
        self._others: dict[TableName, Alteration] = {}

    def beside(self, table: TableName) -> Alteration:
        """Another table that the statement changes too."""
        if shown_name(table) == shown_name(self.table):
            return self
        if table not in self._others:
            known = self.analysis.schema.definition(table)
            assert known is not None
            self._others[table] = Alteration(self.analysis, table, known, self.printer)
        return self._others[table]

    def effects(self) -> tuple[Effect, ...]:
        """The tables as they are in the end, and sequences that are gone."""
        tables = [Created(each.table, each.definition) for each in (self, *self._others.values())]
        return (*tables, *map(SequenceDropped, self.sequences))

    # -- what is known
    def column(self, name: str) -> TableColumn:
        """The column of that name. Raises UndefinedColumn."""
        found = next((each for each in self.definition.columns if each.name == name), None)
        if found is None:
            message = f'column "{name}" of relation "{self.table.name}" does not exist'
            raise wrong(UndefinedColumn, message, None)
        return found

    def scope(self) -> Scope:
        """The scope of an expression over the table's columns, as they are now."""
        return row_scope(self.printer, self.analysis, self.definition.columns)

    def read(self, text: str, scope: Scope) -> Expression:
        """An expression of the definition, typed."""
        return resolved(expression(self.analysis, parsed_expression(text), scope))

    def uses(self, text: str, column: str) -> bool:
        """Whether an expression of the definition is about a column."""
        nodes = walk(self.read(text, self.scope()))
        return any(isinstance(node, Reference) and node.name == column for node in nodes)

    def index_uses(self, index: Index, column: str) -> bool:
        """Whether an index is about a column."""
        texts = [*(part.sql for part in index.parts), *([index.where] if index.where else [])]
        included = (index.other or "").partition(" INCLUDE ")[2].strip("()").split(", ")
        return spelled(column) in included or any(self.uses(text, column) for text in texts)

    # -- what SQLite does
    def run(self, sql: str) -> None:
        """Run a statement of SQLite's."""
        self.printer.before.append(Earlier(sql))

    def require_none(self, condition: str, sqlstate: str, message: str) -> None:
        """Raise an error if a row fulfils a condition of SQLite's."""
        self.run(
            f"SELECT pg_violated({string(sqlstate)}, {string(message)}) FROM {self.table.sqlite} WHERE {condition} LIMIT 1"
        )

    def redefine(self, definition: Definition) -> None:
        """Give the table the text of another definition; keys that are gone keep their index, under their name."""
        text = self._text(definition)
        old = [
            *self.definition.unique,
            *([self.definition.primary_key] if self.definition.primary_key else []),
        ]
        named = tuple(
            (key.columns, replace(self.table, name=key.name), unique_index(self.table, key)) for key in old
        )
        made = f"CREATE TABLE {self.table.sqlite} ({text.body()})"
        primary = () if text.numbered else text.primary
        self.printer.before.append(Redefined(self.table, made, primary, named))
        self.definition = definition

    def create_unique(self, key: Key) -> None:
        """Make the index of a UNIQUE constraint, which has its name. Its rows are looked at."""
        self.run(unique_index(self.table, key))

    def drop_index(self, name: str) -> None:
        """Drop the index of a constraint, after `redefine` has given it its name."""
        self.run(f"DROP INDEX {replace(self.table, name=name).sqlite}")

    def create_index(self, index: Index) -> None:
        """Make an index of the definition anew."""
        self.run(index_text(self.analysis, self.table, index, self.definition.columns, self.printer))

    # -- the text
    def _text(self, definition: Definition) -> TableText:
        text = TableText(self.table)
        for column in definition.columns:
            text.columns.append(self.text_of(column, definition.columns))
        if definition.primary_key:
            text.primary = definition.primary_key.columns
        text.constraints += [*self._checks(definition), *map(foreign_key_text, definition.foreign_keys)]
        return text

    def text_of(self, column: TableColumn, columns: Sequence[TableColumn]) -> ColumnText:
        """A column as it is put together, in a table of these columns."""
        parts = []
        if column.default is not None:
            parts.append(f"DEFAULT ({self.default_text(column)})")
        if column.generated is not None:
            scope = row_scope(self.printer, self.analysis, columns)
            node = assign(
                expression(self.analysis, parsed_expression(column.generated), scope),
                column.type,
                column.name,
            )
            parts.append(f"GENERATED ALWAYS AS ({stored(self.printer, node, column.type)}) STORED")
        found = ColumnText(
            column.name,
            column.type,
            column.identity,
            not_null=column.not_null,
            default=column.default,
            generated=column.generated,
            collation=column.collation,
            comment=column.comment,
            parts=parts,
        )
        if column.sequence is not None:
            found.sequence = column.sequence
            found.take_numbers(self.table)
        return found

    def column_text(self, column: TableColumn) -> str:
        """A column's text that is no key."""
        return self.text_of(column, self.definition.columns).text(inline_key=False)

    def default_text(self, column: TableColumn) -> str:
        """A default's value as the column stores it."""
        assert column.default is not None
        raw = expression(self.analysis, parsed_expression(column.default), Scope(clause="DEFAULT"))
        return stored(self.printer, assign(raw, column.type, column.name), column.type)

    def _checks(self, definition: Definition) -> Iterator[str]:
        for check in definition.checks:
            if check.other:
                raise refuse(f"ALTER TABLE over the constraint {check.name}, which is {check.other}", None)
            scope = row_scope(self.printer, self.analysis, definition.columns)
            node = boolean(expression(self.analysis, parsed_expression(check.expression), scope), "CHECK")
            yield f"CONSTRAINT {quote(check.name)} CHECK ({self.printer.expression(node)})"


def unique_index(table: TableName, key: Key) -> str:
    """The statement that makes the index of a UNIQUE constraint. The index is named in its table's database."""
    name = replace(table, name=key.name).sqlite
    listed = ", ".join(map(quote, key.columns))
    return f"CREATE UNIQUE INDEX {name} ON {table.sqlite.removeprefix('temp.')} ({listed})"


def foreign_key_text(key: ForeignKey) -> str:
    """A foreign key as SQLite's text."""
    if key.other:
        raise refuse(f"ALTER TABLE over the constraint {key.name}, which is {key.other}", None)
    own, referenced = (", ".join(map(quote, names)) for names in (key.columns, key.referenced))
    text = f"CONSTRAINT {quote(key.name)} FOREIGN KEY ({own}) REFERENCES {parse_name(key.table).sqlite} ({referenced})"
    for word, action in (("DELETE", key.on_delete), ("UPDATE", key.on_update)):
        text += f" ON {word} {action}" if action != "NO ACTION" else ""
    return text
